//! Balances.

use crate::Wallet;
use crate::domain;
use crate::error::WalletError;
use crate::store;
use ::domain::{Money, UserId};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Problem, ok, path_id};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

#[derive(Serialize, JsonSchema)]
pub(crate) struct WalletView {
    user_id: UserId,
    /// Available and held.
    balance: Money,
    held: Money,
    available: Money,
    emi_reserve: Money,
    reserve: Money,
    clawback_due: Money,
    total_earned: Money,
    total_withdrawn: Money,
}

impl TryFrom<domain::Wallet> for WalletView {
    type Error = WalletError;
    fn try_from(wallet: domain::Wallet) -> Result<Self, WalletError> {
        Ok(Self {
            user_id: wallet.user_id,
            balance: wallet.balance()?,
            held: wallet.held,
            available: wallet.available,
            emi_reserve: wallet.emi_reserve,
            reserve: wallet.reserve,
            clawback_due: wallet.clawback_due,
            total_earned: wallet.total_earned,
            total_withdrawn: wallet.total_withdrawn,
        })
    }
}

async fn view(app: &Wallet, user_id: UserId) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    let wallet = store::wallets::find(&mut c, user_id).await?.unwrap_or_else(|| domain::Wallet::empty(user_id));
    Ok(ok(&WalletView::try_from(wallet)?))
}

pub(super) async fn mine(app: web::Data<Wallet>, caller: Caller) -> Result<HttpResponse, Problem> {
    view(&app, caller.user_id).await
}

pub(super) async fn of(app: web::Data<Wallet>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let user_id = path_id(&path)?;
    require_member(&app, user_id).await?;
    view(&app, user_id).await
}

/// 404 for somebody who neither is registered nor has a wallet. The news of a registration may still be on its way.
pub(super) async fn require_member(app: &Wallet, user_id: UserId) -> Result<(), Problem> {
    const TRIES: u32 = 30;
    for attempt in 0..=TRIES {
        let mut c = app.ctx.db().read().await?;
        if store::members::name(&mut c, user_id).await?.is_some()
            || store::wallets::find(&mut c, user_id).await?.is_some()
        {
            return Ok(());
        }
        drop(c);
        if attempt < TRIES {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Err(Problem::not_found())
}

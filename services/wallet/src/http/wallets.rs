//! Wallet balances, and the check that a member exists.

use crate::WalletState;
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

/// Attempts, after the first, to find a member whose registration event may be in transit.
const POLL_ATTEMPTS: u32 = 30;
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The balances of a member.
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

impl TryFrom<domain::WalletBalances> for WalletView {
    type Error = WalletError;
    fn try_from(wallet: domain::WalletBalances) -> Result<Self, WalletError> {
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

async fn view(state: &WalletState, user_id: UserId) -> Result<HttpResponse, Problem> {
    let mut c = state.ctx.db().read().await?;
    let wallet = store::wallets::find(&mut c, user_id).await?.unwrap_or_else(|| domain::WalletBalances::empty(user_id));
    Ok(ok(&WalletView::try_from(wallet)?))
}

/// Gets the balances of the caller.
pub(super) async fn get_own(state: web::Data<WalletState>, caller: Caller) -> Result<HttpResponse, Problem> {
    view(&state, caller.user_id).await
}

/// Gets the balances of a member. 404 for an unknown member.
pub(super) async fn get(state: web::Data<WalletState>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let user_id = path_id(&path)?;
    require_member(&state, user_id).await?;
    view(&state, user_id).await
}

/// 404 for a user who is not registered and has no wallet. Polls for a while, because the registration event may still
/// be in transit.
pub(super) async fn require_member(state: &WalletState, user_id: UserId) -> Result<(), Problem> {
    for attempt in 0..=POLL_ATTEMPTS {
        let mut c = state.ctx.db().read().await?;
        if store::members::find_name(&mut c, user_id).await?.is_some()
            || store::wallets::find(&mut c, user_id).await?.is_some()
        {
            return Ok(());
        }
        drop(c);
        if attempt < POLL_ATTEMPTS {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
    Err(Problem::not_found())
}

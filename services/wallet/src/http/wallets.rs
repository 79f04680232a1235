//! Wallet balances, and the check that a member exists.

use crate::WalletState;
use crate::domain;
use crate::error::WalletError;
use crate::store;
use ::domain::{Money, UserId};
use actix_web::web;
use http_api::{Caller, Json, Path, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;

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

async fn view(state: &WalletState, user_id: UserId) -> Result<Json<WalletView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let wallet = store::wallets::find(&mut c, user_id).await?.unwrap_or_else(|| domain::WalletBalances::empty(user_id));
    Ok(Json::new(WalletView::try_from(wallet)?))
}

/// Your balances.
#[operation]
pub(super) async fn get_own(state: web::Data<WalletState>, caller: Caller) -> Result<Json<WalletView>, Problem> {
    view(&state, caller.user_id).await
}

/// A member's balances.
///
/// 404 for an unknown member.
#[operation]
pub(super) async fn get(
    state: web::Data<WalletState>,
    Path(user_id): Path<UserId>,
) -> Result<Json<WalletView>, Problem> {
    require_member(&state, user_id).await?;
    view(&state, user_id).await
}

/// 404 for a user who is not registered and has no wallet. Waits for the registration event, which may still be in
/// transit; the caller must hold no connection.
pub(super) async fn require_member(state: &WalletState, user_id: UserId) -> Result<(), Problem> {
    let find = async || {
        let mut c = state.ctx.db().read().await?;
        let is_known = store::members::find_name(&mut c, user_id).await?.is_some()
            || store::wallets::find(&mut c, user_id).await?.is_some();
        if is_known { Ok(()) } else { Err(Problem::not_found().stale_if(true)) }
    };
    state.ctx.applied_events().await_projection(find).await
}

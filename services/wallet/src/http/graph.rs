//! Wallet's part of the read graph: balances, statement lines with their reasons, and the ledger.

use super::wallets::WalletView;
use super::{entries, explain, ledger, transactions};
use crate::WalletState;
use crate::domain::WalletBalances;
use crate::store;
use ::domain::UserId;
use actix_web::web;
use graph::Part;
use http_api::Access::{Staff, User};
use http_api::{Problem, documented};

/// All fields of this service.
pub(crate) fn part(state: WalletState) -> Part {
    Part::new("wallet", state)
        .rename("AccountView", "LedgerAccount")
        .rename("StepView", "CalculationStep")
        // The graph has the plan of the binary service; that of an explanation is its copy at that time.
        .rename("Plan", "JSON")
        .rename("Reference", "TransactionReference")
        .query("transactions", User, documented!(transactions::list))
        .query("ledger_accounts", Staff, documented!(ledger::list_accounts))
        .query("trial_balance", Staff, documented!(ledger::get_trial_balance))
        .query("ledger_entries", Staff, documented!(entries::list))
        .query("ledger_entry", Staff, documented!(entries::get))
        .one(("User", "wallet", "The balances."), "id", read_wallets)
        .of(("Wallet", "lines"), ("user_id", "user_id"), documented!(transactions::list))
        .of(("Wallet", "forfeits"), ("user_id", "user_id"), documented!(transactions::list_forfeits))
        .of(("Transaction", "why"), ("id", ""), documented!(explain::explain))
        .of(("Forfeit", "why"), ("id", ""), documented!(explain::explain_forfeit))
        .user("Transaction", "user", "user_id")
}

/// A member who has none yet has a wallet of zeros.
async fn read_wallets(state: web::Data<WalletState>, users: Vec<UserId>) -> Result<Vec<(UserId, WalletView)>, Problem> {
    let wallets = store::wallets::list_by_users(&mut *state.ctx.db().read().await?, &users).await?;
    let mut views = Vec::with_capacity(users.len());
    for user in users {
        let wallet = wallets.iter().find(|wallet| wallet.user_id == user).cloned();
        let wallet = wallet.unwrap_or_else(|| WalletBalances::empty(user));
        views.push((user, WalletView::try_from(wallet)?));
    }
    Ok(views)
}

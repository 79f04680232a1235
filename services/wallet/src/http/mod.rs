//! Routes of the wallet service. Reads go to the store, writes through `app`.

mod entries;
mod explain;
pub(crate) mod graph;
mod ledger;
mod manual;
mod reference;
mod series;
mod statement;
mod statement_content;
mod statement_csv;
mod statement_pdf;
mod transactions;
mod verifications;
mod wallets;

use crate::WalletState;
use http_api::Access::{Admin, Public, Staff, User};
use http_api::{Routes, documented};

/// All routes, with their access rules and documentation.
pub(crate) fn routes(state: WalletState) -> Routes {
    Routes::new("wallet")
        .data(state)
        .get("/wallet", User, documented!(wallets::get_own))
        .get("/wallet/transactions", User, documented!(transactions::list))
        .get("/wallet/transactions/{id}/explain", User, documented!(explain::explain))
        .get("/wallet/forfeits", User, documented!(transactions::list_forfeits))
        .get("/wallet/forfeits/{id}/explain", User, documented!(explain::explain_forfeit))
        .get("/wallet/statement", User, documented!(statement::get))
        .get("/documents/verify/W-{code}", Public, documented!(statement_pdf::verify))
        .get("/wallets/{user_id}", Staff, documented!(wallets::get))
        .post("/wallets/{user_id}/deposits", Admin, documented!(manual::create_deposit))
        .post("/wallets/{user_id}/reserve-release", Admin, documented!(manual::release_reserve))
        .post("/wallets/{user_id}/adjustments", Admin, documented!(manual::create_adjustment))
        .get("/ledger/accounts", Staff, documented!(ledger::list_accounts))
        .get("/ledger/trial-balance", Staff, documented!(ledger::get_trial_balance))
        .get("/ledger/trial-balance/series", Staff, documented!(series::get))
        .get("/ledger/entries", Staff, documented!(entries::list))
        .get("/ledger/entries/{id}", Staff, documented!(entries::get))
        .get("/ledger/verify", Staff, documented!(verifications::verify))
        .post("/ledger/verifications", Staff, documented!(verifications::request))
        .get("/ledger/verifications", Staff, documented!(verifications::list))
        .get("/ledger/verifications/{id}", Staff, documented!(verifications::get))
}

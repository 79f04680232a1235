//! The route table. Reads ask the store; everything that changes goes through `app`.

mod explain;
mod ledger;
mod manual;
mod pdf_file;
mod statement;
mod statement_csv;
mod statement_pdf;
mod transactions;
mod wallets;

use crate::Wallet;
use chassis::auth::Access::{Admin, Staff, User};
use chassis::http::{Doc, Listing, Routes};

pub(crate) fn routes(app: Wallet) -> Routes {
    Routes::new("wallet")
        .data(app)
        .get("/wallet", User, wallets::mine, Doc::new("Your balances").gives::<wallets::WalletView>())
        .get(
            "/wallet/transactions",
            User,
            transactions::list,
            Doc::new("What moved your balance")
                .filters::<transactions::Filters>()
                .gives::<Listing<transactions::TransactionView>>()
                .paged(),
        )
        .get(
            "/wallet/transactions/{id}/explain",
            User,
            explain::explain,
            Doc::new("How an amount came to be").gives::<explain::Explanation>(),
        )
        .get(
            "/wallet/forfeits",
            User,
            transactions::forfeits,
            Doc::new("What was refused or earned nothing, and why")
                .filters::<transactions::Owner>()
                .gives::<Listing<transactions::ForfeitView>>()
                .paged(),
        )
        .get(
            "/wallet/statement",
            User,
            statement::statement,
            Doc::new("A month as CSV or PDF")
                .filters::<statement::Wanted>()
                .gives_file(["text/csv", "application/pdf"]),
        )
        .get("/wallets/{user_id}", Staff, wallets::of, Doc::new("A member's balances").gives::<wallets::WalletView>())
        .post(
            "/wallets/{user_id}/deposits",
            Admin,
            manual::deposit,
            Doc::new("Money received for a member")
                .takes::<manual::ManualInput>()
                .creates::<transactions::TransactionView>()
                .idempotent(),
        )
        .post(
            "/wallets/{user_id}/reserve-release",
            Admin,
            manual::reserve_release,
            Doc::new("From a member's reserve to the available balance")
                .takes::<manual::ManualInput>()
                .creates::<transactions::TransactionView>()
                .idempotent(),
        )
        .post(
            "/wallets/{user_id}/adjustments",
            Admin,
            manual::adjustment,
            Doc::new("Correct a member's available balance, up or down")
                .takes::<manual::ManualInput>()
                .creates::<transactions::TransactionView>()
                .idempotent(),
        )
        .get(
            "/ledger/accounts",
            Staff,
            ledger::accounts,
            Doc::new("Every account of the company, or of one member")
                .filters::<ledger::Of>()
                .gives::<ledger::Accounts>()
                .paged(),
        )
        .get(
            "/ledger/trial-balance",
            Staff,
            ledger::trial_balance,
            Doc::new("Debits and credits by account").filters::<ledger::AsOf>().gives::<ledger::TrialBalance>(),
        )
        .get(
            "/ledger/verify",
            Staff,
            ledger::verify,
            Doc::new("Whether the books agree with themselves").gives::<ledger::Verification>(),
        )
}

//! Everything that can go wrong here, and what clients and the consumer loop are told of it.

use crate::domain::{account, bank_file, payout, request, tax_rule};
use chassis::events::HandleError;
use chassis::http::Problem;
use chassis::pii::PiiError;
use db::{DbError, TxError};
use domain::{MoneyError, PayoutId, PlanError, Timestamp};

#[derive(Debug, thiserror::Error)]
pub enum PayoutError {
    #[error(transparent)]
    Request(#[from] request::Refusal),
    #[error(transparent)]
    Step(#[from] payout::Refusal),
    #[error(transparent)]
    Account(#[from] account::Refusal),
    #[error(transparent)]
    BankFile(#[from] bank_file::Refusal),
    #[error(transparent)]
    TaxRule(#[from] tax_rule::Refusal),
    #[error("that bank account is none of yours")]
    UnknownAccount,
    #[error("no approved payout waits for a transfer")]
    NothingToSend,
    #[error("payout {0} is not in this batch")]
    NotInBatch(PayoutId),
    #[error("payout {0} does not exist")]
    UnknownPayout(PayoutId),
    #[error("no tax rule is in force at {0}")]
    NoTaxRule(Timestamp),
    #[error("the tax of payout {0} was never fixed")]
    NoTaxLine(PayoutId),
    #[error("a plan version cannot be read")]
    StoredPlan(#[source] serde_json::Error),
    #[error("the bank file cannot be written")]
    File(#[source] std::io::Error),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Pii(#[from] PiiError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for PayoutError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl TxError for PayoutError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}

/// Codes of refusals that rest on what other services told: the news that lifts them may be on its way.
pub const RESTS_ON_NEWS: [&str; 4] =
    ["payout.kyc_not_approved", "payout.bank_account_unverified", "payout.clawback_due", "payout.insufficient_balance"];

impl From<PayoutError> for Problem {
    fn from(error: PayoutError) -> Self {
        let detail = error.to_string();
        match error {
            PayoutError::Request(request::Refusal::Account(refusal)) => of_account(refusal, detail),
            PayoutError::Request(refusal) => of_request(refusal, detail),
            PayoutError::Step(payout::Refusal::SelfApproval | payout::Refusal::OwnPayout) => {
                Self::new(actix_web::http::StatusCode::FORBIDDEN, "payout.own", detail)
            }
            PayoutError::Step(payout::Refusal::Conflict(_)) => Self::conflict("payout.state_conflict", detail),
            PayoutError::Account(refusal) => of_account(refusal, detail),
            PayoutError::BankFile(bank_file::Refusal::Utr) => Self::unprocessable("payout.utr_required", detail),
            PayoutError::BankFile(bank_file::Refusal::Reason) => Self::unprocessable("payout.reason_invalid", detail),
            PayoutError::TaxRule(tax_rule::Refusal::Known) => Self::conflict("payout.tax_rule_known", detail),
            PayoutError::TaxRule(tax_rule::Refusal::NotInFuture | tax_rule::Refusal::NotLatest) => {
                Self::unprocessable("payout.tax_rule_not_in_future", detail)
            }
            PayoutError::UnknownAccount => Self::unprocessable("payout.bank_account_unknown", detail),
            PayoutError::NothingToSend => Self::conflict("payout.nothing_to_send", detail),
            PayoutError::NotInBatch(_) => Self::unprocessable("payout.not_in_batch", detail),
            PayoutError::UnknownPayout(_) => Self::not_found(),
            PayoutError::NoTaxRule(_)
            | PayoutError::NoTaxLine(_)
            | PayoutError::StoredPlan(_)
            | PayoutError::File(_)
            | PayoutError::Plan(_)
            | PayoutError::Money(_)
            | PayoutError::Pii(_) => Self::internal(error),
            PayoutError::Db(error) => error.into(),
        }
    }
}

fn of_account(refusal: account::Refusal, detail: String) -> Problem {
    match refusal {
        account::Refusal::Own => Problem::new(actix_web::http::StatusCode::FORBIDDEN, "payout.own", detail),
        account::Refusal::Known => Problem::conflict("payout.bank_account_known", detail),
        account::Refusal::OfKyc => Problem::conflict("payout.bank_account_of_kyc", detail),
        account::Refusal::TooNew(_) => Problem::unprocessable("payout.bank_account_unverified", detail),
        account::Refusal::CodeNotFresh(_) => Problem::unprocessable("payout.fresh_code_required", detail),
    }
}

fn of_request(refusal: request::Refusal, detail: String) -> Problem {
    let code = match refusal {
        request::Refusal::KycNotApproved => "payout.kyc_not_approved",
        request::Refusal::NoAccount | request::Refusal::Account(_) => "payout.bank_account_unverified",
        request::Refusal::ClawbackDue(_) => "payout.clawback_due",
        request::Refusal::BelowMinimum(_) => "payout.below_minimum",
        request::Refusal::InsufficientBalance(_) => "payout.insufficient_balance",
        request::Refusal::Money(_) => "payout.amount_out_of_range",
    };
    Problem::unprocessable(code, detail)
}

impl From<PayoutError> for HandleError {
    fn from(error: PayoutError) -> Self {
        match error {
            PayoutError::Db(error) => Self::Db(error),
            PayoutError::Request(_)
            | PayoutError::Step(_)
            | PayoutError::Account(_)
            | PayoutError::BankFile(_)
            | PayoutError::TaxRule(_)
            | PayoutError::UnknownAccount
            | PayoutError::NothingToSend
            | PayoutError::NotInBatch(_)
            | PayoutError::UnknownPayout(_)
            | PayoutError::NoTaxRule(_)
            | PayoutError::NoTaxLine(_)
            | PayoutError::StoredPlan(_)
            | PayoutError::File(_)
            | PayoutError::Plan(_)
            | PayoutError::Money(_)
            | PayoutError::Pii(_) => Self::poison(error.to_string()),
        }
    }
}

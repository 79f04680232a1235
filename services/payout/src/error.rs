//! Errors of the payout service and their mapping to HTTP problems and to event retries.

use crate::bank::BankError;
use crate::domain::account::BankAccountRefusal;
use crate::domain::bank_file::SettlementRefusal;
use crate::domain::payout::{PayoutRefusal, PayoutStatus};
use crate::domain::request::RequestRefusal;
use crate::domain::tax_rule::TaxRuleRefusal;
use crate::domain::transfer::TransferState;
use db::DbError;
use domain::{MoneyError, PayoutId, PlanError, StoredPlanError, Timestamp};
use http_api::Problem;
use messaging::HandleError;
use pii::PiiError;
use std::num::TryFromIntError;

/// An error of any use case of the service.
#[derive(Debug, thiserror::Error)]
pub enum PayoutError {
    #[error(transparent)]
    Request(#[from] RequestRefusal),
    #[error(transparent)]
    Transition(#[from] PayoutRefusal),
    #[error(transparent)]
    Account(#[from] BankAccountRefusal),
    #[error(transparent)]
    BankFile(#[from] SettlementRefusal),
    #[error(transparent)]
    TaxRule(#[from] TaxRuleRefusal),
    #[error("the bank account does not exist or belongs to another member")]
    UnknownAccount,
    #[error("no approved payout is waiting for a transfer")]
    NothingToSend,
    #[error("payout {0} is not in this batch")]
    NotInBatch(PayoutId),
    #[error("payout {0} does not exist")]
    UnknownPayout(PayoutId),
    #[error("no tax rule is in force at {0}")]
    NoTaxRule(Timestamp),
    #[error("another payout has the bank reference {0}")]
    UtrKnown(String),
    #[error("the bank's API is not configured")]
    ChannelNotConfigured,
    #[error("the payouts of this batch go by the bank's API, not by a file")]
    NotByFile,
    #[error("payout {0} has no transfer by the bank's API")]
    NoTransfer(PayoutId),
    #[error("the transfer is {0}, which does not allow this: the bank's report settles the payout")]
    TransferState(TransferState),
    #[error("there is no template {0}")]
    UnknownTemplate(String),
    #[error("this file names the company's account, which is not set")]
    NoDebitAccount,
    #[error("the IFSC of payout {0} is malformed")]
    StoredIfsc(PayoutId),
    #[error(transparent)]
    Bank(#[from] BankError),
    #[error("payout {0} has no tax line")]
    NoTaxLine(PayoutId),
    #[error(transparent)]
    StoredPlan(#[from] StoredPlanError),
    #[error("a number is out of range")]
    Number(#[from] TryFromIntError),
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

db::tx_error!(PayoutError);

impl PayoutError {
    /// Whether it refuses one line of a bank's answer.
    pub fn is_refused_answer(&self) -> bool {
        matches!(self, Self::NotInBatch(_) | Self::Transition(_) | Self::UtrKnown(_))
    }

    /// Whether an event that is not applied yet, of KYC, of the wallet or of a hold, may lift the refusal.
    pub fn may_be_stale(&self) -> bool {
        matches!(
            self,
            Self::Request(
                RequestRefusal::KycNotApproved
                    | RequestRefusal::NoAccount
                    | RequestRefusal::ClawbackDue(_)
                    | RequestRefusal::InsufficientBalance(_)
            )
            // An approved KYC verifies its account at once.
            | Self::Request(RequestRefusal::Account(BankAccountRefusal::TooNew(_)))
            | Self::Account(BankAccountRefusal::TooNew(_))
            | Self::Transition(PayoutRefusal::Conflict(PayoutStatus::Requested))
        )
    }
}

impl From<PayoutError> for Problem {
    fn from(error: PayoutError) -> Self {
        let detail = error.to_string();
        let may_be_stale = error.may_be_stale();
        let problem = match error {
            PayoutError::Request(refusal) => request_problem(refusal, detail),
            PayoutError::Transition(PayoutRefusal::SelfApproval | PayoutRefusal::OwnPayout) => {
                Self::new(actix_web::http::StatusCode::FORBIDDEN, "payout.own", detail)
            }
            PayoutError::Transition(PayoutRefusal::Conflict(_)) => Self::conflict("payout.state_conflict", detail),
            PayoutError::Account(refusal) => bank_account_problem(refusal, detail),
            PayoutError::BankFile(SettlementRefusal::Utr) => Self::unprocessable("payout.utr_required", detail),
            PayoutError::BankFile(SettlementRefusal::Reason) => Self::unprocessable("payout.reason_invalid", detail),
            PayoutError::TaxRule(TaxRuleRefusal::Known) => Self::conflict("payout.tax_rule_known", detail),
            PayoutError::TaxRule(TaxRuleRefusal::NotInFuture | TaxRuleRefusal::NotLatest) => {
                Self::unprocessable("payout.tax_rule_not_in_future", detail)
            }
            PayoutError::UnknownAccount => Self::unprocessable("payout.bank_account_unknown", detail),
            PayoutError::NothingToSend => Self::conflict("payout.nothing_to_send", detail),
            PayoutError::NotInBatch(_) => Self::unprocessable("payout.not_in_batch", detail),
            PayoutError::UtrKnown(_) => Self::conflict("payout.utr_known", detail),
            PayoutError::ChannelNotConfigured => Self::unprocessable("payout.channel_not_configured", detail),
            PayoutError::NotByFile => Self::conflict("payout.not_by_file", detail),
            PayoutError::TransferState(_) => Self::conflict("payout.transfer_state", detail),
            PayoutError::UnknownTemplate(_) => Self::unprocessable("payout.template_unknown", detail),
            PayoutError::NoDebitAccount => Self::conflict("payout.debit_account_missing", detail),
            PayoutError::Bank(error) => error.into(),
            PayoutError::UnknownPayout(_) | PayoutError::NoTransfer(_) => Self::not_found(),
            PayoutError::NoTaxRule(_)
            | PayoutError::NoTaxLine(_)
            | PayoutError::StoredIfsc(_)
            | PayoutError::StoredPlan(_)
            | PayoutError::Number(_)
            | PayoutError::File(_)
            | PayoutError::Plan(_)
            | PayoutError::Money(_)
            | PayoutError::Pii(_) => Self::internal(error),
            PayoutError::Db(error) => error.into(),
        };
        problem.stale_if(may_be_stale)
    }
}

fn bank_account_problem(refusal: BankAccountRefusal, detail: String) -> Problem {
    match refusal {
        BankAccountRefusal::Own => Problem::new(actix_web::http::StatusCode::FORBIDDEN, "payout.own", detail),
        BankAccountRefusal::Known => Problem::conflict("payout.bank_account_known", detail),
        BankAccountRefusal::OfKyc => Problem::conflict("payout.bank_account_of_kyc", detail),
        BankAccountRefusal::TooNew(_) => Problem::unprocessable("payout.bank_account_unverified", detail),
        BankAccountRefusal::CodeNotFresh(_) => Problem::unprocessable("payout.fresh_code_required", detail),
    }
}

fn request_problem(refusal: RequestRefusal, detail: String) -> Problem {
    let code = match refusal {
        RequestRefusal::KycNotApproved => "payout.kyc_not_approved",
        RequestRefusal::NoAccount => "payout.bank_account_unverified",
        RequestRefusal::Account(refusal) => return bank_account_problem(refusal, detail),
        RequestRefusal::ClawbackDue(_) => "payout.clawback_due",
        RequestRefusal::BelowMinimum(_) => "payout.below_minimum",
        RequestRefusal::InsufficientBalance(_) => "payout.insufficient_balance",
        RequestRefusal::Money(_) => "payout.amount_out_of_range",
    };
    Problem::unprocessable(code, detail)
}

impl From<PayoutError> for HandleError {
    fn from(error: PayoutError) -> Self {
        if let PayoutError::Db(error) = error { Self::Db(error) } else { Self::poison(error.to_string()) }
    }
}

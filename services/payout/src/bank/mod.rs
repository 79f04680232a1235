//! Transfers by a bank's API: the port `BankTransfer`, and its adapter.
//!
//! The API is never called inside a transaction. Each transfer has one key, the id of its payout, so that a repeated
//! request makes no second transfer.

pub mod razorpayx;

use crate::config::Config;
use crate::domain::transfer::{BankReport, Channel};
use domain::{Ifsc, Money, PayoutId, UserId};
use http_api::Problem;
use runtime::Ctx;
use runtime::breaker::{CircuitOpen, IsOutage};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// Failure of a call to a bank's API.
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    /// No answer, or one that does not decide: the request may have taken effect.
    #[error("the bank's API is not available: {0}")]
    Unavailable(String),
    /// The API decided on the request and refused it.
    #[error("the bank refused: {reason}")]
    Refused {
        reason: String,
        /// Whether the company's account has too little money.
        is_low_balance: bool,
    },
    /// The call was not made: the circuit breaker is open.
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
}

impl IsOutage for BankError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<BankError> for Problem {
    fn from(error: BankError) -> Self {
        match error {
            BankError::CircuitOpen(open) => Self::unavailable(open).with_retry_after(open.retry_after),
            BankError::Unavailable(_) | BankError::Refused { .. } => Self::unavailable(error),
        }
    }
}

/// The account that a transfer goes to.
#[derive(Debug, Clone)]
pub struct Payee {
    pub user_id: UserId,
    pub holder_name: String,
    pub account_number: SecretString,
    pub ifsc: Ifsc,
}

/// A transfer to ask for.
#[derive(Debug, Clone)]
pub struct TransferOrder {
    pub payout_id: PayoutId,
    /// The API's id of the payee's account.
    pub payee_account: String,
    pub net: Money,
}

/// Outcome of a request to make a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// The API has the transfer, now or from an earlier request.
    Accepted(BankReport),
    /// The API refused. An earlier request may still have taken effect.
    Refused { reason: String, is_low_balance: bool },
    /// The API may have the transfer.
    Unknown { reason: String },
    /// The request was not sent: the circuit breaker is open.
    NotSent { retry_after: Duration },
}

/// A webhook body that cannot be parsed although its signature is valid, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MalformedMessage(pub String);

/// What a webhook says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BankEvent {
    /// Of the payout that the transfer names as its reference; `None` for a transfer that was not made here.
    Report { payout: Option<PayoutId>, report: BankReport },
    /// Of a kind that says nothing about a transfer.
    Unhandled { kind: String },
}

/// A bank's API. Calls error with [`BankError`].
#[async_trait::async_trait]
pub trait BankTransfer: Send + Sync + 'static {
    /// The name of the channel in the API and the database.
    fn channel(&self) -> Channel;
    /// Text that identifies the company's account at the bank. The ids of payees hold for it alone.
    fn source(&self) -> &str;
    /// Registers a member as payee, and returns the API's id. A repeated call creates no second one that matters.
    async fn create_contact(&self, payee: &Payee) -> Result<String, BankError>;
    /// Registers the account of a payee, and returns the API's id.
    async fn create_account(&self, contact: &str, payee: &Payee) -> Result<String, BankError>;
    /// The body of the request for a transfer. It is stored, because a repetition has to have the same one.
    fn request_body(&self, order: &TransferOrder) -> String;
    /// Asks for the transfer of a payout. Repeated calls with the same payout and body make one transfer.
    async fn create(&self, payout: PayoutId, body: &str) -> CreateOutcome;
    /// The transfers that have the payout as their reference: none or one.
    async fn find(&self, payout: PayoutId) -> Result<Vec<BankReport>, BankError>;
    /// The transfer with this id of the bank.
    async fn get(&self, bank_id: &str) -> Result<BankReport, BankError>;
    /// Name of the header that carries the signature of a webhook.
    fn signature_header(&self) -> &'static str;
    /// Whether `signature` is valid for `body`.
    fn verify_signature(&self, signature: &str, body: &[u8]) -> bool;
    /// Parses a webhook body that has a valid signature. Errors with the reason if it cannot.
    fn parse(&self, body: &[u8]) -> Result<BankEvent, MalformedMessage>;
}

/// The bank's API, if one is configured.
#[derive(Clone, Default)]
pub struct Bank(Option<Arc<dyn BankTransfer>>);

impl Bank {
    /// The API that has settings. Errors if the HTTP client cannot be built.
    pub fn from_config(config: &Config, ctx: &Ctx) -> Result<Self, BankError> {
        let Some(settings) = &config.razorpayx else { return Ok(Self(None)) };
        Ok(Self(Some(Arc::new(razorpayx::RazorpayX::try_new(settings, ctx.breaker("razorpayx"))?))))
    }
    /// The API of this channel, if it is configured.
    pub fn get(&self, channel: Channel) -> Option<&Arc<dyn BankTransfer>> {
        self.0.as_ref().filter(|api| api.channel() == channel)
    }
    /// The channels that a batch may take, the usual one first.
    pub fn channels(&self) -> Vec<Channel> {
        self.0.iter().map(|api| api.channel()).chain([Channel::Manual]).collect()
    }
}

//! Value types shared by all services, and the business rules that more than one of them applies.
//!
//! Read in this order: [`money`] (integer paise, rates, rounding), [`time`] (instants and the Indian business
//! calendar), [`id`], [`vocabulary`] (roles, sides, payment methods), [`text`] (validated user text), [`bounded_text`]
//! (text of a limited length), [`payee`] (PAN, account number, IFSC), [`gst`] (goods and services tax),
//! [`secret`] (text that logs do not show),
//! [`unvalidated`] (fields of requests), [`search_words`], [`plan`] (the versioned compensation plan), [`tax`] (effective-dated rules for
//! tax deducted at source), [`rule_violation`] (deserialization errors that mean 422 instead of 400).
//!
//! Features: `diesel` binds the types to columns, `schema` describes them for API documents.
//!
//! Invariants: nothing here is async, reads a clock, makes an id, logs, or does I/O; money is never a
//! float; every amount, rate and cap of the business is a field of [`plan::Plan`] or [`tax::TaxRule`].

// The macros name this crate by a path that holds inside it too.
extern crate self as domain;

mod bindings;
pub mod bounded_text;
pub mod gst;
pub mod id;
mod macros;
pub mod money;
pub mod payee;
pub mod plan;
pub mod rule_violation;
pub mod search_words;
pub mod secret;
#[cfg(feature = "diesel")]
mod sql;
pub mod tax;
pub mod text;
pub mod time;
pub mod unvalidated;
pub mod vocabulary;

/// What the macros refer to, so that their users need no dependency on it.
#[doc(hidden)]
pub mod private {
    #[cfg(feature = "diesel")]
    pub use diesel;
    #[cfg(feature = "schema")]
    pub use schemars;
    pub use serde;
    pub use uuid;
}

pub use bounded_text::{Line, PersonName, Reason};
pub use id::{BookingId, EventId, PaymentId, PayoutId, ReserveId, UserId};
pub use money::{Money, MoneyError, Rate, Rounding};
pub use payee::{AccountNumber, Ifsc, Pan};
pub use plan::{Plan, PlanError, PlanHistory, PlanVersion, StoredPlan, StoredPlanError};
pub use text::{MultilineText, SingleLineText};
pub use time::{Day, FinancialYear, Month, Quarter, Timestamp};
pub use unvalidated::Unvalidated;
pub use vocabulary::{KycStatus, PaymentMethod, Role, Side};

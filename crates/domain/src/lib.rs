//! Value types shared by all services, and the business rules that more than one of them applies.
//!
//! Read in this order: [`money`] (integer paise, rates, rounding), [`time`] (instants and the Indian business
//! calendar), [`id`], [`vocabulary`] (roles, sides, payment methods), [`text`] (validated user text), [`plan`] (the
//! versioned compensation plan), [`tax`] (effective-dated rules for tax deducted at source), [`rule_violation`]
//! (deserialization errors that mean 422 instead of 400).
//!
//! Invariants: nothing here is async, reads a clock, makes an id, logs, or does I/O; money is never a
//! float; every amount, rate and cap of the business is a field of [`plan::Plan`] or [`tax::TaxRule`].

pub mod id;
mod macros;
pub mod money;
pub mod plan;
pub mod rule_violation;
mod sql;
pub mod tax;
pub mod text;
pub mod time;
pub mod vocabulary;

// The macros refer to `uuid` through this crate, so their users need no dependency on it.
#[doc(hidden)]
pub use uuid;

pub use id::{BookingId, EventId, PaymentId, PayoutId, ReserveId, UserId};
pub use money::{Money, MoneyError, Rate, Rounding};
pub use plan::{Plan, PlanError, PlanHistory, PlanVersion};
pub use text::{MultilineText, SingleLineText};
pub use time::{Day, FinancialYear, Month, Quarter, Timestamp};
pub use vocabulary::{KycStatus, PaymentMethod, Role, Side};

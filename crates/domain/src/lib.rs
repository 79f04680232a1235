//! The vocabulary every service shares, and the rules that more than one of them decides by.
//!
//! Read in this order: [`money`] (integer paise, rates, rounding), [`time`] (instants and the Indian
//! business calendar), [`id`], [`words`] (roles, sides, payment methods), [`text`] (what people write), [`plan`] (the versioned
//! compensation plan), [`tax`] (effective-dated rules for tax deducted at source), [`refused`] (how a reader of requests
//! learns that a value breaks a rule).
//!
//! Invariants: nothing here is async, reads a clock, makes an id, logs, or does I/O; money is never a
//! float; every amount, rate and cap of the business is a field of [`plan::Plan`] or [`tax::TaxRule`].

pub mod id;
mod macros;
pub mod money;
pub mod plan;
pub mod refused;
mod sql;
pub mod tax;
pub mod text;
pub mod time;
pub mod words;

// The macros name it in crates that need not depend on it.
#[doc(hidden)]
pub use uuid;

pub use id::{BookingId, EventId, PaymentId, PayoutId, ReserveId, UserId};
pub use money::{Money, MoneyError, Rate, Rounding};
pub use plan::{Plan, PlanBook, PlanError, PlanVersion};
pub use text::{FreeText, PersonText};
pub use time::{Day, FinancialYear, Month, Quarter, Timestamp};
pub use words::{KycStatus, PaymentMethod, Role, Side};

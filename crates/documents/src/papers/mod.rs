//! The kinds of documents: what a service stores of each when it issues it, and how that is printed.
//!
//! The stored form is JSON. A field added later has a default, so that older snapshots are still read.

mod advice;
mod booking;
mod certificate;
mod cover;
mod dates;
mod receipt;
mod schedule;
mod statement;

pub use advice::PayoutAdvice;
pub use booking::BookingConfirmation;
pub use certificate::{CertificateQuarter, TdsCertificate};
pub use cover::{CoverSection, QuarterlyCover};
pub use dates::{long_date, month_name};
pub use receipt::{GstLine, Receipt};
pub use schedule::{EmiSchedule, ScheduledInstalment};
pub use statement::{StatementLine, WalletStatement};

use crate::Language;
use crate::model::{Fact, Party};
use domain::PaymentMethod;
use serde::{Deserialize, Serialize};

/// The member that a document is for, as printed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Member {
    /// Full name.
    pub name: String,
    /// Further lines, such as a member code or an address.
    pub lines: Vec<String>,
}

impl Member {
    fn party(&self, language: Language, english: &str, hindi: &str) -> Party {
        let unnamed = language.pick("The member", "सदस्य");
        let name = if self.name.is_empty() { unnamed } else { self.name.as_str() };
        Party { heading: language.pick(english, hindi).to_owned(), name: name.to_owned(), lines: self.lines.clone() }
    }
}

/// The name of a way to pay.
fn method_name(method: PaymentMethod, language: Language) -> &'static str {
    match method {
        PaymentMethod::Online => language.pick("Online payment", "ऑनलाइन भुगतान"),
        PaymentMethod::BankTransfer => language.pick("Bank transfer", "बैंक अंतरण"),
        PaymentMethod::Cash => language.pick("Cash", "नकद"),
        PaymentMethod::Wallet => language.pick("Wallet", "वॉलेट"),
        PaymentMethod::EmiDeduction => language.pick("EMI from earnings", "कमाई से ईएमआई"),
    }
}

/// A fact whose label is in the language.
fn fact(language: Language, english: &'static str, hindi: &'static str, value: impl Into<String>) -> Fact {
    Fact::new(language.pick(english, hindi), value)
}

//! What goes to the bank, and what comes back.

use domain::FreeText;
use domain::PayoutId;

/// Columns of the file for the bank.
pub const FILE_COLUMNS: [&str; 7] =
    ["payout_id", "holder_name", "account_number", "ifsc", "bank_name", "amount", "narration"];
/// Columns of the bank's answer. `outcome` is `paid` or `failed`; the last two may be empty where not needed.
pub const ANSWER_COLUMNS: [&str; 4] = ["payout_id", "outcome", "utr", "reason"];

domain::text_enum! {
    /// What the bank did.
    pub enum Outcome { Paid = "paid", Failed = "failed" }
}

/// One line of the bank's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerLine {
    pub payout_id: PayoutId,
    pub settlement: Settlement,
}

/// What became of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    Paid { utr: String },
    Failed { reason: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a payment needs the bank's reference (utr): 1 to 64 letters and digits")]
    Utr,
    #[error("a reason has at most 500 characters, all of them visible")]
    Reason,
}

impl Settlement {
    pub fn try_new(outcome: Outcome, utr: &str, reason: &str) -> Result<Self, Refusal> {
        match outcome {
            Outcome::Paid => {
                let utr = utr.trim();
                let good = (1..=64).contains(&utr.len()) && utr.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                if good { Ok(Self::Paid { utr: utr.to_owned() }) } else { Err(Refusal::Utr) }
            }
            Outcome::Failed => match FreeText::try_new(reason) {
                Ok(reason) if reason.length() <= 500 => Ok(Self::Failed { reason: reason.into_string() }),
                Ok(_) | Err(_) => Err(Refusal::Reason),
            },
        }
    }
}

/// A cell that no spreadsheet takes for a formula.
pub fn safe_cell(text: &str) -> String {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        Some(_) | None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+91", "'+91"),
            ("-5", "'-5"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("Asha = Rao", "Asha = Rao"),
            ("", ""),
        ] {
            assert_eq!(safe_cell(text), cell);
        }
    }

    #[test]
    fn a_payment_has_a_reference_and_a_failure_needs_none() {
        for bad in ["", "  ", "a b", "=1", &"x".repeat(65)] {
            assert_eq!(Settlement::try_new(Outcome::Paid, bad, ""), Err(Refusal::Utr), "{bad}");
        }
        let paid = Settlement::try_new(Outcome::Paid, " UTR-1 ", "ignored");
        assert_eq!(paid, Ok(Settlement::Paid { utr: "UTR-1".into() }));
        let failed = Settlement::try_new(Outcome::Failed, "", "");
        assert_eq!(failed, Ok(Settlement::Failed { reason: String::new() }));
        for bad in [&*"x".repeat(501), "clo\0sed"] {
            assert_eq!(Settlement::try_new(Outcome::Failed, "", bad), Err(Refusal::Reason), "{bad}");
        }
    }
}

//! Lines of the bank's answer to a file.

use super::payout::Command;
use domain::bounded_text::TextRefusal;
use domain::{PayoutId, Reason};

domain::text_enum! {
    /// Outcome of a transfer, as the bank reports it.
    pub enum TransferOutcome { Paid = "paid", Failed = "failed" }
}

/// One line of the bank's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerLine {
    /// Number of the line in the file; the first is the header.
    pub line: usize,
    pub payout_id: PayoutId,
    pub settlement: Settlement,
}

/// Outcome of a transfer with its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The bank paid; `utr` is its reference.
    Paid { utr: String },
    /// The bank did not pay; `reason` may be empty.
    Failed { reason: String },
}

/// Refusal of a settlement whose details are invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettlementRefusal {
    #[error("a paid transfer needs the bank reference (utr): 1 to 64 letters, digits and hyphens")]
    Utr,
    #[error("a reason has at most 500 characters and no control characters")]
    Reason,
}

impl Settlement {
    /// Builds a settlement from its fields. Refuses a paid one without a valid reference, and an invalid reason.
    pub fn try_new(outcome: TransferOutcome, utr: &str, reason: &str) -> Result<Self, SettlementRefusal> {
        match outcome {
            TransferOutcome::Paid => {
                let utr = utr.trim();
                let good = (1..=64).contains(&utr.len()) && utr.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                if good { Ok(Self::Paid { utr: utr.to_owned() }) } else { Err(SettlementRefusal::Utr) }
            }
            TransferOutcome::Failed => match Reason::try_new(reason) {
                Ok(reason) => Ok(Self::Failed { reason: reason.into_string() }),
                Err(TextRefusal::Empty { .. }) => Ok(Self::Failed { reason: String::new() }),
                Err(TextRefusal::TooLong { .. } | TextRefusal::Characters(_)) => Err(SettlementRefusal::Reason),
            },
        }
    }

    /// The command that settles a payout this way.
    pub fn command(&self) -> Command<'_> {
        match self {
            Self::Paid { utr } => Command::Pay { utr },
            Self::Failed { reason } => Command::Fail { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_has_a_reference_and_a_failure_needs_none() {
        for bad in ["", "  ", "a b", "=1", &"x".repeat(65)] {
            assert_eq!(Settlement::try_new(TransferOutcome::Paid, bad, ""), Err(SettlementRefusal::Utr), "{bad}");
        }
        let paid = Settlement::try_new(TransferOutcome::Paid, " UTR-1 ", "ignored");
        assert_eq!(paid, Ok(Settlement::Paid { utr: "UTR-1".into() }));
        let failed = Settlement::try_new(TransferOutcome::Failed, "", "");
        assert_eq!(failed, Ok(Settlement::Failed { reason: String::new() }));
        for bad in [&*"x".repeat(501), "clo\0sed"] {
            assert_eq!(Settlement::try_new(TransferOutcome::Failed, "", bad), Err(SettlementRefusal::Reason), "{bad}");
        }
    }
}

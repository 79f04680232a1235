//! Lines of a payout: the amount taken from the wallet, where its parts go, and what comes back. They add up to zero.

use super::payout::PayoutStatus;
use domain::{Money, MoneyError};

domain::text_enum! {
    /// Kind of a line.
    pub enum LineKind {
        /// The requested amount, taken from the wallet.
        Payout = "payout",
        /// Tax deducted at source.
        Tds = "tds",
        /// Part that pays an instalment.
        EmiAutoFill = "emi_auto_fill",
        /// Part that goes to the bank account.
        Bank = "bank",
        /// A line that is reversed, because the payout ended without a payment or the bank returned it.
        Reversal = "reversal",
    }
}

/// The facts about a payout that its lines follow from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayoutAmounts {
    pub status: PayoutStatus,
    pub requested: Money,
    pub tds: Money,
    pub emi: Money,
    pub net: Money,
}

/// A line of a payout. An amount is positive when it comes from the wallet, negative when it goes elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayoutLine {
    pub kind: LineKind,
    /// The kind of the line that is reversed; `None` for other lines.
    pub reverses: Option<LineKind>,
    pub amount: Money,
    /// The state of the payout with which the line takes effect.
    pub effective_with: PayoutStatus,
}

/// The lines of a payout, without those of 0.00. Until the approval its parts are an estimate. Errors if an amount
/// overflows.
pub fn payout_lines(payout: &PayoutAmounts) -> Result<Vec<PayoutLine>, MoneyError> {
    let PayoutAmounts { status, requested, tds, emi, net } = *payout;
    let line = |kind, amount, effective_with| PayoutLine { kind, reverses: None, amount, effective_with };
    let reversal = |reverses, amount| PayoutLine {
        kind: LineKind::Reversal,
        reverses: Some(reverses),
        amount,
        effective_with: status,
    };
    let taken = line(LineKind::Payout, requested, PayoutStatus::Requested);
    let parts = [
        line(LineKind::Tds, tds.neg()?, PayoutStatus::Approved),
        line(LineKind::EmiAutoFill, emi.neg()?, PayoutStatus::Approved),
        line(LineKind::Bank, net.neg()?, PayoutStatus::Completed),
    ];
    let mut lines = vec![taken];
    match status {
        PayoutStatus::Requested
        | PayoutStatus::Pending
        | PayoutStatus::Approved
        | PayoutStatus::Processing
        | PayoutStatus::Completed => lines.extend(parts),
        // Its tax was never fixed.
        PayoutStatus::Rejected | PayoutStatus::Cancelled => lines.push(reversal(LineKind::Payout, requested.neg()?)),
        // The bank transferred nothing.
        PayoutStatus::Failed => {
            let [tds_line, emi_line, _] = parts;
            lines.extend([tds_line, emi_line]);
            lines.push(reversal(LineKind::Tds, tds));
            lines.push(reversal(LineKind::EmiAutoFill, emi));
            lines.push(reversal(LineKind::Payout, requested.neg()?));
        }
        // The EMI part stays with the instalment or in the member's reserve.
        PayoutStatus::Reversed => {
            lines.extend(parts);
            lines.push(reversal(LineKind::Tds, tds));
            lines.push(reversal(LineKind::Bank, net));
            lines.push(reversal(LineKind::Payout, tds.add(net)?.neg()?));
        }
    }
    lines.retain(|line| !line.amount.is_zero());
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(status: PayoutStatus, [tds, emi, net]: [i64; 3]) -> Vec<String> {
        let rupees = Money::from_rupees;
        let payout = PayoutAmounts {
            status,
            requested: rupees(tds + emi + net),
            tds: rupees(tds),
            emi: rupees(emi),
            net: rupees(net),
        };
        let lines = payout_lines(&payout).expect("in range");
        assert_eq!(Money::total(lines.iter().map(|line| line.amount)), Ok(Money::ZERO), "{status}");
        let text = |line: &PayoutLine| {
            let of = line.reverses.map(|of| format!(" of {of}")).unwrap_or_default();
            format!("{}{of} {}", line.kind, line.amount.paise() / 100)
        };
        lines.iter().map(text).collect()
    }

    #[test]
    fn the_lines_of_every_state_add_up_to_zero() {
        let whole = ["payout 10000", "tds -500", "emi_auto_fill -2345", "bank -7155"];
        for status in PayoutStatus::ALL {
            let found = lines(*status, [500, 2_345, 7_155]);
            match status {
                PayoutStatus::Rejected | PayoutStatus::Cancelled => {
                    assert_eq!(found, ["payout 10000", "reversal of payout -10000"]);
                }
                PayoutStatus::Failed => {
                    let reversed = ["reversal of tds 500", "reversal of emi_auto_fill 2345"];
                    assert_eq!(found, [&whole[..3], &reversed, &["reversal of payout -10000"]].concat());
                }
                PayoutStatus::Reversed => {
                    let reversed = ["reversal of tds 500", "reversal of bank 7155", "reversal of payout -7655"];
                    assert_eq!(found, [&whole[..], &reversed].concat());
                }
                PayoutStatus::Requested
                | PayoutStatus::Pending
                | PayoutStatus::Approved
                | PayoutStatus::Processing
                | PayoutStatus::Completed => assert_eq!(found, whole, "{status}"),
            }
        }
    }

    #[test]
    fn a_part_of_zero_has_no_line() {
        assert_eq!(lines(PayoutStatus::Completed, [0, 0, 100]), ["payout 100", "bank -100"]);
        assert_eq!(lines(PayoutStatus::Completed, [5, 95, 0]), ["payout 100", "tds -5", "emi_auto_fill -95"]);
        assert_eq!(lines(PayoutStatus::Failed, [0, 0, 100]), ["payout 100", "reversal of payout -100"]);
    }
}

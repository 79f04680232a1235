//! Challans: deposits of deducted tax with the government, and the deductions that each of them covers.

use domain::{Day, FinancialYear, Money, MoneyError, Quarter};

domain::id_type! { ChallanId }

/// Digits of the code of a bank branch (BSR code).
const BSR_DIGITS: usize = 7;
/// Digits of the serial number of a challan.
const SERIAL_DIGITS: usize = 5;

/// A deposit as staff state it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    pub financial_year: FinancialYear,
    /// The quarter whose deductions it is for.
    pub quarter: Quarter,
    pub bsr: String,
    pub serial: String,
    pub deposited_on: Day,
    pub amount: Money,
}

domain::text_enum! {
    /// What a change did to a challan: one that was cancelled may be recorded again.
    pub enum ChallanChangeKind { Corrected = "corrected", Cancelled = "cancelled", Recorded = "recorded" }
}

/// Reason why a challan is not recorded or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallanRefusal {
    #[error("another challan has this branch, day and serial number, or it is recorded for another quarter or amount")]
    Exists,
    #[error("a cancelled challan cannot be corrected; record the deposit again")]
    Cancelled,
}

/// A rule that a deposit breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenRule {
    pub field: &'static str,
    pub code: &'static str,
    pub detail: &'static str,
}

impl Deposit {
    /// How documents name it: branch, day and serial number.
    pub fn reference(&self) -> String {
        format!("{} / {} / {}", self.bsr, self.deposited_on, self.serial)
    }

    /// The rules that it breaks on the day `today`.
    pub fn broken_rules(&self, today: Day) -> Vec<BrokenRule> {
        let rule = |holds: bool, field, code, detail| (!holds).then_some(BrokenRule { field, code, detail });
        let is_number = |text: &str, digits| text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        let begin = first_day(self.financial_year, self.quarter);
        let rules = [
            rule(is_number(&self.bsr, BSR_DIGITS), "bsr", "format", "7 digits"),
            rule(is_number(&self.serial, SERIAL_DIGITS), "serial", "format", "5 digits"),
            rule(self.deposited_on <= today, "date", "future", "not after today"),
            rule(self.deposited_on >= begin, "date", "range", "not before the quarter"),
            rule(self.amount.is_positive(), "amount", "range", "above zero"),
        ];
        rules.into_iter().flatten().collect()
    }
}

/// The first day of a quarter.
pub fn first_day(year: FinancialYear, quarter: Quarter) -> Day {
    let months = match quarter {
        Quarter::Q1 => 0,
        Quarter::Q2 => 3,
        Quarter::Q3 => 6,
        Quarter::Q4 => 9,
    };
    year.starts_on().plus_months(months)
}

/// The deductions that a challan covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Covered {
    pub count: u64,
    pub tds: Money,
}

/// Deductions that no challan covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uncovered {
    pub count: u64,
    pub tds: Money,
}

/// Assignment of a quarter's deductions to its challans.
///
/// Both are taken in the order of their days, and a deduction goes to one challan as a whole, because a statement names
/// one for each. A challan in which the next deduction does not fit is closed, so that what one covers is a run of
/// deductions and memory use does not grow with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    amounts: Vec<Money>,
    covered: Vec<Covered>,
    open: usize,
    uncovered: Uncovered,
}

impl Allocation {
    /// No deductions yet, and challans of these amounts.
    pub fn new(amounts: Vec<Money>) -> Self {
        let covered = vec![Covered::default(); amounts.len()];
        Self { amounts, covered, open: 0, uncovered: Uncovered::default() }
    }

    /// Assigns the next deduction. Returns the index of its challan; `None` when none covers it.
    ///
    /// Errors when a sum overflows.
    pub fn assign(&mut self, tds: Money) -> Result<Option<usize>, MoneyError> {
        while let (Some(amount), Some(covered)) = (self.amounts.get(self.open), self.covered.get_mut(self.open)) {
            let total = covered.tds.add(tds)?;
            if total <= *amount {
                *covered = Covered { count: covered.count + 1, tds: total };
                return Ok(Some(self.open));
            }
            self.open += 1;
        }
        self.uncovered = Uncovered { count: self.uncovered.count + 1, tds: self.uncovered.tds.add(tds)? };
        Ok(None)
    }

    /// What each challan covers.
    pub fn covered(&self) -> &[Covered] {
        &self.covered
    }

    /// What no challan covers.
    pub fn uncovered(&self) -> Uncovered {
        self.uncovered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deposit() -> Deposit {
        Deposit {
            financial_year: "2026-27".parse().expect("a year"),
            quarter: Quarter::Q3,
            bsr: "0510308".into(),
            serial: "00123".into(),
            deposited_on: "2026-11-07".parse().expect("a day"),
            amount: Money::from_paise(1),
        }
    }

    #[test]
    fn a_deposit_is_of_a_known_form_between_the_begin_of_its_quarter_and_today() {
        let today: Day = "2026-11-07".parse().expect("a day");
        assert_eq!(deposit().broken_rules(today), []);
        let with = |change: fn(&mut Deposit)| {
            let mut changed = deposit();
            change(&mut changed);
            changed.broken_rules(today).into_iter().map(|rule| (rule.field, rule.code)).collect::<Vec<_>>()
        };
        assert_eq!(with(|d| d.bsr = "051030".into()), [("bsr", "format")]);
        assert_eq!(with(|d| d.bsr = "05103081".into()), [("bsr", "format")]);
        assert_eq!(with(|d| d.bsr = "051030A".into()), [("bsr", "format")]);
        assert_eq!(with(|d| d.serial = "0012".into()), [("serial", "format")]);
        assert_eq!(with(|d| d.serial = "००१२३".into()), [("serial", "format")]);
        assert_eq!(with(|d| d.deposited_on = "2026-11-08".parse().expect("a day")), [("date", "future")]);
        assert_eq!(with(|d| d.deposited_on = "2026-10-01".parse().expect("a day")), []);
        assert_eq!(with(|d| d.deposited_on = "2026-09-30".parse().expect("a day")), [("date", "range")]);
        assert_eq!(with(|d| d.amount = Money::ZERO), [("amount", "range")]);
    }

    #[test]
    fn quarters_begin_in_april_july_october_and_january() {
        let year = "2026-27".parse().expect("a year");
        let days = Quarter::ALL.iter().map(|quarter| first_day(year, *quarter).to_string()).collect::<Vec<_>>();
        assert_eq!(days, ["2026-04-01", "2026-07-01", "2026-10-01", "2027-01-01"]);
    }

    #[test]
    fn deductions_fill_the_challans_one_after_the_other_and_whole() {
        let rupees = Money::from_rupees;
        let mut allocation = Allocation::new([100, 50, 80].map(rupees).to_vec());
        let assigned: Vec<_> =
            [60, 40, 51, 29, 1, 0].map(|tds| allocation.assign(rupees(tds)).expect("in range")).into();
        // 51 is more than the second challan, and the third is full with 80.
        assert_eq!(assigned, [Some(0), Some(0), Some(2), Some(2), None, None]);
        let covered: Vec<_> = allocation.covered().iter().map(|c| (c.count, c.tds)).collect();
        assert_eq!(covered, [(2, rupees(100)), (0, rupees(0)), (2, rupees(80))]);
        assert_eq!(allocation.uncovered(), Uncovered { count: 2, tds: rupees(1) });
        assert_eq!(Allocation::new(Vec::new()).assign(rupees(1)), Ok(None));
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost_and_no_challan_covers_more_than_its_amount(
            amounts in proptest::collection::vec(1_i64..500, 0..6),
            deductions in proptest::collection::vec(1_i64..200, 0..30),
        ) {
            let mut allocation = Allocation::new(amounts.iter().copied().map(Money::from_paise).collect());
            let mut last = 0;
            for tds in &deductions {
                let found = allocation.assign(Money::from_paise(*tds)).expect("in range").unwrap_or(amounts.len());
                proptest::prop_assert!(found >= last);
                last = found;
            }
            let covered = allocation.covered().iter().map(|c| c.tds.paise()).sum::<i64>();
            proptest::prop_assert_eq!(covered + allocation.uncovered().tds.paise(), deductions.iter().sum::<i64>());
            for (covered, amount) in allocation.covered().iter().zip(&amounts) {
                proptest::prop_assert!(covered.tds.paise() <= *amount);
            }
        }
    }
}

//! EMI schedule: equal instalments without interest, paid oldest first.

use domain::{Day, Money};

pub use proto_events::vocabulary::{InstalmentStatus, ReminderKind};

/// Days before the due date on which a member is reminded first.
pub const REMINDED_DAYS_AHEAD: u32 = 3;

/// Why a booking cannot have an EMI schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmiRefusal {
    #[error("an EMI runs for {min} to {max} months")]
    Months { min: u32, max: u32 },
    #[error("the remaining amount is less than {0} instalments of one rupee")]
    TooLittle(u32),
    #[error("this booking has an EMI schedule already")]
    Exists,
    #[error("a booking with this status cannot have an EMI schedule")]
    BookingClosed,
}

/// The financed amount and its instalments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmiSchedule {
    pub principal: Money,
    pub amounts: Vec<Money>,
}

/// Splits the price less the paid total, or less the booking amount when that is higher, into `months` instalments.
/// `allowed` is the range of months. Errors when `months` is outside it, or an instalment would be below one rupee.
pub fn schedule(
    price: Money,
    booking_amount: Money,
    total_paid: Money,
    months: u32,
    allowed: (u32, u32),
) -> Result<EmiSchedule, EmiRefusal> {
    let (min, max) = allowed;
    if months < min || months > max {
        return Err(EmiRefusal::Months { min, max });
    }
    let principal = price.minus_or_zero(total_paid.max(booking_amount));
    if principal.paise() < i64::from(months).saturating_mul(100) {
        return Err(EmiRefusal::TooLittle(months));
    }
    Ok(EmiSchedule { principal, amounts: principal.split(months) })
}

/// Due date of instalment `n` (from 1) of a booking confirmed on `confirmed_on`.
pub fn due_on(confirmed_on: Day, n: u32) -> Day {
    confirmed_on.plus_months(n)
}

/// Allocates `paid` to the instalments, oldest first; returns the paid part of each.
pub fn allocate_paid(amounts: &[Money], paid: Money) -> Vec<Money> {
    let mut left = paid.max(Money::ZERO);
    amounts
        .iter()
        .map(|amount| {
            let part = left.min(*amount);
            left = left.minus_or_zero(part);
            part
        })
        .collect()
}

/// What each payment paid of each instalment: its place in `payments` and the part. The payments, in the order of their
/// completion, pay `due_at_booking` first and then the instalments, oldest first.
pub fn payment_shares(amounts: &[Money], due_at_booking: Money, payments: &[Money]) -> Vec<Vec<(usize, Money)>> {
    let mut left: Vec<(usize, Money)> = payments.iter().copied().enumerate().collect();
    let mut pay = |mut due: Money| {
        let mut shares = Vec::new();
        for (which, rest) in &mut left {
            let part = due.min(*rest);
            if part.is_positive() {
                shares.push((*which, part));
                *rest = rest.minus_or_zero(part);
                due = due.minus_or_zero(part);
            }
        }
        shares
    };
    pay(due_at_booking);
    amounts.iter().map(|amount| pay(*amount)).collect()
}

/// Status of an instalment; overdue from the day after its due date.
pub fn instalment_status(amount: Money, paid: Money, due_on: Option<Day>, today: Day) -> InstalmentStatus {
    if paid >= amount {
        InstalmentStatus::Paid
    } else if due_on.is_some_and(|due| due < today) {
        InstalmentStatus::Overdue
    } else {
        InstalmentStatus::Pending
    }
}

/// Decides whether a member is reminded of an instalment today, and how. `reminded` is the last reminder of it. A day that
/// was missed is made up for until the due date; after it, the instalment is overdue. Each kind is decided at most once.
pub fn decide_reminder(
    status: InstalmentStatus,
    due_on: Option<Day>,
    reminded: Option<ReminderKind>,
    today: Day,
) -> Option<ReminderKind> {
    let due_on = due_on.filter(|_| status == InstalmentStatus::Pending)?;
    if today == due_on {
        (reminded != Some(ReminderKind::DueToday)).then_some(ReminderKind::DueToday)
    } else {
        let is_near = today < due_on && due_on <= last_reminded_due_date(today);
        (is_near && reminded.is_none()).then_some(ReminderKind::Ahead)
    }
}

/// The latest due date of which members are reminded today.
pub fn last_reminded_due_date(today: Day) -> Day {
    (0..REMINDED_DAYS_AHEAD).fold(today, |day, _| day.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect(text)
    }

    #[test]
    fn the_principal_is_what_neither_is_nor_has_to_be_paid_at_booking() {
        let price = Money::from_rupees(10_000);
        for (booked, paid, principal) in [(500, 0, 9_500), (500, 500, 9_500), (500, 2_000, 8_000), (3_000, 500, 7_000)]
        {
            let made = schedule(price, Money::from_rupees(booked), Money::from_rupees(paid), 12, (3, 60));
            let made = made.expect("a schedule");
            assert_eq!(made.principal, Money::from_rupees(principal));
            assert_eq!(Money::total(made.amounts.iter().copied()), Ok(made.principal));
        }
        let made = schedule(Money::from_paise(100_050), Money::ZERO, Money::ZERO, 3, (3, 60)).expect("a schedule");
        assert_eq!(made.amounts, [33_300, 33_300, 33_450].map(Money::from_paise));
    }

    #[test]
    fn shares_of_payments_add_up_to_what_is_paid_of_each_instalment() {
        let rupees = |amounts: &[i64]| amounts.iter().map(|r| Money::from_rupees(*r)).collect::<Vec<_>>();
        let (amounts, at_booking) = (rupees(&[100, 100, 100]), Money::from_rupees(500));
        let shares = |payments: &[i64]| {
            let shares = payment_shares(&amounts, at_booking, &rupees(payments));
            shares
                .into_iter()
                .map(|s| s.into_iter().map(|(n, m)| (n, m.paise() / 100)).collect())
                .collect::<Vec<Vec<_>>>()
        };
        assert_eq!(shares(&[400]), [vec![], vec![], vec![]]);
        assert_eq!(shares(&[400, 150, 60]), [vec![(1, 50), (2, 50)], vec![(2, 10)], vec![]]);
        assert_eq!(shares(&[800]), [vec![(0, 100)], vec![(0, 100)], vec![(0, 100)]]);
        for payments in [vec![], vec![1], vec![499, 2], vec![10, 600, 20], vec![300, 300, 300, 300]] {
            let paid = Money::total(rupees(&payments)).expect("small amounts").minus_or_zero(at_booking);
            let sums: Vec<Money> = payment_shares(&amounts, at_booking, &rupees(&payments))
                .into_iter()
                .map(|shares| Money::total(shares.into_iter().map(|(_, part)| part)).expect("small amounts"))
                .collect();
            assert_eq!(sums, allocate_paid(&amounts, paid), "{payments:?}");
        }
    }

    #[test]
    fn months_are_from_three_to_sixty_and_an_instalment_is_a_rupee_at_least() {
        let price = Money::from_rupees(10_000);
        let with = |months| schedule(price, Money::from_rupees(500), Money::ZERO, months, (3, 60)).is_ok();
        assert_eq!([2, 3, 60, 61, 0].map(with), [false, true, true, false, false]);
        let small = |left: i64| schedule(price, Money::from_paise(1_000_000 - left), Money::ZERO, 3, (3, 60)).is_ok();
        assert_eq!([299, 300, 0].map(small), [false, true, false]);
    }

    #[test]
    fn instalments_are_filled_oldest_first_and_are_late_the_day_after() {
        let amounts = [100, 100, 150].map(Money::from_paise);
        for (paid, filled) in [(0, [0, 0, 0]), (99, [99, 0, 0]), (101, [100, 1, 0]), (350, [100, 100, 150])] {
            assert_eq!(allocate_paid(&amounts, Money::from_paise(paid)), filled.map(Money::from_paise));
        }
        assert_eq!(allocate_paid(&amounts, Money::from_paise(-5)), [Money::ZERO; 3]);
        let (amount, due) = (Money::from_paise(100), Some(day("2027-02-28")));
        let late = |paid, today| instalment_status(amount, Money::from_paise(paid), due, day(today));
        assert_eq!(late(99, "2027-02-28"), InstalmentStatus::Pending);
        assert_eq!(late(99, "2027-03-01"), InstalmentStatus::Overdue);
        assert_eq!(late(100, "2027-03-01"), InstalmentStatus::Paid);
        assert_eq!(instalment_status(amount, Money::ZERO, None, day("2027-03-01")), InstalmentStatus::Pending);
    }

    #[test]
    fn a_member_is_reminded_three_days_ahead_and_on_the_due_date_once_each() {
        use ReminderKind::{Ahead, DueToday};
        let remind = |status, reminded, today| decide_reminder(status, Some(day("2027-03-01")), reminded, day(today));
        for (today, reminded, expected) in [
            ("2027-02-25", None, None),
            ("2027-02-26", None, Some(Ahead)),
            ("2027-02-26", Some(Ahead), None),
            ("2027-02-28", None, Some(Ahead)),
            ("2027-03-01", None, Some(DueToday)),
            ("2027-03-01", Some(Ahead), Some(DueToday)),
            ("2027-03-01", Some(DueToday), None),
            // The clock was set back.
            ("2027-02-27", Some(DueToday), None),
            ("2027-03-02", None, None),
        ] {
            assert_eq!(remind(InstalmentStatus::Pending, reminded, today), expected, "{today} {reminded:?}");
        }
        for status in [InstalmentStatus::Paid, InstalmentStatus::Overdue] {
            assert_eq!(remind(status, None, "2027-03-01"), None, "{status}");
        }
        assert_eq!(decide_reminder(InstalmentStatus::Pending, None, None, day("2027-03-01")), None);
    }

    #[test]
    fn a_due_date_keeps_its_day_of_the_month_where_there_is_one() {
        let dues: Vec<_> = (1..=3).map(|n| due_on(day("2027-01-31"), n).to_string()).collect();
        assert_eq!(dues, ["2027-02-28", "2027-03-31", "2027-04-30"]);
    }
}

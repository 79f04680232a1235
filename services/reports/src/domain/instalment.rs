//! The unpaid instalments of a booking, and the one that a member pays next.

use super::BookingStatus;
use domain::{Day, Money, MoneyError};

/// An instalment with a due day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instalment {
    pub n: i64,
    pub due_on: Day,
    pub amount: Money,
    pub paid: Money,
}

/// The unpaid instalment that is due first; `None` unless the booking is confirmed and not paid in full.
pub fn next_unpaid(status: BookingStatus, instalments: impl IntoIterator<Item = Instalment>) -> Option<Instalment> {
    let unpaid = instalments.into_iter().filter(|instalment| instalment.paid < instalment.amount);
    match status {
        BookingStatus::Confirmed => unpaid.min_by_key(|instalment| (instalment.due_on, instalment.n)),
        BookingStatus::PreBooked
        | BookingStatus::Completed
        | BookingStatus::Cancelled
        | BookingStatus::Expired
        | BookingStatus::Delivered
        | BookingStatus::Returned => None,
    }
}

/// Why the text of unpaid instalments cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{UNPAID_FORM}` is expected")]
pub struct UnpaidError;

const UNPAID_FORM: &str = "YYYY-MM-DD paise,…";

/// Due day and unpaid amount of each instalment that is not paid in full, in the order of the schedule; none unless the
/// booking is confirmed. Errors when an amount overflows.
pub fn unpaid(status: BookingStatus, instalments: &[Instalment]) -> Result<Vec<(Day, Money)>, MoneyError> {
    if status != BookingStatus::Confirmed {
        return Ok(Vec::new());
    }
    let unpaid = instalments.iter().filter(|instalment| instalment.paid < instalment.amount);
    unpaid.map(|instalment| Ok((instalment.due_on, instalment.amount.sub(instalment.paid)?))).collect()
}

/// Formats unpaid instalments for their column; `None` for none.
pub fn format_unpaid(unpaid: &[(Day, Money)]) -> Option<String> {
    let parts: Vec<String> = unpaid.iter().map(|(day, amount)| format!("{day} {}", amount.paise())).collect();
    (!parts.is_empty()).then(|| parts.join(","))
}

/// Parses what [`format_unpaid`] formats.
pub fn parse_unpaid(text: Option<&str>) -> Result<Vec<(Day, Money)>, UnpaidError> {
    let part = |part: &str| {
        let (day, paise) = part.split_once(' ').ok_or(UnpaidError)?;
        let paise = paise.parse().map_err(|_| UnpaidError)?;
        Ok((day.parse().map_err(|_| UnpaidError)?, Money::from_paise(paise)))
    };
    text.into_iter().flat_map(|text| text.split(',')).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instalment(n: i64, due_on: &str, paid_paise: i64) -> Instalment {
        let (due_on, paid) = (due_on.parse().expect("a day"), Money::from_paise(paid_paise));
        Instalment { n, due_on, amount: Money::from_paise(100), paid }
    }

    #[test]
    fn the_next_instalment_is_the_earliest_that_is_not_paid_in_full() {
        let (overdue, later) = (instalment(2, "2026-10-05", 99), instalment(3, "2026-11-05", 0));
        let all = [later, overdue, instalment(1, "2026-09-05", 100), instalment(4, "2026-12-05", 101)];
        assert_eq!(next_unpaid(BookingStatus::Confirmed, all), Some(overdue));
        assert_eq!(next_unpaid(BookingStatus::Confirmed, [all[2], all[3]]), None);
        assert_eq!(next_unpaid(BookingStatus::Confirmed, []), None);
    }

    #[test]
    fn only_a_confirmed_booking_has_a_next_instalment() {
        for status in BookingStatus::ALL {
            let next = next_unpaid(*status, [instalment(1, "2026-11-05", 0)]);
            assert_eq!(next.is_some(), *status == BookingStatus::Confirmed, "{status}");
        }
    }

    #[test]
    fn unpaid_instalments_of_a_confirmed_booking_round_trip() {
        let all = [instalment(1, "2026-09-05", 100), instalment(2, "2026-10-05", 99), instalment(3, "2026-11-05", 0)];
        for status in BookingStatus::ALL {
            let unpaid = unpaid(*status, &all).expect("amounts");
            let is_confirmed = *status == BookingStatus::Confirmed;
            let text = is_confirmed.then(|| "2026-10-05 1,2026-11-05 100".to_owned());
            assert_eq!(format_unpaid(&unpaid), text, "{status}");
            assert_eq!(parse_unpaid(text.as_deref()), Ok(unpaid), "{status}");
        }
        for text in ["", "2026-10-05", "2026-10-05 x", "x 1", "2026-10-05 1,"] {
            assert_eq!(parse_unpaid(Some(text)), Err(UnpaidError), "{text}");
        }
    }
}

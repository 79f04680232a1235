//! From a range of days to the periods a report has rows for. Days are those of India.

use chrono::{Datelike, Days};
use domain::Day;

/// A report has at most this many rows.
pub const MOST_PERIODS: usize = 1_000;

domain::text_enum! {
    /// Weeks begin on Monday.
    pub enum Grouping { Day = "day", Week = "week", Month = "month" }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    #[error("`from` is after `to`")]
    Backwards,
    #[error("a report has at most {MOST_PERIODS} rows: ask for fewer days, or group them by week or month")]
    TooLong,
}

/// The days asked for, both ends included, and how they are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    pub from: Day,
    pub to: Day,
    pub grouping: Grouping,
}

impl Periods {
    /// Without `from` and `to`: this month, whole. With `from` alone, to the end of this month or to `from`,
    /// whichever is later; with `to` alone, from the first of its month.
    pub fn try_new(today: Day, from: Option<Day>, to: Option<Day>, grouping: Grouping) -> Result<Self, RangeError> {
        let month_end = previous(today.month().next().first_day());
        let to_day = to.unwrap_or_else(|| from.map_or(month_end, |from| from.max(month_end)));
        let from_day = from.unwrap_or_else(|| to_day.month().first_day());
        let periods = Self { from: from_day, to: to_day, grouping };
        if from_day > to_day {
            return Err(RangeError::Backwards);
        }
        if periods.starts().nth(MOST_PERIODS).is_some() {
            return Err(RangeError::TooLong);
        }
        Ok(periods)
    }

    /// The first day of every period that has a day in the range, in order.
    pub fn starts(self) -> impl Iterator<Item = Day> {
        let first = self.start_of(self.from);
        std::iter::successors(Some(first), move |start| self.after(*start)).take_while(move |start| *start <= self.to)
    }

    /// The first day of the period that `day` is in; it may lie before the range.
    pub fn start_of(self, day: Day) -> Day {
        match self.grouping {
            Grouping::Day => day,
            Grouping::Week => {
                let into = u64::from(day.date().weekday().num_days_from_monday());
                day.date().checked_sub_days(Days::new(into)).map_or(day, Day::from)
            }
            Grouping::Month => day.month().first_day(),
        }
    }

    /// `None` at the end of the calendar.
    fn after(self, start: Day) -> Option<Day> {
        let next = match self.grouping {
            Grouping::Day => start.next(),
            Grouping::Week => start.date().checked_add_days(Days::new(7)).map_or(start, Day::from),
            Grouping::Month => start.plus_months(1),
        };
        (next > start).then_some(next)
    }

    /// How a period is called: its first day, or its month.
    pub fn label(self, start: Day) -> String {
        match self.grouping {
            Grouping::Day | Grouping::Week => start.to_string(),
            Grouping::Month => start.month().to_string(),
        }
    }
}

fn previous(day: Day) -> Day {
    day.date().pred_opt().map_or(day, Day::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect(text)
    }

    fn asked(from: &str, to: &str, grouping: Grouping) -> Result<Periods, RangeError> {
        Periods::try_new(day("2026-11-10"), Some(day(from)), Some(day(to)), grouping)
    }

    #[test]
    fn this_month_is_the_default() {
        let of = |from: Option<&str>, to: Option<&str>| {
            let p = Periods::try_new(day("2026-11-10"), from.map(day), to.map(day), Grouping::Day).expect("a range");
            (p.from.to_string(), p.to.to_string())
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(of(None, None), pair("2026-11-01", "2026-11-30"));
        assert_eq!(of(Some("2026-09-05"), None), pair("2026-09-05", "2026-11-30"));
        assert_eq!(of(Some("2027-01-05"), None), pair("2027-01-05", "2027-01-05"));
        assert_eq!(of(None, Some("2026-02-10")), pair("2026-02-01", "2026-02-10"));
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_their_first() {
        let starts = |p: Periods| p.starts().map(|s| p.label(s)).collect::<Vec<_>>();
        let weeks = asked("2026-11-01", "2026-11-16", Grouping::Week).expect("a range");
        assert_eq!(starts(weeks), ["2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"]);
        let months = asked("2026-12-31", "2027-02-01", Grouping::Month).expect("a range");
        assert_eq!(starts(months), ["2026-12", "2027-01", "2027-02"]);
        let days = asked("2028-02-28", "2028-03-01", Grouping::Day).expect("a range");
        assert_eq!(starts(days), ["2028-02-28", "2028-02-29", "2028-03-01"]);
    }

    #[test]
    fn a_range_is_forwards_and_of_at_most_a_thousand_rows() {
        assert_eq!(asked("2026-11-02", "2026-11-01", Grouping::Day), Err(RangeError::Backwards));
        assert!(asked("2026-11-01", "2026-11-01", Grouping::Day).is_ok());
        for (to, fits) in [("2022-09-25", true), ("2022-09-26", true), ("2022-09-27", false)] {
            assert_eq!(asked("2020-01-01", to, Grouping::Day).is_ok(), fits, "{to}");
        }
        assert_eq!(asked("0001-01-01", "9999-12-31", Grouping::Month), Err(RangeError::TooLong));
        assert!(asked("9999-12-01", "9999-12-31", Grouping::Week).is_ok());
    }
}

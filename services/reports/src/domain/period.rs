//! Report periods: a range of Indian days, grouped by day, week or month.

use chrono::{Datelike, Days, Months};
use domain::Day;

/// Rows of a report, unless it is sent as a stream.
pub const MAX_PERIODS: usize = 1_000;
/// Rows of a report that is sent as a stream.
pub const MAX_STREAMED_PERIODS: usize = 100_000;

domain::text_enum! {
    /// Length of a period. Weeks begin on Monday.
    pub enum Grouping { Day = "day", Week = "week", Month = "month" }
}

/// Reason why a range is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    #[error("`from` is after `to`")]
    Backwards,
    #[error("at most {max_periods} rows: request fewer days, group them by week or month, or request a CSV file")]
    TooLong { max_periods: usize },
}

/// A range of days, both ends included, and its grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    pub from: Day,
    pub to: Day,
    pub grouping: Grouping,
}

impl Periods {
    /// Without `from` and `to`, the range is the current month; with `from` alone, it ends with the current month or on
    /// `from`, whichever is later; with `to` alone, it begins on the first of that month.
    ///
    /// Errors when `from` is after `to` or there are more than `max_periods`.
    pub fn try_new(
        today: Day,
        (from, to): (Option<Day>, Option<Day>),
        grouping: Grouping,
        max_periods: usize,
    ) -> Result<Self, RangeError> {
        let month_end = previous(today.month().next().first_day());
        let to_day = to.unwrap_or_else(|| from.map_or(month_end, |from| from.max(month_end)));
        let from_day = from.unwrap_or_else(|| to_day.month().first_day());
        let periods = Self { from: from_day, to: to_day, grouping };
        if from_day > to_day {
            return Err(RangeError::Backwards);
        }
        if periods.starts().nth(max_periods).is_some() {
            return Err(RangeError::TooLong { max_periods });
        }
        Ok(periods)
    }

    /// The range in parts of whole periods and about a year each, in order: what is read at once.
    pub fn parts(self) -> impl Iterator<Item = Self> {
        let max_periods = match self.grouping {
            Grouping::Day => 366,
            Grouping::Week => 52,
            Grouping::Month => 12,
        };
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let part = rest?;
            let after = part.starts().nth(max_periods);
            rest = after.map(|from| Self { from, ..part });
            Some(Self { to: after.map_or(part.to, previous), ..part })
        })
    }

    /// The range of the same length that ends the day before this one: as many whole months where this one consists of
    /// whole months, else as many days. It may have a few rows more.
    pub fn previous(self) -> Self {
        let from = self.from.date();
        let first = match self.whole_months() {
            Some(months) => from.checked_sub_months(months),
            None => from.checked_sub_signed(self.to.date() - from).and_then(|day| day.pred_opt()),
        };
        Self { from: first.map_or(self.from, Day::from), to: previous(self.from), grouping: self.grouping }
    }

    /// The number of months that the range consists of; `None` where it begins or ends within a month.
    fn whole_months(self) -> Option<Months> {
        let ends_month = self.to.next() == self.to.month().next().first_day();
        let starts_month = self.from == self.from.month().first_day();
        let months = Self { grouping: Grouping::Month, ..self }.starts().count();
        if starts_month && ends_month { u32::try_from(months).ok().map(Months::new) } else { None }
    }

    /// The first day of every period that overlaps the range, in order.
    pub fn starts(self) -> impl Iterator<Item = Day> {
        let first = self.start_of(self.from);
        std::iter::successors(Some(first), move |start| self.after(*start)).take_while(move |start| *start <= self.to)
    }

    /// The first day of the period of `day`; possibly before the range.
    pub fn start_of(self, day: Day) -> Day {
        match self.grouping {
            Grouping::Day => day,
            Grouping::Week => {
                let days_into_week = u64::from(day.date().weekday().num_days_from_monday());
                day.date().checked_sub_days(Days::new(days_into_week)).map_or(day, Day::from)
            }
            Grouping::Month => day.month().first_day(),
        }
    }

    /// The first day of the next period; `None` at the end of the calendar.
    fn after(self, start: Day) -> Option<Day> {
        let next = match self.grouping {
            Grouping::Day => start.next(),
            Grouping::Week => start.date().checked_add_days(Days::new(7)).map_or(start, Day::from),
            Grouping::Month => start.plus_months(1),
        };
        (next > start).then_some(next)
    }

    /// Label of a period: its first day, or its month as `2026-11`.
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

    fn range(from: &str, to: &str, grouping: Grouping) -> Result<Periods, RangeError> {
        Periods::try_new(day("2026-11-10"), (Some(day(from)), Some(day(to))), grouping, MAX_PERIODS)
    }

    #[test]
    fn the_default_range_is_the_current_month() {
        let range_of = |from: Option<&str>, to: Option<&str>| {
            let days = (from.map(day), to.map(day));
            let p = Periods::try_new(day("2026-11-10"), days, Grouping::Day, MAX_PERIODS).expect("a range");
            (p.from.to_string(), p.to.to_string())
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(range_of(None, None), pair("2026-11-01", "2026-11-30"));
        assert_eq!(range_of(Some("2026-09-05"), None), pair("2026-09-05", "2026-11-30"));
        assert_eq!(range_of(Some("2027-01-05"), None), pair("2027-01-05", "2027-01-05"));
        assert_eq!(range_of(None, Some("2026-02-10")), pair("2026-02-01", "2026-02-10"));
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let starts = |p: Periods| p.starts().map(|s| p.label(s)).collect::<Vec<_>>();
        let weeks = range("2026-11-01", "2026-11-16", Grouping::Week).expect("a range");
        assert_eq!(starts(weeks), ["2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"]);
        let months = range("2026-12-31", "2027-02-01", Grouping::Month).expect("a range");
        assert_eq!(starts(months), ["2026-12", "2027-01", "2027-02"]);
        let days = range("2028-02-28", "2028-03-01", Grouping::Day).expect("a range");
        assert_eq!(starts(days), ["2028-02-28", "2028-02-29", "2028-03-01"]);
    }

    #[test]
    fn a_range_runs_forwards_and_has_at_most_a_thousand_rows() {
        assert_eq!(range("2026-11-02", "2026-11-01", Grouping::Day), Err(RangeError::Backwards));
        assert!(range("2026-11-01", "2026-11-01", Grouping::Day).is_ok());
        for (to, fits) in [("2022-09-25", true), ("2022-09-26", true), ("2022-09-27", false)] {
            assert_eq!(range("2020-01-01", to, Grouping::Day).is_ok(), fits, "{to}");
        }
        assert_eq!(range("0001-01-01", "9999-12-31", Grouping::Month), Err(RangeError::TooLong { max_periods: 1_000 }));
        assert!(range("9999-12-01", "9999-12-31", Grouping::Week).is_ok());
    }

    #[test]
    fn the_parts_of_a_range_have_its_periods_in_order() {
        for (grouping, to, parts) in [
            (Grouping::Day, "2026-03-06", 1),
            (Grouping::Day, "2027-03-06", 1),
            (Grouping::Day, "2027-03-07", 2),
            (Grouping::Day, "2028-11-17", 3),
            (Grouping::Week, "2028-11-17", 3),
            (Grouping::Month, "2027-02-28", 1),
            (Grouping::Month, "2028-11-17", 3),
        ] {
            let whole = range("2026-03-06", to, grouping).expect("a range");
            let all: Vec<_> = whole.parts().collect();
            assert_eq!(all.len(), parts, "{grouping} to {to}");
            let starts: Vec<_> = all.iter().flat_map(|part| part.starts()).collect();
            assert_eq!(starts, whole.starts().collect::<Vec<_>>(), "{grouping} to {to}");
            assert_eq!((all.first().map(|p| p.from), all.last().map(|p| p.to)), (Some(whole.from), Some(whole.to)));
            assert!(all.windows(2).all(|two| matches!(two, [a, b] if a.to.next() == b.from)));
        }
    }

    #[test]
    fn the_previous_range_has_as_many_whole_months_or_as_many_days() {
        for (from, to, expected) in [
            ("2026-11-01", "2026-11-30", ("2026-10-01", "2026-10-31")),
            ("2026-03-01", "2026-03-31", ("2026-02-01", "2026-02-28")),
            ("2026-01-01", "2026-02-28", ("2025-11-01", "2025-12-31")),
            ("2026-11-01", "2026-11-29", ("2026-10-03", "2026-10-31")),
            ("2026-11-02", "2026-11-30", ("2026-10-04", "2026-11-01")),
            ("2026-11-10", "2026-11-10", ("2026-11-09", "2026-11-09")),
            ("2026-11-09", "2026-11-15", ("2026-11-02", "2026-11-08")),
        ] {
            for grouping in Grouping::ALL {
                let previous = range(from, to, *grouping).expect("a range").previous();
                assert_eq!((previous.from, previous.to), (day(expected.0), day(expected.1)), "{from} to {to}");
                assert_eq!(previous.grouping, *grouping);
            }
        }
    }
}

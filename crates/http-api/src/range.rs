//! Time range of a list, from `?from=` and `?to=`: days in India, or instants; both ends inclusive.

use crate::Problem;
use chrono::TimeDelta;
use domain::{Day, Timestamp};

/// A range of instants, both ends inclusive; a missing end is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeRange {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl TimeRange {
    /// Parses a range. Errors with 422 and `code` for an invalid date or time, or when `from` is after `to`.
    pub fn parse(from: Option<&str>, to: Option<&str>, code: &'static str) -> Result<Self, Problem> {
        let read = |field: &str, text: Option<&str>, end: End| {
            let invalid = || {
                let detail = format!("{field}: write a date (YYYY-MM-DD) or an RFC 3339 time");
                Problem::unprocessable(code, detail)
            };
            text.map(|text| instant(text, end).ok_or_else(invalid)).transpose()
        };
        let range = Self { from: read("from", from, End::First)?, until: read("to", to, End::Last)? };
        if range.from.zip(range.until).is_some_and(|(from, until)| from > until) {
            return Err(Problem::unprocessable(code, "`from` is after `to`"));
        }
        Ok(range)
    }
}

/// Which instant of a day is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

fn instant(text: &str, end: End) -> Option<Timestamp> {
    if let Ok(day) = text.parse::<Day>() {
        return Some(match end {
            End::First => day.starts_at(),
            End::Last => day.next().starts_at().minus(TimeDelta::microseconds(1)),
        });
    }
    // A plus sign in a query is decoded as a space, but an offset such as +05:30 is meant.
    text.replace(' ', "+").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(from: Option<&str>, to: Option<&str>) -> Option<(String, String)> {
        let range = TimeRange::parse(from, to, "x.bad_range").ok()?;
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        Some((text(range.from), text(range.until)))
    }

    #[test]
    fn both_days_of_a_range_are_included_and_from_is_not_after_to() {
        let day = parse(Some("2026-11-29"), Some("2026-11-29")).expect("one day");
        assert_eq!(day, ("2026-11-28T18:30:00Z".to_owned(), "2026-11-29T18:29:59.999999Z".to_owned()));
        assert!(parse(None, None).is_some() && parse(Some("2026-11-29"), None).is_some());
        assert!(parse(Some("2026-11-29T00:00:00 05:30"), Some("2026-11-28T18:30:00Z")).is_some());
        for (from, to) in [
            ("2026-11-30", "2026-11-29"),
            ("2026-11-29T00:00:00.000001+05:30", "2026-11-28T18:30:00Z"),
            ("yesterday", "2026-11-29"),
            ("2026-11-29", "2026-02-30"),
        ] {
            let refused = TimeRange::parse(Some(from), Some(to), "x.bad_range").expect_err(from);
            assert_eq!((refused.status.as_u16(), refused.code), (422, "x.bad_range"), "{from} {to}");
        }
    }
}

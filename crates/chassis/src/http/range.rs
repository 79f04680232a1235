//! `?from=` and `?to=` of a list: days of India, both inclusive, or instants.

use super::Problem;
use chrono::TimeDelta;
use domain::{Day, Timestamp};

/// Instants from one to another, both inclusive; an end that was left out is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeRange {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl TimeRange {
    /// 422 with `code` for an end that cannot be read, and for a range that ends before it begins.
    pub fn parse(from: Option<&str>, to: Option<&str>, code: &'static str) -> Result<Self, Problem> {
        let read = |field: &str, text: Option<&str>, end: End| {
            let unreadable = || {
                let detail = format!("{field}: write a date (YYYY-MM-DD) or an RFC 3339 time");
                Problem::unprocessable(code, detail)
            };
            text.map(|text| instant(text, end).ok_or_else(unreadable)).transpose()
        };
        let range = Self { from: read("from", from, End::First)?, until: read("to", to, End::Last)? };
        if range.from.zip(range.until).is_some_and(|(from, until)| from > until) {
            return Err(Problem::unprocessable(code, "`from` is after `to`"));
        }
        Ok(range)
    }
}

/// Which instant of a day is meant.
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
    // In a query a plus sign is a space; an offset such as +05:30 is meant.
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
    fn both_days_of_a_range_belong_to_it_and_it_never_ends_before_it_begins() {
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

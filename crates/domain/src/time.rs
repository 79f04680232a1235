//! Instants, and the Indian business calendar they fall in.
//!
//! A day, a month and a financial year are those of Asia/Kolkata, which has had one fixed offset,
//! +05:30, since 1945. They are computed once from the causing event's own time and stored.

use chrono::{DateTime, Datelike, FixedOffset, Months, NaiveDate, SecondsFormat, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

const IST_SECONDS: i32 = 5 * 3600 + 30 * 60;

fn ist() -> FixedOffset {
    // `east_opt` refuses only offsets of a day or more; UTC is the unreachable fallback.
    FixedOffset::east_opt(IST_SECONDS).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {expected}")]
pub struct TimeError {
    text: String,
    expected: &'static str,
}
impl TimeError {
    fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.chars().take(40).collect(), expected }
    }
}

/// A UTC instant, to the microsecond: exactly what the databases keep.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Timestamp)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    pub const UNIX_EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }
    /// Microseconds since 1970, the form events carry.
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(micros).map(Self)
    }
    pub fn day(self) -> Day {
        Day(self.0.with_timezone(&ist()).date_naive())
    }
    pub fn month(self) -> Month {
        self.day().month()
    }
    pub fn financial_year(self) -> FinancialYear {
        self.day().financial_year()
    }
    pub fn quarter(self) -> Quarter {
        self.day().quarter()
    }
    /// This instant moved by `delta`; unmoved where that leaves the calendar.
    pub fn plus(self, delta: TimeDelta) -> Self {
        self.0.checked_add_signed(delta).map_or(self, Self)
    }
    pub fn minus(self, delta: TimeDelta) -> Self {
        self.0.checked_sub_signed(delta).map_or(self, Self)
    }
    pub fn plus_secs(self, secs: i64) -> Self {
        TimeDelta::try_seconds(secs).map_or(self, |d| self.plus(d))
    }
    pub fn plus_hours(self, hours: i64) -> Self {
        TimeDelta::try_hours(hours).map_or(self, |d| self.plus(d))
    }
    /// Time from `earlier` to this; negative where it is later.
    pub fn since(self, earlier: Self) -> TimeDelta {
        self.0 - earlier.0
    }
}
impl From<DateTime<Utc>> for Timestamp {
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant.trunc_subsecs(6))
    }
}
impl fmt::Display for Timestamp {
    /// RFC 3339, `Z`, as many places as needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for Timestamp {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // An offset can carry a time beyond the years that four digits, and so the databases, can say.
        let utc = DateTime::parse_from_rfc3339(text).map(|t| t.with_timezone(&Utc));
        utc.ok()
            .filter(|t| (0..=9999).contains(&t.year()))
            .map(Into::into)
            .ok_or_else(|| TimeError::new(text, "time (RFC 3339, like 2026-11-22T10:00:00Z)"))
    }
}

/// A business day in India.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Day(NaiveDate);

impl Day {
    pub fn date(self) -> NaiveDate {
        self.0
    }
    pub fn month(self) -> Month {
        Month { year: self.0.year(), month: self.0.month() }
    }
    /// 1 April to 31 March.
    pub fn financial_year(self) -> FinancialYear {
        FinancialYear { start: if self.0.month() >= 4 { self.0.year() } else { self.0.year() - 1 } }
    }
    /// Of the financial year: April to June is the first.
    pub fn quarter(self) -> Quarter {
        match self.0.month() {
            4..=6 => Quarter::Q1,
            7..=9 => Quarter::Q2,
            10..=12 => Quarter::Q3,
            _ => Quarter::Q4,
        }
    }
    /// Midnight in India.
    pub fn starts_at(self) -> Timestamp {
        let midnight = self.0.and_time(chrono::NaiveTime::MIN).and_utc();
        Timestamp(midnight - TimeDelta::seconds(i64::from(IST_SECONDS)))
    }
    pub fn next(self) -> Self {
        Self(self.0.succ_opt().unwrap_or(self.0))
    }
    /// The same day of the month `months` later, or the last day of a shorter month.
    pub fn plus_months(self, months: u32) -> Self {
        Self(self.0.checked_add_months(Months::new(months)).unwrap_or(self.0))
    }
}
impl From<NaiveDate> for Day {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}
impl FromStr for Day {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || TimeError::new(text, "date (YYYY-MM-DD)");
        if text.len() != 10 {
            return Err(error());
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| error())?;
        // A year may be written with a sign; and the first day of year 0 begins, in UTC, before it.
        if date.year() > 0 && text.starts_with(|c: char| c.is_ascii_digit()) { Ok(Self(date)) } else { Err(error()) }
    }
}

/// A calendar month in India.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    pub fn first_day(self) -> Day {
        Day(NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or(NaiveDate::MIN))
    }
    pub fn starts_at(self) -> Timestamp {
        self.first_day().starts_at()
    }
    pub fn next(self) -> Self {
        self.first_day().plus_months(1).month()
    }
    /// `202611` for November 2026: grows with time.
    pub fn number(self) -> u32 {
        u32::try_from(self.year).unwrap_or(0) * 100 + self.month
    }
}
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}
impl FromStr for Month {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || TimeError::new(text, "month (YYYY-MM)");
        if text.len() != 7 {
            return Err(error());
        }
        format!("{text}-01").parse().map(Day::month).map_err(|_| error())
    }
}

/// An Indian financial year, written `2026-27`.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct FinancialYear {
    start: i32,
}

impl FinancialYear {
    pub fn starts_on(self) -> Day {
        Day(NaiveDate::from_ymd_opt(self.start, 4, 1).unwrap_or(NaiveDate::MIN))
    }
    /// The first day of the next one.
    pub fn ends_before(self) -> Day {
        Day(NaiveDate::from_ymd_opt(self.start + 1, 4, 1).unwrap_or(NaiveDate::MAX))
    }
}
impl fmt::Display for FinancialYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.start, (self.start + 1) % 100)
    }
}
impl FromStr for FinancialYear {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || TimeError::new(text, "financial year (like 2026-27)");
        let (start, _) = text.split_once('-').ok_or_else(error)?;
        let year = Self { start: start.parse().map_err(|_| error())? };
        if (1900..=9998).contains(&year.start) && year.to_string() == text { Ok(year) } else { Err(error()) }
    }
}

crate::text_enum! {
    /// A quarter of the financial year; the first begins in April.
    pub enum Quarter { Q1 = "Q1", Q2 = "Q2", Q3 = "Q3", Q4 = "Q4" }
}

macro_rules! as_text {
    ($type:ident, $pattern:literal, $format:literal, $example:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl schemars::JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string", "pattern": $pattern, "format": $format, "examples": [$example]
                })
            }
        }
    };
}
as_text!(Timestamp, r"^\d{4}-\d{2}-\d{2}T", "date-time", "2026-11-22T10:00:00Z");
as_text!(Day, r"^\d{4}-\d{2}-\d{2}$", "date", "2026-11-22");
as_text!(Month, r"^\d{4}-\d{2}$", "month", "2026-11");
as_text!(FinancialYear, r"^\d{4}-\d{2}$", "financial-year", "2026-27");

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl fmt::Debug for FinancialYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn the_day_turns_at_half_past_six_in_the_evening_utc() {
        assert_eq!(at("2026-10-31T18:29:59.999999Z").month().to_string(), "2026-10");
        assert_eq!(at("2026-10-31T18:30:00Z").month().to_string(), "2026-11");
        assert_eq!(at("2026-10-31T18:30:00Z").day().to_string(), "2026-11-01");
        let day: Day = "2026-11-01".parse().expect("a date");
        assert_eq!(day.starts_at(), at("2026-10-31T18:30:00Z"));
    }

    #[test]
    fn the_financial_year_turns_on_the_first_of_april() {
        assert_eq!(at("2027-03-31T18:29:59Z").financial_year().to_string(), "2026-27");
        assert_eq!(at("2027-03-31T18:30:00Z").financial_year().to_string(), "2027-28");
        assert_eq!(at("2099-05-01T00:00:00Z").financial_year().to_string(), "2099-00");
        assert_eq!("2026-28".parse::<FinancialYear>().ok(), None);
        assert_eq!("2026-27".parse::<FinancialYear>().map(|y| y.to_string()), Ok("2026-27".into()));
        let quarters = ["2026-04-01", "2026-07-01", "2026-12-31", "2027-01-01"];
        let found: Vec<_> = quarters.iter().map(|d| d.parse::<Day>().expect(d).quarter()).collect();
        assert_eq!(found, Quarter::ALL);
    }

    #[test]
    fn due_dates_clamp_to_the_end_of_the_month() {
        let day: Day = "2027-01-31".parse().expect("a date");
        assert_eq!(day.plus_months(1).to_string(), "2027-02-28");
        assert_eq!(day.plus_months(2).to_string(), "2027-03-31");
    }

    #[test]
    fn a_time_beyond_four_digits_of_years_is_refused_wherever_its_offset_is() {
        assert_eq!(at("9999-12-31T23:59:59.999999Z").utc().year(), 9999);
        assert_eq!(at("9999-12-31T23:59:59+05:30").utc().year(), 9999);
        for bad in ["9999-12-31T23:59:59-05:30", "0000-01-01T00:00:00+05:30", "10000-01-01T00:00:00Z"] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }

    #[test]
    fn malformed_dates_are_refused() {
        for bad in [
            "2026-1-1",
            "-999-01-01",
            "+999-01-01",
            "0000-01-01",
            "2026-13-01",
            "2026-02-30",
            "20260101",
            "2026-01-01T00:00:00Z",
        ] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
        for bad in ["2026", "-999-01", "0000-12", "2026-1", "2026-13", "2026-11-01"] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }

    #[test]
    fn micros_survive() {
        let t = at("2026-11-22T10:00:00.123456Z");
        assert_eq!(Timestamp::from_micros(t.micros()), Some(t));
        assert_eq!(t.to_string(), "2026-11-22T10:00:00.123456Z");
    }
}

//! Instants and the Indian business calendar.
//!
//! Days, months and financial years are those of Asia/Kolkata, which has had the fixed offset +05:30 since 1945. They
//! are computed once, from the time of the causing event, and stored.

use chrono::{DateTime, Datelike, FixedOffset, Months, NaiveDate, SecondsFormat, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

const IST_SECONDS: i32 = 5 * 3600 + 30 * 60;

fn ist() -> FixedOffset {
    // `east_opt` refuses only offsets of a day or more, so the UTC fallback is unreachable.
    FixedOffset::east_opt(IST_SECONDS).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}

/// A text that is not a time, day, month or financial year.
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

/// A UTC instant with microsecond precision, which is what the databases store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    /// The instant as a chrono value.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }
    /// Microseconds since 1970, as events carry them.
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }
    /// The instant that many microseconds after 1970; `None` outside chrono's range.
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(micros).map(Self)
    }
    /// The Indian day that contains it.
    pub fn day(self) -> Day {
        Day(self.0.with_timezone(&ist()).date_naive())
    }
    /// The Indian month that contains it.
    pub fn month(self) -> Month {
        self.day().month()
    }
    /// The Indian financial year that contains it.
    pub fn financial_year(self) -> FinancialYear {
        self.day().financial_year()
    }
    /// The quarter of the financial year that contains it.
    pub fn quarter(self) -> Quarter {
        self.day().quarter()
    }
    /// The instant later by `delta`; unchanged where the result is out of chrono's range.
    pub fn plus(self, delta: TimeDelta) -> Self {
        self.0.checked_add_signed(delta).map_or(self, Self)
    }
    /// The instant earlier by `delta`; unchanged where the result is out of chrono's range.
    pub fn minus(self, delta: TimeDelta) -> Self {
        self.0.checked_sub_signed(delta).map_or(self, Self)
    }
    /// The instant later by `secs` seconds.
    pub fn plus_secs(self, secs: i64) -> Self {
        TimeDelta::try_seconds(secs).map_or(self, |d| self.plus(d))
    }
    /// The instant later by `hours` hours.
    pub fn plus_hours(self, hours: i64) -> Self {
        TimeDelta::try_hours(hours).map_or(self, |d| self.plus(d))
    }
    /// Duration since `earlier`; negative where `earlier` is the later one.
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
    /// RFC 3339 with `Z` and as many decimal places as needed.
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
        // An offset can move a time beyond year 9999, which four digits and the databases cannot store.
        let utc = DateTime::parse_from_rfc3339(text).map(|t| t.with_timezone(&Utc));
        utc.ok()
            .filter(|t| (0..=9999).contains(&t.year()))
            .map(Into::into)
            .ok_or_else(|| TimeError::new(text, "time (RFC 3339, like 2026-11-22T10:00:00Z)"))
    }
}

/// A business day in India.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(NaiveDate);

impl Day {
    /// The date as a chrono value.
    pub fn date(self) -> NaiveDate {
        self.0
    }
    /// The month that contains it.
    pub fn month(self) -> Month {
        Month { year: self.0.year(), month: self.0.month() }
    }
    /// The financial year (1 April to 31 March) that contains it.
    pub fn financial_year(self) -> FinancialYear {
        FinancialYear { start: if self.0.month() >= 4 { self.0.year() } else { self.0.year() - 1 } }
    }
    /// The quarter of the financial year; April to June is the first.
    pub fn quarter(self) -> Quarter {
        match self.0.month() {
            4..=6 => Quarter::Q1,
            7..=9 => Quarter::Q2,
            10..=12 => Quarter::Q3,
            _ => Quarter::Q4,
        }
    }
    /// The instant of its midnight in India.
    pub fn starts_at(self) -> Timestamp {
        let midnight = self.0.and_time(chrono::NaiveTime::MIN).and_utc();
        Timestamp(midnight - TimeDelta::seconds(i64::from(IST_SECONDS)))
    }
    /// The following day.
    pub fn next(self) -> Self {
        Self(self.0.succ_opt().unwrap_or(self.0))
    }
    /// The same day of the month, `months` months later; the last day of the month where it is shorter.
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
        // chrono accepts a signed year, and the first Indian day of year 0 starts before year 0 in UTC.
        if date.year() > 0 && text.starts_with(|c: char| c.is_ascii_digit()) { Ok(Self(date)) } else { Err(error()) }
    }
}

/// A calendar month in India.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// Its first day.
    pub fn first_day(self) -> Day {
        Day(NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or(NaiveDate::MIN))
    }
    /// The instant of its first midnight in India.
    pub fn starts_at(self) -> Timestamp {
        self.first_day().starts_at()
    }
    /// The following month.
    pub fn next(self) -> Self {
        self.first_day().plus_months(1).month()
    }
    /// The month as a number that grows with time: `202611` for November 2026. Years before 0, which no column or event
    /// can hold, count as 0.
    pub fn number(self) -> u32 {
        self.year.max(0).unsigned_abs() * 100 + self.month
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
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FinancialYear {
    start: i32,
}

impl FinancialYear {
    /// Its first day, 1 April.
    pub fn starts_on(self) -> Day {
        Day(NaiveDate::from_ymd_opt(self.start, 4, 1).unwrap_or(NaiveDate::MIN))
    }
    /// The first day of the following financial year.
    pub fn end_exclusive(self) -> Day {
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
    /// A quarter of the financial year; the first is April to June.
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
        #[cfg(feature = "schema")]
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
    fn a_day_starts_at_18_30_utc() {
        assert_eq!(at("2026-10-31T18:29:59.999999Z").month().to_string(), "2026-10");
        assert_eq!(at("2026-10-31T18:30:00Z").month().to_string(), "2026-11");
        assert_eq!(at("2026-10-31T18:30:00Z").day().to_string(), "2026-11-01");
        let day: Day = "2026-11-01".parse().expect("a date");
        assert_eq!(day.starts_at(), at("2026-10-31T18:30:00Z"));
    }

    #[test]
    fn a_financial_year_starts_on_the_first_of_april() {
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
    fn a_time_after_year_9999_in_utc_is_refused() {
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
    fn microseconds_survive_a_round_trip() {
        let t = at("2026-11-22T10:00:00.123456Z");
        assert_eq!(Timestamp::from_micros(t.micros()), Some(t));
        assert_eq!(t.to_string(), "2026-11-22T10:00:00.123456Z");
    }
}

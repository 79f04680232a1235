//! Ages of what is unpaid or undecided, in buckets of days.

use domain::Day;

/// A bucket of ages in days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    pub name: &'static str,
    /// Last day of the bucket; `None` for the oldest one.
    to: Option<i64>,
}

/// Days after the due day of an instalment.
pub const INSTALMENT_BUCKETS: &[Bucket] = &[
    Bucket { name: "not_due", to: Some(0) },
    Bucket { name: "1-30", to: Some(30) },
    Bucket { name: "31-60", to: Some(60) },
    Bucket { name: "61-90", to: Some(90) },
    Bucket { name: "91+", to: None },
];

/// Days since a payout was requested.
pub const PAYOUT_BUCKETS: &[Bucket] = &[
    Bucket { name: "0-1", to: Some(1) },
    Bucket { name: "2-3", to: Some(3) },
    Bucket { name: "4-7", to: Some(7) },
    Bucket { name: "8-30", to: Some(30) },
    Bucket { name: "31+", to: None },
];

/// Name of the bucket that `since` is in on `today`. A day after today is in the first one.
pub fn bucket_of(buckets: &[Bucket], since: Day, today: Day) -> &'static str {
    let days = (today.date() - since.date()).num_days();
    buckets.iter().find(|bucket| bucket.to.is_none_or(|to| days <= to)).map_or("", |bucket| bucket.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_in_the_bucket_of_its_days() {
        let today: Day = "2026-11-30".parse().expect("a day");
        for (since, instalment, payout) in [
            ("2026-12-01", "not_due", "0-1"),
            ("2026-11-30", "not_due", "0-1"),
            ("2026-11-29", "1-30", "0-1"),
            ("2026-11-28", "1-30", "2-3"),
            ("2026-11-26", "1-30", "4-7"),
            ("2026-11-23", "1-30", "4-7"),
            ("2026-11-22", "1-30", "8-30"),
            ("2026-10-31", "1-30", "8-30"),
            ("2026-10-30", "31-60", "31+"),
            ("2026-10-01", "31-60", "31+"),
            ("2026-09-30", "61-90", "31+"),
            ("2026-09-01", "61-90", "31+"),
            ("2026-08-31", "91+", "31+"),
        ] {
            let since = since.parse().expect("a day");
            assert_eq!(bucket_of(INSTALMENT_BUCKETS, since, today), instalment, "{since}");
            assert_eq!(bucket_of(PAYOUT_BUCKETS, since, today), payout, "{since}");
        }
    }
}

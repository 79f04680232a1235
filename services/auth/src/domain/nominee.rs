//! Nominee of a member, the person who inherits the member's claims.

use super::user;
use domain::Day;

/// Whether a nominee can be born on this day: not in the future and at most 120 years ago. A nominee may be a child.
pub(crate) fn is_birth_date(born: Day, today: Day) -> bool {
    born <= today && user::is_plausible_birth_date(born, today)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nominee_is_born_by_today_and_at_most_120_years_old() {
        let day = |text: &str| text.parse::<Day>().expect(text);
        let today = day("2026-11-22");
        for (born, expected) in [
            ("2026-11-22", true),
            ("2026-11-23", false),
            ("1906-11-22", true),
            ("1906-11-21", false),
            ("0001-01-01", false),
        ] {
            assert_eq!(is_birth_date(day(born), today), expected, "{born}");
        }
    }
}

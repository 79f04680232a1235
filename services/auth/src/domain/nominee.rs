//! Who receives what is the member's when the member cannot.

use super::person;
use domain::Day;

const MAX_RELATIONSHIP: usize = 50;

pub(crate) fn is_relationship(text: &str) -> bool {
    person::is_line(text, MAX_RELATIONSHIP)
}

/// A nominee may be a child of any age, born by `today`.
pub(crate) fn is_birth_date(born: Day, today: Day) -> bool {
    born <= today && person::is_within_a_lifetime(born, today)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nominee_has_been_born_and_may_be_alive() {
        let day = |text: &str| text.parse::<Day>().expect(text);
        let today = day("2026-11-22");
        for (born, holds) in [
            ("2026-11-22", true),
            ("2026-11-23", false),
            ("1906-11-22", true),
            ("1906-11-21", false),
            ("0001-01-01", false),
        ] {
            assert_eq!(is_birth_date(day(born), today), holds, "{born}");
        }
    }
}

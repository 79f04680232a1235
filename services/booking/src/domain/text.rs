//! Words people write and read: trimmed and bounded here, because the databases differ in both.

use domain::Day;

/// The text without its margins, if it is 1 to `max` characters and has no control characters.
pub fn line(text: &str, max: usize) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= max;
    (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// A booking's number for people: the day it was made and eight letters without look-alikes.
pub fn booking_number(made_on: Day, random: u64) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let word: String = (0..8)
        .filter_map(|i| usize::try_from((random >> (i * 5)) & 31).ok())
        .filter_map(|at| LETTERS.get(at))
        .map(|letter| char::from(*letter))
        .collect();
    format!("EV-{}-{word}", made_on.date().format("%y%m%d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(line("  two words ", 9), Some("two words".into()));
        assert_eq!(line("ten chars!", 9), None);
        assert_eq!(line("   ", 9), None);
        assert_eq!(line("a\nb", 9), None);
        assert_eq!(line("नमस्ते", 6), Some("नमस्ते".into()));
    }

    #[test]
    fn a_booking_number_says_its_day() {
        let day = "2026-11-22".parse().expect("a day");
        assert_eq!(booking_number(day, 0), "EV-261122-AAAAAAAA");
        assert_eq!(booking_number(day, u64::MAX), "EV-261122-99999999");
    }
}

//! Validation of single-line text and generation of booking numbers.

use domain::Day;

/// Trims the text. `None` unless it then has 1 to `max` characters and no control characters. Checked here, because the
/// databases compare and cut text differently.
pub fn single_line(text: &str, max: usize) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= max;
    (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// A booking number: the day and eight random characters without look-alikes, as in `EV-261122-7K3QF9XA`.
pub fn booking_number(made_on: Day, random: u64) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let suffix: String = (0..8)
        .filter_map(|i| usize::try_from((random >> (i * 5)) & 31).ok())
        .filter_map(|index| LETTERS.get(index))
        .map(|letter| char::from(*letter))
        .collect();
    format!("EV-{}-{suffix}", made_on.date().format("%y%m%d"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(single_line("  two words ", 9), Some("two words".into()));
        assert_eq!(single_line("ten chars!", 9), None);
        assert_eq!(single_line("   ", 9), None);
        assert_eq!(single_line("a\nb", 9), None);
        assert_eq!(single_line("नमस्ते", 6), Some("नमस्ते".into()));
    }

    #[test]
    fn a_booking_number_contains_its_day() {
        let day = "2026-11-22".parse().expect("a day");
        assert_eq!(booking_number(day, 0), "EV-261122-AAAAAAAA");
        assert_eq!(booking_number(day, u64::MAX), "EV-261122-99999999");
    }
}

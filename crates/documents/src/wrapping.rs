//! Line breaking.

use crate::fonts::{UNITS_PER_EM, Weight};
use crate::shaping::{Line, shape};

/// Size and weight of a text. Lengths are in twentieths of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) size: i32,
    pub(crate) weight: Weight,
}

impl Style {
    pub(crate) const fn regular(size: i32) -> Self {
        Self { size, weight: Weight::Regular }
    }

    pub(crate) const fn bold(size: i32) -> Self {
        Self { size, weight: Weight::Bold }
    }

    /// Distance of two baselines. Marks above and below Indic letters need more room than Latin ones.
    pub(crate) const fn leading(self) -> i32 {
        self.size * 7 / 5
    }

    /// Width of a shaped line, rounded up.
    pub(crate) fn width(self, line: &Line) -> i32 {
        let exact = i64::from(line.width) * i64::from(self.size);
        i32::try_from((exact + i64::from(UNITS_PER_EM) - 1) / i64::from(UNITS_PER_EM)).unwrap_or(i32::MAX)
    }

    /// Width of a text on one line.
    pub(crate) fn measure(self, text: &str) -> i32 {
        self.width(&shape(text, self.weight))
    }
}

/// Breaks text at spaces into lines that are at most `width` wide; a word that is wider is broken between letters.
/// Empty text has no line.
pub(crate) fn wrap(text: &str, style: Style, width: i32) -> Vec<Line> {
    // Line breaks and tabs separate words as spaces do.
    let text = text.replace(char::is_control, " ");
    let text = text.trim();
    if text.is_empty() {
        return Vec::new();
    }
    let whole = shape(text, style.weight);
    if style.width(&whole) <= width {
        return vec![whole];
    }
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let length = style.measure(word.trim_end());
        if used > 0 && used + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if length > width {
            let mut parts = split_word(word, style, width);
            line = parts.pop().unwrap_or_default();
            lines.extend(parts);
            used = style.measure(&line);
        } else {
            line.push_str(word);
            used += style.measure(word);
        }
    }
    lines.push(line);
    lines.iter().map(|line| shape(line.trim_end(), style.weight)).collect()
}

/// Breaks a word that is too wide into parts, each as long as fits.
fn split_word(word: &str, style: Style, width: i32) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut used = 0;
    for cluster in clusters(word) {
        let length = style.measure(cluster);
        if used > 0 && used + length > width {
            parts.push(std::mem::take(&mut part));
            used = 0;
        }
        part.push_str(cluster);
        used += length;
    }
    parts.push(part);
    parts
}

/// The parts of a word that must stay together: a letter with its marks, or letters joined by a virama.
pub(crate) fn clusters(word: &str) -> Vec<&str> {
    let mut starts = Vec::new();
    let mut previous = None;
    for (at, letter) in word.char_indices() {
        let is_joined = previous.is_some_and(|before| is_joining(before) || is_mark(letter));
        if !is_joined {
            starts.push(at);
        }
        previous = Some(letter);
    }
    starts.push(word.len());
    starts.windows(2).filter_map(|pair| word.get(*pair.first()?..*pair.last()?)).collect()
}

/// Whether a mark belongs to the letter before it: in the Indic blocks everything but letters and digits, which all
/// have the same places in their blocks.
fn is_mark(letter: char) -> bool {
    match letter {
        '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}' => true,
        '\u{900}'..='\u{d7f}' => {
            let place = u32::from(letter) % 0x80;
            matches!(place, 0x00..=0x03 | 0x3a..=0x3c | 0x3e..=0x4f | 0x51..=0x57 | 0x62 | 0x63)
        }
        _ => false,
    }
}

/// Whether the next letter joins this one: a virama or a joiner.
fn is_joining(letter: char) -> bool {
    letter == '\u{200d}' || (('\u{900}'..='\u{d7f}').contains(&letter) && u32::from(letter) % 0x80 == 0x4d)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style::regular(180);

    fn texts(text: &str, width: i32) -> Vec<String> {
        wrap(text, STYLE, width).iter().map(Line::text).collect()
    }

    #[test]
    fn lines_break_at_spaces_and_never_exceed_the_width() {
        let text = "The quick brown fox jumps over नवीन क्षत्रिय सुविधा and रामेश्वरम்";
        for width in [800, 1_200, 2_000, 6_000] {
            let lines = wrap(text, STYLE, width);
            assert!(lines.iter().all(|line| STYLE.width(line) <= width), "{width}");
            let joined = lines.iter().map(Line::text).collect::<Vec<_>>().join(" ");
            assert_eq!(joined, text);
        }
        assert_eq!(texts("  one  ", 10_000), ["one"]);
        assert!(texts(" \n ", 10_000).is_empty());
        assert_eq!(texts("one\ntwo", 10_000), ["one two"]);
    }

    #[test]
    fn a_long_word_breaks_between_letters_but_not_inside_one() {
        let word = "क्षत्रियसुविधाक्षत्रियसुविधा";
        let parts = texts(word, 700);
        assert!(parts.len() > 2);
        assert_eq!(parts.concat(), word);
        for part in &parts {
            assert!(!part.starts_with(is_mark), "{parts:?}");
            assert!(!part.ends_with('\u{94d}'), "{parts:?}");
        }
        assert_eq!(texts(&"M".repeat(50), 1_000).concat(), "M".repeat(50));
    }
}

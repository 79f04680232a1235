//! Validated user text: names, addresses, reasons. Equal texts have one normal form, and every character is visible.
//!
//! Allowed are letters and marks of every script, digits, punctuation and symbols. Refused are control characters,
//! characters that change the text direction, and invisible characters, because they make a name on a screen or a
//! receipt look like another. A joiner (ZWJ, ZWNJ) is allowed only inside a word of an Indic script, where it shapes
//! letters.

use crate::rule_violation;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{
    BidiControl, DefaultIgnorableCodePoint, GeneralCategory, IndicSyllabicCategory, PrependedConcatenationMark, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// Reason for refusing a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It has a control character.
    #[error("must not contain control characters")]
    Control,
    /// It has a bidirectional control character.
    #[error("must not contain characters that change the direction of text")]
    Direction,
    /// It has a character without a visible glyph.
    #[error("must not contain invisible characters")]
    Invisible,
    /// It has a joiner outside a word of an Indic script.
    #[error("must not contain a joiner outside a word of an Indic script")]
    Joiner,
}

/// A text of one line, in normal form C, without surrounding spaces.
///
/// ```
/// use domain::text::SingleLineText;
/// assert_eq!(SingleLineText::try_new(" Jose\u{301} ").unwrap().as_str(), "José");
/// assert!(SingleLineText::try_new("a\u{202e}b").is_err());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transparent))]
pub struct SingleLineText(String);

/// A text of any number of lines, in normal form C, without surrounding spaces. Tabs are allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transparent))]
pub struct MultilineText(String);

macro_rules! text {
    ($($name:ident allows $allows:expr),+) => {$(
        impl $name {
            /// Normalizes `text`. Errors with the first rule that it breaks.
            pub fn try_new(text: &str) -> Result<Self, TextError> {
                validate(text, $allows).map(Self)
            }
            /// The normalized text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
            /// The normalized text.
            pub fn into_string(self) -> String {
                self.0
            }
            /// Whether nothing is left after trimming.
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
            /// Number of characters.
            pub fn char_count(&self) -> usize {
                self.0.chars().count()
            }
        }
        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        /// A refused text is a rule violation (422), not malformed input (400).
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::try_new(&String::deserialize(deserializer)?).map_err(rule_violation::error)
            }
        }
    )+};
}
text!(
    SingleLineText allows |_| false,
    MultilineText allows |c| matches!(c, '\n' | '\r' | '\t')
);

/// Normalizes a text: normal form C, trimmed, every space character replaced by U+0020. Errors with the first rule that
/// it breaks.
fn validate(text: &str, allows: fn(char) -> bool) -> Result<String, TextError> {
    let normalized: String = normalize(text).trim().chars().map(|c| if is_space(c) { ' ' } else { c }).collect();
    let mut before = None;
    let mut rest = normalized.chars();
    while let Some(c) = rest.next() {
        if !allows(c) {
            validate_char(before, c, rest.clone().next())?;
        }
        before = Some(c);
    }
    Ok(normalized)
}

/// A text in normal form C, not validated. Use it to compare texts, not to store them.
pub fn normalize(text: &str) -> std::borrow::Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

fn is_space(c: char) -> bool {
    category(c) == GeneralCategory::SpaceSeparator
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn validate_char(before: Option<char>, c: char, after: Option<char>) -> Result<(), TextError> {
    const ZWNJ: char = '\u{200c}';
    const ZWJ: char = '\u{200d}';
    const VARIATION: [char; 2] = ['\u{fe0e}', '\u{fe0f}'];
    const BRAILLE_BLANK: char = '\u{2800}';
    if c.is_ascii() {
        return if c.is_ascii_control() { Err(TextError::Control) } else { Ok(()) };
    }
    if matches!(c, ZWNJ | ZWJ) {
        return if is_allowed_joiner(before, after) { Ok(()) } else { Err(TextError::Joiner) };
    }
    if CodePointSetData::new::<BidiControl>().contains(c) {
        return Err(TextError::Direction);
    }
    // A variation selector chooses between two glyphs of a symbol; after anything else it is invisible.
    if VARIATION.contains(&c) && before.is_some_and(is_symbol) {
        return Ok(());
    }
    if c == BRAILLE_BLANK || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) {
        return Err(TextError::Invisible);
    }
    let is_sign = CodePointSetData::new::<PrependedConcatenationMark>().contains(c);
    let kind = category(c);
    if matches!(kind, GeneralCategory::PrivateUse | GeneralCategory::Unassigned) {
        return Err(TextError::Invisible);
    }
    let breaks_lines = matches!(kind, GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator);
    if breaks_lines || c.is_control() || (kind == GeneralCategory::Format && !is_sign) {
        return Err(TextError::Control);
    }
    Ok(())
}

/// A host name in ASCII and lower case; `None` where `host` is not a host name.
///
/// ```
/// use domain::text::ascii_host;
/// assert_eq!(ascii_host("München.Example").as_deref(), Some("xn--mnchen-3ya.example"));
/// assert_eq!(ascii_host("a b"), None);
/// ```
pub fn ascii_host(host: &str) -> Option<String> {
    idna::domain_to_ascii_cow(host.as_bytes(), idna::AsciiDenyList::STD3).ok().map(std::borrow::Cow::into_owned)
}

fn is_symbol(c: char) -> bool {
    matches!(category(c), GeneralCategory::OtherSymbol | GeneralCategory::MathSymbol)
}

/// Whether a joiner stands between two characters of one Indic script, or after a virama: some scripts end a word that
/// way.
fn is_allowed_joiner(before: Option<char>, after: Option<char>) -> bool {
    const INDIC: [Script; 12] = [
        Script::Devanagari,
        Script::Bengali,
        Script::Gurmukhi,
        Script::Gujarati,
        Script::Oriya,
        Script::Tamil,
        Script::Telugu,
        Script::Kannada,
        Script::Malayalam,
        Script::Sinhala,
        Script::MeeteiMayek,
        Script::Grantha,
    ];
    let script = |c: char| CodePointMapData::<Script>::new().get(c);
    let Some(before) = before.filter(|c| INDIC.contains(&script(*c))) else { return false };
    let is_virama = CodePointMapData::<IndicSyllabicCategory>::new().get(before) == IndicSyllabicCategory::Virama;
    match after {
        Some(after) if script(after) == script(before) => true,
        Some(after) => is_virama && !after.is_alphanumeric() && script(after) != Script::Inherited,
        None => is_virama,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_line(text: &str) -> Result<String, TextError> {
        SingleLineText::try_new(text).map(SingleLineText::into_string)
    }

    #[test]
    fn a_name_of_any_script_is_accepted_unchanged() {
        for name in [
            "Asha",
            "D'Souza",
            "O’Brien",
            "Jean-Luc St. John",
            "आशा कुमारी",
            "নুসরাত জাহান",
            "ਗੁਰਪ੍ਰੀਤ ਕੌਰ",
            "ગૌરવ",
            "தமிழ்ச்செல்வி",
            "వెంకట",
            "ಲಕ್ಷ್ಮಿ",
            "മീനാക്ഷി",
            "فاطمة",
            "נעמי",
            "王小明",
            "김민준",
            "Дмитрий",
            "Nguyễn",
            "12/3, MG Road (near the bank) – flat #4 & 5",
            "Mâchoire ☎️ ❤️",
            "",
        ] {
            assert_eq!(one_line(name).as_deref(), Ok(name), "{name}");
        }
    }

    #[test]
    fn equal_texts_have_one_form() {
        for (input, normalized) in [
            ("Jose\u{301}", "José"),
            ("  Asha \u{a0}Rao\u{3000}", "Asha  Rao"),
            ("क\u{93c}", "क\u{93c}"),
            ("\u{212b}", "Å"),
            ("\u{1100}\u{1161}", "가"),
        ] {
            assert_eq!(one_line(input).as_deref(), Ok(normalized), "{input:?}");
        }
    }

    #[test]
    fn invisible_characters_are_refused() {
        use TextError::{Control, Direction, Invisible, Joiner};
        for (character, expected) in [
            ('\0', Control),
            ('\n', Control),
            ('\t', Control),
            ('\u{7f}', Control),
            ('\u{85}', Control),
            ('\u{2028}', Control),
            ('\u{fff9}', Control),
            ('\u{200e}', Direction),
            ('\u{200f}', Direction),
            ('\u{61c}', Direction),
            ('\u{202a}', Direction),
            ('\u{202b}', Direction),
            ('\u{202c}', Direction),
            ('\u{202d}', Direction),
            ('\u{202e}', Direction),
            ('\u{2066}', Direction),
            ('\u{2067}', Direction),
            ('\u{2068}', Direction),
            ('\u{2069}', Direction),
            ('\u{200b}', Invisible),
            ('\u{feff}', Invisible),
            ('\u{ad}', Invisible),
            ('\u{2060}', Invisible),
            ('\u{3164}', Invisible),
            ('\u{115f}', Invisible),
            ('\u{2800}', Invisible),
            ('\u{180e}', Invisible),
            ('\u{fe0f}', Invisible),
            ('\u{e0041}', Invisible),
            ('\u{e000}', Invisible),
            ('\u{10ffff}', Invisible),
            ('\u{200c}', Joiner),
            ('\u{200d}', Joiner),
        ] {
            assert_eq!(one_line(&format!("a{character}b")), Err(expected), "{character:?}");
        }
    }

    #[test]
    fn a_joiner_is_allowed_only_inside_an_indic_word() {
        for word in ["क्\u{200d}ष", "क्\u{200c}ष", "র\u{200d}্যাব", "අක්\u{200d}ෂර", "അവന്\u{200d}", "അവന്\u{200d} കണ്ടു"]
        {
            assert_eq!(one_line(word).as_deref(), Ok(word), "{word:?}");
        }
        for word in [
            "As\u{200d}ha",
            "\u{200d}आशा",
            "आशा\u{200d}",
            "आशा\u{200c} देवी",
            "क्\u{200d}\u{200d}ष",
            "क\u{200d}a",
            "a\u{200d}क",
            "فا\u{200c}طمة",
            "👩\u{200d}👧",
            "क्\u{200d}b",
        ] {
            assert_eq!(one_line(word), Err(TextError::Joiner), "{word:?}");
        }
    }

    #[test]
    fn a_multiline_text_allows_line_ends_and_tabs_and_no_other_control_characters() {
        let free = |text| MultilineText::try_new(text).map(MultilineText::into_string);
        assert_eq!(free("two\r\nlines\tand a tab\n").as_deref(), Ok("two\r\nlines\tand a tab"));
        assert_eq!(free("a\u{7}b"), Err(TextError::Control));
        assert_eq!(free("a\n\u{202e}b"), Err(TextError::Direction));
    }

    #[test]
    fn a_refused_text_is_distinguished_from_a_malformed_one() {
        let read = |json: &str| serde_json::from_str::<SingleLineText>(json).map_err(|error| error.to_string());
        assert_eq!(read(r#"" Asha ""#).map(String::from), Ok("Asha".to_owned()));
        let refused = read(r#""a\u202eb""#).expect_err("refused");
        assert!(crate::rule_violation::rule_of(&refused).is_some(), "{refused}");
        let unreadable = read("5").expect_err("no text");
        assert_eq!(crate::rule_violation::rule_of(&unreadable), None);
    }
}

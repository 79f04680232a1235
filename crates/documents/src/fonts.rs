//! Embedded fonts: Noto Sans for Latin letters and nine scripts of India.
//!
//! `scripts/make-fonts` makes the files. A font is read when a document first needs it.

use krilla::text::Font;
use rustybuzz::{Direction, Script, ShapePlan, script};
use std::sync::OnceLock;

/// Font units of an em; the same in all fonts.
pub(crate) const UNITS_PER_EM: i32 = 1_000;

/// Weight of the letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// One font of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FontId(usize);

struct Source {
    script: Script,
    /// The blocks of Unicode that belong to the script; none for the first fonts, which have all the rest.
    blocks: &'static [(char, char)],
    weight: Weight,
    bytes: &'static [u8],
}

macro_rules! source {
    ($script:ident, $blocks:expr, $weight:ident, $file:literal) => {
        Source {
            script: script::$script,
            blocks: $blocks,
            weight: Weight::$weight,
            bytes: include_bytes!(concat!("../fonts/", $file, ".ttf")),
        }
    };
}

const DEVANAGARI: &[(char, char)] = &[('\u{900}', '\u{97f}'), ('\u{a8e0}', '\u{a8ff}'), ('\u{1cd0}', '\u{1cff}')];

/// The fonts. Bold text of a script without a bold font is set in the regular one.
static SOURCES: [Source; 12] = [
    source!(LATIN, &[], Regular, "NotoSans-Regular"),
    source!(LATIN, &[], Bold, "NotoSans-Bold"),
    source!(DEVANAGARI, DEVANAGARI, Regular, "NotoSansDevanagari-Regular"),
    source!(DEVANAGARI, DEVANAGARI, Bold, "NotoSansDevanagari-Bold"),
    source!(BENGALI, &[('\u{980}', '\u{9ff}')], Regular, "NotoSansBengali-Regular"),
    source!(GURMUKHI, &[('\u{a00}', '\u{a7f}')], Regular, "NotoSansGurmukhi-Regular"),
    source!(GUJARATI, &[('\u{a80}', '\u{aff}')], Regular, "NotoSansGujarati-Regular"),
    source!(ORIYA, &[('\u{b00}', '\u{b7f}')], Regular, "NotoSansOriya-Regular"),
    source!(TAMIL, &[('\u{b80}', '\u{bff}')], Regular, "NotoSansTamil-Regular"),
    source!(TELUGU, &[('\u{c00}', '\u{c7f}')], Regular, "NotoSansTelugu-Regular"),
    source!(KANNADA, &[('\u{c80}', '\u{cff}')], Regular, "NotoSansKannada-Regular"),
    source!(MALAYALAM, &[('\u{d00}', '\u{d7f}')], Regular, "NotoSansMalayalam-Regular"),
];

static FACES: [OnceLock<Option<Face>>; 12] = [const { OnceLock::new() }; 12];

/// A font that is ready for shaping and for embedding.
pub(crate) struct Face {
    pub(crate) font: Font,
    pub(crate) shapes: rustybuzz::Face<'static>,
    pub(crate) script: Script,
    pub(crate) plan: ShapePlan,
}

impl Face {
    fn read(source: &Source) -> Option<Self> {
        let shapes = rustybuzz::Face::from_slice(source.bytes, 0)?;
        let plan = ShapePlan::new(&shapes, Direction::LeftToRight, Some(source.script), None, &[]);
        let font = Font::new(source.bytes.into(), 0)?;
        Some(Self { font, shapes, script: source.script, plan })
    }

    /// Whether the font has a glyph for the letter.
    pub(crate) fn has(&self, letter: char) -> bool {
        self.shapes.glyph_index(letter).is_some()
    }
}

impl FontId {
    /// The fonts of Latin letters, which also have punctuation, signs and the replacement character.
    fn latin(weight: Weight) -> Self {
        Self(match weight {
            Weight::Regular => 0,
            Weight::Bold => 1,
        })
    }

    /// The font of the character's script.
    pub(crate) fn of(letter: char, weight: Weight) -> Self {
        if letter < '\u{900}' {
            return Self::latin(weight);
        }
        let has = |source: &Source| source.blocks.iter().any(|(first, last)| (*first..=*last).contains(&letter));
        let in_weight = SOURCES.iter().position(|source| source.weight == weight && has(source));
        in_weight.or_else(|| SOURCES.iter().position(has)).map_or_else(|| Self::latin(weight), Self)
    }

    /// The font. `None` only if its file is damaged, which a test refutes.
    pub(crate) fn face(self) -> Option<&'static Face> {
        let source = SOURCES.get(self.0)?;
        FACES.get(self.0)?.get_or_init(|| Face::read(source)).as_ref()
    }
}

/// Whether letters of every script may stand beside this one: joiners, spaces, and the marks and stops that Indic
/// scripts share.
pub(crate) fn is_shared(letter: char) -> bool {
    matches!(
        letter,
        ' ' | '\u{a0}' | '\u{200c}' | '\u{200d}' | '\u{25cc}' | '\u{951}' | '\u{952}' | '\u{964}' | '\u{965}'
    )
}

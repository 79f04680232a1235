//! Text as positioned glyphs of the embedded fonts.

use crate::fonts::{Face, FontId, UNITS_PER_EM, Weight, is_shared};
use krilla::surface::Location;
use krilla::text::{Font, Glyph, GlyphId};
use rustybuzz::{Direction, UnicodeBuffer, shape_with_plan};
use std::ops::Range;

/// Printed in place of a letter that no font has.
const REPLACEMENT: char = '\u{fffd}';

/// A glyph with its place in font units.
#[derive(Debug, Clone)]
pub(crate) struct PlacedGlyph {
    id: u32,
    /// Bytes of the run's text that the glyph's cluster covers.
    text: Range<usize>,
    advance: i32,
    x_offset: i32,
    y_offset: i32,
}

/// A part of a line in one font.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) font: Font,
    pub(crate) text: String,
    pub(crate) glyphs: Vec<PlacedGlyph>,
    /// Width in font units.
    pub(crate) width: i32,
}

/// A shaped line of text.
#[derive(Clone, Default)]
pub(crate) struct Line {
    pub(crate) runs: Vec<Run>,
    /// Width in font units.
    pub(crate) width: i32,
}

impl Line {
    /// The text as it was given.
    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }
}

/// Shapes a line without breaking it. Letters that no font has become the replacement character.
pub(crate) fn shape(text: &str, weight: Weight) -> Line {
    let mut line = Line::default();
    for (id, text) in split_by_font(text, weight) {
        if let Some(face) = id.face() {
            let run = shape_run(face, text);
            line.width = line.width.saturating_add(run.width);
            line.runs.push(run);
        }
    }
    line
}

/// Splits text into parts of one font. Control characters are dropped.
fn split_by_font(text: &str, weight: Weight) -> Vec<(FontId, String)> {
    let mut parts: Vec<(FontId, String)> = Vec::new();
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        if let Some((_, part)) = parts.last_mut()
            && is_shared(letter)
        {
            part.push(letter);
            continue;
        }
        let has = |id: &FontId| id.face().is_some_and(|face| face.has(letter));
        let own = Some(FontId::of(letter, weight)).filter(has);
        let (id, letter) = own.map_or((FontId::of(REPLACEMENT, weight), REPLACEMENT), |id| (id, letter));
        match parts.last_mut() {
            Some((last, part)) if *last == id => part.push(letter),
            _ => parts.push((id, letter.to_string())),
        }
    }
    parts
}

fn shape_run(face: &Face, text: String) -> Run {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(&text);
    buffer.set_direction(Direction::LeftToRight);
    buffer.set_script(face.script);
    let shaped = shape_with_plan(&face.shapes, &face.plan, buffer);
    let starts: Vec<usize> =
        shaped.glyph_infos().iter().map(|info| usize::try_from(info.cluster).unwrap_or(0)).collect();
    let mut glyphs = Vec::with_capacity(starts.len());
    let mut width = 0_i32;
    for (index, (info, position)) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()).enumerate() {
        let start = starts.get(index).copied().unwrap_or(0);
        let following = starts.get(index..).unwrap_or_default();
        let end = following.iter().copied().find(|next| *next > start).unwrap_or(text.len());
        width = width.saturating_add(position.x_advance);
        glyphs.push(PlacedGlyph {
            id: info.glyph_id,
            text: start..end,
            advance: position.x_advance,
            x_offset: position.x_offset,
            y_offset: position.y_offset,
        });
    }
    Run { font: face.font.clone(), text, glyphs, width }
}

/// A number of font units as a part of the font size. Only places on a page are floats.
#[expect(clippy::float_arithmetic, reason = "places of glyphs on a page, not money")]
fn scaled(units: i32, size: f32) -> f32 {
    let whole = |n: i32| i16::try_from(n).map_or(0.0, f32::from);
    size * whole(units) / whole(UNITS_PER_EM)
}

impl Glyph for PlacedGlyph {
    fn glyph_id(&self) -> GlyphId {
        GlyphId::new(self.id)
    }
    fn text_range(&self) -> Range<usize> {
        self.text.clone()
    }
    fn x_advance(&self, size: f32) -> f32 {
        scaled(self.advance, size)
    }
    fn x_offset(&self, size: f32) -> f32 {
        scaled(self.x_offset, size)
    }
    fn y_offset(&self, size: f32) -> f32 {
        scaled(self.y_offset, size)
    }
    fn y_advance(&self, _size: f32) -> f32 {
        0.0
    }
    fn location(&self) -> Option<Location> {
        None
    }
}

//! The block that says how to check a document.

use super::flow::{Edge, Flow, MARGIN, WIDTH};
use super::page::{Area, Colour, Drawing, Owner, PageSink, Role};
use crate::wrapping::Style;
use qrcode::{Color, EcLevel, QrCode};

const LABEL: Style = Style::regular(155);
const CODE: Style = Style::bold(200);
const NOTE: Style = Style::regular(155);
/// Side of the QR code.
const SIDE: i32 = 1_440;
const GAP: i32 = 220;

impl<S: PageSink> Flow<'_, S> {
    /// Draws the verification code, its QR code and the address of the page that checks it.
    pub(super) fn verification(&mut self) {
        let document = self.document;
        let Some(proof) = &document.verification else { return };
        let language = document.language;
        self.reserve(SIDE + GAP);
        self.y += GAP / 2;
        let top = self.y;
        let section = self.node(None, Role::Section);
        let squares = squares(&proof.url, (MARGIN, top));
        if !squares.is_empty() {
            let english = "QR code of the address of the verification page";
            let alt = language.pick(english, "सत्यापन पृष्ठ के पते का क्यूआर कोड");
            let figure = self.node(Some(section), Role::Figure(alt.to_owned()));
            self.draw(Owner::Node(figure), Drawing::Squares(squares));
        }
        let node = Owner::Node(self.node(Some(section), Role::Paragraph));
        let column = (MARGIN + SIDE + GAP, WIDTH - SIDE - GAP, Edge::Left);
        let label = language.pick("Verification code", "सत्यापन कोड");
        let mut y = self.text(node, label, column, top, (LABEL, Colour::Soft));
        y = self.text(node, &proof.code, column, y, (CODE, Colour::Ink));
        let check = language.pick(
            "Scan the square or open this address to see whether the document is genuine and what it states:",
            "दस्तावेज़ असली है या नहीं और उसमें क्या लिखा है, यह देखने के लिए \
             चौकोर कोड स्कैन करें या यह पता खोलें:",
        );
        y = self.text(node, check, column, y + 40, (NOTE, Colour::Soft));
        y = self.text(node, &proof.url, column, y, (NOTE, Colour::Accent));
        let signature =
            language.pick("Made by computer; valid without a signature.", "कंप्यूटर से बना दस्तावेज़; हस्ताक्षर के बिना मान्य।");
        y = self.text(node, signature, column, y + 40, (NOTE, Colour::Soft));
        self.y = y.max(top + SIDE);
    }
}

/// The dark areas of the QR code of a text, each as wide as its row allows. Empty for a text that is too long.
fn squares(text: &str, (x, y): (i32, i32)) -> Vec<Area> {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return Vec::new() };
    let modules = code.width();
    let Some(side) = i32::try_from(modules).ok().and_then(|n| SIDE.checked_div(n)) else { return Vec::new() };
    let mut areas = Vec::new();
    for (row, colours) in (0_i32..).zip(code.to_colors().chunks(modules)) {
        let mut column = 0_i32;
        for part in colours.chunk_by(|a, b| a == b) {
            let length = i32::try_from(part.len()).unwrap_or(0);
            if part.first() == Some(&Color::Dark) {
                areas.push(Area { x: x + column * side, y: y + row * side, width: length * side, height: side });
            }
            column += length;
        }
    }
    areas
}

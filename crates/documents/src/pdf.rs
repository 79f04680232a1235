//! The PDF file: PDF/A-2b, tagged, with embedded subsets of the fonts.

use crate::layout::lay_out;
use crate::layout::page::{Area, Colour, Drawing, NodeId, Owner, PAGE, PageSink, Role};
use crate::model::Document;
use crate::shaping::{Line, Run};
use crate::tree::PartTree;
use crate::wrapping::Style;
use crate::{Logo, RENDERER_VERSION};
use domain::Day;
use krilla::SerializeSettings;
use krilla::color::rgb;
use krilla::configure::ConfigurationBuilder;
use krilla::configure::validate::Archival;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::metadata::{DateTime, Metadata, TextDirection};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag};

/// Why a document could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The library refuses the settings of the file.
    #[error("the settings of the file are refused: {0}")]
    Settings(String),
    /// The library refuses the content, such as a logo that does not decode.
    #[error("the document is refused: {0}")]
    Content(String),
}

/// Renders the document as a PDF file. The same document and logo give the same bytes with the same
/// [`RENDERER_VERSION`].
pub fn render(document: &Document, logo: Option<&Logo>) -> Result<Vec<u8>, RenderError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_B)
        .finish()
        .map_err(|error| RenderError::Settings(format!("{error:?}")))?;
    let settings = SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() };
    let mut writer = PdfWriter { file: krilla::Document::new_with(settings), parts: PartTree::default(), logo };
    lay_out(document, logo.map(Logo::size), &mut writer);
    let PdfWriter { mut file, parts, .. } = writer;
    file.set_tag_tree(parts.into_tag_tree());
    file.set_metadata(metadata(document));
    file.finish().map_err(|error| RenderError::Content(format!("{error}: {error:?}")))
}

fn metadata(document: &Document) -> Metadata {
    let number = document.facts.first().map_or("", |fact| fact.value.as_str());
    let title = format!("{} {number}", document.title);
    Metadata::new()
        .title(title.trim_end().to_owned())
        .description(document.verification.as_ref().map_or_else(String::new, |proof| proof.url.clone()))
        .language(document.language.as_str().to_owned())
        .authors(vec![document.company.name.clone()])
        .creator(format!("EV Distribution Platform, renderer {RENDERER_VERSION}"))
        .creation_date(creation_date(document.date))
        .text_direction(TextDirection::LeftToRight)
}

/// The beginning of the day of issue in India.
fn creation_date(day: Day) -> DateTime {
    let text = day.to_string();
    let mut parts = text.split('-').map(|part| part.parse::<u16>().unwrap_or(1));
    let mut next = || parts.next().unwrap_or(1);
    let (year, month, day) = (next(), next(), next());
    let small = |n: u16| u8::try_from(n).unwrap_or(1);
    DateTime::new(year)
        .month(small(month))
        .day(small(day))
        .hour(0)
        .minute(0)
        .second(0)
        .utc_offset_hour(5)
        .utc_offset_minute(30)
}

/// Writes pages as they are complete.
struct PdfWriter<'a> {
    file: krilla::Document,
    parts: PartTree,
    logo: Option<&'a Logo>,
}

impl PageSink for PdfWriter<'_> {
    fn add_node(&mut self, parent: Option<NodeId>, role: Role) -> NodeId {
        self.parts.add(parent, role)
    }

    fn add_page(&mut self, drawings: Vec<(Owner, Drawing)>) {
        let settings = PageSettings::from_wh(points(PAGE.0), points(PAGE.1)).unwrap_or_default();
        let mut page = self.file.start_page_with(settings);
        let mut surface = page.surface();
        for (owner, drawing) in &drawings {
            match owner {
                Owner::Node(node) => {
                    let identifier = surface.start_tagged(ContentTag::Other);
                    self.parts.add_drawn(*node, identifier);
                }
                Owner::Decoration => start_artifact(&mut surface, ArtifactType::Layout),
                Owner::Repeated => start_artifact(&mut surface, ArtifactType::PaginationOther),
            }
            draw(&mut surface, drawing, self.logo);
            surface.end_tagged();
        }
        surface.finish();
        page.finish();
    }
}

fn start_artifact(surface: &mut Surface<'_>, kind: ArtifactType) {
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(kind)));
}

fn draw(surface: &mut Surface<'_>, drawing: &Drawing, logo: Option<&Logo>) {
    match drawing {
        Drawing::Text { line, x, y, style, colour } => draw_line(surface, line, (*x, *y), *style, *colour),
        Drawing::Fill { area, colour } => fill(surface, std::slice::from_ref(area), *colour),
        Drawing::Squares(areas) => fill(surface, areas, Colour::Black),
        Drawing::Logo(area) => {
            if let (Some(logo), Some(size)) = (logo, Size::from_wh(points(area.width), points(area.height))) {
                surface.push_transform(&Transform::from_translate(points(area.x), points(area.y)));
                surface.draw_image(logo.image(), size);
                surface.pop();
            }
        }
    }
}

fn draw_line(surface: &mut Surface<'_>, line: &Line, (x, y): (i32, i32), style: Style, colour: Colour) {
    surface.set_fill(Some(paint(colour)));
    // Widths are added in font units, so that no run is moved by the rounding of those before it.
    let mut width = 0;
    for run in &line.runs {
        let before = Line { runs: Vec::new(), width };
        let start = Point::from_xy(points(x + style.width(&before)), points(y));
        let Run { font, text, glyphs, .. } = run;
        surface.draw_glyphs(start, glyphs, font.clone(), text, points(style.size), false);
        width += run.width;
    }
}

fn fill(surface: &mut Surface<'_>, areas: &[Area], colour: Colour) {
    let mut path = PathBuilder::new();
    for area in areas {
        let (x, y) = (points(area.x), points(area.y));
        if let Some(rect) = Rect::from_ltrb(x, y, points(area.x + area.width), points(area.y + area.height)) {
            path.push_rect(rect);
        }
    }
    if let Some(path) = path.finish() {
        surface.set_fill(Some(paint(colour)));
        surface.draw_path(&path);
    }
}

fn paint(colour: Colour) -> Fill {
    let (red, green, blue) = match colour {
        Colour::Black => (0, 0, 0),
        Colour::Ink => (29, 35, 42),
        Colour::Soft => (92, 101, 112),
        Colour::Accent => (13, 94, 79),
        Colour::Line => (218, 223, 228),
        Colour::Shade => (242, 245, 247),
        Colour::Warning => (156, 32, 32),
        Colour::WarningShade => (252, 240, 239),
    };
    Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

/// A length in points.
#[expect(clippy::float_arithmetic, reason = "places on a page, not money")]
fn points(twentieths: i32) -> f32 {
    f32::from(i16::try_from(twentieths).unwrap_or(i16::MAX)) / 20.0
}

//! Pages that fill from the top to the bottom.

use super::page::{Area, Colour, Drawing, NodeId, Owner, PAGE, PageSink, Role};
use crate::Language;
use crate::model::Document;
use crate::shaping::Line;
use crate::wrapping::{Style, wrap};

/// Left and right margin.
pub(super) const MARGIN: i32 = 880;
/// Width between the margins.
pub(super) const WIDTH: i32 = PAGE.0 - 2 * MARGIN;
const TOP: i32 = 800;
/// Lower end of the content.
const BOTTOM: i32 = PAGE.1 - 1_120;
const FOOTER: i32 = PAGE.1 - 860;
const FOOTER_STYLE: Style = Style::regular(150);

/// Edge that text is set at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Left,
    Right,
}

/// The page that is being filled.
pub(super) struct Flow<'a, S: PageSink> {
    pub(super) document: &'a Document,
    pub(super) sink: &'a mut S,
    /// Upper end of the free space.
    pub(super) y: i32,
    drawings: Vec<(Owner, Drawing)>,
    page: usize,
    /// Number of all pages.
    pages: usize,
}

impl<'a, S: PageSink> Flow<'a, S> {
    pub(super) fn new(document: &'a Document, pages: usize, sink: &'a mut S) -> Self {
        Self { document, sink, y: TOP, drawings: Vec::new(), page: 1, pages }
    }

    /// Begins a new page unless `height` fits on this one. Returns whether it did.
    pub(super) fn reserve(&mut self, height: i32) -> bool {
        // What does not fit on an empty page either is not moved further.
        let breaks = self.y + height > BOTTOM && self.y > TOP;
        if breaks {
            self.end_page();
            self.page += 1;
            self.y = TOP;
        }
        breaks
    }

    /// Adds a part of the document.
    pub(super) fn node(&mut self, parent: Option<NodeId>, role: Role) -> NodeId {
        self.sink.add_node(parent, role)
    }

    pub(super) fn draw(&mut self, owner: Owner, drawing: Drawing) {
        self.drawings.push((owner, drawing));
    }

    pub(super) fn fill(&mut self, area: Area, colour: Colour) {
        self.draw(Owner::Decoration, Drawing::Fill { area, colour });
    }

    /// Draws a thin line over the whole width.
    pub(super) fn rule(&mut self, y: i32, colour: Colour) {
        self.fill(Area { x: MARGIN, y, width: WIDTH, height: 12 }, colour);
    }

    /// Draws lines of text below `y`, at an edge of `(x, width)`. Returns the y below them.
    pub(super) fn lines(
        &mut self,
        owner: Owner,
        lines: Vec<Line>,
        (x, width, edge): (i32, i32, Edge),
        mut y: i32,
        (style, colour): (Style, Colour),
    ) -> i32 {
        for line in lines {
            let start = match edge {
                Edge::Left => x,
                Edge::Right => x + width - style.width(&line),
            };
            y += style.leading();
            // The baseline is above the room for descenders.
            self.draw(owner, Drawing::Text { line, x: start, y: y - style.size * 2 / 5, style, colour });
        }
        y
    }

    /// Wraps and draws text below `y`. Returns the y below it.
    pub(super) fn text(
        &mut self,
        owner: Owner,
        text: &str,
        (x, width, edge): (i32, i32, Edge),
        y: i32,
        (style, colour): (Style, Colour),
    ) -> i32 {
        self.lines(owner, wrap(text, style, width), (x, width, edge), y, (style, colour))
    }

    /// Ends the last page.
    pub(super) fn finish(mut self) {
        self.end_page();
    }

    fn end_page(&mut self) {
        self.rule(FOOTER, Colour::Line);
        let document = self.document;
        let number = document.facts.first().map_or("", |fact| fact.value.as_str());
        let parts = [document.company.name.as_str(), document.title.as_str(), number];
        let name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
        let page = match document.language {
            Language::English => format!("Page {} of {}", self.page, self.pages),
            Language::Hindi => format!("पृष्ठ {} / {}", self.page, self.pages),
        };
        let look = (FOOTER_STYLE, Colour::Soft);
        let first_line = |text: &str, width| wrap(text, FOOTER_STYLE, width).into_iter().take(1).collect::<Vec<_>>();
        let left = first_line(&name, WIDTH * 3 / 4);
        self.lines(Owner::Repeated, left, (MARGIN, WIDTH, Edge::Left), FOOTER + 50, look);
        let right = first_line(&page, WIDTH / 4);
        self.lines(Owner::Repeated, right, (MARGIN, WIDTH, Edge::Right), FOOTER + 50, look);
        self.sink.add_page(std::mem::take(&mut self.drawings));
    }
}

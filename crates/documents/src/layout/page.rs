//! Drawings of a page, and the parts of the document that they belong to. Lengths are in twentieths of a point, from
//! the top left corner.

use crate::shaping::Line;
use crate::wrapping::Style;

/// Size of an A4 page.
pub(crate) const PAGE: (i32, i32) = (11_906, 16_838);

/// A colour of the palette.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Ink,
    Soft,
    Accent,
    Line,
    Shade,
    Warning,
    WarningShade,
    Black,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// Something that is drawn.
pub(crate) enum Drawing {
    /// A line of text whose baseline begins at `(x, y)`.
    Text { line: Line, x: i32, y: i32, style: Style, colour: Colour },
    /// A filled rectangle.
    Fill { area: Area, colour: Colour },
    /// A QR code: its dark areas, in the units of the page.
    Squares(Vec<Area>),
    /// The logo.
    Logo(Area),
}

/// A part of the document in the tree that assistive programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct NodeId(pub(crate) usize);

/// The part that a drawing belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A part of the document.
    Node(NodeId),
    /// Decoration.
    Decoration,
    /// What is repeated on each page.
    Repeated,
}

/// Kind of a part of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    Section,
    Title(String),
    Heading(String),
    Paragraph,
    Table,
    TableHead,
    TableBody,
    Row,
    ColumnName,
    Cell,
    /// A picture with its description.
    Figure(String),
}

/// Takes the parts and the pages of a document in their order.
pub(crate) trait PageSink {
    /// Adds a part; `None` is the document itself.
    fn add_node(&mut self, parent: Option<NodeId>, role: Role) -> NodeId;

    /// Adds a page.
    fn add_page(&mut self, drawings: Vec<(Owner, Drawing)>);
}

/// Counts the pages, since each of them states the number of all.
#[derive(Debug, Default)]
pub(crate) struct PageCounter {
    pub(crate) pages: usize,
}

impl PageSink for PageCounter {
    fn add_node(&mut self, _parent: Option<NodeId>, _role: Role) -> NodeId {
        NodeId::default()
    }

    fn add_page(&mut self, _drawings: Vec<(Owner, Drawing)>) {
        self.pages += 1;
    }
}

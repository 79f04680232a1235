//! Tables, which break between rows and repeat their head on each page.

use super::flow::{Edge, Flow, MARGIN, WIDTH};
use super::page::{Area, Colour, NodeId, Owner, PageSink, Role};
use crate::model::{Column, ColumnKind, Row, Table};
use crate::shaping::Line;
use crate::wrapping::{Style, wrap};

const HEAD: Style = Style::bold(155);
const CELL: Style = Style::regular(160);
const TOTAL: Style = Style::bold(160);
/// Space at each side of a cell.
const PADDING: i32 = 70;
/// Space above and below a row.
const ROW_PADDING: i32 = 45;
/// The least width of a column of text.
const MIN_TEXT_WIDTH: i32 = 1_500;
const GAP: i32 = 200;

/// Left edge and width of a column, without the space at its sides.
type Place = (i32, i32, Edge);

impl<S: PageSink> Flow<'_, S> {
    /// Draws a table.
    pub(super) fn table(&mut self, table: &Table) {
        let places = places(table);
        let node = self.node(None, Role::Table);
        let names: Vec<Vec<Line>> =
            table.columns.iter().zip(&places).map(|(column, place)| wrap(&column.title, HEAD, place.1)).collect();
        let head_height = row_height(&names, HEAD);
        // The head stays with the first row.
        self.reserve(head_height + 2 * (CELL.leading() + 2 * ROW_PADDING));
        let head = self.node(Some(node), Role::TableHead);
        self.head_row(Some(head), &names, &places, head_height);
        let body = self.node(Some(node), Role::TableBody);
        for row in &table.rows {
            let style = if row.is_total { TOTAL } else { CELL };
            let cells: Vec<Vec<Line>> =
                row.cells.iter().zip(&places).map(|(cell, place)| wrap(cell, style, place.1)).collect();
            let height = row_height(&cells, style);
            if self.reserve(height) {
                self.head_row(None, &names, &places, head_height);
            }
            self.row(body, row, cells, &places, height);
        }
        self.y += GAP;
    }

    /// Draws the column names: as a part of the table, or repeated on a further page.
    fn head_row(&mut self, head: Option<NodeId>, names: &[Vec<Line>], places: &[Place], height: i32) {
        let row = head.map(|head| self.node(Some(head), Role::Row));
        self.fill(Area { x: MARGIN, y: self.y, width: WIDTH, height }, Colour::Shade);
        for (lines, place) in names.iter().zip(places) {
            let owner = match row {
                Some(row) => Owner::Node(self.node(Some(row), Role::ColumnName)),
                None => Owner::Repeated,
            };
            self.lines(owner, lines.clone(), *place, self.y + ROW_PADDING, (HEAD, Colour::Ink));
        }
        self.y += height;
        self.rule(self.y, Colour::Soft);
    }

    fn row(&mut self, body: NodeId, row: &Row, cells: Vec<Vec<Line>>, places: &[Place], height: i32) {
        let style = if row.is_total { TOTAL } else { CELL };
        if row.is_total {
            self.rule(self.y, Colour::Soft);
        }
        let node = self.node(Some(body), Role::Row);
        for (lines, place) in cells.into_iter().zip(places) {
            let cell = Owner::Node(self.node(Some(node), Role::Cell));
            self.lines(cell, lines, *place, self.y + ROW_PADDING, (style, Colour::Ink));
        }
        self.y += height;
        self.rule(self.y, if row.is_total { Colour::Soft } else { Colour::Line });
    }
}

fn row_height(cells: &[Vec<Line>], style: Style) -> i32 {
    let lines = cells.iter().map(Vec::len).max().unwrap_or(1).max(1);
    i32::try_from(lines).unwrap_or(1) * style.leading() + 2 * ROW_PADDING
}

/// Columns of short texts and amounts get what their longest cell needs; the columns of text share the rest.
fn places(table: &Table) -> Vec<Place> {
    let widths: Vec<Option<i32>> =
        table.columns.iter().enumerate().map(|(index, column)| natural_width(table, index, column)).collect();
    let used: i32 = widths.iter().flatten().sum();
    let texts = i32::try_from(widths.iter().filter(|width| width.is_none()).count()).unwrap_or(0);
    let shared = (WIDTH - used).checked_div(texts).unwrap_or(0).max(MIN_TEXT_WIDTH);
    let total = used + shared * texts;
    // What does not fill the width is spread, what exceeds it is taken from all columns.
    let mut x = MARGIN;
    let mut places = Vec::new();
    for (column, width) in table.columns.iter().zip(widths) {
        let width = width.unwrap_or(shared) * WIDTH / total.max(1);
        let edge = match column.kind {
            ColumnKind::Amount => Edge::Right,
            ColumnKind::Text | ColumnKind::Short => Edge::Left,
        };
        places.push((x + PADDING, (width - 2 * PADDING).max(PADDING), edge));
        x += width;
    }
    places
}

/// The width of a column's longest cell. `None` for a column of text.
fn natural_width(table: &Table, index: usize, column: &Column) -> Option<i32> {
    if column.kind == ColumnKind::Text {
        return None;
    }
    let letters = |row: &&Row| row.cells.get(index).map_or(0, |cell| cell.chars().count());
    // Digits have one width, so the cell with the most letters is the widest one, or nearly so.
    let longest = |is_total: bool, style: Style| {
        let row = table.rows.iter().filter(|row| row.is_total == is_total).max_by_key(letters);
        row.and_then(|row| row.cells.get(index)).map_or(0, |cell| style.measure(cell))
    };
    // The words of a name may stand below each other.
    let name = column.title.split(' ').map(|word| HEAD.measure(word)).max().unwrap_or(0);
    Some(longest(false, CELL).max(longest(true, TOTAL)).max(name) + 2 * PADDING + 30)
}

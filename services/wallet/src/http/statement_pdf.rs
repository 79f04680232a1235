//! Statement as a PDF file: A4 pages in Helvetica, which every PDF reader has.

use super::pdf_file::{PAGES, PdfFile};
use super::statement_content::{StatementHeader, StatementRow};
use domain::Money;
use pdf_writer::{Chunk, Content, Finish, Name, Rect, Ref, Str};

const FONT: Name<'static> = Name(b"F1");
const LINES_PER_PAGE: usize = 54;
const LEFT: i16 = 40;
const TOP: i16 = 790;
const LEADING: i16 = 13;
/// Left edges of the columns in points: day of posting, value date, type, description, amount, balance.
const COLUMNS: [i16; 6] = [40, 92, 144, 238, 430, 505];
/// Width of the description column, in thousandths of the font size.
const DESCRIPTION_WIDTH: usize = 23_000;
/// Widths of the Helvetica glyphs from space to tilde, in thousandths of the font size.
#[rustfmt::skip]
const GLYPH_WIDTHS: [usize; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// Width of the widest glyph, in thousandths of the font size.
const MAX_GLYPH_WIDTH: usize = 1_015;

/// The six cells of a printed line; some may be empty.
type Cells = [String; 6];

/// A statement whose pages are written as they fill.
pub(super) struct StatementPdf {
    file: PdfFile,
    font: Ref,
    title: String,
    subtitle: String,
    /// The lines of the current page.
    rows: Vec<Cells>,
}

impl StatementPdf {
    /// Begins with the column names and the opening balance.
    pub(super) fn new(header: &StatementHeader) -> Self {
        let mut file = PdfFile::new();
        let font = file.new_ref();
        let mut helvetica = Chunk::new();
        helvetica.type1_font(font).base_font(Name(b"Helvetica")).encoding_predefined(Name(b"WinAnsiEncoding"));
        file.object(font, &helvetica);
        let title = format!("Wallet statement for {}", header.month);
        let state = if header.is_final { "final" } else { "not closed yet" };
        let subtitle = format!("{} ({}) - {state}", header.name, header.user_id);
        let mut pdf = Self { file, font, title, subtitle, rows: Vec::new() };
        pdf.add_cells(["Posted", "Value date", "Type", "Description", "Amount", "Balance"].map(str::to_owned));
        pdf.add_cells(balance_row("Opening balance", header.opening));
        pdf
    }

    /// Adds a row.
    pub(super) fn row(&mut self, row: &StatementRow) {
        self.add_cells([
            row.posted_at.day().to_string(),
            row.at.day().to_string(),
            row.kind.map(|kind| kind.to_string()).unwrap_or_default(),
            row.description.clone(),
            row.amount.to_string(),
            row.balance.to_string(),
        ]);
    }

    /// Takes the bytes of the full pages written since the last call.
    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        self.file.take_bytes()
    }

    /// Adds the closing balance and returns the remaining bytes.
    pub(super) fn finish(mut self, closing: Money) -> std::io::Result<Vec<u8>> {
        self.add_cells(balance_row("Closing balance", closing));
        self.end_page();
        self.file.finish()
    }

    /// Adds a row, whose lines stay together on one page; a description is much shorter than a page.
    fn add_cells(&mut self, row: Cells) {
        let lines = layout(row);
        if !self.rows.is_empty() && self.rows.len() + lines.len() > LINES_PER_PAGE {
            self.end_page();
        }
        self.rows.extend(lines);
    }

    fn end_page(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let (number, content) = (self.file.new_ref(), self.file.new_ref());
        let mut chunk = Chunk::new();
        let mut page = chunk.page(number);
        page.media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).parent(PAGES).contents(content);
        page.resources().fonts().pair(FONT, self.font);
        page.finish();
        self.file.page(number, &chunk);
        let mut chunk = Chunk::new();
        chunk.stream(content, &self.content(&rows));
        self.file.object(content, &chunk);
    }

    fn content(&self, rows: &[Cells]) -> Vec<u8> {
        let mut content = Content::new();
        text(&mut content, 14.0, (LEFT, TOP), &self.title);
        text(&mut content, 9.0, (LEFT, TOP - 18), &self.subtitle);
        let mut y = TOP - 44;
        for cells in rows {
            for (x, cell) in COLUMNS.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                text(&mut content, 8.0, (*x, y), cell);
            }
            y -= LEADING;
        }
        content.finish().into_vec()
    }
}

fn balance_row(label: &str, balance: Money) -> Cells {
    [String::new(), String::new(), String::new(), label.to_owned(), String::new(), balance.to_string()]
}

fn text(content: &mut Content, size: f32, (x, y): (i16, i16), text: &str) {
    content.begin_text().set_font(FONT, size).next_line(f32::from(x), f32::from(y));
    content.show(Str(&encode_latin1(text))).end_text();
}

/// Encodes a text for the font. A character without a glyph becomes a question mark.
fn encode_latin1(text: &str) -> Vec<u8> {
    let plain = |c: char| u8::try_from(c).ok().filter(|b| (0x20..0x7f).contains(b) || *b >= 0xa0).unwrap_or(b'?');
    text.chars().map(plain).collect()
}

/// Lays a row out in as many lines as its description needs.
fn layout([posted, value_date, kind, description, amount, balance]: Cells) -> Vec<Cells> {
    let mut described = wrap(&description).into_iter();
    let first = [posted, value_date, kind, described.next().unwrap_or_default(), amount, balance];
    let more = described.map(|line| ["", "", "", &line, "", ""].map(str::to_owned));
    std::iter::once(first).chain(more).collect()
}

/// Breaks a text into lines that fit the description column, at spaces, or inside a word longer than a line.
fn wrap(text: &str) -> Vec<String> {
    let width = |c: char| {
        let at = u32::from(c).checked_sub(0x20).and_then(|n| usize::try_from(n).ok());
        at.and_then(|at| GLYPH_WIDTHS.get(at)).copied().unwrap_or(MAX_GLYPH_WIDTH)
    };
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split_whitespace() {
        let space = width(' ');
        if used > 0 && used + space + word.chars().map(width).sum::<usize>() <= DESCRIPTION_WIDTH {
            line.push(' ');
            used += space;
        } else if used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for c in word.chars() {
            if used + width(c) > DESCRIPTION_WIDTH {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += width(c);
        }
    }
    lines.push(line);
    lines
}

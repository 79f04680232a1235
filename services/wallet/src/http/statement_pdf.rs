//! A statement as a PDF: A4, one of the fonts every reader has, as many pages as it takes.

use super::pdf_file::{PAGES, PdfFile};
use super::statement::{Head, Line};
use domain::Money;
use pdf_writer::{Chunk, Content, Finish, Name, Rect, Ref, Str};

const FONT: Name<'static> = Name(b"F1");
const LINES_PER_PAGE: usize = 54;
const LEFT: i16 = 40;
const TOP: i16 = 790;
const LEADING: i16 = 13;
/// Where the columns begin: day of posting, value date, type, description, amount, balance.
const COLUMNS: [i16; 6] = [40, 92, 144, 238, 430, 505];
/// What a description's column is wide, in thousandths of the size of the letters.
const DESCRIPTION: usize = 23_000;
/// What the letters from the blank to the tilde are wide, likewise.
#[rustfmt::skip]
const WIDTHS: [usize; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// No letter is wider.
const WIDEST: usize = 1_015;

/// A printed line of up to six cells.
type Cells = [String; 6];

/// A statement whose pages are written as they fill.
pub(super) struct StatementPdf {
    file: PdfFile,
    font: Ref,
    title: String,
    subtitle: String,
    /// The page that is being filled.
    rows: Vec<Cells>,
}

impl StatementPdf {
    pub(super) fn new(head: &Head) -> Self {
        let mut file = PdfFile::new();
        let font = file.fresh();
        let mut helvetica = Chunk::new();
        helvetica.type1_font(font).base_font(Name(b"Helvetica")).encoding_predefined(Name(b"WinAnsiEncoding"));
        file.object(font, &helvetica);
        let title = format!("Wallet statement for {}", head.month);
        let state = if head.is_final { "final" } else { "not closed yet" };
        let subtitle = format!("{} ({}) - {state}", head.name, head.user_id);
        let mut pdf = Self { file, font, title, subtitle, rows: Vec::new() };
        pdf.row(["Posted", "Value date", "Type", "Description", "Amount", "Balance"].map(str::to_owned));
        pdf.row(edge("Opening balance", head.opening));
        pdf
    }

    pub(super) fn line(&mut self, line: &Line) {
        self.row([
            line.posted_at.day().to_string(),
            line.at.day().to_string(),
            line.kind.map(|kind| kind.to_string()).unwrap_or_default(),
            line.description.clone(),
            line.amount.to_string(),
            line.balance.to_string(),
        ]);
    }

    /// The bytes of the pages that are full.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.file.take()
    }

    pub(super) fn finish(mut self, closing: Money) -> std::io::Result<Vec<u8>> {
        self.row(edge("Closing balance", closing));
        self.end_page();
        self.file.finish()
    }

    /// A row is on one page, whole. A description is much shorter than a page.
    fn row(&mut self, row: Cells) {
        let lines = printed(row);
        if !self.rows.is_empty() && self.rows.len() + lines.len() > LINES_PER_PAGE {
            self.end_page();
        }
        self.rows.extend(lines);
    }

    fn end_page(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let (number, content) = (self.file.fresh(), self.file.fresh());
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

fn edge(what: &str, balance: Money) -> Cells {
    [String::new(), String::new(), String::new(), what.to_owned(), String::new(), balance.to_string()]
}

fn text(content: &mut Content, size: f32, (x, y): (i16, i16), text: &str) {
    content.begin_text().set_font(FONT, size).next_line(f32::from(x), f32::from(y));
    content.show(Str(&latin(text))).end_text();
}

/// What the font has no glyph for becomes a question mark.
fn latin(text: &str) -> Vec<u8> {
    let plain = |c: char| u8::try_from(c).ok().filter(|b| (0x20..0x7f).contains(b) || *b >= 0xa0).unwrap_or(b'?');
    text.chars().map(plain).collect()
}

/// The lines of a row: as many as its description needs.
fn printed([posted, value_date, kind, description, amount, balance]: Cells) -> Vec<Cells> {
    let mut described = wrapped(&description).into_iter();
    let first = [posted, value_date, kind, described.next().unwrap_or_default(), amount, balance];
    let more = described.map(|line| ["", "", "", &line, "", ""].map(str::to_owned));
    std::iter::once(first).chain(more).collect()
}

/// A text in lines that fit their column, broken at blanks, or inside a word that is longer than a line.
fn wrapped(text: &str) -> Vec<String> {
    let width = |c: char| {
        let at = u32::from(c).checked_sub(0x20).and_then(|n| usize::try_from(n).ok());
        at.and_then(|at| WIDTHS.get(at)).copied().unwrap_or(WIDEST)
    };
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split_whitespace() {
        let blank = width(' ');
        if used > 0 && used + blank + word.chars().map(width).sum::<usize>() <= DESCRIPTION {
            line.push(' ');
            used += blank;
        } else if used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for c in word.chars() {
            if used + width(c) > DESCRIPTION {
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

//! A statement as a PDF: A4, one of the fonts every reader has, as many pages as it takes.

use super::statement::Statement;
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

const FONT: Name<'static> = Name(b"F1");
const LINES_PER_PAGE: usize = 54;
const LEFT: i16 = 40;
const TOP: i16 = 790;
const LEADING: i16 = 13;
/// Where the columns begin: date, type, description, amount, balance.
const COLUMNS: [i16; 5] = [40, 100, 210, 430, 505];
/// What a description's column is wide, in thousandths of the size of the letters.
const DESCRIPTION: usize = 26_500;
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

/// A printed line of up to five cells.
type Cells = [String; 5];

pub(super) fn pdf(statement: &Statement) -> Vec<u8> {
    let pages = pages(rows(statement));
    let mut pdf = Pdf::new();
    let (catalog, tree, font) = (Ref::new(1), Ref::new(2), Ref::new(3));
    let page_ids: Vec<(Ref, Ref)> =
        (4..).step_by(2).zip(&pages).map(|(n, _): (i32, _)| (Ref::new(n), Ref::new(n + 1))).collect();
    pdf.catalog(catalog).pages(tree);
    let count = i32::try_from(page_ids.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(page_ids.iter().map(|(page, _)| *page)).count(count);
    pdf.type1_font(font).base_font(Name(b"Helvetica")).encoding_predefined(Name(b"WinAnsiEncoding"));
    for ((page_id, content_id), rows) in page_ids.iter().zip(&pages) {
        let mut page = pdf.page(*page_id);
        page.media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).parent(tree).contents(*content_id);
        page.resources().fonts().pair(FONT, font);
        page.finish();
        pdf.stream(*content_id, &content(statement, rows));
    }
    pdf.finish()
}

fn content(statement: &Statement, rows: &[Cells]) -> Vec<u8> {
    let mut content = Content::new();
    let title = format!("Wallet statement for {}", statement.month);
    text(&mut content, 14.0, (LEFT, TOP), &title);
    let whose = format!("{} ({})", statement.name, statement.user_id);
    text(&mut content, 9.0, (LEFT, TOP - 18), &whose);
    let mut y = TOP - 44;
    for cells in rows {
        for (x, cell) in COLUMNS.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            text(&mut content, 8.0, (*x, y), cell);
        }
        y -= LEADING;
    }
    content.finish().into_vec()
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

/// Rows on pages, each whole. A description is much shorter than a page.
fn pages(rows: Vec<Cells>) -> Vec<Vec<Cells>> {
    let mut pages = vec![Vec::new()];
    for row in rows {
        let lines = printed(row);
        match pages.last_mut() {
            Some(page) if page.len() + lines.len() <= LINES_PER_PAGE => page.extend(lines),
            Some(_) | None => pages.push(lines),
        }
    }
    pages
}

/// The lines of a row: as many as its description needs.
fn printed([date, kind, description, amount, balance]: Cells) -> Vec<Cells> {
    let mut described = wrapped(&description).into_iter();
    let first = [date, kind, described.next().unwrap_or_default(), amount, balance];
    let more = described.map(|line| ["", "", &line, "", ""].map(str::to_owned));
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

fn rows(statement: &Statement) -> Vec<Cells> {
    let edge = |what: &str, balance: domain::Money| {
        [String::new(), String::new(), what.into(), String::new(), balance.to_string()]
    };
    let mut rows = vec![["Date", "Type", "Description", "Amount", "Balance"].map(str::to_owned)];
    rows.push(edge("Opening balance", statement.opening));
    for line in &statement.lines {
        let row = &line.row.1;
        rows.push([
            row.at.day().to_string(),
            row.transaction_type.map(|t| t.to_string()).unwrap_or_default(),
            row.description.clone().unwrap_or_default(),
            row.amount_paise.to_string(),
            line.balance.to_string(),
        ]);
    }
    rows.push(edge("Closing balance", statement.closing));
    rows
}

//! PDF rendering of a TDS certificate: A4 pages in Helvetica, which every PDF reader has.

use crate::store::tds_records::TdsRecord;
use domain::{Day, FinancialYear, Money, MoneyError, Quarter};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

const FONT: Name<'static> = Name(b"F1");
const ROWS_PER_PAGE: usize = 50;
/// Baseline of the title, in points from the bottom of the page.
const TOP: i16 = 790;
/// Distance of two rows, in points.
const LEADING: i16 = 13;
/// Left edges of the columns date, quarter, section, rate, PAN, gross and tax, in points.
const COLUMNS: [i16; 7] = [40, 110, 160, 240, 300, 400, 485];

type Cells = [String; 7];

/// The data of a certificate: at least one record, oldest first.
pub(super) struct Certificate<'a> {
    pub(super) year: FinancialYear,
    pub(super) made_on: Day,
    pub(super) records: &'a [TdsRecord],
}

/// Renders the certificate as a PDF file. Errors when a total overflows.
pub(super) fn render(certificate: &Certificate<'_>) -> Result<Vec<u8>, MoneyError> {
    let rows = table_rows(certificate.records)?;
    let pages: Vec<&[Cells]> = rows.chunks(ROWS_PER_PAGE).collect();
    let mut pdf = Pdf::new();
    let (catalog, tree, font) = (Ref::new(1), Ref::new(2), Ref::new(3));
    let ids: Vec<(Ref, Ref)> =
        (4..).step_by(2).zip(&pages).map(|(n, _): (i32, _)| (Ref::new(n), Ref::new(n + 1))).collect();
    pdf.catalog(catalog).pages(tree);
    let count = ids.iter().map(|_| 1_i32).sum();
    pdf.pages(tree).kids(ids.iter().map(|(page, _)| *page)).count(count);
    pdf.type1_font(font).base_font(Name(b"Helvetica")).encoding_predefined(Name(b"WinAnsiEncoding"));
    for ((page_id, content_id), rows) in ids.iter().zip(&pages) {
        let mut page = pdf.page(*page_id);
        page.media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).parent(tree).contents(*content_id);
        page.resources().fonts().pair(FONT, font);
        page.finish();
        pdf.stream(*content_id, &page_content(certificate, rows));
    }
    Ok(pdf.finish())
}

fn page_content(certificate: &Certificate<'_>, rows: &[Cells]) -> Vec<u8> {
    let mut content = Content::new();
    let title = format!("Tax deducted at source, financial year {}", certificate.year);
    draw_text(&mut content, 14.0, (40, TOP), &title);
    if let Some(record) = certificate.records.last() {
        draw_text(&mut content, 9.0, (40, TOP - 18), &format!("{} ({})", record.holder_name, record.user_id));
    }
    let made = format!("Made on {} from the records of the platform. Amounts in rupees.", certificate.made_on);
    draw_text(&mut content, 9.0, (40, TOP - 32), &made);
    let mut y = TOP - 58;
    for cells in rows {
        for (x, cell) in COLUMNS.iter().zip(cells) {
            draw_text(&mut content, 8.0, (*x, y), cell);
        }
        y -= LEADING;
    }
    content.finish().into_vec()
}

fn draw_text(content: &mut Content, size: f32, (x, y): (i16, i16), text: &str) {
    content.begin_text().set_font(FONT, size).next_line(f32::from(x), f32::from(y));
    content.show(Str(&to_latin1(text))).end_text();
}

/// Encodes text as Latin-1; characters outside it become question marks.
fn to_latin1(text: &str) -> Vec<u8> {
    let encode = |c: char| u8::try_from(c).ok().filter(|b| (0x20..0x7f).contains(b) || *b >= 0xa0).unwrap_or(b'?');
    text.chars().map(encode).collect()
}

fn table_rows(records: &[TdsRecord]) -> Result<Vec<Cells>, MoneyError> {
    let mut rows = vec![["Date", "Quarter", "Section", "Rate", "PAN", "Gross", "Tax"].map(str::to_owned)];
    for record in records {
        rows.push([
            record.deducted_at.day().to_string(),
            record.quarter.to_string(),
            record.section.clone(),
            format!("{} %", record.rate),
            record.pan_mask.clone(),
            record.gross_paise.to_string(),
            record.tds_paise.to_string(),
        ]);
    }
    for quarter in Quarter::ALL {
        let quarter_records: Vec<_> = records.iter().filter(|record| record.quarter == *quarter).collect();
        if !quarter_records.is_empty() {
            rows.push(total_row(&format!("Total {quarter}"), &quarter_records)?);
        }
    }
    rows.push(total_row("Total", &records.iter().collect::<Vec<_>>())?);
    Ok(rows)
}

fn total_row(label: &str, records: &[&TdsRecord]) -> Result<Cells, MoneyError> {
    let gross = Money::total(records.iter().map(|record| record.gross_paise))?;
    let tds = Money::total(records.iter().map(|record| record.tds_paise))?;
    let blank = String::new;
    Ok([label.to_owned(), blank(), blank(), blank(), blank(), gross.to_string(), tds.to_string()])
}

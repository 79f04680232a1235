//! Receipt of a payment as a one-page PDF.

use super::payments::load_visible_payment;
use super::receipt_taxes;
use crate::BookingState;
use crate::app::number_receipts;
use crate::domain::PaymentStatus;
use crate::domain::aggregate::{Booking, Payment};
use crate::error::BookingError;
use crate::store::{bookings, members, receipt_taxes as taxes};
use actix_web::web;
use domain::PaymentId;
use http_api::{Caller, Download, FileTypes, Path, Problem, operation};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};
use std::time::Duration;

/// `Retry-After` while a receipt has no number.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// A receipt as a file.
pub(crate) struct Receipt;

impl FileTypes for Receipt {
    const CONTENT_TYPES: &'static [&'static str] = &["application/pdf"];
}

/// Download the receipt of a payment, as a PDF.
///
/// 409 with `booking.no_receipt` for a payment that is neither completed nor refunded, and with
/// `booking.receipt_pending` while its number is not given yet: try again after `Retry-After`.
#[operation]
pub(crate) async fn get(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<PaymentId>,
) -> Result<Download<Receipt>, Problem> {
    let mut payment = load_visible_payment(&state, &caller, id).await?;
    match payment.status {
        PaymentStatus::Completed | PaymentStatus::Refunded => {}
        PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Superseded => {
            let detail = format!("a payment that is {} has no receipt", payment.status);
            return Err(Problem::conflict("booking.no_receipt", detail));
        }
    }
    if payment.needs_receipt {
        // The job would do it within seconds; who asks need not wait for it.
        let gst = state.config.gst.as_ref();
        while state.ctx.tx(async |c| number_receipts::number_receipts(c, gst).await).await? {}
        payment = load_visible_payment(&state, &caller, id).await?;
    }
    let number = payment.receipt().ok_or_else(|| {
        let detail = "the number of this receipt is not given yet";
        Problem::conflict("booking.receipt_pending", detail).with_retry_after(RETRY_AFTER)
    })?;
    let mut c = state.ctx.db().read().await?;
    let booking = bookings::find(&mut c, payment.booking_id).await?.ok_or_else(Problem::not_found)?;
    let name = members::find_name(&mut c, payment.user_id).await?;
    let tax = taxes::find(&mut c, id).await?.map(|tax| receipt_taxes::lines(&tax)).transpose();
    Ok(receipt(&number, &payment, &booking, name.as_deref(), tax.map_err(BookingError::from)?.unwrap_or_default()))
}

/// The receipt, which a browser shows instead of saving it.
fn receipt(
    number: &str,
    payment: &Payment,
    booking: &Booking,
    name_of_member: Option<&str>,
    tax: Vec<String>,
) -> Download<Receipt> {
    let name = format!("receipt-{}.pdf", number.replace('/', "-"));
    Download::inline("application/pdf", &name, pdf(&[lines(number, payment, booking, name_of_member), tax].concat()))
}

fn lines(number: &str, payment: &Payment, booking: &Booking, name: Option<&str>) -> Vec<String> {
    let mut lines = vec![
        format!("Receipt {number}"),
        format!("Payment {}", payment.id),
        String::new(),
        format!("Received from   {}", name.unwrap_or("the member")),
        format!("For booking     {}", booking.number),
        format!("Vehicle         {}", booking.vehicle),
        format!("Price           INR {}", booking.price_paise),
        String::new(),
        format!("Amount          INR {}", payment.amount_paise),
        format!("Paid by         {}", payment.method.as_str().replace('_', " ")),
    ];
    lines.extend(payment.completed_at.map(|at| format!("Paid on         {} (IST)", at.day())));
    let proof = payment.reference.as_deref().or(payment.gateway_payment_id.as_deref());
    lines.extend(proof.map(|proof| format!("Reference       {proof}")));
    if payment.status == PaymentStatus::Refunded {
        let refunded_on = payment.closed_at.map(|at| at.day().to_string()).unwrap_or_default();
        lines.push(String::new());
        lines.push(format!("This payment was refunded on {refunded_on}."));
    }
    lines
}

/// Encodes a character in WinAnsi: Latin-1 with typographic punctuation. Other characters, which the built-in fonts do
/// not have, become question marks.
fn win_ansi(letter: char) -> u8 {
    match letter {
        ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(letter).unwrap_or(b'?'),
        '\u{2018}' => 0x91,
        '\u{2019}' => 0x92,
        '\u{201c}' => 0x93,
        '\u{201d}' => 0x94,
        '\u{2013}' => 0x96,
        '\u{2014}' => 0x97,
        _ => b'?',
    }
}

/// A PDF with one A4 page of text.
fn pdf(lines: &[String]) -> Vec<u8> {
    let (catalog, pages, page_id, font, text) = (Ref::new(1), Ref::new(2), Ref::new(3), Ref::new(4), Ref::new(5));
    let font_name = Name(b"F1");
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page_id]).count(1);
    let mut page = pdf.page(page_id);
    page.media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).parent(pages).contents(text);
    page.resources().fonts().pair(font_name, font);
    page.finish();
    pdf.type1_font(font).base_font(Name(b"Courier")).encoding_predefined(Name(b"WinAnsiEncoding"));
    let mut content = Content::new();
    content.begin_text();
    content.set_font(font_name, 11.0);
    content.next_line(60.0, 770.0);
    for line in lines {
        let encoded: Vec<u8> = line.chars().map(win_ansi).collect();
        content.show(Str(&encoded));
        content.next_line(0.0, -18.0);
    }
    content.end_text();
    pdf.stream(text, &content.finish());
    pdf.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latin_name_is_printed_and_letters_of_other_scripts_are_question_marks() {
        let printed = |text: &str| text.chars().map(win_ansi).collect::<Vec<u8>>();
        assert_eq!(printed("Jos\u{e9} M\u{fc}ller"), b"Jos\xe9 M\xfcller");
        assert_eq!(printed("O\u{2019}Brien \u{2013} Sons"), b"O\x92Brien \x96 Sons");
        assert_eq!(printed("आशा\u{7f}\u{85}\n"), b"??????");
    }

    #[test]
    fn the_page_declares_its_encoding() {
        let page = pdf(&["Jos\u{e9}".to_owned()]);
        let has = |part: &[u8]| page.windows(part.len()).any(|w| w == part);
        assert!(has(b"/Encoding /WinAnsiEncoding"));
        assert!(has(b"<4A6F73E9>") || has(b"(Jos\xe9)"), "{}", String::from_utf8_lossy(&page));
    }
}

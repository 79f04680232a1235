//! Statement as a PDF file, in parts whose memory is bounded, and the verification of all documents that this service
//! issues.

use super::statement_content::{StatementFormat, StatementHeader, StatementRow, for_each_page};
use crate::WalletState;
use crate::domain::TransactionType;
use actix_web::web;
use db::LongRead;
use documents::Language;
use documents::model::Proof;
use documents::papers::{Member, StatementLine, WalletStatement};
use documents::verification::Issuer;
use domain::Money;
use http_api::{Download, Json, Path, Problem, operation};
use issued_documents::{NewIssue, VerifiedDocument, file, issue};

/// Lines of a part.
const MAX_PART_LINES: u64 = 10_000;

/// A part of a statement.
pub(super) struct StatementPart {
    rows: Vec<StatementRow>,
    /// Its number, from 1.
    number: u32,
    /// Lines of the whole month.
    lines: u64,
    opening: Money,
}

/// Reads a part. Errors with 404 for one that the month does not have.
pub(super) async fn load(
    long_read: &LongRead,
    header: &StatementHeader,
    number: u32,
) -> Result<StatementPart, Problem> {
    let first = u64::from(number).saturating_sub(1) * MAX_PART_LINES;
    let mut part = StatementPart { rows: Vec::new(), number, lines: 0, opening: header.opening };
    for_each_page(long_read, header, async |rows| {
        for row in rows {
            if part.lines < first {
                part.opening = row.balance;
            } else if part.lines < first + MAX_PART_LINES {
                part.rows.push(row);
            }
            part.lines += 1;
        }
        Ok(())
    })
    .await?;
    // A month without lines has one part.
    if number == 0 || (number > 1 && part.rows.is_empty()) { Err(Problem::not_found()) } else { Ok(part) }
}

/// Responds with the part. One of a final month is issued, with a code that verifies it.
pub(super) async fn respond(
    state: &WalletState,
    header: StatementHeader,
    part: StatementPart,
    language: Language,
) -> Result<Download<StatementFormat>, Problem> {
    let name = format!("statement-{}", header.month);
    let head = head(state, &header, &part).map_err(Problem::internal)?;
    let (head, proof) = if head.is_final { issue_part(state, &header, head).await? } else { (head, None) };
    let lines = part.rows.into_iter().map(|row| StatementLine {
        posted_on: row.posted_at.day(),
        value_on: row.at.day(),
        kind: row.kind.map_or_else(String::new, |kind| kind_name(kind, language).to_owned()),
        description: row.description,
        amount: row.amount,
        balance: row.balance,
    });
    let document = head.document(language, lines, proof);
    file(&state.documents, &name, document).await
}

fn head(
    state: &WalletState,
    header: &StatementHeader,
    part: &StatementPart,
) -> Result<WalletStatement, domain::MoneyError> {
    let amounts = part.rows.iter().map(|row| row.amount);
    let parts = part.lines.div_ceil(MAX_PART_LINES).max(1);
    Ok(WalletStatement {
        company: state.documents.company.clone(),
        member: Member { name: header.name.clone(), lines: vec![header.user_id.to_string()] },
        month: header.month,
        issued_on: state.ctx.now().day(),
        is_final: header.is_final,
        opening: part.opening,
        closing: part.rows.last().map_or(part.opening, |row| row.balance),
        credits: Money::total(amounts.clone().filter(|amount| amount.is_positive()))?,
        debits: Money::total(amounts.filter(|amount| amount.is_negative()))?,
        lines: part.lines,
        part: (part.number, u32::try_from(parts).unwrap_or(u32::MAX)),
    })
}

async fn issue_part(
    state: &WalletState,
    header: &StatementHeader,
    head: WalletStatement,
) -> Result<(WalletStatement, Option<Proof>), Problem> {
    let (part, parts) = head.part;
    let number = if parts > 1 { format!("{} {part}/{parts}", header.month) } else { header.month.to_string() };
    let new = NewIssue {
        issuer: Issuer::Wallet,
        kind: "wallet_statement",
        subject: format!("{} {} {part}", header.user_id, header.month),
        state: "final".to_owned(),
        number,
        owner_id: Some(header.user_id),
        name: &header.name,
        issued_on: head.issued_on,
        amount: head.closing,
        snapshot: head,
        at: state.ctx.now(),
    };
    let issued = state.ctx.tx(async |c| issue(c, &state.documents, new.clone()).await).await?;
    Ok((issued.snapshot, Some(issued.proof)))
}

/// The name of a type of line.
fn kind_name(kind: TransactionType, language: Language) -> &'static str {
    match kind {
        TransactionType::ReferralBonus => language.pick("Referral bonus", "रेफ़रल बोनस"),
        TransactionType::BinaryPair => language.pick("Pair income", "जोड़ी आय"),
        TransactionType::EmiDeduction => language.pick("EMI deduction", "ईएमआई कटौती"),
        TransactionType::ReserveDeduction => language.pick("EMI reserve", "ईएमआई आरक्षित"),
        TransactionType::Payout => language.pick("Payout", "भुगतान"),
        TransactionType::Deposit => language.pick("Deposit", "जमा"),
        TransactionType::Refund => language.pick("Refund", "वापसी"),
        TransactionType::EmiRelease => language.pick("EMI release", "ईएमआई से वापसी"),
        TransactionType::ReserveRelease => language.pick("Reserve release", "आरक्षित राशि से वापसी"),
        TransactionType::BookingPayment => language.pick("Booking payment", "बुकिंग भुगतान"),
        TransactionType::Reversal => language.pick("Reversal", "उलट प्रविष्टि"),
        TransactionType::Clawback => language.pick("Clawback", "वसूली"),
        TransactionType::Adjustment => language.pick("Adjustment", "समायोजन"),
    }
}

/// Verify a document by its code.
///
/// What the document with this code states, if this platform issued it; 404 for every other code. The letters after
/// `W-` may have any case and separators.
#[operation]
pub(super) async fn verify(
    state: web::Data<WalletState>,
    Path(code): Path<String>,
) -> Result<Json<VerifiedDocument>, Problem> {
    let mut c = state.ctx.db().read().await?;
    Ok(Json::new(issued_documents::verify(&mut c, &state.documents, Issuer::Wallet, &code).await?))
}

//! A month of a member's transactions as a file.
//!
//! The month is that of posting, and lines come in the order of their numbers, so that a statement is a piece of the
//! list: it begins with the balance before its first line, and once the month is closed it never changes. When what a
//! line comes of happened is its value date. Lines are read and sent page by page.

use super::statement_csv::StatementCsv;
use super::statement_pdf::StatementPdf;
use super::transactions::owner;
use crate::Wallet;
use crate::app::{epoch, ids};
use crate::domain::{TransactionId, TransactionType};
use crate::error::WalletError;
use crate::store::transactions::{self, Seen};
use crate::store::{members, wallets};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Parts, Problem, Query, download, long_read};
use db::{DbConnection, LongRead};
use domain::{Money, MoneyError, Month, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// Lines in memory at once.
const PAGE: i64 = 500;
/// How long a member waits for a turn while others' statements are read.
const TURN_WAIT: Duration = Duration::from_secs(2);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    /// The month of posting. It is final once no more can be posted in it, about a minute after its end.
    month: Month,
    /// `csv` or `pdf`; `pdf` by default.
    format: Option<Format>,
    /// For staff: whose.
    #[schemars(with = "Option<String>")]
    user_id: Option<UserId>,
}

domain::text_enum! {
    /// What kind of file.
    pub(crate) enum Format { Csv = "csv", Pdf = "pdf" }
}

/// What a statement begins with.
pub(super) struct Head {
    pub(super) user_id: UserId,
    pub(super) name: String,
    pub(super) month: Month,
    pub(super) opening: Money,
    /// Whether no line can be added any more.
    pub(super) is_final: bool,
    /// The number of the line before the first.
    after: i64,
}

/// A line with the balance after it.
pub(super) struct Line {
    pub(super) id: TransactionId,
    pub(super) posted_at: Timestamp,
    /// When what it comes of happened: the value date.
    pub(super) at: Timestamp,
    pub(super) kind: Option<TransactionType>,
    pub(super) description: String,
    pub(super) amount: Money,
    pub(super) balance: Money,
}

impl Line {
    fn of(row: Seen) -> Result<Self, MoneyError> {
        let row = row.1;
        Ok(Self {
            id: ids::transaction(row.entry_id, row.line),
            posted_at: row.posted_at,
            at: row.at,
            kind: row.transaction_type,
            description: row.description.unwrap_or_default(),
            amount: row.amount_paise,
            balance: row.balance_before_paise.unwrap_or_default().add(row.amount_paise)?,
        })
    }
}

/// The file under way.
enum File {
    Csv(Box<StatementCsv>),
    Pdf(StatementPdf),
}

pub(super) async fn statement(
    app: web::Data<Wallet>,
    caller: Caller,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let Query(wanted) = wanted;
    let user_id = owner(&caller, wanted.user_id).unwrap_or(caller.user_id);
    let turn = long_read(app.ctx.db(), TURN_WAIT).await?;
    let mut c = turn.connection().await?;
    let head = head(&mut c, user_id, wanted.month).await?;
    drop(c);
    let (content_type, ending, file) = match wanted.format.unwrap_or(Format::Pdf) {
        Format::Csv => {
            let csv = StatementCsv::new(&head).map_err(Problem::internal)?;
            ("text/csv; charset=utf-8", "csv", File::Csv(Box::new(csv)))
        }
        Format::Pdf => ("application/pdf", "pdf", File::Pdf(StatementPdf::new(&head))),
    };
    let name = format!("statement-{}.{ending}", wanted.month);
    download(content_type, &name, async move |out| send(&turn, &head, file, &out).await).await
}

async fn head(c: &mut DbConnection, user_id: UserId, month: Month) -> Result<Head, Problem> {
    // The balance first: where no line is found after it, none came in between.
    let wallet = wallets::find(c, user_id).await?;
    let balance = wallet.map_or(Ok(Money::ZERO), |w| w.balance()).map_err(WalletError::from)?;
    let after = transactions::number_before(c, user_id, month.starts_at()).await?;
    let opening = match after {
        None => balance,
        Some(after) => {
            let first = transactions::in_order(c, user_id, after, 1).await?;
            first.first().and_then(|row| row.1.balance_before_paise).unwrap_or_default()
        }
    };
    let name = members::name(c, user_id).await?.unwrap_or_default();
    let is_final = epoch::settled(c).await?.floor_at >= month.next().starts_at();
    Ok(Head { user_id, name, month, opening, is_final, after: after.unwrap_or(i64::MAX) })
}

async fn send(turn: &LongRead, head: &Head, mut file: File, out: &Parts) -> Result<(), Problem> {
    let end = head.month.next().starts_at();
    let (mut after, mut closing) = (head.after, head.opening);
    loop {
        let mut c = turn.connection().await?;
        let page = transactions::in_order(&mut c, head.user_id, after, PAGE).await?;
        drop(c);
        let Some(last) = page.last() else { break };
        after = last.1.transaction_number.unwrap_or(i64::MAX);
        // Time never runs backwards within a wallet.
        let is_last = last.1.posted_at >= end;
        for row in page.into_iter().take_while(|row| row.1.posted_at < end) {
            let line = Line::of(row).map_err(Problem::internal)?;
            closing = line.balance;
            match &mut file {
                File::Csv(csv) => csv.line(&line).map_err(Problem::internal)?,
                File::Pdf(pdf) => pdf.line(&line),
            }
        }
        let part = match &mut file {
            File::Csv(csv) => csv.take().map_err(Problem::internal)?,
            File::Pdf(pdf) => pdf.take(),
        };
        out.send(part).await?;
        if is_last {
            break;
        }
    }
    let rest = match file {
        File::Csv(csv) => csv.finish(closing).map_err(Problem::internal)?,
        File::Pdf(pdf) => pdf.finish(closing).map_err(Problem::internal)?,
    };
    out.send(rest).await
}

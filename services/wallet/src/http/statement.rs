//! A month of a member's transactions as a file.

use super::statement_pdf::pdf;
use super::transactions::owner;
use crate::Wallet;
use crate::app::ids;
use crate::domain::Wallet as Balances;
use crate::store::{members, transactions, wallets};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Problem, Query};
use db::DbConnection;
use domain::{Money, MoneyError, Month, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
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

/// One line with the balance after it in the statement's own order.
pub(super) struct StatementLine {
    pub(super) row: transactions::Seen,
    pub(super) balance: Money,
}

pub(super) struct Statement {
    pub(super) user_id: UserId,
    pub(super) name: String,
    pub(super) month: Month,
    pub(super) opening: Money,
    pub(super) lines: Vec<StatementLine>,
    pub(super) closing: Money,
}

pub(super) async fn statement(
    app: web::Data<Wallet>,
    caller: Caller,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let Query(wanted) = wanted;
    let user_id = owner(&caller, wanted.user_id).unwrap_or(caller.user_id);
    let mut c = app.ctx.db().replica().await?;
    let statement = read(&mut c, user_id, wanted.month).await?;
    match wanted.format.unwrap_or(Format::Pdf) {
        Format::Csv => {
            let name = format!("statement-{}.csv", wanted.month);
            let body = csv(&statement).map_err(Problem::internal)?;
            Ok(file("text/csv; charset=utf-8", &name, body))
        }
        Format::Pdf => {
            let name = format!("statement-{}.pdf", wanted.month);
            Ok(file("application/pdf", &name, pdf(&statement)))
        }
    }
}

fn file(content_type: &'static str, name: &str, body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{name}\"")))
        .body(body)
}

/// The month by the causes' own times. What happened in it but was posted later is in it, so the balances are
/// counted back from today's.
async fn read(c: &mut DbConnection, user_id: UserId, month: Month) -> Result<Statement, Problem> {
    const CHUNK: i64 = 1_000;
    let wallet = wallets::find(c, user_id).await?.unwrap_or_else(|| Balances::empty(user_id));
    let balance = wallet.balance().map_err(Problem::internal)?;
    let filter =
        transactions::Filter { owner: Some(user_id), from: Some(month.starts_at()), ..transactions::Filter::default() };
    let mut rows = Vec::new();
    // Up to the lines that this balance is of, though more are added meanwhile.
    let mut after = Some(wallet.transactions.saturating_add(1));
    loop {
        let page = transactions::page(c, &filter, after, CHUNK).await?;
        let Some(last) = page.last() else { break };
        after = last.1.transaction_number;
        rows.extend(page);
    }
    let name = members::name(c, user_id).await?.unwrap_or_default();
    build((user_id, name), month, balance, rows).map_err(Problem::internal)
}

fn build(
    (user_id, name): (UserId, String),
    month: Month,
    balance: Money,
    mut rows: Vec<transactions::Seen>,
) -> Result<Statement, MoneyError> {
    rows.sort_by_key(|(_, row, _, _)| (row.at, row.transaction_number));
    let since: Money = Money::total(rows.iter().map(|(_, row, _, _)| row.amount_paise))?;
    let opening = balance.sub(since)?;
    rows.retain(|(_, row, _, _)| row.at < month.next().starts_at());
    let mut running = opening;
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        running = running.add(row.1.amount_paise)?;
        lines.push(StatementLine { row, balance: running });
    }
    Ok(Statement { user_id, name, month, opening, lines, closing: running })
}

fn csv(statement: &Statement) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["date", "time", "id", "type", "description", "amount", "balance"])?;
    let edge = |text: &str, balance: Money| ["", "", "", "", text, "", &balance.to_string()].map(str::to_owned);
    out.write_record(edge("Opening balance", statement.opening))?;
    for line in &statement.lines {
        let row = &line.row.1;
        out.write_record([
            row.at.day().to_string(),
            row.at.to_string(),
            ids::transaction(row.entry_id, row.line).to_string(),
            row.transaction_type.map(|t| t.to_string()).unwrap_or_default(),
            as_text(row.description.as_deref().unwrap_or_default()),
            row.amount_paise.to_string(),
            line.balance.to_string(),
        ])?;
    }
    out.write_record(edge("Closing balance", statement.closing))?;
    out.into_inner().map_err(|e| e.into_error().into())
}

/// A spreadsheet runs a cell that begins like a formula; a quote in front makes it text.
fn as_text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

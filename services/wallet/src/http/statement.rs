//! Monthly statements of a member as files.
//!
//! A statement has the lines posted in the month, in the order of their numbers. It begins with the balance before its
//! first line, and never changes once the month is final. The value date of a line is the day of its cause. Lines are
//! read page by page; those of a CSV file are sent as they are read.

use super::statement_content::{StatementFormat, StatementHeader, for_each_page};
use super::statement_csv::StatementCsv;
use super::statement_pdf;
use super::transactions::visible_owner;
use crate::WalletState;
use crate::app::epoch;
use crate::error::WalletError;
use crate::store::{members, transactions, wallets};
use actix_web::web;
use db::{DbConnection, LongRead};
use documents::Language;
use domain::{Money, Month, UserId};
use http_api::{BodySender, Caller, Download, Problem, Query, download, long_read, operation};
use issued_documents::language_for;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// Longest wait for a connection for long reads.
const LONG_READ_TIMEOUT: Duration = Duration::from_secs(2);

/// The query of a statement.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct StatementFilter {
    /// The month of posting. It is final about a minute after its end, once nothing more can be posted in it.
    month: Month,
    /// `csv` or `pdf`; `pdf` by default.
    format: Option<StatementFormat>,
    /// The part of a PDF: each has up to 10,000 lines; the first by default. The head of a part states their number.
    #[serde(default = "first_part")]
    #[schemars(range(min = 1, max = 100_000))]
    part: u32,
    /// Language of a PDF: `en` or `hi`; by default the language of the member, also for staff.
    lang: Option<Language>,
    /// For staff: the member; by default the caller.
    #[schemars(with = "Option<String>")]
    user_id: Option<UserId>,
}

fn first_part() -> u32 {
    1
}

/// Statement of a month as CSV or PDF.
///
/// Your own, or for staff that of a member. 404 for a part that the month does not have, 429 when no connection for
/// long reads is free.
#[operation]
pub(super) async fn get(
    state: web::Data<WalletState>,
    caller: Caller,
    Query(filter): Query<StatementFilter>,
) -> Result<Download<StatementFormat>, Problem> {
    let user_id = visible_owner(&caller, filter.user_id).unwrap_or(caller.user_id);
    let long_read = long_read(state.ctx.db(), LONG_READ_TIMEOUT).await?;
    let mut c = long_read.connection().await?;
    let header = load_header(&mut c, user_id, filter.month).await?;
    drop(c);
    if filter.format.unwrap_or(StatementFormat::Pdf) == StatementFormat::Pdf {
        let part = statement_pdf::load(&long_read, &header, filter.part).await?;
        drop(long_read);
        let language = language_for(&mut *state.ctx.db().read().await?, filter.lang, user_id).await?;
        return statement_pdf::respond(&state, header, part, language).await;
    }
    let csv = StatementCsv::new(&header).map_err(Problem::internal)?;
    let name = format!("statement-{}.csv", filter.month);
    let lines = async move |out| send_lines(&long_read, &header, csv, &out).await;
    Ok(Download::new(download("text/csv; charset=utf-8", &name, lines).await?))
}

async fn load_header(c: &mut DbConnection, user_id: UserId, month: Month) -> Result<StatementHeader, Problem> {
    // The balance is read first: if no line is found after it, none was posted in between, and it is the opening
    // balance.
    let wallet = wallets::find(c, user_id).await?;
    let balance = wallet.map_or(Ok(Money::ZERO), |w| w.balance()).map_err(WalletError::from)?;
    let after = transactions::find_number_before(c, user_id, month.starts_at()).await?;
    let opening = match after {
        None => balance,
        Some(after) => {
            let first = transactions::list_by_number(c, user_id, after, 1).await?;
            first.first().and_then(|row| row.balance_before_paise).unwrap_or_default()
        }
    };
    let name = members::find_name(c, user_id).await?.unwrap_or_default();
    let is_final = epoch::load_settled(c).await?.floor_at >= month.next().starts_at();
    Ok(StatementHeader { user_id, name, month, opening, is_final, after: after.unwrap_or(i64::MAX) })
}

/// Writes the lines of the month and sends the parts of the file as they are complete.
async fn send_lines(
    long_read: &LongRead,
    header: &StatementHeader,
    mut csv: StatementCsv,
    out: &BodySender,
) -> Result<(), Problem> {
    let mut closing = header.opening;
    for_each_page(long_read, header, async |rows| {
        for row in rows {
            closing = row.balance;
            csv.row(&row).map_err(Problem::internal)?;
        }
        out.send(csv.take_bytes().map_err(Problem::internal)?).await
    })
    .await?;
    out.send(csv.finish(closing).map_err(Problem::internal)?).await
}

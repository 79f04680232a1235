//! Trial balances of many days or months, for charts.

use super::ledger::{control_account, parse_account};
use crate::WalletState;
use crate::app::{close, rollup};
use crate::domain::Account;
use crate::error::WalletError;
use crate::store::closings::Totals;
use crate::store::entries;
use actix_web::web;
use chrono::TimeDelta;
use db::Db;
use domain::{Day, Money, Timestamp};
use http_api::{Json, Problem, Query, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most points of a series.
const MAX_POINTS: usize = 400;

domain::text_enum! {
    /// The time between two points.
    pub(crate) enum SeriesStep { Day = "day", Month = "month" }
}

/// The query of a series.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct SeriesFilter {
    /// The first day.
    from: Day,
    /// The last day.
    to: Day,
    /// `day` or `month`; `day` by default.
    step: Option<SeriesStep>,
    /// Only this account, such as `company:bank` or `members:available`; by default all.
    account: Option<String>,
}

/// The balances at one time.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrialBalancePoint")]
pub(crate) struct PointView {
    /// Counts postings until this time.
    as_of: Timestamp,
    /// By account. A positive balance is a credit, a negative balance a debit.
    balances: BTreeMap<String, Money>,
}

/// The balances at the ends of days or months.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrialBalanceSeries")]
pub(crate) struct SeriesView {
    /// The time of the first posting; null when nothing was ever posted.
    first_posted_at: Option<Timestamp>,
    /// Oldest first.
    points: Vec<PointView>,
}

/// Balances of the accounts at the end of each day or month.
///
/// At most 400 points. The last is the current one when the range has not ended; later ones are left out. A point
/// counts the postings until the end of its day or month, or until a little earlier, its `as_of`, when more postings
/// than one request adds up followed the last stored closing. 422 `wallet.bad_filter` for more points, for a `from` after
/// `to`, and for an unknown account.
#[operation]
pub(super) async fn get(
    state: web::Data<WalletState>,
    Query(filter): Query<SeriesFilter>,
) -> Result<Json<SeriesView>, Problem> {
    let account = filter.account.as_deref().map(parse_account).transpose()?;
    let now = state.ctx.now();
    let ends = point_times(filter.from, filter.to, filter.step.unwrap_or(SeriesStep::Day), now)?;
    let db = state.ctx.db();
    let first_posted_at = entries::find_first_posted_at(&mut *db.read().await?).await?;
    let mut points = Vec::with_capacity(ends.len());
    for end in ends {
        let (as_of, totals) = match first_posted_at {
            Some(first) if end >= first => totals_at(db, end, now).await?,
            Some(_) | None => (end, Totals::new()),
        };
        let balance = |of: &Account| (control_account(*of), totals.get(of).copied().unwrap_or_default());
        let shown = Account::ALL.iter().filter(|of| account.is_none_or(|account| account == **of));
        points.push(PointView { as_of, balances: shown.map(balance).collect() });
        // Between two points, other requests can use the connection and, on SQLite, the thread.
        tokio::task::yield_now().await;
    }
    Ok(Json::new(SeriesView { first_posted_at, points }))
}

/// The totals at `end`, with the time until which postings are counted: from the rollup for now, and else from the
/// closing before and one step of postings after it.
async fn totals_at(db: &Db, end: Timestamp, now: Timestamp) -> Result<(Timestamp, Totals), WalletError> {
    let mut c = db.read().await?;
    if end >= now {
        return Ok((now, rollup::current_totals(&mut c).await?));
    }
    let mut closing = close::begin_as_of(&mut c, end).await?;
    close::add_next_postings(&mut c, &mut closing).await?;
    Ok((closing.until(), closing.into_totals()))
}

/// The last instants of the days or months of a range that have begun; the last is at most `now`. Errors with 422
/// `wallet.bad_filter` when there are too many, or when `from` is after `to`.
fn point_times(from: Day, to: Day, step: SeriesStep, now: Timestamp) -> Result<Vec<Timestamp>, Problem> {
    let refuse = |detail: &str| Err(Problem::unprocessable("wallet.bad_filter", detail.to_owned()));
    if from > to {
        return refuse("`from` is after `to`");
    }
    let (mut ends, mut day) = (Vec::new(), from);
    while day <= to && day.starts_at() <= now {
        if ends.len() == MAX_POINTS {
            return refuse("a series has at most 400 points");
        }
        day = match step {
            SeriesStep::Day => day.next(),
            SeriesStep::Month => day.month().next().first_day(),
        };
        ends.push(day.starts_at().min(to.next().starts_at()).minus(TimeDelta::microseconds(1)).min(now));
    }
    Ok(ends)
}

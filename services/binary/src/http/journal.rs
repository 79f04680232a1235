//! The tree's own order of things, for operators who have to explain it.

use crate::app::verify;
use crate::domain::input::Kind;
use crate::state::Binary;
use crate::store::journal::{self, CauseId, Entry};
use actix_web::{HttpResponse, web};
use chassis::http::{Problem, Query, long_read, ok};
use domain::{Money, Side, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const DEFAULT_LIMIT: i64 = 100;
const MAX_LIMIT: i64 = 1_000;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct LogFilter {
    /// The entry to go on after; 0 for the beginning.
    #[serde(default)]
    after: Option<i64>,
    /// 1 to 1000, 100 by default.
    #[serde(default)]
    limit: Option<i64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct LogPage {
    items: Vec<LogEntry>,
    /// Give it as `?after=` for what follows; null at the end.
    next_after: Option<i64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct LogEntry {
    seq: i64,
    kind: Kind,
    user_id: Option<UserId>,
    /// The event's own time.
    happened_at: Timestamp,
    /// The tree's time: never earlier than that of the entry before.
    at: Timestamp,
    /// The payment or refund it came from.
    cause_id: Option<CauseId>,
    amount: Option<Money>,
    sponsor_id: Option<UserId>,
    parent_id: Option<UserId>,
    /// Preferred by the member, or named by an administrator.
    side: Option<Side>,
    is_distributor: Option<bool>,
    plan_version: Option<i64>,
}

impl From<Entry> for LogEntry {
    fn from(entry: Entry) -> Self {
        Self {
            seq: entry.seq,
            kind: entry.kind,
            user_id: entry.user_id,
            happened_at: entry.happened_at,
            at: entry.at,
            cause_id: entry.cause_id,
            amount: entry.amount_paise,
            sponsor_id: entry.sponsor_id,
            parent_id: entry.parent_id,
            side: entry.side,
            is_distributor: entry.is_distributor,
            plan_version: entry.plan_version,
        }
    }
}

pub(super) async fn list(app: web::Data<Binary>, Query(filter): Query<LogFilter>) -> Result<HttpResponse, Problem> {
    let limit = filter.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let detail = format!("limit must be a number from 1 to {MAX_LIMIT}");
        return Err(Problem::unprocessable("request.bad_limit", detail));
    }
    let mut c = app.ctx.db().read().await?;
    let mut entries = journal::after(&mut c, filter.after.unwrap_or(0), limit + 1).await?;
    let full = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = entries.len() > full;
    entries.truncate(full);
    let next_after = entries.last().map(|e| e.seq).filter(|_| has_more);
    Ok(ok(&LogPage { items: entries.into_iter().map(Into::into).collect(), next_after }))
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DigestView {
    /// Of the last entry the tree has taken in.
    seq: i64,
    members: usize,
    /// Sixteen hexadecimal digits.
    digest: String,
    /// Memory held by nodes and index.
    bytes: usize,
}

pub(super) async fn digest(app: web::Data<Binary>) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    let held = app.keeper.read(&mut c).await?;
    let tree = &held.tree;
    Ok(ok(&DigestView {
        seq: tree.seq(),
        members: tree.arena().len(),
        digest: format!("{:016x}", tree.digest()),
        bytes: tree.arena().bytes(),
    }))
}

/// Reads alone. One at a time, simulations among them.
pub(super) async fn verify(app: web::Data<Binary>) -> Result<HttpResponse, Problem> {
    let _only = app.replays.begin()?;
    let turn = long_read(app.ctx.db(), Duration::ZERO).await?;
    // One for all its pages: of several replicas another might not have come as far.
    let mut c = turn.connection().await?;
    Ok(ok(&verify::verify(&mut c).await?))
}

//! Journal and digest of the tree, for operators.

use crate::domain::input::InputKind;
use crate::state::BinaryState;
use crate::store::journal::{self, CauseId, JournalEntry};
use actix_web::web;
use domain::{Money, Side, Timestamp, UserId};
use http_api::{Json, Problem, Query, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const DEFAULT_LIMIT: i64 = 100;
const MAX_LIMIT: i64 = 1_000;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct LogFilter {
    /// Sequence number after which the page starts; 0 for the beginning.
    #[serde(default)]
    after: Option<i64>,
    /// 1 to 1000, 100 by default.
    #[serde(default)]
    limit: Option<i64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct LogPage {
    items: Vec<LogEntryView>,
    /// Value of `?after=` for the next page; null at the end.
    next_after: Option<i64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct LogEntryView {
    seq: i64,
    kind: InputKind,
    user_id: Option<UserId>,
    /// The event's time.
    happened_at: Timestamp,
    /// The tree's time: never earlier than that of the entry before.
    at: Timestamp,
    /// The payment, refund or day that caused the entry.
    cause_id: Option<CauseId>,
    amount: Option<Money>,
    sponsor_id: Option<UserId>,
    parent_id: Option<UserId>,
    /// Preferred by the member, or chosen by an administrator.
    side: Option<Side>,
    is_distributor: Option<bool>,
    plan_version: Option<i64>,
}

impl From<JournalEntry> for LogEntryView {
    fn from(entry: JournalEntry) -> Self {
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

/// Journal of the tree, oldest first.
///
/// 422 with `request.bad_limit` for a limit that is not from 1 to 1000.
#[operation]
pub(super) async fn list(
    state: web::Data<BinaryState>,
    Query(filter): Query<LogFilter>,
) -> Result<Json<LogPage>, Problem> {
    let limit = filter.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let detail = format!("limit must be a number from 1 to {MAX_LIMIT}");
        return Err(Problem::unprocessable("request.bad_limit", detail));
    }
    let mut c = state.ctx.db().read().await?;
    let mut entries = journal::list_after(&mut c, filter.after.unwrap_or(0), limit + 1).await?;
    let page_size = usize::try_from(limit).map_err(Problem::internal)?;
    let has_more = entries.len() > page_size;
    entries.truncate(page_size);
    let next_after = entries.last().map(|e| e.seq).filter(|_| has_more);
    Ok(Json::new(LogPage { items: entries.into_iter().map(Into::into).collect(), next_after }))
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DigestView {
    /// Sequence number of the last applied entry.
    seq: i64,
    members: usize,
    /// Sixteen hexadecimal digits.
    digest: String,
    /// Memory in use by nodes and index, in bytes.
    bytes: usize,
}

/// Digest of the whole tree, equal for equal journals.
#[operation]
pub(super) async fn get_digest(state: web::Data<BinaryState>) -> Result<Json<DigestView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let tree_state = state.tree_store.read(&mut c).await?;
    let tree = &tree_state.tree;
    Ok(Json::new(DigestView {
        seq: tree.seq(),
        members: tree.members().len(),
        digest: format!("{:016x}", tree.digest()),
        bytes: tree.bytes(),
    }))
}

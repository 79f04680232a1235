//! Journal tail: entries committed while a reader works with the state at an earlier entry.

use crate::domain::input::InputKind;
use crate::store::journal;
use db::DbConnection;
use diesel::QueryResult;
use std::collections::HashSet;
use uuid::Uuid;

const PAGE_ENTRIES: i64 = 5_000;

/// The journal after one entry, as far as it has been read. A row of another table commits together with its journal
/// entry, so a reader that reads rows and then catches up knows which rows and changes are newer than its entry.
pub struct JournalTail {
    after: i64,
    last_seq: i64,
    causes: HashSet<Uuid>,
    /// Plan versions by what an entry did with them.
    plan_versions: HashSet<(InputKind, i64)>,
}

impl JournalTail {
    /// An empty tail after entry `seq`.
    pub fn after(seq: i64) -> Self {
        Self { after: seq, last_seq: seq, causes: HashSet::new(), plan_versions: HashSet::new() }
    }

    /// Reads the entries committed since the last call.
    pub async fn catch_up(&mut self, c: &mut DbConnection) -> QueryResult<()> {
        loop {
            let entries = journal::list_after(c, self.last_seq, PAGE_ENTRIES).await?;
            let Some(last) = entries.last() else { return Ok(()) };
            self.last_seq = last.seq;
            self.causes.extend(entries.iter().filter_map(|entry| Some(entry.cause_id?.uuid())));
            self.plan_versions.extend(entries.iter().filter_map(|entry| Some((entry.kind, entry.plan_version?))));
        }
    }

    /// Sequence number of the last entry read.
    pub const fn last_seq(&self) -> i64 {
        self.last_seq
    }
    /// Whether this entry belongs to the tail.
    pub const fn contains(&self, seq: i64) -> bool {
        self.after < seq && seq <= self.last_seq
    }
    /// Whether an entry of the tail has this payment or refund as its cause.
    pub fn has_cause(&self, cause: Uuid) -> bool {
        self.causes.contains(&cause)
    }
    /// Whether an entry of the tail published, or with `PlanWithdrawn` withdrew, this plan version.
    pub fn has_plan_version(&self, kind: InputKind, version: i64) -> bool {
        self.plan_versions.contains(&(kind, version))
    }
}

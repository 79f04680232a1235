//! What happens while somebody looks at the state after an earlier entry of the journal.

use crate::store::journal;
use db::DbConnection;
use diesel::QueryResult;
use std::collections::HashSet;
use uuid::Uuid;

const PAGE: i64 = 5_000;

/// The journal after one entry, as far as it has been followed. A row of another table commits with the entry that it
/// came of: so whoever reads rows and catches up then can tell which of them, and which changes, are later.
pub struct Later {
    after: i64,
    seq: i64,
    causes: HashSet<Uuid>,
    versions: HashSet<i64>,
}

impl Later {
    pub fn than(seq: i64) -> Self {
        Self { after: seq, seq, causes: HashSet::new(), versions: HashSet::new() }
    }

    pub async fn catch_up(&mut self, c: &mut DbConnection) -> QueryResult<()> {
        loop {
            let entries = journal::after(c, self.seq, PAGE).await?;
            let Some(last) = entries.last() else { return Ok(()) };
            self.seq = last.seq;
            self.causes.extend(entries.iter().filter_map(|entry| Some(entry.cause_id?.uuid())));
            self.versions.extend(entries.iter().filter_map(|entry| entry.plan_version));
        }
    }

    /// The last entry there is.
    pub const fn seq(&self) -> i64 {
        self.seq
    }
    /// Whether this entry is a later one.
    pub const fn has(&self, seq: i64) -> bool {
        self.after < seq && seq <= self.seq
    }
    /// Whether a later entry came of this payment or refund.
    pub fn caused(&self, cause: Uuid) -> bool {
        self.causes.contains(&cause)
    }
    /// Whether a later entry published this version of the plan.
    pub fn published(&self, version: i64) -> bool {
        self.versions.contains(&version)
    }
}

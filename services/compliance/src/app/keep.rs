//! Facts that others told, each kept once.

use crate::store::{actions, records};
use db::DbConnection;
use diesel::QueryResult;

pub use crate::store::actions::{Action, ActionId};
pub use crate::store::records::{RecordId, TdsRecord};

/// `false` when the payout's deduction, or its reversal, is recorded already.
pub async fn keep_record(c: &mut DbConnection, record: &TdsRecord) -> QueryResult<bool> {
    records::add(c, record).await
}

/// `false` when the action is recorded already.
pub async fn keep_action(c: &mut DbConnection, action: &Action) -> QueryResult<bool> {
    actions::add(c, action).await
}

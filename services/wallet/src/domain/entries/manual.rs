//! Inputs of the manual entries by administrators.

use super::{Cause, CommandInputs, Derivation};
use domain::{Money, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A deposit, reserve release or adjustment by an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualEntry {
    pub id: Uuid,
    pub user_id: UserId,
    /// Signed for an adjustment, positive for the others.
    pub amount: Money,
    pub reason: String,
    pub actor_id: UserId,
    pub at: Timestamp,
}

impl CommandInputs for ManualEntry {
    fn cause(&self) -> Cause {
        Cause { id: self.id, member: self.user_id, at: self.at }
    }
}

impl ManualEntry {
    pub(super) fn explain(&self) -> Derivation {
        Derivation::default()
            .rule("reason_given", &[("reason", &self.reason)], self.reason.clone())
            .given("amount", self.amount)
    }
}

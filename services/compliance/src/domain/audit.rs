//! Changes in audit entries, and the entries that staff may read.

use serde::{Deserialize, Serialize};

/// Characters of a value in the log.
const MAX_VALUE_CHARS: usize = 200;

/// A field that an action changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditChange {
    pub field: String,
    pub before: String,
    pub after: String,
}

impl AuditChange {
    /// A change, with its values cut to what the log has room for.
    pub fn new(field: &str, before: &str, after: &str) -> Self {
        let cut = |value: &str| value.chars().take(MAX_VALUE_CHARS).collect();
        Self { field: cut(field), before: cut(before), after: cut(after) }
    }
}

/// Types of subjects that are members' things. Staff who are not administrators read entries of these only, so none
/// about accounts, which may be those of staff, nor about what the company sets.
pub const MEMBER_SUBJECT_TYPES: [&str; 12] = [
    "bank_account",
    "booking",
    "capture",
    "document",
    "grievance",
    "kyc",
    "member",
    "payment",
    "payout",
    "refund",
    "tds_certificate",
    "wallet",
];

/// The types of subjects that staff get who ask for `wanted`; for all types if it is `None`.
pub fn readable_by_staff(wanted: Option<&str>) -> Vec<String> {
    let is_wanted = |subject_type: &&str| wanted.is_none_or(|wanted| wanted == *subject_type);
    MEMBER_SUBJECT_TYPES.into_iter().filter(is_wanted).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staff_read_entries_about_members_things_only() {
        assert_eq!(readable_by_staff(None), MEMBER_SUBJECT_TYPES);
        assert_eq!(readable_by_staff(Some("payout")), ["payout"]);
        for other in ["user", "signing_key", "payout_batch", "plan_version", ""] {
            assert!(readable_by_staff(Some(other)).is_empty(), "{other}");
        }
    }
}

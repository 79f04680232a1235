//! Rule of which audit entries staff may read.

/// Types of subjects that are members' things. Staff who are not administrators read entries of these only, so none
/// about accounts, which may be those of staff, nor about what the company sets.
pub const MEMBER_SUBJECT_TYPES: [&str; 11] = [
    "bank_account",
    "booking",
    "capture",
    "document",
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

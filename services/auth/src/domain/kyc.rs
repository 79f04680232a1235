//! KYC (know your customer): validation of applications, and the decision of a review.

use super::review::{DecidedDifferently, ReviewDecision, ReviewStatuses};
use domain::{KycStatus, Timestamp, UserId};

domain::id_type! {
    /// Id of a KYC application.
    KycId,
    /// Id of a file that a member uploaded to compliance.
    DocumentId,
}

/// A document that a member uploaded to compliance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadedDocument {
    pub(crate) id: DocumentId,
    pub(crate) user_id: UserId,
    pub(crate) kind: String,
    pub(crate) uploaded_at: Timestamp,
}

/// Documents of one application.
pub(crate) const MAX_DOCUMENTS: usize = 10;

/// Whether `text` is exactly four digits. The whole Aadhaar number must never be stored.
pub(crate) fn is_aadhaar_last4(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Reasons for which a submission or a review is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KycRefusal {
    #[error("an application is pending review")]
    Pending,
    #[error("an application is already approved")]
    Approved,
    #[error("the application was already decided differently")]
    DecidedDifferently,
    #[error("reviewing your own application is not allowed")]
    OwnApplication,
    #[error("the PAN is already approved for another member")]
    PanTaken,
    #[error("a document does not exist or belongs to another member")]
    UnknownDocument,
}

/// Checks that a member may submit an application, given the status of the latest one.
pub(crate) fn may_submit(latest: KycStatus) -> Result<(), KycRefusal> {
    match latest {
        KycStatus::None | KycStatus::Rejected => Ok(()),
        KycStatus::Pending => Err(KycRefusal::Pending),
        KycStatus::Approved => Err(KycRefusal::Approved),
    }
}

/// Refuses the review of one's own application.
pub(crate) fn may_review(reviewer: UserId, subject: UserId) -> Result<(), KycRefusal> {
    if reviewer == subject { Err(KycRefusal::OwnApplication) } else { Ok(()) }
}

/// Decides the new status of an application; `None` when the same decision was made before. `reason` is that of an
/// earlier rejection.
pub(crate) fn decide_review(
    before: (KycStatus, Option<&str>),
    decision: ReviewDecision<'_>,
    reviewer: UserId,
    subject: UserId,
) -> Result<Option<KycStatus>, KycRefusal> {
    may_review(reviewer, subject)?;
    let (pending, approved, rejected) = (KycStatus::Pending, KycStatus::Approved, KycStatus::Rejected);
    let statuses = ReviewStatuses { pending, approved, rejected };
    statuses.decide(before, decision).map_err(|DecidedDifferently| KycRefusal::DecidedDifferently)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_aadhaar_number_is_refused() {
        for (text, expected) in [("1234", true), ("123", false), ("123456789012", false), ("12a4", false), ("", false)]
        {
            assert_eq!(is_aadhaar_last4(text), expected, "{text}");
        }
    }

    #[test]
    fn an_application_is_decided_once_and_not_by_its_applicant() {
        use KycStatus::{Approved, None as Never, Pending, Rejected};
        use ReviewDecision::Approve;
        let (blurred, expired) =
            (ReviewDecision::Reject { reason: "blurred" }, ReviewDecision::Reject { reason: "expired" });
        let (applicant, reviewer) = (UserId::from(uuid::Uuid::from_u128(1)), UserId::from(uuid::Uuid::from_u128(2)));
        for (status, decision, expected) in [
            (Pending, Approve, Ok(Some(Approved))),
            (Pending, blurred, Ok(Some(Rejected))),
            (Approved, Approve, Ok(None)),
            (Rejected, blurred, Ok(None)),
            (Rejected, expired, Err(KycRefusal::DecidedDifferently)),
            (Approved, blurred, Err(KycRefusal::DecidedDifferently)),
            (Rejected, Approve, Err(KycRefusal::DecidedDifferently)),
            (Never, Approve, Err(KycRefusal::DecidedDifferently)),
        ] {
            assert_eq!(decide_review((status, Some("blurred")), decision, reviewer, applicant), expected);
            assert_eq!(
                decide_review((status, Some("blurred")), decision, applicant, applicant),
                Err(KycRefusal::OwnApplication)
            );
        }
    }

    #[test]
    fn a_member_can_apply_again_after_a_rejection() {
        assert_eq!(may_submit(KycStatus::None), Ok(()));
        assert_eq!(may_submit(KycStatus::Rejected), Ok(()));
        assert_eq!(may_submit(KycStatus::Pending), Err(KycRefusal::Pending));
        assert_eq!(may_submit(KycStatus::Approved), Err(KycRefusal::Approved));
    }
}

//! Application to become a distributor: submission, and the decision of a review.

use super::review::{DecidedDifferently, ReviewDecision, ReviewStatuses};
use domain::{Role, UserId};

domain::id_type! {
    /// Id of an application to become a distributor.
    DistributorApplicationId,
    /// Id of the acceptance of a version of terms.
    AcceptanceId,
}

domain::text_enum! {
    /// Progress of an application.
    pub enum ApplicationStatus { Pending = "pending", Approved = "approved", Rejected = "rejected" }
}

domain::text_enum! {
    /// Who approves applications.
    pub enum ApprovalMode { Staff = "staff", Automatic = "automatic" }
}

/// Reasons for which an application or a review is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApplicationRefusal {
    #[error("an application is pending review")]
    Pending,
    #[error("you are a distributor already")]
    AlreadyDistributor,
    #[error("only members can become distributors")]
    NotMember,
    #[error("the application was already decided differently")]
    DecidedDifferently,
    #[error("reviewing your own application is not allowed")]
    OwnApplication,
}

/// Decides the status of a new application.
pub(crate) fn decide_submission(
    role: Role,
    is_distributor: bool,
    has_pending: bool,
    mode: ApprovalMode,
) -> Result<ApplicationStatus, ApplicationRefusal> {
    if role != Role::User {
        return Err(ApplicationRefusal::NotMember);
    }
    if is_distributor {
        return Err(ApplicationRefusal::AlreadyDistributor);
    }
    if has_pending {
        return Err(ApplicationRefusal::Pending);
    }
    Ok(match mode {
        ApprovalMode::Staff => ApplicationStatus::Pending,
        ApprovalMode::Automatic => ApplicationStatus::Approved,
    })
}

/// Refuses the review of one's own application.
pub(crate) fn may_review(reviewer: UserId, subject: UserId) -> Result<(), ApplicationRefusal> {
    if reviewer == subject { Err(ApplicationRefusal::OwnApplication) } else { Ok(()) }
}

/// Decides the new status of an application; `None` when the same decision was made before. `reason` is that of an
/// earlier rejection.
pub(crate) fn decide_review(
    before: (ApplicationStatus, Option<&str>),
    decision: ReviewDecision<'_>,
    reviewer: UserId,
    subject: UserId,
) -> Result<Option<ApplicationStatus>, ApplicationRefusal> {
    may_review(reviewer, subject)?;
    let (pending, approved, rejected) =
        (ApplicationStatus::Pending, ApplicationStatus::Approved, ApplicationStatus::Rejected);
    let statuses = ReviewStatuses { pending, approved, rejected };
    statuses.decide(before, decision).map_err(|DecidedDifferently| ApplicationRefusal::DecidedDifferently)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_who_is_no_distributor_has_one_pending_application() {
        use ApplicationRefusal as Refusal;
        use ApprovalMode::{Automatic, Staff};
        for (role, is_distributor, has_pending, mode, expected) in [
            (Role::User, false, false, Staff, Ok(ApplicationStatus::Pending)),
            (Role::User, false, false, Automatic, Ok(ApplicationStatus::Approved)),
            (Role::User, false, true, Automatic, Err(Refusal::Pending)),
            (Role::User, true, false, Automatic, Err(Refusal::AlreadyDistributor)),
            (Role::User, true, true, Staff, Err(Refusal::AlreadyDistributor)),
            (Role::Staff, false, false, Automatic, Err(Refusal::NotMember)),
            (Role::Admin, false, false, Staff, Err(Refusal::NotMember)),
        ] {
            assert_eq!(decide_submission(role, is_distributor, has_pending, mode), expected);
        }
    }

    #[test]
    fn an_application_is_decided_once_and_not_by_its_applicant() {
        use ApplicationStatus::{Approved, Pending, Rejected};
        use ReviewDecision::Approve;
        let (busy, late) = (ReviewDecision::Reject { reason: "busy" }, ReviewDecision::Reject { reason: "late" });
        let (applicant, reviewer) = (UserId::from(uuid::Uuid::from_u128(1)), UserId::from(uuid::Uuid::from_u128(2)));
        for (status, decision, expected) in [
            (Pending, Approve, Ok(Some(Approved))),
            (Pending, busy, Ok(Some(Rejected))),
            (Approved, Approve, Ok(None)),
            (Rejected, busy, Ok(None)),
            (Rejected, late, Err(ApplicationRefusal::DecidedDifferently)),
            (Approved, busy, Err(ApplicationRefusal::DecidedDifferently)),
            (Rejected, Approve, Err(ApplicationRefusal::DecidedDifferently)),
        ] {
            assert_eq!(decide_review((status, Some("busy")), decision, reviewer, applicant), expected);
            let own = decide_review((status, Some("busy")), decision, applicant, applicant);
            assert_eq!(own, Err(ApplicationRefusal::OwnApplication));
        }
    }
}

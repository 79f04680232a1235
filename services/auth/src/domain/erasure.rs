//! Erasure of a member's personal data: request, withdrawal, and the decision of an administrator.

use super::review::{DecidedDifferently, ReviewDecision, ReviewStatuses};
use domain::{Role, UserId};

domain::id_type! {
    /// Id of a request to erase personal data.
    ErasureRequestId,
}

domain::text_enum! {
    /// Progress of a request.
    pub enum ErasureStatus {
        Pending = "pending",
        /// The member withdrew it.
        Withdrawn = "withdrawn",
        Rejected = "rejected",
        /// The data is erased.
        Done = "done",
    }
}

/// Name of a member whose data is erased.
pub(crate) const ERASED_NAME: &str = "Erased member";

/// Domain of the addresses of erased members. No such domain can exist, so nothing is ever sent there.
const ERASED_DOMAIN: &str = "@erased.invalid";

/// The e-mail address that takes the place of an erased one, because a user has one.
pub(crate) fn erased_email(user: UserId) -> String {
    format!("{user}{ERASED_DOMAIN}")
}

/// Whether an e-mail address takes the place of an erased one.
pub(crate) fn is_erased_email(email: &str) -> bool {
    email.ends_with(ERASED_DOMAIN)
}

/// Reasons for which a request or a decision is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ErasureRefusal {
    #[error("a request is pending")]
    Pending,
    #[error("only members can request the erasure of their data")]
    NotMember,
    #[error("the request was already decided differently")]
    DecidedDifferently,
    #[error("deciding about your own request is not allowed")]
    OwnRequest,
}

/// Decides whether a member may make a request.
pub(crate) fn decide_request(role: Role, has_pending: bool) -> Result<(), ErasureRefusal> {
    if role != Role::User {
        return Err(ErasureRefusal::NotMember);
    }
    if has_pending { Err(ErasureRefusal::Pending) } else { Ok(()) }
}

/// Decides the status after a withdrawal by the member; `None` when it was withdrawn before.
pub(crate) fn decide_withdrawal(status: ErasureStatus) -> Result<Option<ErasureStatus>, ErasureRefusal> {
    match status {
        ErasureStatus::Pending => Ok(Some(ErasureStatus::Withdrawn)),
        ErasureStatus::Withdrawn => Ok(None),
        ErasureStatus::Rejected | ErasureStatus::Done => Err(ErasureRefusal::DecidedDifferently),
    }
}

/// Refuses the decision about one's own request.
pub(crate) fn may_decide(actor: UserId, subject: UserId) -> Result<(), ErasureRefusal> {
    if actor == subject { Err(ErasureRefusal::OwnRequest) } else { Ok(()) }
}

/// Decides the new status of a request; `None` when the same decision was made before. `reason` is that of an earlier
/// rejection.
pub(crate) fn decide_review(
    before: (ErasureStatus, Option<&str>),
    decision: ReviewDecision<'_>,
    actor: UserId,
    subject: UserId,
) -> Result<Option<ErasureStatus>, ErasureRefusal> {
    may_decide(actor, subject)?;
    let (pending, approved, rejected) = (ErasureStatus::Pending, ErasureStatus::Done, ErasureStatus::Rejected);
    let statuses = ReviewStatuses { pending, approved, rejected };
    statuses.decide(before, decision).map_err(|DecidedDifferently| ErasureRefusal::DecidedDifferently)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErasureStatus::{Done, Pending, Rejected, Withdrawn};

    #[test]
    fn a_member_has_one_pending_request() {
        assert_eq!(decide_request(Role::User, false), Ok(()));
        assert_eq!(decide_request(Role::User, true), Err(ErasureRefusal::Pending));
        for role in [Role::Staff, Role::Admin] {
            assert_eq!(decide_request(role, false), Err(ErasureRefusal::NotMember), "{role}");
        }
    }

    #[test]
    fn only_a_pending_request_is_withdrawn() {
        assert_eq!(decide_withdrawal(Pending), Ok(Some(Withdrawn)));
        assert_eq!(decide_withdrawal(Withdrawn), Ok(None));
        for status in [Rejected, Done] {
            assert_eq!(decide_withdrawal(status), Err(ErasureRefusal::DecidedDifferently), "{status}");
        }
    }

    #[test]
    fn a_request_is_decided_once_and_not_by_its_member() {
        let (actor, subject) = (UserId::from(uuid::Uuid::from_u128(1)), UserId::from(uuid::Uuid::from_u128(2)));
        let (approve, reject) = (ReviewDecision::Approve, ReviewDecision::Reject { reason: "open booking" });
        for (status, reason, decision, expected) in [
            (Pending, None, approve, Ok(Some(Done))),
            (Pending, None, reject, Ok(Some(Rejected))),
            (Done, None, approve, Ok(None)),
            (Rejected, Some("open booking"), reject, Ok(None)),
            (Rejected, Some("other"), reject, Err(ErasureRefusal::DecidedDifferently)),
            (Rejected, Some("open booking"), approve, Err(ErasureRefusal::DecidedDifferently)),
            (Done, None, reject, Err(ErasureRefusal::DecidedDifferently)),
            (Withdrawn, None, approve, Err(ErasureRefusal::DecidedDifferently)),
            (Withdrawn, None, reject, Err(ErasureRefusal::DecidedDifferently)),
        ] {
            assert_eq!(decide_review((status, reason), decision, actor, subject), expected, "{status} {decision:?}");
        }
        assert_eq!(decide_review((Pending, None), approve, actor, actor), Err(ErasureRefusal::OwnRequest));
    }
}

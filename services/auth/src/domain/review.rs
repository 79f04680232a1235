//! Decision of a reviewer about something that a member submitted.

/// Decision of a reviewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReviewDecision<'a> {
    Approve,
    Reject { reason: &'a str },
}

impl<'a> ReviewDecision<'a> {
    /// Reason of a rejection.
    pub(crate) const fn reason(self) -> Option<&'a str> {
        match self {
            Self::Approve => None,
            Self::Reject { reason } => Some(reason),
        }
    }
}

/// What was decided before is another decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DecidedDifferently;

/// The statuses between which a review decides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReviewStatuses<S> {
    pub(crate) pending: S,
    pub(crate) approved: S,
    pub(crate) rejected: S,
}

impl<S: Copy + PartialEq> ReviewStatuses<S> {
    /// Decides the new status; `None` when the same decision was made before.
    ///
    /// `reason` is that of an earlier rejection. The member has been notified of it, so a rejection with another reason
    /// is a different decision and refused.
    pub(crate) fn decide(
        self,
        (status, reason): (S, Option<&str>),
        decision: ReviewDecision<'_>,
    ) -> Result<Option<S>, DecidedDifferently> {
        let (new, is_repeated) = match decision {
            ReviewDecision::Approve => (self.approved, true),
            ReviewDecision::Reject { reason: repeated } => (self.rejected, Some(repeated) == reason),
        };
        if status == self.pending {
            Ok(Some(new))
        } else if status == new && is_repeated {
            Ok(None)
        } else {
            Err(DecidedDifferently)
        }
    }
}

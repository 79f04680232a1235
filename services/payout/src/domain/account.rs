//! Bank accounts of members and the rules for verifying them.

use domain::{Timestamp, UserId};
use uuid::Uuid;

domain::text_enum! {
    /// Origin of a bank account.
    pub enum AccountSource {
        /// From the member's approved KYC, which verifies it.
        Kyc = "kyc",
        /// Added by the member. Verified by staff, or by its owner after the wait and a fresh one-time code.
        Member = "member",
    }
}

domain::text_enum! {
    /// Method by which an account was verified.
    pub enum VerificationMethod {
        /// The approved KYC.
        Kyc = "kyc",
        /// A member of staff, who checked that the account belongs to the member.
        Staff = "staff",
        /// The owner, who signed in with a one-time code after the wait. This keeps an attacker with a stolen session
        /// from being paid.
        Wait = "wait",
    }
}

/// Facts about an account that decide whether a payout may go to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BankAccountFacts {
    pub owner: UserId,
    pub source: AccountSource,
    pub added_at: Timestamp,
    /// `None` if the account is not verified.
    pub verified_at: Option<Timestamp>,
    pub verified_by: Option<UserId>,
}

/// Facts about the person who wants an account verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerificationContext {
    /// When the session started with a one-time code; `None` if that is unknown.
    pub session_started_at: Option<Timestamp>,
    pub now: Timestamp,
    /// Hours between adding the account and the earliest verification by its owner.
    pub wait_hours: i64,
    /// Whether the person acts as staff, who verify other members' accounts.
    pub as_staff: bool,
}

/// Decision on a request to verify an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerificationDecision {
    /// The account becomes verified by this person.
    Verify { by: UserId },
    /// The account is verified already.
    AlreadyVerified,
}

/// Refusal of a command on a bank account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BankAccountRefusal {
    #[error("this account is already on your list")]
    Known,
    #[error("staff cannot verify their own bank account")]
    Own,
    #[error("the account of your KYC cannot be removed")]
    OfKyc,
    #[error(
        "the account is not verified: ask staff, or use it from {0} on after signing in again with a one-time code"
    )]
    TooNew(Timestamp),
    #[error("sign in again with a one-time code to use this account; the code must be entered after {0}")]
    CodeNotFresh(Timestamp),
}

/// Reads the start time of a session from its id, a UUIDv7 made at sign-in; refreshing a session keeps the id. `None`
/// if the id is not a UUIDv7.
pub fn session_started_at(session: Uuid) -> Option<Timestamp> {
    let (secs, nanos) = session.get_timestamp().filter(|_| session.get_version_num() == 7)?.to_unix();
    Timestamp::from_micros(i64::try_from(secs).ok()?.checked_mul(1_000_000)?.checked_add(i64::from(nanos / 1_000))?)
}

/// Decides whether `by` may verify the account. Staff verify accounts of other members at once. The owner, with any
/// role, must have started the session with a one-time code after the wait.
pub fn decide_verification(
    account: &BankAccountFacts,
    by: UserId,
    verification: &VerificationContext,
) -> Result<VerificationDecision, BankAccountRefusal> {
    if account.verified_at.is_some() {
        return Ok(VerificationDecision::AlreadyVerified);
    }
    if by != account.owner {
        return Ok(VerificationDecision::Verify { by });
    }
    let waited_at = account.added_at.plus_hours(verification.wait_hours);
    match verification.session_started_at {
        Some(started) if started >= waited_at && verification.now >= waited_at => {
            Ok(VerificationDecision::Verify { by })
        }
        Some(_) | None if verification.as_staff => Err(BankAccountRefusal::Own),
        Some(_) | None if verification.now < waited_at => Err(BankAccountRefusal::TooNew(waited_at)),
        Some(_) | None => Err(BankAccountRefusal::CodeNotFresh(waited_at)),
    }
}

impl BankAccountFacts {
    /// Method by which the account was verified; `None` if it is not verified.
    pub fn verification_method(&self) -> Option<VerificationMethod> {
        self.verified_at?;
        Some(match (self.source, self.verified_by) {
            (AccountSource::Kyc, _) => VerificationMethod::Kyc,
            (AccountSource::Member, Some(by)) if by == self.owner => VerificationMethod::Wait,
            (AccountSource::Member, Some(_) | None) => VerificationMethod::Staff,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn hour(n: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH.plus_hours(n)
    }
    /// Added at hour 100.
    fn account() -> BankAccountFacts {
        BankAccountFacts {
            owner: OWNER.into(),
            source: AccountSource::Member,
            added_at: hour(100),
            verified_at: None,
            verified_by: None,
        }
    }

    #[test]
    fn an_owner_waits_and_then_signs_in_with_a_one_time_code() {
        let verification = |started: Option<i64>, now: Timestamp| VerificationContext {
            session_started_at: started.map(hour),
            now,
            wait_hours: 72,
            as_staff: false,
        };
        let own = |verification| decide_verification(&account(), OWNER.into(), &verification);
        let done = Ok(VerificationDecision::Verify { by: OWNER.into() });
        let just_before = hour(172).plus_secs(-1);
        for (started, now, expected) in [
            (Some(99), hour(100), Err(BankAccountRefusal::TooNew(hour(172)))),
            (Some(171), just_before, Err(BankAccountRefusal::TooNew(hour(172)))),
            (Some(171), hour(172), Err(BankAccountRefusal::CodeNotFresh(hour(172)))),
            (None, hour(500), Err(BankAccountRefusal::CodeNotFresh(hour(172)))),
            (Some(172), hour(172), done),
            (Some(180), hour(500), done),
        ] {
            assert_eq!(own(verification(started, now)), expected, "{started:?} {now}");
        }
        // Staff who own the account must wait too; only the refusal differs.
        for (started, now, expected) in [
            (None, hour(100), Err(BankAccountRefusal::Own)),
            (Some(171), hour(500), Err(BankAccountRefusal::Own)),
            (Some(172), hour(172), done),
        ] {
            assert_eq!(
                own(VerificationContext { as_staff: true, ..verification(started, now) }),
                expected,
                "{started:?} {now}"
            );
        }
        let early = verification(None, hour(100));
        assert_eq!(
            decide_verification(&account(), OTHER.into(), &early),
            Ok(VerificationDecision::Verify { by: OTHER.into() })
        );
        let known = BankAccountFacts { verified_at: Some(hour(101)), ..account() };
        assert_eq!(decide_verification(&known, OWNER.into(), &early), Ok(VerificationDecision::AlreadyVerified));
    }

    #[test]
    fn the_verification_method_follows_from_source_and_verifier() {
        assert_eq!(account().verification_method(), None);
        let by = |source, by: Option<Uuid>| {
            BankAccountFacts { source, verified_at: Some(hour(1)), verified_by: by.map(Into::into), ..account() }
                .verification_method()
        };
        assert_eq!(by(AccountSource::Kyc, Some(OTHER)), Some(VerificationMethod::Kyc));
        assert_eq!(by(AccountSource::Member, Some(OTHER)), Some(VerificationMethod::Staff));
        assert_eq!(by(AccountSource::Member, Some(OWNER)), Some(VerificationMethod::Wait));
    }

    #[test]
    fn the_start_of_a_session_is_read_from_its_id() {
        // The example of RFC 9562, of 2022-02-22 19:22:22 UTC.
        let id = Uuid::from_u128(0x017f_22e2_79b0_7cc3_98c4_dc0c_0c07_398f);
        assert_eq!(session_started_at(id), "2022-02-22T19:22:22Z".parse().ok());
        for other in [Uuid::nil(), Uuid::from_u128(0x017f_22e2_79b0_4cc3_98c4_dc0c_0c07_398f)] {
            assert_eq!(session_started_at(other), None);
        }
    }
}

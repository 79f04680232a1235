//! Bank accounts members are paid to, and when one counts as verified.

use domain::{Timestamp, UserId};
use uuid::Uuid;

domain::text_enum! {
    /// Where an account comes from.
    pub enum Source {
        /// From the member's approved KYC: verified with it.
        Kyc = "kyc",
        /// Added by the member: verified by staff, or by waiting and a fresh one-time code.
        Member = "member",
    }
}

domain::text_enum! {
    /// What an account was verified by.
    pub enum Proof {
        /// It is the approved KYC's.
        Kyc = "kyc",
        /// Staff have seen that it is the member's.
        Staff = "staff",
        /// It was on the member's list long enough, and the member then signed in with a one-time code: whoever
        /// took over a session for a while is paid nothing.
        Wait = "wait",
    }
}

/// An account, as far as it matters who may be paid to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub owner: UserId,
    pub source: Source,
    pub added_at: Timestamp,
    pub verified_at: Option<Timestamp>,
    pub verified_by: Option<UserId>,
}

/// What the owner has to show for an account that nobody else has verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// When the owner's session began, by a one-time code; none where that is not known.
    pub session_began: Option<Timestamp>,
    pub now: Timestamp,
    /// How long an account is on the list first.
    pub wait_hours: i64,
    /// Whether whoever wants it acts as staff, who verify other people's accounts.
    pub as_staff: bool,
}

/// What a wish to have an account verified comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is verified now, by this person.
    Verify { by: UserId },
    /// It was verified before.
    Verified,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this account is on your list already")]
    Known,
    #[error("nobody of the staff verifies their own bank account")]
    Own,
    #[error("the account of your KYC stays as long as the KYC does")]
    OfKyc,
    #[error(
        "this account may be paid to from {0} on, after you have signed in again with a one-time code; or once staff have verified it"
    )]
    TooNew(Timestamp),
    #[error("this account has been on your list since before {0}: sign in again with a one-time code to be paid to it")]
    CodeNotFresh(Timestamp),
}

/// 9 to 18 digits.
pub fn is_account_number(text: &str) -> bool {
    (9..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Four letters, a zero, six letters or digits: `HDFC0001234`.
pub fn is_ifsc(text: &str) -> bool {
    let (Some(bank), Some(zero), Some(branch)) = (text.get(..4), text.get(4..5), text.get(5..)) else {
        return false;
    };
    bank.bytes().all(|b| b.is_ascii_uppercase())
        && zero == "0"
        && branch.len() == 6
        && branch.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// When a session began: its id is a UUIDv7 made at the sign-in, and refreshing a session keeps its id.
pub fn session_began(session: Uuid) -> Option<Timestamp> {
    let (secs, nanos) = session.get_timestamp().filter(|_| session.get_version_num() == 7)?.to_unix();
    Timestamp::from_micros(i64::try_from(secs).ok()?.checked_mul(1_000_000)?.checked_add(i64::from(nanos / 1_000))?)
}

/// `by`, who may decide about it, wants the account verified. Somebody of the staff does so at once; the owner, of
/// whatever role, by waiting and a one-time code that is entered after the wait.
pub fn verify(account: &Standing, by: UserId, claim: &Claim) -> Result<Verdict, Refusal> {
    if account.verified_at.is_some() {
        return Ok(Verdict::Verified);
    }
    if by != account.owner {
        return Ok(Verdict::Verify { by });
    }
    let waited_at = account.added_at.plus_hours(claim.wait_hours);
    match claim.session_began {
        Some(began) if began >= waited_at && claim.now >= waited_at => Ok(Verdict::Verify { by }),
        Some(_) | None if claim.as_staff => Err(Refusal::Own),
        Some(_) | None if claim.now < waited_at => Err(Refusal::TooNew(waited_at)),
        Some(_) | None => Err(Refusal::CodeNotFresh(waited_at)),
    }
}

impl Standing {
    /// What it was verified by; none where it is not.
    pub fn proof(&self) -> Option<Proof> {
        self.verified_at?;
        Some(match (self.source, self.verified_by) {
            (Source::Kyc, _) => Proof::Kyc,
            (Source::Member, Some(by)) if by == self.owner => Proof::Wait,
            (Source::Member, Some(_) | None) => Proof::Staff,
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
    fn account() -> Standing {
        Standing {
            owner: OWNER.into(),
            source: Source::Member,
            added_at: hour(100),
            verified_at: None,
            verified_by: None,
        }
    }

    #[test]
    fn an_owner_waits_and_then_signs_in_with_a_code() {
        let claim = |began: Option<i64>, now: Timestamp| Claim {
            session_began: began.map(hour),
            now,
            wait_hours: 72,
            as_staff: false,
        };
        let own = |claim| verify(&account(), OWNER.into(), &claim);
        let done = Ok(Verdict::Verify { by: OWNER.into() });
        let just_before = hour(172).plus_secs(-1);
        for (began, now, comes_to) in [
            (Some(99), hour(100), Err(Refusal::TooNew(hour(172)))),
            (Some(171), just_before, Err(Refusal::TooNew(hour(172)))),
            (Some(171), hour(172), Err(Refusal::CodeNotFresh(hour(172)))),
            (None, hour(500), Err(Refusal::CodeNotFresh(hour(172)))),
            (Some(172), hour(172), done),
            (Some(180), hour(500), done),
        ] {
            assert_eq!(own(claim(began, now)), comes_to, "{began:?} {now}");
        }
        // Staff are owners like any other, but their role gives them nothing.
        for (began, now, comes_to) in [
            (None, hour(100), Err(Refusal::Own)),
            (Some(171), hour(500), Err(Refusal::Own)),
            (Some(172), hour(172), done),
        ] {
            assert_eq!(own(Claim { as_staff: true, ..claim(began, now) }), comes_to, "{began:?} {now}");
        }
        let early = claim(None, hour(100));
        assert_eq!(verify(&account(), OTHER.into(), &early), Ok(Verdict::Verify { by: OTHER.into() }));
        let known = Standing { verified_at: Some(hour(101)), ..account() };
        assert_eq!(verify(&known, OWNER.into(), &early), Ok(Verdict::Verified));
    }

    #[test]
    fn an_account_says_what_it_was_verified_by() {
        assert_eq!(account().proof(), None);
        let by = |source, by: Option<Uuid>| {
            Standing { source, verified_at: Some(hour(1)), verified_by: by.map(Into::into), ..account() }.proof()
        };
        assert_eq!(by(Source::Kyc, Some(OTHER)), Some(Proof::Kyc));
        assert_eq!(by(Source::Member, Some(OTHER)), Some(Proof::Staff));
        assert_eq!(by(Source::Member, Some(OWNER)), Some(Proof::Wait));
    }

    #[test]
    fn a_session_began_when_its_id_was_made() {
        // The example of RFC 9562, of 2022-02-22 19:22:22 UTC.
        let id = Uuid::from_u128(0x017f_22e2_79b0_7cc3_98c4_dc0c_0c07_398f);
        assert_eq!(session_began(id), "2022-02-22T19:22:22Z".parse().ok());
        for other in [Uuid::nil(), Uuid::from_u128(0x017f_22e2_79b0_4cc3_98c4_dc0c_0c07_398f)] {
            assert_eq!(session_began(other), None);
        }
    }

    #[test]
    fn account_numbers_are_nine_to_eighteen_digits() {
        for (text, good) in [
            ("12345678", false),
            ("123456789", true),
            ("123456789012345678", true),
            ("1234567890123456789", false),
            ("12345678x", false),
            ("=12345678", false),
            ("१२३४५६७८९", false),
        ] {
            assert_eq!(is_account_number(text), good, "{text}");
        }
    }

    #[test]
    fn an_ifsc_is_a_bank_a_zero_and_a_branch() {
        for (text, good) in [
            ("HDFC0001234", true),
            ("SBIN0ABC123", true),
            ("HDFC1001234", false),
            ("hdfc0001234", false),
            ("HDFC000123", false),
            ("HDFC00012345", false),
            ("HDF€0001234", false),
            ("", false),
        ] {
            assert_eq!(is_ifsc(text), good, "{text}");
        }
    }
}

//! Expected state of the members, recorded by the driver.

use super::api::{Api, RequestError, SignedIn};
use domain::Money;
use parking_lot::{Mutex, MutexGuard};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex as AsyncMutex;

/// Age at which a token is refreshed. Access tokens expire after 15 minutes.
const REFRESH_AFTER: Duration = Duration::from_mins(8);
/// Delay before a user may request another code.
const CODE_RESEND_DELAY: Duration = Duration::from_secs(31);

/// A signed-in user.
pub(crate) struct TestUser {
    pub(crate) id: String,
    pub(crate) referral_code: String,
    email: String,
    tokens: AsyncMutex<Tokens>,
}

struct Tokens {
    access: String,
    refresh: String,
    since: Instant,
}

impl From<SignedIn> for Tokens {
    fn from(session: SignedIn) -> Self {
        Self { access: session.access, refresh: session.refresh, since: Instant::now() }
    }
}

impl TestUser {
    pub(crate) fn new(email: &str, session: SignedIn) -> Arc<Self> {
        Arc::new(Self {
            id: session.id.clone(),
            referral_code: session.referral_code.clone(),
            email: email.to_owned(),
            tokens: AsyncMutex::new(session.into()),
        })
    }

    /// A valid access token. Refreshes it when it is old, and signs in again when the refresh fails.
    pub(crate) async fn token(&self, api: &Api) -> Result<String, RequestError> {
        let mut tokens = self.tokens.lock().await;
        if tokens.since.elapsed() > REFRESH_AFTER {
            let renewed = api.post_anonymously("/auth/refresh", &json!({ "refresh_token": tokens.refresh })).await.ok();
            let text = |name: &str| renewed.as_ref()?.get(name)?.as_str().map(str::to_owned);
            *tokens = match (text("access_token"), text("refresh_token")) {
                (Some(access), Some(refresh)) => Tokens { access, refresh, since: Instant::now() },
                _ => self.sign_in_again(api).await?.into(),
            };
        }
        Ok(tokens.access.clone())
    }

    /// Signs in with a new code. A disturbance may lose the response of a refresh, whose token is then used up.
    async fn sign_in_again(&self, api: &Api) -> Result<SignedIn, RequestError> {
        for _ in 0..3 {
            if let Ok(session) = api.sign_in(&self.email, "Soak", None).await {
                return Ok(session);
            }
            tokio::time::sleep(CODE_RESEND_DELAY).await;
        }
        Err(RequestError::NoResponse)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaidBy {
    Online,
    Wallet,
}

/// State of a captured payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaymentOutcome {
    Completed,
    Refunded,
    /// Captured for a superseded order and returned to the wallet.
    Returned,
}

#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) amount: Money,
    pub(crate) method: PaidBy,
    /// Index of the member's booking.
    pub(crate) booking: usize,
    pub(crate) outcome: PaymentOutcome,
}

#[derive(Debug, Clone)]
pub(crate) struct Booking {
    pub(crate) id: String,
    pub(crate) is_open: bool,
}

/// An approved payout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payout {
    pub(crate) amount: Money,
    pub(crate) failed: bool,
}

/// A member and all recorded operations.
pub(crate) struct Member {
    pub(crate) number: usize,
    pub(crate) user: Arc<TestUser>,
    /// Number of the referrer.
    pub(crate) referrer: Option<usize>,
    pub(crate) bookings: Vec<Booking>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) deposits: Vec<Money>,
    pub(crate) payouts: Vec<Payout>,
    pub(crate) kyc_approved: bool,
    /// Whether an operation ended without a response, so the platform's state may differ.
    pub(crate) is_uncertain: bool,
}

impl Member {
    pub(crate) fn new(user: Arc<TestUser>, referrer: Option<usize>) -> Self {
        Self {
            number: 0,
            user,
            referrer,
            bookings: Vec::new(),
            payments: Vec::new(),
            deposits: Vec::new(),
            payouts: Vec::new(),
            kyc_approved: false,
            is_uncertain: false,
        }
    }

    /// First open booking with fewer than `max_payments` payments.
    pub(crate) fn open_booking(&self, max_payments: usize) -> Option<usize> {
        let paid = |n: usize| self.payments.iter().filter(|p| p.booking == n).count();
        (0..).zip(&self.bookings).find(|(n, b)| b.is_open && paid(*n) < max_payments).map(|(n, _)| n)
    }

    /// Records a cancellation with a refund of every payment.
    pub(crate) fn cancel(&mut self, booking: usize) {
        if let Some(cancelled) = self.bookings.get_mut(booking) {
            cancelled.is_open = false;
        }
        let paid = self.payments.iter_mut().filter(|p| p.booking == booking && p.outcome == PaymentOutcome::Completed);
        paid.for_each(|payment| payment.outcome = PaymentOutcome::Refunded);
    }
}

/// All members. An operation claims its member, so no two operations change the same member at once.
#[derive(Default)]
pub(crate) struct Members {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    users: Vec<Arc<TestUser>>,
    idle: Vec<Member>,
}

impl Members {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }
    pub(crate) fn add(&self, mut member: Member) {
        let mut inner = self.inner();
        member.number = inner.users.len();
        inner.users.push(Arc::clone(&member.user));
        inner.idle.push(member);
    }
    pub(crate) fn release(&self, member: Member) {
        self.inner().idle.push(member);
    }
    pub(crate) fn user(&self, number: usize) -> Option<(usize, Arc<TestUser>)> {
        let inner = self.inner();
        let number = number.checked_rem(inner.users.len())?;
        inner.users.get(number).map(|user| (number, Arc::clone(user)))
    }
    /// Claims an idle member that satisfies `wanted`, searching from index `from`.
    pub(crate) fn claim(&self, from: usize, wanted: impl Fn(&Member) -> bool) -> Option<Member> {
        let mut inner = self.inner();
        let count = inner.idle.len();
        let start = from.checked_rem(count)?;
        let found = (start..count).chain(0..start).find(|n| inner.idle.get(*n).is_some_and(&wanted))?;
        Some(inner.idle.swap_remove(found))
    }
    /// All members in the order of registration. Call it when no operation is running.
    pub(crate) fn into_all(self) -> Vec<Member> {
        let mut all = self.inner.into_inner().idle;
        all.sort_by_key(|member| member.number);
        all
    }
}

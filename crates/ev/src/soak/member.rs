//! Members as the driver knows them: what each did, and what was done to each.

use super::api::{Api, Refusal, SignedIn};
use domain::Money;
use serde_json::json;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex as AsyncMutex;

/// Access tokens live a quarter of an hour.
const REFRESH_AFTER: Duration = Duration::from_mins(8);
/// Nobody may ask for a second code sooner.
const NEXT_CODE: Duration = Duration::from_secs(31);

/// Somebody signed in.
pub(crate) struct Person {
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

impl Person {
    pub(crate) fn new(email: &str, session: SignedIn) -> Arc<Self> {
        Arc::new(Self {
            id: session.id.clone(),
            referral_code: session.referral_code.clone(),
            email: email.to_owned(),
            tokens: AsyncMutex::new(session.into()),
        })
    }

    /// An access token that is good for some minutes; a session that cannot be continued is begun anew.
    pub(crate) async fn token(&self, api: &Api) -> Result<String, Refusal> {
        let mut tokens = self.tokens.lock().await;
        if tokens.since.elapsed() > REFRESH_AFTER {
            let renewed = api.public("/auth/refresh", &json!({ "refresh_token": tokens.refresh })).await.ok();
            let text = |name: &str| renewed.as_ref()?.get(name)?.as_str().map(str::to_owned);
            *tokens = match (text("access_token"), text("refresh_token")) {
                (Some(access), Some(refresh)) => Tokens { access, refresh, since: Instant::now() },
                _ => self.sign_in_again(api).await?.into(),
            };
        }
        Ok(tokens.access.clone())
    }

    /// The answer to a refresh may have been lost in a disturbance; then its token counts as used.
    async fn sign_in_again(&self, api: &Api) -> Result<SignedIn, Refusal> {
        for _ in 0..3 {
            if let Ok(session) = api.sign_in(&self.email, "Soak", None).await {
                return Ok(session);
            }
            tokio::time::sleep(NEXT_CODE).await;
        }
        Err(Refusal::NoAnswer)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaidBy {
    Online,
    Wallet,
}

/// What became of a payment that was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Completed,
    Refunded,
    /// Captured for an order that was superseded: the money is in the wallet.
    Returned,
}

#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) amount: Money,
    pub(crate) method: PaidBy,
    /// Which of the member's bookings.
    pub(crate) booking: usize,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone)]
pub(crate) struct Booking {
    pub(crate) id: String,
    pub(crate) is_open: bool,
}

/// A payout that was approved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payout {
    pub(crate) amount: Money,
    pub(crate) failed: bool,
}

/// A member and everything that the driver knows of them.
pub(crate) struct Member {
    pub(crate) number: usize,
    pub(crate) person: Arc<Person>,
    /// The number of who referred them.
    pub(crate) referrer: Option<usize>,
    pub(crate) bookings: Vec<Booking>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) deposits: Vec<Money>,
    pub(crate) payouts: Vec<Payout>,
    pub(crate) kyc_approved: bool,
    /// An operation ended without an answer, so the platform may know more than the driver.
    pub(crate) is_uncertain: bool,
}

impl Member {
    pub(crate) fn new(person: Arc<Person>, referrer: Option<usize>) -> Self {
        Self {
            number: 0,
            person,
            referrer,
            bookings: Vec::new(),
            payments: Vec::new(),
            deposits: Vec::new(),
            payouts: Vec::new(),
            kyc_approved: false,
            is_uncertain: false,
        }
    }

    /// The first booking that is open and has room for more payments.
    pub(crate) fn open_booking(&self, most_payments: usize) -> Option<usize> {
        let paid = |n: usize| self.payments.iter().filter(|p| p.booking == n).count();
        (0..).zip(&self.bookings).find(|(n, b)| b.is_open && paid(*n) < most_payments).map(|(n, _)| n)
    }

    /// The booking is cancelled, and every payment on it refunded.
    pub(crate) fn cancel(&mut self, booking: usize) {
        if let Some(cancelled) = self.bookings.get_mut(booking) {
            cancelled.is_open = false;
        }
        let paid = self.payments.iter_mut().filter(|p| p.booking == booking && p.outcome == Outcome::Completed);
        paid.for_each(|payment| payment.outcome = Outcome::Refunded);
    }
}

/// Everybody. A member is taken out for an operation, so that only one changes what is known of them.
#[derive(Default)]
pub(crate) struct Members {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    people: Vec<Arc<Person>>,
    idle: Vec<Member>,
}

impl Members {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(crate) fn add(&self, mut member: Member) {
        let mut inner = self.inner();
        member.number = inner.people.len();
        inner.people.push(Arc::clone(&member.person));
        inner.idle.push(member);
    }
    pub(crate) fn give_back(&self, member: Member) {
        self.inner().idle.push(member);
    }
    pub(crate) fn person(&self, number: usize) -> Option<(usize, Arc<Person>)> {
        let inner = self.inner();
        let number = number.checked_rem(inner.people.len())?;
        inner.people.get(number).map(|person| (number, Arc::clone(person)))
    }
    /// Takes an idle member out that the operation can be done with, looking from a chosen place on.
    pub(crate) fn take(&self, from: usize, wanted: impl Fn(&Member) -> bool) -> Option<Member> {
        let mut inner = self.inner();
        let count = inner.idle.len();
        let start = from.checked_rem(count)?;
        let found = (start..count).chain(0..start).find(|n| inner.idle.get(*n).is_some_and(&wanted))?;
        Some(inner.idle.swap_remove(found))
    }
    /// All members in the order they joined, once no operation is under way.
    pub(crate) fn into_all(self) -> Vec<Member> {
        let mut all = self.inner.into_inner().unwrap_or_else(PoisonError::into_inner).idle;
        all.sort_by_key(|member| member.number);
        all
    }
}

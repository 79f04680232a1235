//! What others tell, read into values.

use crate::store::members::Member;
use crate::store::payments::{Payment, RefundId};
use crate::store::referrals::{Referral, ReferralRefund};
use chassis::events::{Envelope, HandleError, read};
use domain::{Day, PaymentId, PaymentMethod, Timestamp, UserId};
use proto_events::auth::v1::{User, UserRegistered, UserUpdated};
use proto_events::booking::v1::{DayStarted, PaymentCompleted, PaymentRefunded};

#[derive(Debug, Clone)]
pub enum Fact {
    Member(Member),
    Paid {
        payment: Payment,
        referral: Option<Referral>,
        at: Timestamp,
    },
    Refunded {
        payment_id: PaymentId,
        user_id: UserId,
        refund_id: RefundId,
        taken: Option<ReferralRefund>,
        at: Timestamp,
    },
    DayStarted {
        day: Day,
        at: Timestamp,
    },
}

impl Fact {
    /// When it happened; none where that moves nothing.
    pub const fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Member(_) => None,
            Self::Paid { at, .. } | Self::Refunded { at, .. } | Self::DayStarted { at, .. } => Some(*at),
        }
    }
}

/// A fact, and the event to keep if its time has not come.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub fact: Fact,
    pub event: Envelope,
}

/// Reads an event; none for one that is no matter of the tree.
pub fn read(event: &Envelope) -> Result<Option<Arrived>, HandleError> {
    let fact = if event.is::<UserRegistered>() {
        Some(member(event.decode::<UserRegistered>()?.user.as_ref())?)
    } else if event.is::<UserUpdated>() {
        Some(member(event.decode::<UserUpdated>()?.user.as_ref())?)
    } else if event.is::<PaymentCompleted>() {
        Some(paid(&event.decode()?)?)
    } else if event.is::<PaymentRefunded>() {
        Some(refunded(&event.decode()?)?)
    } else if event.is::<DayStarted>() {
        Some(day_started(&event.decode()?)?)
    } else {
        None
    };
    Ok(fact.map(|fact| Arrived { fact, event: event.clone() }))
}

fn member(user: Option<&User>) -> Result<Fact, HandleError> {
    let user = user.ok_or_else(|| HandleError::poison("user is missing"))?;
    let user_id: UserId = read::id("user_id", &user.user_id)?;
    let referrer_id = read::optional_id("referrer_id", user.referrer_id.as_deref())?;
    if referrer_id == Some(user_id) {
        return Err(HandleError::poison("a member cannot refer themselves"));
    }
    Ok(Fact::Member(Member {
        user_id,
        version: read::version(user.version)?,
        name: user.name.chars().take(255).collect(),
        referrer_id,
        preferred_side: user.preferred_side.as_deref().map(|s| read::word("preferred_side", s)).transpose()?,
        is_distributor: user.is_distributor,
    }))
}

fn paid(event: &PaymentCompleted) -> Result<Fact, HandleError> {
    let method: PaymentMethod = read::word("method", &event.method)?;
    let amount_paise = read::money(event.amount_paise);
    if !amount_paise.is_positive() {
        return Err(HandleError::poison("a payment must be more than zero"));
    }
    let payment = Payment {
        payment_id: read::id("payment_id", &event.payment_id)?,
        user_id: read::id("user_id", &event.user_id)?,
        amount_paise,
        is_counted: method.is_members_money(),
        refund_id: None,
    };
    let at = read::time("completed_at", event.completed_at)?;
    Ok(Fact::Paid { referral: referral(event, &payment, method, at)?, payment, at })
}

/// What a referral bonus was decided on; none where nobody referred the payer.
fn referral(
    event: &PaymentCompleted,
    payment: &Payment,
    method: PaymentMethod,
    completed_at: Timestamp,
) -> Result<Option<Referral>, HandleError> {
    let Some(referrer_id) = read::optional_id("referrer_id", event.referrer_id.as_deref())? else { return Ok(None) };
    let standing = event.standing.unwrap_or_default();
    Ok(Some(Referral {
        payment_id: payment.payment_id,
        referred_id: payment.user_id,
        referrer_id,
        amount_paise: payment.amount_paise,
        method,
        on_first_booking: event.on_first_booking,
        net_paid_before_paise: read::money(standing.net_paid_before_paise),
        net_paid_after_paise: read::money(standing.net_paid_after_paise),
        bonus_paise: read::money(event.referral_bonus_paise),
        is_once_a_member: event.referral_once_a_member,
        completed_at,
        standing_version: read::version(standing.version)?,
    }))
}

fn refunded(event: &PaymentRefunded) -> Result<Fact, HandleError> {
    let payment_id = read::id("payment_id", &event.payment_id)?;
    let user_id = read::id("user_id", &event.user_id)?;
    let refund_id = read::id("refund_id", &event.refund_id)?;
    let taken = match (&event.referrer_id, event.standing, &event.bonuses_taken_back) {
        (Some(_), Some(standing), Some(taken)) => Some(ReferralRefund {
            payment_id,
            refund_id,
            referred_id: user_id,
            standing_version: read::version(standing.version)?,
            net_paid_after_paise: read::money(standing.net_paid_after_paise),
            takes_own: taken.own,
            takes_other: read::optional_id("other_payment_id", taken.other_payment_id.as_deref())?,
        }),
        _ => None,
    };
    Ok(Fact::Refunded { payment_id, user_id, refund_id, taken, at: read::time("refunded_at", event.refunded_at)? })
}

fn day_started(event: &DayStarted) -> Result<Fact, HandleError> {
    Ok(Fact::DayStarted { day: read::word("day", &event.day)?, at: read::time("started_at", event.started_at)? })
}

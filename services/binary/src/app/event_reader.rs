//! Incoming events decoded into rows and values.

use crate::store::members::MemberRow;
use crate::store::payments::{PaymentRow, RefundId};
use crate::store::referrals::{ReferralRefundRow, ReferralRow};
use chassis::events::{Envelope, HandleError, decode};
use domain::{Day, PaymentId, PaymentMethod, Timestamp, UserId};
use proto_events::auth::v1::{User, UserRegistered, UserUpdated};
use proto_events::booking::v1::{DayStarted, PaymentCompleted, PaymentRefunded};

/// Content of an incoming event.
#[derive(Debug, Clone)]
pub enum EventContent {
    Member(MemberRow),
    PaymentCompleted {
        payment: PaymentRow,
        referral: Option<ReferralRow>,
        at: Timestamp,
    },
    PaymentRefunded {
        payment_id: PaymentId,
        user_id: UserId,
        refund_id: RefundId,
        referral_refund: Option<ReferralRefundRow>,
        at: Timestamp,
    },
    DayStarted {
        day: Day,
        at: Timestamp,
    },
}

impl EventContent {
    /// When the event happened; `None` when it does not move the tree's time.
    pub const fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Member(_) => None,
            Self::PaymentCompleted { at, .. } | Self::PaymentRefunded { at, .. } | Self::DayStarted { at, .. } => {
                Some(*at)
            }
        }
    }
}

/// A decoded event with its envelope, which is stored when the event must wait.
#[derive(Debug, Clone)]
pub struct ReadEvent {
    pub content: EventContent,
    pub envelope: Envelope,
}

/// Decodes an event; `None` for an event type that the tree does not use. Errors with `HandleError` when a field is
/// missing or invalid.
pub fn read(event: &Envelope) -> Result<Option<ReadEvent>, HandleError> {
    let content = if event.is::<UserRegistered>() {
        Some(member(event.decode::<UserRegistered>()?.user.as_ref())?)
    } else if event.is::<UserUpdated>() {
        Some(member(event.decode::<UserUpdated>()?.user.as_ref())?)
    } else if event.is::<PaymentCompleted>() {
        Some(payment_completed(&event.decode()?)?)
    } else if event.is::<PaymentRefunded>() {
        Some(payment_refunded(&event.decode()?)?)
    } else if event.is::<DayStarted>() {
        Some(day_started(&event.decode()?)?)
    } else {
        None
    };
    Ok(content.map(|content| ReadEvent { content, envelope: event.clone() }))
}

fn member(user: Option<&User>) -> Result<EventContent, HandleError> {
    let user = user.ok_or_else(|| HandleError::poison("user is missing"))?;
    let user_id: UserId = decode::id("user_id", &user.user_id)?;
    let referrer_id = decode::optional_id("referrer_id", user.referrer_id.as_deref())?;
    if referrer_id == Some(user_id) {
        return Err(HandleError::poison("referrer_id must differ from user_id"));
    }
    Ok(EventContent::Member(MemberRow {
        user_id,
        version: decode::version(user.version)?,
        name: user.name.chars().take(255).collect(),
        referrer_id,
        preferred_side: user.preferred_side.as_deref().map(|s| decode::parse("preferred_side", s)).transpose()?,
        is_distributor: user.is_distributor,
    }))
}

fn payment_completed(event: &PaymentCompleted) -> Result<EventContent, HandleError> {
    let method: PaymentMethod = decode::parse("method", &event.method)?;
    let amount_paise = decode::money(event.amount_paise);
    if !amount_paise.is_positive() {
        return Err(HandleError::poison("amount_paise must be greater than zero"));
    }
    let payment = PaymentRow {
        payment_id: decode::id("payment_id", &event.payment_id)?,
        user_id: decode::id("user_id", &event.user_id)?,
        amount_paise,
        is_counted: method.is_paid_by_member(),
        refund_id: None,
    };
    let at = decode::time("completed_at", event.completed_at)?;
    Ok(EventContent::PaymentCompleted { referral: referral(event, &payment, method, at)?, payment, at })
}

/// The data on which the referral bonus was decided; `None` when the payer has no referrer.
fn referral(
    event: &PaymentCompleted,
    payment: &PaymentRow,
    method: PaymentMethod,
    completed_at: Timestamp,
) -> Result<Option<ReferralRow>, HandleError> {
    let Some(referrer_id) = decode::optional_id("referrer_id", event.referrer_id.as_deref())? else { return Ok(None) };
    let standing = event.standing.unwrap_or_default();
    Ok(Some(ReferralRow {
        payment_id: payment.payment_id,
        referred_id: payment.user_id,
        referrer_id,
        amount_paise: payment.amount_paise,
        method,
        on_first_booking: event.on_first_booking,
        net_paid_before_paise: decode::money(standing.net_paid_before_paise),
        net_paid_after_paise: decode::money(standing.net_paid_after_paise),
        bonus_paise: decode::money(event.referral_bonus_paise),
        is_once_a_member: event.referral_once_a_member,
        completed_at,
        standing_version: decode::version(standing.version)?,
    }))
}

fn payment_refunded(event: &PaymentRefunded) -> Result<EventContent, HandleError> {
    let payment_id = decode::id("payment_id", &event.payment_id)?;
    let user_id = decode::id("user_id", &event.user_id)?;
    let refund_id = decode::id("refund_id", &event.refund_id)?;
    let referral_refund = match (&event.referrer_id, event.standing, &event.bonuses_taken_back) {
        (Some(_), Some(standing), Some(reversed)) => Some(ReferralRefundRow {
            payment_id,
            refund_id,
            referred_id: user_id,
            standing_version: decode::version(standing.version)?,
            net_paid_after_paise: decode::money(standing.net_paid_after_paise),
            takes_own: reversed.own,
            takes_other: decode::optional_id("other_payment_id", reversed.other_payment_id.as_deref())?,
        }),
        _ => None,
    };
    Ok(EventContent::PaymentRefunded {
        payment_id,
        user_id,
        refund_id,
        referral_refund,
        at: decode::time("refunded_at", event.refunded_at)?,
    })
}

fn day_started(event: &DayStarted) -> Result<EventContent, HandleError> {
    Ok(EventContent::DayStarted {
        day: decode::parse("day", &event.day)?,
        at: decode::time("started_at", event.started_at)?,
    })
}

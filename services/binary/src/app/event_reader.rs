//! Incoming events decoded into rows and values.

use crate::domain::search::WORDS_VERSION;
use crate::store::members::MemberRow;
use crate::store::payments::{PaymentRow, RefundId};
use crate::store::referrals::{ReferralRefundRow, ReferralRow};
use domain::{Day, PaymentId, PaymentMethod, Timestamp, UserId};
use messaging::{HandleError, decode};
use proto_events::Envelope;
use proto_events::auth::v1::User;
use proto_events::booking::v1::{DayStarted, PaymentCompleted, PaymentRefunded};
use std::collections::BTreeMap;

/// Content of an event that is an input of the tree.
#[derive(Debug, Clone)]
pub enum EventContent {
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
    /// When the event happened. It moves the tree's time.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::PaymentCompleted { at, .. } | Self::PaymentRefunded { at, .. } | Self::DayStarted { at, .. } => *at,
        }
    }
}

/// A decoded event with its envelope, which is stored when the event must wait.
#[derive(Debug, Clone)]
pub struct ReadEvent {
    pub content: EventContent,
    pub envelope: Envelope,
}

/// The state of a member, and the time of the event that it is from.
#[derive(Debug, Clone)]
pub struct MemberState {
    pub row: MemberRow,
    pub at: Timestamp,
}

/// Decoded events of one transaction.
#[derive(Debug, Default)]
pub struct IncomingEvents {
    /// The state with the highest version of each member.
    pub members: BTreeMap<UserId, MemberState>,
    /// Payments, refunds and days, in the order of arrival.
    pub tree_events: Vec<ReadEvent>,
}

impl IncomingEvents {
    /// Adds the state of a member, unless it is older than one that is there. Errors when a field is missing or invalid.
    pub fn add_member(&mut self, user: Option<User>, envelope: &Envelope) -> Result<(), HandleError> {
        let row = member(user)?;
        if self.members.get(&row.user_id).is_none_or(|known| known.row.version < row.version) {
            let at = decode::occurred_at(envelope)?;
            self.members.insert(row.user_id, MemberState { row, at });
        }
        Ok(())
    }

    /// Adds a payment. Errors when a field is missing or invalid.
    pub fn add_payment(&mut self, event: PaymentCompleted, envelope: &Envelope) -> Result<(), HandleError> {
        self.add(payment_completed(&event)?, envelope);
        Ok(())
    }

    /// Adds a refund. Errors when a field is missing or invalid.
    pub fn add_refund(&mut self, event: PaymentRefunded, envelope: &Envelope) -> Result<(), HandleError> {
        self.add(payment_refunded(&event)?, envelope);
        Ok(())
    }

    /// Adds the start of a day. Errors when a field is missing or invalid.
    pub fn add_day(&mut self, event: DayStarted, envelope: &Envelope) -> Result<(), HandleError> {
        self.add(day_started(&event)?, envelope);
        Ok(())
    }

    fn add(&mut self, content: EventContent, envelope: &Envelope) {
        self.tree_events.push(ReadEvent { content, envelope: envelope.clone() });
    }
}

fn member(user: Option<User>) -> Result<MemberRow, HandleError> {
    let user = user.ok_or_else(|| HandleError::poison("user is missing"))?;
    let user_id: UserId = decode::id("user_id", &user.user_id)?;
    let referrer_id = decode::optional_id("referrer_id", user.referrer_id.as_deref())?;
    if referrer_id == Some(user_id) {
        return Err(HandleError::poison("referrer_id must differ from user_id"));
    }
    Ok(MemberRow {
        user_id,
        version: decode::version(user.version)?,
        name: user.name.chars().take(255).collect(),
        referrer_id,
        preferred_side: user.preferred_side.as_deref().map(|s| decode::word("preferred_side", s)).transpose()?,
        is_distributor: user.is_distributor,
        referral_code: Some(user.referral_code.chars().take(32).collect()).filter(|code: &String| !code.is_empty()),
        words_version: WORDS_VERSION,
    })
}

fn payment_completed(event: &PaymentCompleted) -> Result<EventContent, HandleError> {
    let method: PaymentMethod = decode::word("method", &event.method)?;
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

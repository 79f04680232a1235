//! Unit of work on one member: the locked member row, the plan in force, and the events to publish.
//!
//! Payments are completed, closed, refunded and returned to the wallet here.

use super::booking_aggregate::{BookingAggregate, count_from_column};
use super::plan_versions::plan_in_force;
use crate::domain::payment::{PaymentCommand, PaymentTransition, decide_transition};
use crate::domain::refund::RefundActor;
use crate::domain::{BookingStatus, GatewayName, InstalmentStatus, RefundStatus, RefundTo, ReturnCause};
use crate::error::BookingError;
use crate::store::instalments::Instalment;
use crate::store::members::{self, Member};
use crate::store::payments::{self, Payment};
use crate::store::refunds::{self, Refund};
use chassis::events::outbox::{self, OutboxEvent};
use chassis::id;
use db::DbConnection;
use domain::plan::{BonusReversal, ReferralInput, reverse_bonuses};
use domain::{Money, PaymentId, Plan, Timestamp, UserId};
use proto_events::booking::v1 as event;
use std::sync::Arc;

/// Evidence stored with a completed payment.
#[derive(Debug, Clone, Default)]
pub struct PaymentProof {
    /// Number of the bank transfer or the cash receipt.
    pub reference: Option<String>,
    /// The gateway's id of the captured payment.
    pub gateway_payment_id: Option<String>,
}

/// Money to return to the payer's wallet.
#[derive(Debug, Clone)]
pub struct WalletReturn {
    /// The same bytes for the same money, so that consumers apply it once.
    pub return_id: Vec<u8>,
    pub amount: Money,
    pub cause: ReturnCause,
}

/// Destination, reason and requester of a refund.
#[derive(Debug, Clone, Copy)]
pub struct RefundRequest<'a> {
    pub to: RefundTo,
    pub reason: &'a str,
    pub by: RefundActor,
}

/// A locked member row with the plan in force and the events that [`MemberLock::finish`] publishes.
pub struct MemberLock {
    pub member: Member,
    /// Time at which the cause of the change happened; decides the plan version and the business day.
    pub occurred_at: Timestamp,
    /// Time at which the change takes effect in this service.
    now: Timestamp,
    plan: Arc<Plan>,
    plan_version: u32,
    events: Vec<OutboxEvent>,
}

impl MemberLock {
    /// Locks the member row, which is created when absent, and loads the plan in force at `at`.
    pub async fn acquire(c: &mut DbConnection, user_id: UserId, at: Timestamp) -> Result<Self, BookingError> {
        let member = members::lock(c, user_id).await?;
        Ok(Self::new(member, at, at, plan_in_force(c, at).await?))
    }

    /// Wraps a member row that is locked already: the cause happened at `at` under `plan`, the change takes effect
    /// `now`.
    pub fn new(member: Member, at: Timestamp, now: Timestamp, (plan_version, plan): (u32, Arc<Plan>)) -> Self {
        Self { member, occurred_at: at, now, plan, plan_version, events: Vec::new() }
    }

    /// Sets the time of the cause and loads the plan in force then.
    pub async fn set_occurred_at(&mut self, c: &mut DbConnection, at: Timestamp) -> Result<(), BookingError> {
        if at != self.occurred_at {
            (self.plan_version, self.plan) = plan_in_force(c, at).await?;
            self.occurred_at = at;
        }
        Ok(())
    }

    /// Time at which the change takes effect.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The plan in force at [`MemberLock::occurred_at`].
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The number of that plan's version.
    pub fn plan_version(&self) -> u32 {
        self.plan_version
    }

    /// Queues an event for the outbox, keyed by `subject`.
    pub(crate) fn record_event<M: proto_events::Event>(&mut self, subject: impl std::fmt::Display, message: &M) {
        self.events.push(OutboxEvent::new(subject, self.now, message));
    }

    /// Completes a payment, saves it and records `PaymentCompleted`. A payment that is completed already stays
    /// unchanged. Errors with `Payment` when its status does not allow the command.
    pub async fn complete_payment(
        &mut self,
        c: &mut DbConnection,
        aggregate: &mut BookingAggregate,
        id: PaymentId,
        command: PaymentCommand,
        proof: PaymentProof,
    ) -> Result<(), BookingError> {
        if self.apply_completion(aggregate, id, command, proof)? {
            payments::save(c, aggregate.payment(id)?).await?;
        }
        Ok(())
    }

    /// As [`MemberLock::complete_payment`], without saving the payment. Returns whether the payment changed.
    pub(super) fn apply_completion(
        &mut self,
        aggregate: &mut BookingAggregate,
        id: PaymentId,
        command: PaymentCommand,
        proof: PaymentProof,
    ) -> Result<bool, BookingError> {
        let at = self.occurred_at;
        let version = i64::from(self.plan_version);
        let payment = aggregate.payment_mut(id)?;
        let PaymentTransition::To(next) = decide_transition(payment.status, command)? else { return Ok(false) };
        payment.status = next;
        payment.reason = String::new();
        payment.reference = proof.reference.or(payment.reference.take());
        payment.gateway_payment_id = proof.gateway_payment_id;
        payment.open_order_of = None;
        payment.plan_version = Some(version);
        payment.completed_at = Some(at);
        payment.closed_at = None;
        let payment = payment.clone();
        self.record_completed(&payment, &aggregate.booking.number)?;
        Ok(true)
    }

    /// Adds a completed payment to the member's net paid amount, decides the referral bonus, and records
    /// `PaymentCompleted`.
    pub(crate) fn record_completed(&mut self, payment: &Payment, number: &str) -> Result<(), BookingError> {
        let first_booking = *self.member.first_booking_id.get_or_insert(payment.booking_id);
        let own_money = if payment.method.is_paid_by_member() { payment.amount_paise } else { Money::ZERO };
        let standing = self.update_net_paid(self.member.net_paid_paise.add(own_money)?, own_money.is_positive());
        let input = ReferralInput {
            amount: payment.amount_paise,
            method: payment.method,
            on_first_booking: first_booking == payment.booking_id,
            net_paid_before: Money::from_paise(standing.net_paid_before_paise),
            net_paid_after: Money::from_paise(standing.net_paid_after_paise),
        };
        let mut once = self.member.once_bonus();
        let bonus = match self.member.referrer_id {
            Some(_) => self.plan.referral_bonus(payment.id, &input, &mut once)?,
            None => Money::ZERO,
        };
        self.member.set_once_bonus(once);
        let completed = event::PaymentCompleted {
            payment_id: payment.id.into(),
            booking_id: payment.booking_id.into(),
            user_id: payment.user_id.into(),
            referrer_id: self.member.referrer_id.map(Into::into),
            amount_paise: payment.amount_paise.paise(),
            method: payment.method.to_string(),
            on_first_booking: input.on_first_booking,
            referral_bonus_paise: bonus.paise(),
            referral_once_a_member: self.plan.has_one_time_referral_bonus(),
            standing: Some(standing),
            plan_version: self.plan_version,
            booking_number: number.to_owned(),
            completed_at: payment.completed_at.unwrap_or(self.occurred_at).micros(),
        };
        self.events.push(OutboxEvent::new(payment.id, payment.completed_at.unwrap_or(self.occurred_at), &completed));
        Ok(())
    }

    /// Refunds a whole completed payment and records `PaymentRefunded`. The call to the gateway is left to the job
    /// `refunds`. A payment that is refunded already stays unchanged. Errors with `Payment` when it is not completed.
    pub async fn refund_payment(
        &mut self,
        c: &mut DbConnection,
        aggregate: &mut BookingAggregate,
        id: PaymentId,
        request: &RefundRequest<'_>,
    ) -> Result<(), BookingError> {
        let at = self.now;
        let RefundRequest { to, reason, by } = *request;
        let number = aggregate.booking.number.clone();
        let payment = aggregate.payment_mut(id)?;
        let PaymentTransition::To(next) = decide_transition(payment.status, PaymentCommand::Refund)? else {
            return Ok(());
        };
        payment.status = next;
        payment.closed_at = Some(at);
        payments::save(c, payment).await?;
        let needs_api_call = to == RefundTo::Source && payment.gateway.is_some_and(GatewayName::needs_api_calls);
        let refund = Refund {
            id: id::fresh(),
            payment_id: payment.id,
            booking_id: payment.booking_id,
            user_id: payment.user_id,
            amount_paise: payment.amount_paise,
            refund_to: to,
            status: if needs_api_call { RefundStatus::Requested } else { RefundStatus::Done },
            reason: reason.to_owned(),
            gateway_refund_id: None,
            attempts: 0,
            requested_at: at,
            settled_at: (!needs_api_call).then_some(at),
            refused: false,
            confirmed_paise: if to == RefundTo::Source && !needs_api_call { payment.amount_paise } else { Money::ZERO },
            credited_paise: if to == RefundTo::Wallet { payment.amount_paise } else { Money::ZERO },
            unknown_since: None,
            next_attempt_at: at,
            requested_by: by,
            proposed_resolution: None,
            proposed_reference: None,
            proposed_reason: None,
            proposed_by: None,
            proposed_at: None,
        };
        refunds::insert(c, &refund).await?;
        let own_money = if payment.method.is_paid_by_member() { payment.amount_paise } else { Money::ZERO };
        let method = payment.method;
        let standing = self.update_net_paid(self.member.net_paid_paise.sub(own_money)?, own_money.is_positive());
        let mut once = self.member.once_bonus();
        let BonusReversal { own, other } = reverse_bonuses(refund.payment_id, self.member.net_paid_paise, &mut once);
        self.member.set_once_bonus(once);
        let refunded = event::PaymentRefunded {
            refund_id: refund.id.into(),
            payment_id: refund.payment_id.into(),
            booking_id: refund.booking_id.into(),
            user_id: refund.user_id.into(),
            referrer_id: self.member.referrer_id.map(Into::into),
            amount_paise: refund.amount_paise.paise(),
            method: method.to_string(),
            refund_to: to.to_string(),
            standing: Some(standing),
            plan_version: self.plan_version,
            reason: reason.to_owned(),
            booking_number: number,
            refunded_at: at.micros(),
            bonuses_taken_back: Some(event::BonusesTakenBack { own, other_payment_id: other.map(Into::into) }),
        };
        self.record_event(refund.payment_id, &refunded);
        Ok(())
    }

    /// Returns money that was received for a payment and cannot complete it to the payer's wallet, by recording
    /// `PaymentReturned`.
    pub async fn return_to_wallet(
        &mut self,
        c: &mut DbConnection,
        aggregate: &mut BookingAggregate,
        id: PaymentId,
        money: WalletReturn,
    ) -> Result<(), BookingError> {
        let number = aggregate.booking.number.clone();
        let payment = aggregate.payment_mut(id)?;
        payment.returned_at = Some(self.now);
        payments::save(c, payment).await?;
        let returned = event::PaymentReturned {
            return_id: money.return_id,
            payment_id: payment.id.into(),
            booking_id: payment.booking_id.into(),
            user_id: payment.user_id.into(),
            amount_paise: money.amount.paise(),
            cause: money.cause.to_string(),
            booking_number: number,
            returned_at: self.now.micros(),
        };
        self.record_event(id, &returned);
        Ok(())
    }

    /// Fails or supersedes a payment that is not completed. Returns whether the payment changed. `reason` is cut to 100
    /// characters. Errors with `Payment` when its status does not allow the command.
    pub async fn close_payment(
        &mut self,
        c: &mut DbConnection,
        aggregate: &mut BookingAggregate,
        id: PaymentId,
        command: PaymentCommand,
        reason: &str,
    ) -> Result<bool, BookingError> {
        let is_changed = aggregate.apply_closing(id, command, reason, self.now)?;
        if is_changed {
            payments::save(c, aggregate.payment(id)?).await?;
        }
        Ok(is_changed)
    }

    /// Recalculates the booking from its payments, records `BookingChanged` and saves the booking.
    pub async fn recalculate_and_save(
        &mut self,
        c: &mut DbConnection,
        aggregate: &mut BookingAggregate,
    ) -> Result<(), BookingError> {
        self.recalculate(aggregate)?;
        aggregate.save(c).await
    }

    /// As [`MemberLock::recalculate_and_save`], without saving the booking.
    pub(super) fn recalculate(&mut self, aggregate: &mut BookingAggregate) -> Result<(), BookingError> {
        aggregate.recalculate(self.occurred_at, self.now)?;
        self.record_booking_changed(aggregate);
        Ok(())
    }

    /// Saves the booking and records `BookingChanged`, and one `EmiOverdue` for each instalment that became overdue.
    pub async fn save_booking(
        &mut self,
        c: &mut DbConnection,
        aggregate: &mut BookingAggregate,
    ) -> Result<(), BookingError> {
        self.record_booking_changed(aggregate);
        aggregate.save(c).await
    }

    fn record_booking_changed(&mut self, aggregate: &mut BookingAggregate) {
        if aggregate.booking.status == BookingStatus::Confirmed {
            self.record_overdue(aggregate);
        }
        aggregate.start_version(self.now);
        self.record_event(aggregate.booking.id, &aggregate.snapshot());
    }

    /// Saves the member and publishes the recorded events. A use case calls `finish_change` instead, which applies
    /// waiting EMI reserves before.
    pub(super) async fn save(self, c: &mut DbConnection) -> Result<(), BookingError> {
        members::save(c, &self.member).await?;
        outbox::publish_all(c, self.events).await?;
        Ok(())
    }

    /// The member row to save and the events to publish, for callers that save many members at once. The member must
    /// have no waiting EMI reserve.
    pub(super) fn into_parts(self) -> (Member, Vec<OutboxEvent>) {
        (self.member, self.events)
    }

    fn record_overdue(&mut self, aggregate: &mut BookingAggregate) {
        let at = self.now;
        let newly_overdue = |row: &&mut Instalment| row.status == InstalmentStatus::Overdue && row.noticed_at.is_none();
        for row in aggregate.instalments.iter_mut().filter(newly_overdue) {
            row.noticed_at = Some(at);
            let overdue = event::EmiOverdue {
                booking_id: aggregate.booking.id.into(),
                user_id: aggregate.booking.user_id.into(),
                booking_number: aggregate.booking.number.clone(),
                n: count_from_column(row.n),
                due_on: row.due_on.map(|d| d.to_string()).unwrap_or_default(),
                unpaid_paise: row.amount_paise.minus_or_zero(row.paid_paise).paise(),
                noticed_at: at.micros(),
            };
            self.events.push(OutboxEvent::new(aggregate.booking.id, at, &overdue));
        }
    }

    /// Sets the member's net paid amount and, when `is_own_money`, the Active Buyer flag. Nothing else changes these
    /// two.
    fn update_net_paid(&mut self, net_paid: Money, is_own_money: bool) -> event::Standing {
        let (paid_before, active_before) = (self.member.net_paid_paise, self.member.active_buyer);
        self.member.net_paid_paise = net_paid;
        if is_own_money {
            self.member.active_buyer = self.plan.is_active_buyer(net_paid);
        }
        self.member.standing_version += 1;
        event::Standing {
            net_paid_before_paise: paid_before.paise(),
            net_paid_after_paise: net_paid.paise(),
            active_buyer_before: active_before,
            active_buyer_after: self.member.active_buyer,
            version: self.member.standing_version.unsigned_abs(),
        }
    }
}

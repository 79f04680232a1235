//! One member, locked, while their bookings are worked on: where payments take effect and are undone.

use super::folder::{Folder, number};
use super::reserve;
use crate::domain::payment::{PaymentCommand, Step, step};
use crate::domain::refund::RefundActor;
use crate::domain::{BookingStatus, GatewayName, InstalmentStatus, RefundStatus, RefundTo, ReturnCause};
use crate::error::BookingError;
use crate::store::instalments::Instalment;
use crate::store::members::{self, Member};
use crate::store::payments::{self, Payment};
use crate::store::plans;
use crate::store::refunds::{self, Refund};
use chassis::events::outbox::{self, Draft};
use chassis::id;
use db::DbConnection;
use domain::plan::{ReferralInput, TakenBack, taken_back};
use domain::{Money, PaymentId, Plan, Timestamp, UserId};
use proto_events::booking::v1 as event;
use std::sync::{Arc, LazyLock};

/// What is written down with a completed payment.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    pub reference: Option<String>,
    pub gateway_payment_id: Option<String>,
}

/// Money on its way to the payer's wallet.
#[derive(Debug, Clone)]
pub struct Returned {
    pub return_id: Vec<u8>,
    pub amount: Money,
    pub cause: ReturnCause,
}

/// How a payment is given back.
#[derive(Debug, Clone, Copy)]
pub struct RefundRequest<'a> {
    pub to: RefundTo,
    pub reason: &'a str,
    pub by: RefundActor,
}

/// A locked member, the plan of the moment, and the events to tell at the end.
pub struct Account {
    pub member: Member,
    /// When what is being done happened: the time of its cause.
    pub at: Timestamp,
    /// When it takes effect here.
    now: Timestamp,
    plan: Arc<Plan>,
    plan_version: u32,
    events: Vec<Draft>,
}

impl Account {
    pub async fn lock(c: &mut DbConnection, user_id: UserId, at: Timestamp) -> Result<Self, BookingError> {
        let member = members::lock(c, user_id).await?;
        Ok(Self::of(member, at, at, plan_in_force(c, at).await?))
    }

    /// A locked member, for what happened at `at` under `plan` and takes effect `now`.
    pub fn of(member: Member, at: Timestamp, now: Timestamp, (plan_version, plan): (u32, Arc<Plan>)) -> Self {
        Self { member, at, now, plan, plan_version, events: Vec::new() }
    }

    /// From here on, what is done happened at `at`: that decides the plan and the day.
    pub async fn act_at(&mut self, c: &mut DbConnection, at: Timestamp) -> Result<(), BookingError> {
        if at != self.at {
            (self.plan_version, self.plan) = plan_in_force(c, at).await?;
            self.at = at;
        }
        Ok(())
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn plan_version(&self) -> u32 {
        self.plan_version
    }

    pub(crate) fn tell<M: proto_events::Event>(&mut self, subject: impl std::fmt::Display, message: &M) {
        self.events.push(Draft::new(subject, self.now, message));
    }

    /// Completes a payment: its row, the member's standing, and what everybody needs to know of it.
    pub async fn complete(
        &mut self,
        c: &mut DbConnection,
        folder: &mut Folder,
        id: PaymentId,
        command: PaymentCommand,
        proof: Proof,
    ) -> Result<(), BookingError> {
        if self.take_completion(folder, id, command, proof)? {
            payments::save(c, folder.payment(id)?).await?;
        }
        Ok(())
    }

    /// [`Account::complete`] but for saving the payment; says whether it changed.
    pub(super) fn take_completion(
        &mut self,
        folder: &mut Folder,
        id: PaymentId,
        command: PaymentCommand,
        proof: Proof,
    ) -> Result<bool, BookingError> {
        let at = self.at;
        let version = i64::from(self.plan_version);
        let payment = folder.payment_mut(id)?;
        let Step::To(next) = step(payment.status, command)? else { return Ok(false) };
        payment.status = next;
        payment.reason = String::new();
        payment.reference = proof.reference.or(payment.reference.take());
        payment.gateway_payment_id = proof.gateway_payment_id;
        payment.open_order_of = None;
        payment.plan_version = Some(version);
        payment.completed_at = Some(at);
        payment.closed_at = None;
        let payment = payment.clone();
        self.count_completed(&payment, &folder.booking.number)?;
        Ok(true)
    }

    /// A completed payment's effect on the member's standing, and the event that tells it.
    pub(crate) fn count_completed(&mut self, payment: &Payment, number: &str) -> Result<(), BookingError> {
        let first_booking = *self.member.first_booking_id.get_or_insert(payment.booking_id);
        let counted = if payment.method.is_members_money() { payment.amount_paise } else { Money::ZERO };
        let standing = self.move_standing(self.member.net_paid_paise.add(counted)?, counted.is_positive());
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
        let told = event::PaymentCompleted {
            payment_id: payment.id.into(),
            booking_id: payment.booking_id.into(),
            user_id: payment.user_id.into(),
            referrer_id: self.member.referrer_id.map(Into::into),
            amount_paise: payment.amount_paise.paise(),
            method: payment.method.to_string(),
            on_first_booking: input.on_first_booking,
            referral_bonus_paise: bonus.paise(),
            referral_once_a_member: self.plan.referral_is_once_a_member(),
            standing: Some(standing),
            plan_version: self.plan_version,
            booking_number: number.to_owned(),
            completed_at: payment.completed_at.unwrap_or(self.at).micros(),
        };
        self.events.push(Draft::new(payment.id, payment.completed_at.unwrap_or(self.at), &told));
        Ok(())
    }

    /// Gives one completed payment back, whole. Only the gateway's part of it is left for later.
    pub async fn refund(
        &mut self,
        c: &mut DbConnection,
        folder: &mut Folder,
        id: PaymentId,
        request: &RefundRequest<'_>,
    ) -> Result<(), BookingError> {
        let at = self.now;
        let RefundRequest { to, reason, by } = *request;
        let number = folder.booking.number.clone();
        let payment = folder.payment_mut(id)?;
        let Step::To(next) = step(payment.status, PaymentCommand::Refund)? else { return Ok(()) };
        payment.status = next;
        payment.closed_at = Some(at);
        payments::save(c, payment).await?;
        let by_call = to == RefundTo::Source && payment.gateway.is_some_and(GatewayName::needs_calls);
        let refund = Refund {
            id: id::fresh(),
            payment_id: payment.id,
            booking_id: payment.booking_id,
            user_id: payment.user_id,
            amount_paise: payment.amount_paise,
            refund_to: to,
            status: if by_call { RefundStatus::Requested } else { RefundStatus::Done },
            reason: reason.to_owned(),
            gateway_refund_id: None,
            attempts: 0,
            requested_at: at,
            settled_at: (!by_call).then_some(at),
            refused: false,
            confirmed_paise: if to == RefundTo::Source && !by_call { payment.amount_paise } else { Money::ZERO },
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
        let counted = if payment.method.is_members_money() { payment.amount_paise } else { Money::ZERO };
        let method = payment.method;
        let standing = self.move_standing(self.member.net_paid_paise.sub(counted)?, counted.is_positive());
        let mut once = self.member.once_bonus();
        let TakenBack { own, other } = taken_back(refund.payment_id, self.member.net_paid_paise, &mut once);
        self.member.set_once_bonus(once);
        let told = event::PaymentRefunded {
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
        self.tell(refund.payment_id, &told);
        Ok(())
    }

    /// Money that came for a payment and cannot be one goes to the payer's wallet. `return_id` is the same for
    /// the same money.
    pub async fn give_back(
        &mut self,
        c: &mut DbConnection,
        folder: &mut Folder,
        id: PaymentId,
        money: Returned,
    ) -> Result<(), BookingError> {
        let number = folder.booking.number.clone();
        let payment = folder.payment_mut(id)?;
        payment.returned_at = Some(self.now);
        payments::save(c, payment).await?;
        let told = event::PaymentReturned {
            return_id: money.return_id,
            payment_id: payment.id.into(),
            booking_id: payment.booking_id.into(),
            user_id: payment.user_id.into(),
            amount_paise: money.amount.paise(),
            cause: money.cause.to_string(),
            booking_number: number,
            returned_at: self.now.micros(),
        };
        self.tell(id, &told);
        Ok(())
    }

    /// Ends a payment that has not completed.
    pub async fn close_payment(
        &mut self,
        c: &mut DbConnection,
        folder: &mut Folder,
        id: PaymentId,
        command: PaymentCommand,
        reason: &str,
    ) -> Result<bool, BookingError> {
        let payment = folder.payment_mut(id)?;
        let Step::To(next) = step(payment.status, command)? else { return Ok(false) };
        payment.status = next;
        payment.reason = reason.chars().take(100).collect();
        payment.open_order_of = None;
        payment.closed_at = Some(self.now);
        payments::save(c, payment).await?;
        Ok(true)
    }

    /// Saves the booking as its payments now make it, and tells it.
    pub async fn settle(&mut self, c: &mut DbConnection, folder: &mut Folder) -> Result<(), BookingError> {
        self.take_settlement(folder)?;
        folder.save(c).await
    }

    /// [`Account::settle`] but for saving the booking.
    pub(super) fn take_settlement(&mut self, folder: &mut Folder) -> Result<(), BookingError> {
        folder.settle(self.at, self.now)?;
        self.tell_booking(folder);
        Ok(())
    }

    /// Saves the booking and tells it, and tells once of each instalment that has become overdue.
    pub async fn save(&mut self, c: &mut DbConnection, folder: &mut Folder) -> Result<(), BookingError> {
        self.tell_booking(folder);
        folder.save(c).await
    }

    fn tell_booking(&mut self, folder: &mut Folder) {
        if folder.booking.status == BookingStatus::Confirmed {
            self.notice_overdue(folder);
        }
        folder.begin_version(self.now);
        self.tell(folder.booking.id, &folder.snapshot());
    }

    /// The end of every change: decides what waits for the member's bookings, saves the member, and puts what
    /// happened into the outbox.
    pub async fn finish(mut self, c: &mut DbConnection) -> Result<(), BookingError> {
        reserve::decide_waiting(c, &mut self).await?;
        members::save(c, &self.member).await?;
        outbox::publish_all(c, self.events).await?;
        Ok(())
    }

    /// The member as they have to be saved, where nothing waits for their bookings, and what is to go into the outbox.
    pub(super) fn into_parts(self) -> (Member, Vec<Draft>) {
        (self.member, self.events)
    }

    fn notice_overdue(&mut self, folder: &mut Folder) {
        let at = self.now;
        let late = |row: &&mut Instalment| row.status == InstalmentStatus::Overdue && row.noticed_at.is_none();
        for row in folder.instalments.iter_mut().filter(late) {
            row.noticed_at = Some(at);
            let told = event::EmiOverdue {
                booking_id: folder.booking.id.into(),
                user_id: folder.booking.user_id.into(),
                booking_number: folder.booking.number.clone(),
                n: number(row.n),
                due_on: row.due_on.map(|d| d.to_string()).unwrap_or_default(),
                unpaid_paise: row.amount_paise.minus_or_zero(row.paid_paise).paise(),
                noticed_at: at.micros(),
            };
            self.events.push(Draft::new(folder.booking.id, at, &told));
        }
    }

    /// The one place where what a member has paid, and so whether they are an Active Buyer, changes.
    fn move_standing(&mut self, net_paid: Money, counts: bool) -> event::Standing {
        let (paid_before, active_before) = (self.member.net_paid_paise, self.member.active_buyer);
        self.member.net_paid_paise = net_paid;
        if counts {
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

/// The plan version in force at `at`: the last one published for then, or the seed.
pub async fn plan_in_force(c: &mut DbConnection, at: Timestamp) -> Result<(u32, Arc<Plan>), BookingError> {
    match plans::in_force(c, at).await? {
        Some((version, json)) => parsed(version, &json),
        None => Ok(seed()),
    }
}

fn parsed(version: i64, json: &str) -> Result<(u32, Arc<Plan>), BookingError> {
    let plan = Plan::parse(json).map_err(|e| BookingError::Broken(format!("plan {version}: {e}")))?;
    Ok((number(version), plan))
}

/// The version that holds until one is published.
fn seed() -> (u32, Arc<Plan>) {
    static SEED: LazyLock<Arc<Plan>> = LazyLock::new(|| Arc::new(Plan::seed()));
    (1, Arc::clone(&SEED))
}

/// Every published version, for work on many members at once.
pub struct PlanVersions(Vec<plans::Published>);

impl PlanVersions {
    pub async fn read(c: &mut DbConnection) -> Result<Self, BookingError> {
        Ok(Self(plans::all(c).await?))
    }

    /// As [`plan_in_force`].
    pub fn in_force(&self, at: Timestamp) -> Result<(u32, Arc<Plan>), BookingError> {
        match self.0.iter().find(|published| published.effective_from <= at) {
            Some(published) => parsed(published.version, &published.plan),
            None => Ok(seed()),
        }
    }
}

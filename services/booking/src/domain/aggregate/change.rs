//! Execution of one command on a booking and its buyer's account.

use super::command::{Command, Context, Delivery, NewPayment, ReceivedMoney, RefundTerms, Refusal};
use super::entity::{Instalment, Payment};
use super::event::{BookingEvent, PaymentRef, PaymentRefunded, PaymentReturned};
use super::{BookingState, BuyerAccount};
use crate::domain::booking::{BookingCommand, BookingRefusal, BookingTransition, check_payment, decide_transition};
use crate::domain::emi::{self, EmiRefusal};
use crate::domain::payment::{
    self, MAX_ORDERS_PER_DAY, MAX_PENDING_PAYMENTS, PaymentCommand, PaymentTransition, is_client_method,
};
use crate::domain::received_money::{MoneyDecision, MoneySource};
use crate::domain::refund::decide_destination;
use crate::domain::stock::{StockUse, UnitOffer};
use crate::domain::{BookingStatus, InstalmentStatus, PaymentStatus, ReturnCause};
use domain::{Money, PaymentId, PaymentMethod, Timestamp};

/// Maximal length of the reason of a failed payment.
const MAX_FAILURE_CHARS: usize = 100;

/// Copies that a command changes, and the events that describe the changes.
pub(super) struct Change<'a> {
    pub(super) state: BookingState,
    pub(super) buyer: BuyerAccount,
    pub(super) events: Vec<BookingEvent>,
    pub(super) context: &'a Context,
}

impl<'a> Change<'a> {
    pub(super) fn begin(state: &BookingState, buyer: &BuyerAccount, context: &'a Context) -> Self {
        Self { state: state.clone(), buyer: buyer.clone(), events: Vec::new(), context }
    }

    /// Stores the copies and returns the events.
    pub(super) fn commit(self, state: &mut BookingState, buyer: &mut BuyerAccount) -> Vec<BookingEvent> {
        *state = self.state;
        *buyer = self.buyer;
        self.events
    }

    pub(super) fn execute(&mut self, command: &Command<'_>) -> Result<(), Refusal> {
        match *command {
            Command::StartPayment { new, recent_orders } => self.start_payment(new, recent_orders),
            Command::AttachOrder { payment, order_id } => {
                let payment = self.state.payment_mut(payment)?;
                payment.gateway_order_id.get_or_insert_with(|| order_id.to_owned());
                Ok(())
            }
            Command::ReceiveMoney(money) => self.receive_money(money),
            Command::FailPayment { payment, reason } => self.close(payment, PaymentCommand::Fail, reason),
            Command::ReportFailure { payment, reason } => {
                let is_pending = self.state.payment(payment)?.status == PaymentStatus::Pending;
                if is_pending { self.close(payment, PaymentCommand::Fail, reason) } else { Ok(()) }
            }
            Command::RefundPayment { .. } if self.state.booking.status == BookingStatus::Delivered => {
                Err(BookingRefusal::Delivered.into())
            }
            Command::RefundPayment { payment, terms } => {
                if self.refund(payment, terms)? {
                    self.recalculate()
                } else {
                    Ok(())
                }
            }
            Command::Cancel(terms) => self.end(BookingCommand::Cancel, terms),
            Command::Deliver(delivery) => self.deliver(delivery),
            Command::Return(terms) => self.end(BookingCommand::Return, terms),
            Command::Expire { before } => self.expire(before),
            Command::ScheduleEmi { months } => self.schedule_emi(months),
            Command::Refresh => self.recalculate(),
            Command::Remind { today } => {
                self.remind(today);
                Ok(())
            }
        }
    }

    fn start_payment(&mut self, new: &NewPayment, recent_orders: &[Timestamp]) -> Result<(), Refusal> {
        if !is_client_method(new.method) {
            return Err(Refusal::MethodNotAllowed);
        }
        if new.method == PaymentMethod::Wallet && !new.by_owner {
            return Err(Refusal::WalletOwnerOnly);
        }
        let now = self.context.now;
        let is_online = new.method == PaymentMethod::Online;
        if is_online {
            check_order_limit(recent_orders, now)?;
            // A booking has at most one open order; the older one releases its amount.
            for order in self.open_orders() {
                self.close(order, PaymentCommand::Supersede, "a newer order")?;
            }
        } else {
            self.check_pending_limit()?;
        }
        let booking = &self.state.booking;
        check_payment(booking.status, new.amount, &self.state.amounts()?)?;
        let mut payment = Payment::pending(new.id, booking, new.amount, new.method, now);
        if is_online {
            let (gateway, order_id) = new.gateway.clone().ok_or(Refusal::OnlineUnavailable)?;
            payment.gateway = Some(gateway);
            payment.gateway_order_id = order_id;
            payment.open_order_of = Some(booking.id);
        }
        if new.method == PaymentMethod::Wallet {
            let requested = PaymentRef::new(&payment, &booking.number);
            self.events.push(BookingEvent::WalletPaymentRequested { payment: requested, amount: new.amount, at: now });
        }
        self.state.payments.push(payment);
        Ok(())
    }

    fn check_pending_limit(&self) -> Result<(), Refusal> {
        let is_pending = |p: &&Payment| p.status == PaymentStatus::Pending && p.open_order_of.is_none();
        let pending = self.state.payments.iter().filter(is_pending).count();
        if pending < MAX_PENDING_PAYMENTS { Ok(()) } else { Err(Refusal::TooManyPending) }
    }

    fn open_orders(&self) -> Vec<PaymentId> {
        self.state.payments.iter().filter(|p| p.open_order_of.is_some()).map(|p| p.id).collect()
    }

    fn receive_money(&mut self, money: &ReceivedMoney) -> Result<(), Refusal> {
        match self.state.decide_money(money)? {
            MoneyDecision::Unchanged => Ok(()),
            MoneyDecision::Refuse(refusal) => Err(refusal.into()),
            MoneyDecision::Complete => {
                if self.state.booking.status == BookingStatus::Expired {
                    self.transition(BookingCommand::Revive)?;
                    if money.unit == UnitOffer::Available {
                        self.state.booking.stock_use = StockUse::Reserved;
                    }
                }
                self.complete(money)?;
                self.recalculate()
            }
            MoneyDecision::Return(cause) => self.return_to_wallet(money, cause),
        }
    }

    /// Completes a payment. The caller recalculates the booking.
    pub(super) fn complete(&mut self, money: &ReceivedMoney) -> Result<(), Refusal> {
        let Context { occurred_at, now, plan_version, .. } = *self.context;
        let (command, at) = match money.source {
            MoneySource::Gateway => (PaymentCommand::Capture, occurred_at),
            MoneySource::Wallet | MoneySource::Staff => (PaymentCommand::Confirm, occurred_at),
            MoneySource::Reserve => (PaymentCommand::Confirm, now),
        };
        let payment = self.state.payment_mut(money.payment)?;
        let PaymentTransition::To(next) = payment::decide_transition(payment.status, command)? else { return Ok(()) };
        payment.status = next;
        payment.reason = String::new();
        payment.reference = money.reference.clone().or(payment.reference.take());
        payment.gateway_payment_id.clone_from(&money.gateway_payment_id);
        payment.open_order_of = None;
        payment.plan_version = Some(i64::from(plan_version));
        payment.completed_at = Some(at);
        payment.needs_receipt = true;
        payment.closed_at = None;
        let completed = payment.clone();
        let completed = self.buyer.complete(completed, &self.state.booking.number, self.context)?;
        self.events.push(BookingEvent::PaymentCompleted(completed));
        Ok(())
    }

    fn return_to_wallet(&mut self, money: &ReceivedMoney, cause: ReturnCause) -> Result<(), Refusal> {
        if self.state.payment(money.payment)?.status == PaymentStatus::Pending {
            let reason = if money.source == MoneySource::Wallet { "the amount differs" } else { cause.as_str() };
            self.close(money.payment, PaymentCommand::Fail, reason)?;
        }
        let now = self.context.now;
        let payment = self.state.payment_mut(money.payment)?;
        payment.returned_at = Some(now);
        let payment = payment.clone();
        self.events.push(BookingEvent::PaymentReturned(PaymentReturned {
            return_id: money.return_id,
            payment: PaymentRef::new(&payment, &self.state.booking.number),
            amount: money.amount,
            cause,
            returned_at: now,
        }));
        Ok(())
    }

    /// Fails or supersedes a payment that is not completed. `reason` is cut to 100 characters.
    fn close(&mut self, id: PaymentId, command: PaymentCommand, reason: &str) -> Result<(), Refusal> {
        let payment = self.state.payment_mut(id)?;
        let PaymentTransition::To(next) = payment::decide_transition(payment.status, command)? else { return Ok(()) };
        payment.status = next;
        payment.reason = reason.chars().take(MAX_FAILURE_CHARS).collect();
        payment.open_order_of = None;
        payment.closed_at = Some(self.context.now);
        Ok(())
    }

    /// Refunds a completed payment. Returns whether it changed; one that is refunded already stays unchanged. The
    /// caller recalculates the booking.
    fn refund(&mut self, id: PaymentId, terms: &RefundTerms) -> Result<bool, Refusal> {
        let now = self.context.now;
        let payment = self.state.payment_mut(id)?;
        let PaymentTransition::To(next) = payment::decide_transition(payment.status, PaymentCommand::Refund)? else {
            return Ok(false);
        };
        payment.status = next;
        payment.closed_at = Some(now);
        let payment = payment.clone();
        let (standing, reversed_bonuses) = self.buyer.refund(&payment, &self.context.plan)?;
        self.events.push(BookingEvent::PaymentRefunded(PaymentRefunded {
            refund_id: (self.context.fresh_id)().into(),
            booking_number: self.state.booking.number.clone(),
            to: terms.destination(&payment),
            reason: terms.reason.clone(),
            requested_by: terms.requested_by,
            referrer_id: self.buyer.member().referrer_id,
            reversed_bonuses,
            standing,
            plan_version: self.context.plan_version,
            refunded_at: now,
            payment,
        }));
        Ok(true)
    }

    fn deliver(&mut self, delivery: &Delivery) -> Result<(), Refusal> {
        if !self.transition(BookingCommand::Deliver)? {
            return Ok(());
        }
        let booking = &mut self.state.booking;
        booking.delivered_on = Some(delivery.on);
        booking.vehicle_number = Some(delivery.vehicle_number.to_string());
        booking.delivery_document_id = delivery.document_id;
        self.start_version();
        Ok(())
    }

    /// Cancels or returns a booking: closes its pending payments and refunds its completed ones.
    fn end(&mut self, command: BookingCommand, terms: &RefundTerms) -> Result<(), Refusal> {
        if !self.transition(command)? {
            return Ok(());
        }
        for payment in self.state.ids_in(PaymentStatus::Pending) {
            let is_online = self.state.payment(payment)?.method == PaymentMethod::Online;
            let command = if is_online { PaymentCommand::Supersede } else { PaymentCommand::Fail };
            self.close(payment, command, "the booking was cancelled")?;
        }
        for payment in self.state.ids_in(PaymentStatus::Completed) {
            self.refund(payment, terms)?;
        }
        self.state.booking.reason.clone_from(&terms.reason);
        self.recalculate()
    }

    fn expire(&mut self, before: Timestamp) -> Result<(), Refusal> {
        for id in self.open_orders() {
            if self.state.payment(id)?.created_at <= before {
                self.close(id, PaymentCommand::Fail, "abandoned")?;
            }
        }
        if self.state.booking.created_at > before {
            return Ok(());
        }
        match self.transition(BookingCommand::Expire) {
            Ok(true) => {
                self.start_version();
                Ok(())
            }
            Ok(false) | Err(Refusal::Booking(BookingRefusal::DoesNotExpire(_))) => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    fn schedule_emi(&mut self, months: u32) -> Result<(), Refusal> {
        match self.state.booking.status {
            BookingStatus::PreBooked | BookingStatus::Confirmed => {}
            BookingStatus::Completed
            | BookingStatus::Cancelled
            | BookingStatus::Expired
            | BookingStatus::Delivered
            | BookingStatus::Returned => return Err(EmiRefusal::BookingClosed.into()),
        }
        if self.state.booking.emi_months != 0 {
            return Err(EmiRefusal::Exists.into());
        }
        self.state.add_schedule(months, self.context)?;
        self.start_version();
        Ok(())
    }

    /// Applies a command to the booking's status. Returns whether it changed.
    fn transition(&mut self, command: BookingCommand) -> Result<bool, Refusal> {
        match decide_transition(self.state.booking.status, command, &self.state.amounts()?)? {
            BookingTransition::Unchanged => Ok(false),
            BookingTransition::To(next) => {
                let booking = &mut self.state.booking;
                booking.stock_use = booking.stock_use.after(booking.status, next);
                booking.status = next;
                Ok(true)
            }
        }
    }

    /// Derives status, paid total and instalments from the payments, and starts a version.
    pub(super) fn recalculate(&mut self) -> Result<(), Refusal> {
        self.state.booking.total_paid_paise = self.state.amounts()?.completed;
        self.transition(BookingCommand::Recalculate)?;
        let booking = &mut self.state.booking;
        if matches!(booking.status, BookingStatus::Confirmed | BookingStatus::Completed) {
            booking.confirmed_at.get_or_insert(self.context.occurred_at);
        }
        self.state.refresh_instalments(self.context.now)?;
        self.start_version();
        Ok(())
    }

    /// Starts a version of the booking: announces the instalments that became overdue, each once, and the new state.
    fn start_version(&mut self) {
        let now = self.context.now;
        let booking = &mut self.state.booking;
        let is_newly_overdue = |i: &&mut Instalment| i.status == InstalmentStatus::Overdue && i.noticed_at.is_none();
        if booking.status == BookingStatus::Confirmed {
            for instalment in self.state.instalments.iter_mut().filter(is_newly_overdue) {
                instalment.noticed_at = Some(now);
                self.events.push(BookingEvent::EmiOverdue {
                    user_id: booking.user_id,
                    booking_number: booking.number.clone(),
                    instalment: instalment.clone(),
                    at: now,
                });
            }
        }
        booking.version += 1;
        booking.changed_at = now;
        self.events.push(self.state.snapshot());
    }
}

impl BookingState {
    /// Adds the instalments of an EMI schedule.
    pub(super) fn add_schedule(&mut self, months: u32, context: &Context) -> Result<(), Refusal> {
        let (booking, terms) = (&mut self.booking, &context.plan.booking);
        let schedule = emi::schedule(
            booking.price_paise,
            booking.booking_amount_paise,
            booking.total_paid_paise,
            months,
            (terms.emi_months_min, terms.emi_months_max),
        )?;
        booking.emi_months = months;
        booking.emi_principal_paise = schedule.principal;
        let instalment = |(n, amount_paise)| Instalment {
            booking_id: booking.id,
            n,
            due_on: None,
            amount_paise,
            paid_paise: Money::ZERO,
            status: InstalmentStatus::Pending,
            noticed_at: None,
            reminded: None,
        };
        self.instalments = (1..).zip(schedule.amounts).map(instalment).collect();
        self.refresh_instalments(context.occurred_at)
    }

    fn refresh_instalments(&mut self, at: Timestamp) -> Result<(), Refusal> {
        let booking = &self.booking;
        let due_at_booking = booking.price_paise.sub(booking.emi_principal_paise)?;
        let amounts: Vec<Money> = self.instalments.iter().map(|i| i.amount_paise).collect();
        let paid = emi::allocate_paid(&amounts, booking.total_paid_paise.minus_or_zero(due_at_booking));
        for (instalment, paid) in self.instalments.iter_mut().zip(paid) {
            instalment.due_on = booking.confirmed_at.map(|t| emi::due_on(t.day(), instalment.n));
            instalment.paid_paise = paid;
            instalment.status = emi::instalment_status(instalment.amount_paise, paid, instalment.due_on, at.day());
        }
        Ok(())
    }
}

impl RefundTerms {
    /// The destination of a refund of this payment.
    pub fn destination(&self, payment: &Payment) -> crate::domain::RefundTo {
        let has_gateway = payment.gateway.is_some_and(|g| self.gateways.contains(&g));
        decide_destination(payment.method, self.preference, has_gateway && payment.gateway_payment_id.is_some())
    }
}

/// Limits a booking's online orders a day. Errors with the seconds after which a retry is accepted.
fn check_order_limit(recent: &[Timestamp], now: Timestamp) -> Result<(), Refusal> {
    if recent.len() < usize::from(MAX_ORDERS_PER_DAY) {
        return Ok(());
    }
    let (day_ago, oldest) = (now.plus_hours(-24), recent.iter().copied().min().unwrap_or(now));
    // Whole seconds, rounded up.
    let retry_after_secs = oldest.micros().saturating_sub(day_ago.micros()).max(1).unsigned_abs().div_ceil(1_000_000);
    Err(Refusal::TooManyOrders { retry_after_secs })
}

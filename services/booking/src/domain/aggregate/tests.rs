//! Random commands on a booking, compared with a naive model of its money. Every change is described by its events.

mod checks;

use super::*;
use crate::domain::GatewayName;
use crate::domain::received_money::MoneySource;
use crate::domain::refund::{RefundActor, RefundPreference};
use crate::domain::stock::{StockUse, UnitOffer};
use domain::{PaymentMethod, Plan, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

const PRICE: i64 = 1_000_000;
const BOOKING_AMOUNT: i64 = 50_000;

fn fresh_id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(0);
    Uuid::from_u128(u128::from(LAST.fetch_add(1, Ordering::Relaxed)))
}

#[derive(Debug, Clone)]
enum Step {
    Start(PaymentMethod, i64),
    /// Money arrives for a payment, with this difference from its amount.
    Receive(usize, i64),
    /// The wallet, the gateway or staff report that there is none.
    Fail(usize),
    Refund(usize),
    Cancel,
    Expire,
    Schedule(u32),
    Refresh,
    Reserve(i64),
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let method = prop::sample::select(vec![
        PaymentMethod::Online,
        PaymentMethod::Online,
        PaymentMethod::Cash,
        PaymentMethod::BankTransfer,
        PaymentMethod::Wallet,
        PaymentMethod::EmiDeduction,
    ]);
    let edges = [-1, 0, 1, BOOKING_AMOUNT - 1, BOOKING_AMOUNT, PRICE / 2, PRICE - BOOKING_AMOUNT, PRICE, PRICE + 1];
    let amount = prop_oneof![prop::sample::select(edges.to_vec()), 1..=PRICE / 4];
    let difference = prop_oneof![6 => Just(0_i64), 1 => Just(-1), 1 => Just(1)];
    prop_oneof![
        8 => (method, amount.clone()).prop_map(|(method, paise)| Step::Start(method, paise)),
        10 => (any::<usize>(), difference).prop_map(|(which, by)| Step::Receive(which, by)),
        2 => any::<usize>().prop_map(Step::Fail),
        2 => any::<usize>().prop_map(Step::Refund),
        1 => Just(Step::Cancel),
        1 => Just(Step::Expire),
        2 => prop::sample::select(vec![2, 3, 7, 60, 61]).prop_map(Step::Schedule),
        1 => Just(Step::Refresh),
        2 => amount.prop_map(|paise| Step::Reserve(paise.max(1))),
        2 => (1_i64..60).prop_map(Step::Wait),
    ]
}

/// The booking as stored, the money that was received for it, and where that went.
struct Simulation {
    booking: BookingAggregate,
    buyer: BuyerAccount,
    context: Context,
    rows: BookingState,
    reserves: Vec<Reserve>,
    /// The wallet decides once about a payment: whether it paid, and how much.
    debits: BTreeMap<PaymentId, (bool, Money)>,
    received: Money,
    returned: Money,
    refunded: Money,
}

fn sum(amounts: impl IntoIterator<Item = Money>) -> Money {
    Money::total(amounts).expect("small amounts")
}

impl Simulation {
    fn start(plan: Plan) -> Self {
        let at = Timestamp::UNIX_EPOCH.plus_hours(500_000);
        let context = Context { occurred_at: at, now: at, plan: Arc::new(plan), plan_version: 2, fresh_id };
        let mut buyer = BuyerAccount::new(Member::new(fresh_id().into()));
        buyer.set_referrer(Some(fresh_id().into()));
        let new = NewBooking {
            id: fresh_id().into(),
            number: "EV-1".into(),
            user_id: buyer.member().user_id,
            vehicle_id: fresh_id().into(),
            vehicle: "Scooter".into(),
            price: Money::from_paise(PRICE),
            booking_amount: Money::from_paise(BOOKING_AMOUNT),
            emi_months: None,
            stock_use: StockUse::Reserved,
            place_of_supply: None,
        };
        let (booking, opened) = BookingAggregate::open(new, &context).expect("valid amounts");
        assert_eq!(opened, booking.state.snapshot());
        let (received, returned, refunded) = (Money::ZERO, Money::ZERO, Money::ZERO);
        let (rows, reserves, debits) = (booking.state.clone(), Vec::new(), BTreeMap::new());
        Self { booking, buyer, context, rows, reserves, debits, received, returned, refunded }
    }

    fn pick(&self, which: usize) -> Option<Payment> {
        let payments = self.booking.payments();
        payments.get(which.checked_rem(payments.len())?).cloned()
    }

    fn execute(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let terms = RefundTerms {
            reason: "changed my mind".into(),
            preference: RefundPreference::Source,
            gateways: vec![GatewayName::Sandbox],
            requested_by: RefundActor::Person,
        };
        match *step {
            Step::Start(method, paise) => {
                let gateway = Some((GatewayName::Sandbox, None));
                let (id, amount) = (fresh_id().into(), Money::from_paise(paise));
                let new = NewPayment { id, amount, method, by_owner: true, gateway };
                self.apply(&Command::StartPayment { new: &new, recent_orders: &[] }, Money::ZERO)?;
            }
            Step::Receive(which, by) => {
                if let Some(payment) = self.pick(which) {
                    self.receive(&payment, Money::from_paise(payment.amount_paise.paise() + by))?;
                }
            }
            Step::Fail(which) => {
                if let Some(payment) = self.pick(which) {
                    self.fail(&payment)?;
                }
            }
            Step::Refund(which) => {
                if let Some(payment) = self.pick(which) {
                    self.apply(&Command::RefundPayment { payment: payment.id, terms: &terms }, Money::ZERO)?;
                }
            }
            Step::Cancel => self.apply(&Command::Cancel(&terms), Money::ZERO)?,
            Step::Expire => self.apply(&Command::Expire { before: self.context.now.plus_hours(-24) }, Money::ZERO)?,
            Step::Schedule(months) => self.apply(&Command::ScheduleEmi { months }, Money::ZERO)?,
            Step::Refresh => self.apply(&Command::Refresh, Money::ZERO)?,
            Step::Reserve(paise) => self.add_reserve(Money::from_paise(paise)),
            Step::Wait(days) => {
                self.context.now = self.context.now.plus_hours(24 * days);
                self.context.occurred_at = self.context.now.plus_hours(-days);
            }
        }
        self.allocate_waiting()
    }

    fn receive(&mut self, payment: &Payment, amount: Money) -> Result<(), TestCaseError> {
        let is_pending = payment.status == PaymentStatus::Pending;
        let (source, amount, new_money) = match payment.method {
            PaymentMethod::Online => (MoneySource::Gateway, amount, amount),
            PaymentMethod::Cash | PaymentMethod::BankTransfer => {
                let own = payment.amount_paise;
                (MoneySource::Staff, own, if is_pending { own } else { Money::ZERO })
            }
            PaymentMethod::Wallet => match self.debits.get(&payment.id) {
                Some((false, _)) => return self.fail(payment),
                Some((true, before)) => (MoneySource::Wallet, *before, Money::ZERO),
                None => {
                    self.debits.insert(payment.id, (true, amount));
                    (MoneySource::Wallet, amount, amount)
                }
            },
            PaymentMethod::EmiDeduction => return Ok(()),
        };
        let money = ReceivedMoney { unit: UnitOffer::Available, ..ReceivedMoney::new(payment.id, source, amount) };
        self.apply(&Command::ReceiveMoney(&money), new_money)
    }

    fn fail(&mut self, payment: &Payment) -> Result<(), TestCaseError> {
        let (payment, reason) = (payment.id, "no money");
        let method = self.booking.payment(payment).expect("a payment").method;
        if method == PaymentMethod::Wallet && self.debits.entry(payment).or_insert((false, Money::ZERO)).0 {
            return Ok(());
        }
        let by_staff = matches!(method, PaymentMethod::Cash | PaymentMethod::BankTransfer);
        let command = if by_staff {
            Command::FailPayment { payment, reason }
        } else {
            Command::ReportFailure { payment, reason }
        };
        self.apply(&command, Money::ZERO)
    }

    fn add_reserve(&mut self, amount: Money) {
        self.reserves.push(Reserve {
            reserve_id: fresh_id().into(),
            user_id: self.buyer.member().user_id,
            amount_paise: amount,
            waiting_paise: amount,
            applied_paise: Money::ZERO,
            released_paise: Money::ZERO,
            source_kind: "pair".into(),
            source_id: vec![],
            reserved_at: self.context.now,
        });
    }

    fn allocate_waiting(&mut self) -> Result<(), TestCaseError> {
        let mut reserves = std::mem::take(&mut self.reserves);
        for reserve in &mut reserves {
            let (state, buyer, before) = (self.booking.state.clone(), self.buyer.clone(), reserve.clone());
            let bookings = slice::from_mut(&mut self.booking);
            let events = allocate_reserve(&mut self.buyer, bookings, reserve, &self.context).expect("small amounts");
            let parts = [reserve.waiting_paise, reserve.applied_paise, reserve.released_paise];
            prop_assert!(parts.iter().all(|part| !part.is_negative()));
            prop_assert_eq!(sum(parts), reserve.amount_paise);
            let applied = events.iter().filter_map(|event| {
                let BookingEvent::EmiApplied(applied) = event else { return None };
                Some(applied.amount)
            });
            let new_money = sum(applied);
            prop_assert_eq!(reserve.applied_paise, sum([before.applied_paise, new_money]));
            self.check(&state, &buyer, &events, new_money)?;
        }
        self.reserves = reserves;
        Ok(())
    }

    fn apply(&mut self, command: &Command<'_>, new_money: Money) -> Result<(), TestCaseError> {
        let (state, buyer) = (self.booking.state.clone(), self.buyer.clone());
        let preview = self.booking.preview(&self.buyer, command, &self.context);
        match self.booking.apply(&mut self.buyer, command, &self.context) {
            Ok(events) => {
                self.check_preview(&preview.expect("the same decision"), &state, &buyer)?;
                self.check(&state, &buyer, &events, new_money)
            }
            Err(refusal) => {
                prop_assert_eq!(preview, Err(refusal.clone()));
                let is_same = self.booking.state == state && self.buyer == buyer;
                prop_assert!(is_same && new_money.is_zero(), "{refusal} after {command:?}");
                Ok(())
            }
        }
    }

    fn check(
        &mut self,
        before: &BookingState,
        buyer: &BuyerAccount,
        events: &[BookingEvent],
        new_money: Money,
    ) -> Result<(), TestCaseError> {
        self.check_statuses(before)?;
        self.check_events(before, buyer, events)?;
        for event in events {
            if let BookingEvent::PaymentReturned(returned) = event {
                self.returned = sum([self.returned, returned.amount]);
            }
            if let BookingEvent::PaymentRefunded(refunded) = event {
                self.refunded = sum([self.refunded, refunded.payment.amount_paise]);
            }
        }
        self.received = sum([self.received, new_money]);
        let completed = self.booking.payments().iter().filter(|p| p.status == PaymentStatus::Completed);
        let (paid, own): (Vec<_>, Vec<_>) = completed.map(|p| (p.amount_paise, p.own_money())).unzip();
        prop_assert_eq!(self.received, sum([sum(paid.clone()), self.returned, self.refunded]));
        prop_assert_eq!(self.booking.booking().total_paid_paise, sum(paid));
        prop_assert_eq!(self.buyer.member().net_paid_paise, sum(own));
        if let Some(bonus) = self.buyer.member().once_bonus() {
            prop_assert!(self.buyer.member().net_paid_paise >= bonus.threshold);
        }
        self.check_instalments()?;
        self.save()
    }

    /// Stores what differs; then the rows are the state.
    fn save(&mut self) -> Result<(), TestCaseError> {
        let changes = self.booking.changes();
        if let Some(booking) = changes.booking {
            self.rows.booking.clone_from(booking);
        }
        for payment in changes.changed_payments {
            let row = self.rows.payments.iter_mut().find(|p| p.id == payment.id).expect("a stored payment");
            row.clone_from(payment);
        }
        self.rows.payments.extend(changes.new_payments.into_iter().cloned());
        for instalment in changes.changed_instalments {
            let row = self.rows.instalments.iter_mut().find(|i| i.n == instalment.n).expect("a stored instalment");
            row.clone_from(instalment);
        }
        self.rows.instalments.extend(changes.new_instalments.iter().cloned());
        prop_assert_eq!(&self.rows, &self.booking.state);
        self.booking.mark_saved();
        prop_assert!(self.booking.changes().is_empty());
        Ok(())
    }
}

proptest! {
    #[test]
    fn money_is_conserved_statuses_follow_the_tables_and_events_describe_every_change(
        steps in prop::collection::vec(step(), 1..60),
        is_fixed in any::<bool>(),
    ) {
        let mut simulation = Simulation::start(if is_fixed { Plan::fixed() } else { Plan::seed() });
        for step in &steps {
            simulation.execute(step)?;
        }
    }
}

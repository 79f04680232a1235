//! Tests of the refund state machine: tables of cases, and a simulation with a gateway that loses, repeats and reorders
//! messages.

use super::*;
use GatewayRefundState::{Failed, Pending, Processed};
use proptest::prelude::*;

const WHOLE: i64 = 50_000;

fn paise(paise: i64) -> Money {
    Money::from_paise(paise)
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn requested() -> RefundState {
    RefundState::requested(paise(WHOLE), RefundTo::Source, Some(GatewayName::Razorpay))
}

fn at_gateway(id: &str, amount: i64, state: GatewayRefundState, is_ours: bool) -> GatewayRefund {
    GatewayRefund { id: id.to_owned(), amount: paise(amount), state, is_ours, clawback: Money::ZERO }
}

/// The state after `signals`, and the credits and clawbacks on the way there, in paise.
fn run(mut state: RefundState, signals: &[RefundSignal]) -> (RefundState, i64, i64) {
    let (mut credit, mut clawback) = (0, 0);
    for signal in signals {
        let (next, effects) = advance(state, signal, now()).expect("small amounts");
        state = next;
        credit += effects.credit.paise();
        clawback += effects.clawbacks.iter().map(|(_, part)| part.paise()).sum::<i64>();
    }
    (state, credit, clawback)
}

#[test]
fn money_is_refunded_to_where_it_came_from() {
    use PaymentMethod as M;
    for (method, preference, can_refund_at_source, to) in [
        (M::Online, RefundPreference::Source, true, RefundTo::Source),
        (M::Online, RefundPreference::Source, false, RefundTo::Wallet),
        (M::Online, RefundPreference::Wallet, true, RefundTo::Wallet),
        (M::Cash, RefundPreference::Source, true, RefundTo::Wallet),
        (M::BankTransfer, RefundPreference::Source, true, RefundTo::Wallet),
        (M::Wallet, RefundPreference::Source, true, RefundTo::Wallet),
        (M::EmiDeduction, RefundPreference::Wallet, true, RefundTo::EmiReserve),
        (M::EmiDeduction, RefundPreference::Source, true, RefundTo::EmiReserve),
    ] {
        assert_eq!(
            decide_destination(method, preference, can_refund_at_source),
            to,
            "{method} {preference:?} {can_refund_at_source}"
        );
    }
}

#[test]
fn the_gateways_reports_decide_status_credit_and_clawback() {
    use RefundSignal::{Attempt, Listed, NotSent, Refused, Reported, Resolved, Unknown};
    let ours = |state| at_gateway("ours", WHOLE, state, true);
    let other = |amount, state| at_gateway("other", amount, state, false);
    for (signals, status, credit, clawback) in [
        (vec![], RefundStatus::Requested, 0, 0),
        (vec![Attempt], RefundStatus::Sent, 0, 0),
        (vec![Attempt, NotSent], RefundStatus::Requested, 0, 0),
        (vec![Attempt, Unknown, Attempt, NotSent], RefundStatus::Sent, 0, 0),
        (vec![Attempt, Unknown, Unknown], RefundStatus::Sent, 0, 0),
        (vec![Attempt, Reported(ours(Pending))], RefundStatus::Sent, 0, 0),
        (vec![Attempt, Reported(ours(Processed))], RefundStatus::Done, 0, 0),
        // A failure counts only after the gateway has listed all refunds.
        (vec![Attempt, Reported(ours(Failed))], RefundStatus::Sent, 0, 0),
        (vec![Attempt, Reported(ours(Failed)), Listed(vec![ours(Pending)])], RefundStatus::Failed, WHOLE, 0),
        (vec![Attempt, Refused { listed: vec![] }], RefundStatus::Failed, WHOLE, 0),
        (vec![Attempt, Unknown, Refused { listed: vec![ours(Pending)] }], RefundStatus::Sent, 0, 0),
        (vec![Attempt, Unknown, Refused { listed: vec![ours(Processed)] }], RefundStatus::Done, 0, 0),
        // Refunded in the dashboard: in full, in part, or pending.
        (vec![Attempt, Refused { listed: vec![other(WHOLE, Processed)] }], RefundStatus::Done, 0, 0),
        (vec![Attempt, Refused { listed: vec![other(20_000, Processed)] }], RefundStatus::Failed, 30_000, 0),
        (vec![Attempt, Refused { listed: vec![other(20_000, Pending)] }], RefundStatus::Sent, 30_000, 0),
        (
            vec![Attempt, Refused { listed: vec![other(20_000, Pending)] }, Listed(vec![other(20_000, Failed)])],
            RefundStatus::Failed,
            WHOLE,
            0,
        ),
        // Processed although it was refused: clawed back, once.
        (
            vec![Attempt, Refused { listed: vec![] }, Reported(ours(Processed)), Reported(ours(Failed))],
            RefundStatus::Done,
            WHOLE,
            WHOLE,
        ),
        (vec![Attempt, Unknown, Resolved(Resolution::Refunded)], RefundStatus::Done, 0, 0),
        (vec![Attempt, Unknown, Resolved(Resolution::Refunded), Reported(ours(Processed))], RefundStatus::Done, 0, 0),
        (vec![Attempt, Unknown, Resolved(Resolution::Failed)], RefundStatus::Failed, WHOLE, 0),
    ] {
        let (state, credited, clawed) = run(requested(), &signals);
        assert_eq!((state.status, credited, clawed), (status, credit, clawback), "{signals:?}");
    }
}

#[test]
fn a_refund_to_the_wallet_is_clawed_back_when_the_gateway_refunds_as_well() {
    let state = RefundState::requested(paise(WHOLE), RefundTo::Wallet, Some(GatewayName::Razorpay));
    let part = RefundSignal::Reported(at_gateway("part", 20_000, Processed, false));
    let rest = RefundSignal::Reported(at_gateway("rest", 30_000, Processed, false));
    let (state, _, clawback) = run(state, &[part.clone(), part, rest.clone(), rest]);
    assert_eq!((state.status, clawback), (RefundStatus::Done, WHOLE));
    assert_eq!(state.total_returned(), Ok(paise(WHOLE)));
}

#[test]
fn staff_may_resolve_a_refund_that_was_unknown_for_a_day() {
    let (state, _, _) = run(requested(), &[RefundSignal::Attempt, RefundSignal::Unknown]);
    assert!(!state.is_resolvable(now().plus_hours(24).plus_secs(-1)));
    assert!(state.is_resolvable(now().plus_hours(24)));
    let (known, _, _) = run(state, &[RefundSignal::Reported(at_gateway("ours", WHOLE, Pending, true))]);
    assert!(!known.is_resolvable(now().plus_hours(48)));
}

/// Something that happens to the gateway or to the job.
#[derive(Debug, Clone)]
enum TestEvent {
    /// The job runs: whether its request arrives, is answered, is refused, and whether the list is answered.
    Job { arrives: bool, answered: bool, refuses: bool, listed: bool },
    /// The process stops between saving the attempt and the answer.
    Crash { arrives: bool },
    /// A refund of some hundredths of the amount in the dashboard.
    Dashboard(i64),
    /// A refund changes its state at the gateway.
    Advance { which: usize, processed: bool },
    /// A webhook about any earlier state, at any time and any number of times.
    Message(usize),
}

fn event() -> impl Strategy<Value = TestEvent> {
    let job = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    prop_oneof![
        4 => job.prop_map(|(arrives, answered, refuses, listed)| TestEvent::Job { arrives, answered, refuses, listed }),
        1 => any::<bool>().prop_map(|arrives| TestEvent::Crash { arrives }),
        1 => (1_i64..=100).prop_map(TestEvent::Dashboard),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(which, processed)| TestEvent::Advance { which, processed }),
        4 => any::<usize>().prop_map(TestEvent::Message),
    ]
}

/// A gateway that follows its documentation: one refund a receipt, and at most the paid amount refunded.
#[derive(Debug, Default)]
struct Gateway {
    refunds: Vec<GatewayRefund>,
    reports: Vec<GatewayRefund>,
}

impl Gateway {
    fn open_amount(&self) -> i64 {
        self.refunds.iter().filter(|r| r.state != Failed).map(|r| r.amount.paise()).sum()
    }
    fn create(&mut self, amount: i64, is_ours: bool) -> Option<GatewayRefund> {
        if let Some(refund) = self.refunds.iter().find(|r| is_ours && r.is_ours) {
            return Some(refund.clone());
        }
        if amount == 0 || self.open_amount() + amount > WHOLE {
            return None;
        }
        let refund = at_gateway(&format!("r{}", self.refunds.len()), amount, Pending, is_ours);
        self.refunds.push(refund.clone());
        self.reports.push(refund.clone());
        Some(refund)
    }
    /// Moves a refund on. A failed refund may be processed later unless other refunds have used up the amount.
    fn advance_refund(&mut self, which: usize, processed: bool) {
        let open_amount = self.open_amount();
        let count = self.refunds.len().max(1);
        let Some(refund) = self.refunds.get_mut(which % count) else { return };
        refund.state = match (refund.state, processed) {
            (Pending, false) => Failed,
            (Failed, true) if open_amount + refund.amount.paise() > WHOLE => Failed,
            (Pending | Failed, true) => Processed,
            (state, _) => state,
        };
        self.reports.push(refund.clone());
    }
    fn processed(&self) -> i64 {
        self.refunds.iter().filter(|r| r.state == Processed).map(|r| r.amount.paise()).sum()
    }
}

struct RefundSimulation {
    state: RefundState,
    gateway: Gateway,
    credited: i64,
    clawed: i64,
}

impl RefundSimulation {
    fn signal(&mut self, signal: &RefundSignal) {
        let (state, effects) = advance(self.state.clone(), signal, now()).expect("small amounts");
        self.state = state;
        self.credited += effects.credit.paise();
        self.clawed += effects.clawbacks.iter().map(|(_, part)| part.paise()).sum::<i64>();
    }
    fn job(&mut self, arrives: bool, answered: bool, refuses: bool, listed: bool) {
        if !matches!(self.state.status, RefundStatus::Requested | RefundStatus::Sent) {
            return;
        }
        let first = self.state.attempts == 0;
        self.signal(&RefundSignal::Attempt);
        if !first {
            if !listed {
                return self.signal(&RefundSignal::Unknown);
            }
            self.signal(&RefundSignal::Listed(self.gateway.refunds.clone()));
        }
        if !self.state.needs_create().expect("small amounts") {
            return;
        }
        let refund = if arrives && !refuses { Some(self.gateway.create(WHOLE, true)) } else { None };
        match refund {
            _ if !answered || !arrives => self.signal(&RefundSignal::Unknown),
            Some(Some(refund)) => self.signal(&RefundSignal::Reported(refund)),
            Some(None) | None if listed => self.signal(&RefundSignal::Refused { listed: self.gateway.refunds.clone() }),
            Some(None) | None => self.signal(&RefundSignal::Unknown),
        }
    }
    fn apply(&mut self, event: &TestEvent) {
        match event {
            TestEvent::Job { arrives, answered, refuses, listed } => self.job(*arrives, *answered, *refuses, *listed),
            TestEvent::Crash { arrives } => {
                if self.state.attempts == 0 {
                    self.signal(&RefundSignal::Attempt);
                    if *arrives {
                        self.gateway.create(WHOLE, true);
                    }
                }
            }
            TestEvent::Dashboard(hundredths) => {
                self.gateway.create(WHOLE / 100 * hundredths, false);
            }
            TestEvent::Advance { which, processed } => self.gateway.advance_refund(*which, *processed),
            TestEvent::Message(which) => {
                let count = self.gateway.reports.len().max(1);
                if let Some(report) = self.gateway.reports.get(which % count).cloned() {
                    self.signal(&RefundSignal::Reported(report));
                }
            }
        }
    }
    /// Checks that the returned amount never exceeds the paid one, and is less only while the refund is open.
    fn check(&self) -> Result<(), TestCaseError> {
        let total_returned = self.state.total_returned().expect("small amounts").paise();
        prop_assert!(total_returned <= WHOLE, "{:?}", self.state);
        let is_open = matches!(self.state.status, RefundStatus::Requested | RefundStatus::Sent);
        prop_assert_eq!(total_returned < WHOLE, is_open, "{:?}", self.state);
        prop_assert_eq!(self.credited, self.state.credited.paise());
        Ok(())
    }
}

proptest! {
    #[test]
    fn the_payer_gets_back_exactly_the_paid_amount_when_messages_are_lost_repeated_or_reordered(
        events in proptest::collection::vec(event(), 0..40),
        ends in proptest::collection::vec(any::<bool>(), 8),
    ) {
        let (state, gateway) = (requested(), Gateway::default());
        let mut simulation = RefundSimulation { state, gateway, credited: 0, clawed: 0 };
        for event in &events {
            simulation.apply(event);
            simulation.check()?;
        }
        // Then the gateway decides every pending refund, and answers every call.
        for processed in ends {
            simulation.job(true, true, false, true);
            for which in 0..simulation.gateway.refunds.len() {
                if simulation.gateway.refunds[which].state == Pending {
                    simulation.gateway.advance_refund(which, processed);
                }
            }
            simulation.check()?;
        }
        simulation.job(true, true, false, true);
        simulation.signal(&RefundSignal::Listed(simulation.gateway.refunds.clone()));
        simulation.check()?;
        let returned = simulation.gateway.processed() + simulation.credited - simulation.clawed;
        prop_assert_eq!(returned, WHOLE, "{:?}", simulation.state);
        prop_assert!(matches!(simulation.state.status, RefundStatus::Done | RefundStatus::Failed));
    }
}

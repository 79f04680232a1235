//! The refund's decisions by table, and its whole life against a gateway that loses, repeats and reorders.

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
    RefundState {
        amount: paise(WHOLE),
        to: RefundTo::Source,
        status: RefundStatus::Requested,
        attempts: 0,
        refused: false,
        confirmed: Money::ZERO,
        credited: Money::ZERO,
        unknown_since: None,
        gateway_refunds: Vec::new(),
    }
}

fn at_gateway(id: &str, amount: i64, state: GatewayRefundState, is_ours: bool) -> GatewayRefund {
    GatewayRefund { id: id.to_owned(), amount: paise(amount), state, is_ours, clawback: Money::ZERO }
}

/// The state after `signals`, the credits and the clawbacks on the way there, in paise.
fn after(mut state: RefundState, signals: &[RefundSignal]) -> (RefundState, i64, i64) {
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
fn money_goes_back_to_where_it_came_from() {
    use PaymentMethod as M;
    for (method, wish, gives_back, to) in [
        (M::Online, Wish::Source, true, RefundTo::Source),
        (M::Online, Wish::Source, false, RefundTo::Wallet),
        (M::Online, Wish::Wallet, true, RefundTo::Wallet),
        (M::Cash, Wish::Source, true, RefundTo::Wallet),
        (M::BankTransfer, Wish::Source, true, RefundTo::Wallet),
        (M::Wallet, Wish::Source, true, RefundTo::Wallet),
        (M::EmiDeduction, Wish::Wallet, true, RefundTo::EmiReserve),
        (M::EmiDeduction, Wish::Source, true, RefundTo::EmiReserve),
    ] {
        assert_eq!(destination(method, wish, gives_back), to, "{method} {wish:?} {gives_back}");
    }
}

#[test]
fn what_the_gateway_says_decides_where_the_money_is() {
    use RefundSignal::{Attempt, Listed, NotAsked, Refused, Reported, Resolved, Unknown};
    let ours = |state| at_gateway("ours", WHOLE, state, true);
    let other = |amount, state| at_gateway("other", amount, state, false);
    for (signals, status, credit, clawback) in [
        (vec![], RefundStatus::Requested, 0, 0),
        (vec![Attempt], RefundStatus::Sent, 0, 0),
        (vec![Attempt, NotAsked], RefundStatus::Requested, 0, 0),
        (vec![Attempt, Unknown, Attempt, NotAsked], RefundStatus::Sent, 0, 0),
        (vec![Attempt, Unknown, Unknown], RefundStatus::Sent, 0, 0),
        (vec![Attempt, Reported(ours(Pending))], RefundStatus::Sent, 0, 0),
        (vec![Attempt, Reported(ours(Processed))], RefundStatus::Done, 0, 0),
        // A failure is believed once the gateway has listed what else there is.
        (vec![Attempt, Reported(ours(Failed))], RefundStatus::Sent, 0, 0),
        (vec![Attempt, Reported(ours(Failed)), Listed(vec![ours(Pending)])], RefundStatus::Failed, WHOLE, 0),
        (vec![Attempt, Refused { listed: vec![] }], RefundStatus::Failed, WHOLE, 0),
        (vec![Attempt, Unknown, Refused { listed: vec![ours(Pending)] }], RefundStatus::Sent, 0, 0),
        (vec![Attempt, Unknown, Refused { listed: vec![ours(Processed)] }], RefundStatus::Done, 0, 0),
        // Refunded in the dashboard: whole, in part, or under way.
        (vec![Attempt, Refused { listed: vec![other(WHOLE, Processed)] }], RefundStatus::Done, 0, 0),
        (vec![Attempt, Refused { listed: vec![other(20_000, Processed)] }], RefundStatus::Failed, 30_000, 0),
        (vec![Attempt, Refused { listed: vec![other(20_000, Pending)] }], RefundStatus::Sent, 30_000, 0),
        (
            vec![Attempt, Refused { listed: vec![other(20_000, Pending)] }, Listed(vec![other(20_000, Failed)])],
            RefundStatus::Failed,
            WHOLE,
            0,
        ),
        // Made after all: it is taken back, once.
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
        let (state, credited, clawed) = after(requested(), &signals);
        assert_eq!((state.status, credited, clawed), (status, credit, clawback), "{signals:?}");
    }
}

#[test]
fn a_refund_to_the_wallet_is_taken_back_when_the_gateway_refunds_as_well() {
    let state = RefundState { to: RefundTo::Wallet, status: RefundStatus::Done, credited: paise(WHOLE), ..requested() };
    let part = RefundSignal::Reported(at_gateway("part", 20_000, Processed, false));
    let rest = RefundSignal::Reported(at_gateway("rest", 30_000, Processed, false));
    let (state, _, clawback) = after(state, &[part.clone(), part, rest.clone(), rest]);
    assert_eq!((state.status, clawback), (RefundStatus::Done, WHOLE));
    assert_eq!(state.given(), Ok(paise(WHOLE)));
}

#[test]
fn staff_resolve_what_was_unknown_for_a_day() {
    let (state, _, _) = after(requested(), &[RefundSignal::Attempt, RefundSignal::Unknown]);
    assert!(!state.is_resolvable(now().plus_hours(24).plus_secs(-1)));
    assert!(state.is_resolvable(now().plus_hours(24)));
    let (known, _, _) = after(state, &[RefundSignal::Reported(at_gateway("ours", WHOLE, Pending, true))]);
    assert!(!known.is_resolvable(now().plus_hours(48)));
}

/// What happens next, to the gateway or to us.
#[derive(Debug, Clone)]
enum Event {
    /// The job runs: whether its request arrives, whether it is answered, whether the list is.
    Job { arrives: bool, answered: bool, refuses: bool, listed: bool },
    /// The process ends between saving the attempt and the answer.
    Crash { arrives: bool },
    /// Somebody refunds some hundredths in the dashboard.
    Dashboard(i64),
    /// A refund moves on at the gateway.
    Moves { which: usize, processed: bool },
    /// A message about something that was so once: any of them, at any time, as often as it likes.
    Message(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let job = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    prop_oneof![
        4 => job.prop_map(|(arrives, answered, refuses, listed)| Event::Job { arrives, answered, refuses, listed }),
        1 => any::<bool>().prop_map(|arrives| Event::Crash { arrives }),
        1 => (1_i64..=100).prop_map(Event::Dashboard),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(which, processed)| Event::Moves { which, processed }),
        4 => any::<usize>().prop_map(Event::Message),
    ]
}

/// A gateway as its documentation has it: a receipt makes one refund, and no more goes back than was paid.
#[derive(Debug, Default)]
struct Gateway {
    refunds: Vec<GatewayRefund>,
    said: Vec<GatewayRefund>,
}

impl Gateway {
    fn live(&self) -> i64 {
        self.refunds.iter().filter(|r| r.state != Failed).map(|r| r.amount.paise()).sum()
    }
    fn make(&mut self, amount: i64, is_ours: bool) -> Option<GatewayRefund> {
        if let Some(made) = self.refunds.iter().find(|r| is_ours && r.is_ours) {
            return Some(made.clone());
        }
        if amount == 0 || self.live() + amount > WHOLE {
            return None;
        }
        let made = at_gateway(&format!("r{}", self.refunds.len()), amount, Pending, is_ours);
        self.refunds.push(made.clone());
        self.said.push(made.clone());
        Some(made)
    }
    /// A failed refund may be processed after all where nothing else was given back meanwhile.
    fn moves(&mut self, which: usize, processed: bool) {
        let live = self.live();
        let count = self.refunds.len().max(1);
        let Some(refund) = self.refunds.get_mut(which % count) else { return };
        refund.state = match (refund.state, processed) {
            (Pending, false) => Failed,
            (Failed, true) if live + refund.amount.paise() > WHOLE => Failed,
            (Pending | Failed, true) => Processed,
            (state, _) => state,
        };
        self.said.push(refund.clone());
    }
    fn processed(&self) -> i64 {
        self.refunds.iter().filter(|r| r.state == Processed).map(|r| r.amount.paise()).sum()
    }
}

struct Life {
    state: RefundState,
    gateway: Gateway,
    credited: i64,
    clawed: i64,
}

impl Life {
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
        if !self.state.wants_create().expect("small amounts") {
            return;
        }
        let made = if arrives && !refuses { Some(self.gateway.make(WHOLE, true)) } else { None };
        match made {
            _ if !answered || !arrives => self.signal(&RefundSignal::Unknown),
            Some(Some(made)) => self.signal(&RefundSignal::Reported(made)),
            Some(None) | None if listed => self.signal(&RefundSignal::Refused { listed: self.gateway.refunds.clone() }),
            Some(None) | None => self.signal(&RefundSignal::Unknown),
        }
    }
    fn happens(&mut self, event: &Event) {
        match event {
            Event::Job { arrives, answered, refuses, listed } => self.job(*arrives, *answered, *refuses, *listed),
            Event::Crash { arrives } => {
                if self.state.attempts == 0 {
                    self.signal(&RefundSignal::Attempt);
                    if *arrives {
                        self.gateway.make(WHOLE, true);
                    }
                }
            }
            Event::Dashboard(hundredths) => {
                self.gateway.make(WHOLE / 100 * hundredths, false);
            }
            Event::Moves { which, processed } => self.gateway.moves(*which, *processed),
            Event::Message(which) => {
                let count = self.gateway.said.len().max(1);
                if let Some(said) = self.gateway.said.get(which % count).cloned() {
                    self.signal(&RefundSignal::Reported(said));
                }
            }
        }
    }
    /// What is known never comes to more than was paid, and to less only while the status says so.
    fn check(&self) -> Result<(), TestCaseError> {
        let given = self.state.given().expect("small amounts").paise();
        prop_assert!(given <= WHOLE, "{:?}", self.state);
        let open = matches!(self.state.status, RefundStatus::Requested | RefundStatus::Sent);
        prop_assert_eq!(given < WHOLE, open, "{:?}", self.state);
        prop_assert_eq!(self.credited, self.state.credited.paise());
        Ok(())
    }
}

proptest! {
    #[test]
    fn a_payer_gets_back_exactly_what_was_paid_whatever_is_lost_repeated_or_reordered(
        events in proptest::collection::vec(event(), 0..40),
        ends in proptest::collection::vec(any::<bool>(), 8),
    ) {
        let mut life = Life { state: requested(), gateway: Gateway::default(), credited: 0, clawed: 0 };
        for event in &events {
            life.happens(event);
            life.check()?;
        }
        // Then the gateway decides whatever is open, and answers.
        for processed in ends {
            life.job(true, true, false, true);
            for which in 0..life.gateway.refunds.len() {
                if life.gateway.refunds[which].state == Pending {
                    life.gateway.moves(which, processed);
                }
            }
            life.check()?;
        }
        life.job(true, true, false, true);
        life.signal(&RefundSignal::Listed(life.gateway.refunds.clone()));
        life.check()?;
        prop_assert_eq!(life.gateway.processed() + life.credited - life.clawed, WHOLE, "{:?}", life.state);
        prop_assert!(matches!(life.state.status, RefundStatus::Done | RefundStatus::Failed));
    }
}

//! Steps of a random history.

use domain::Side;
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub(super) enum Op {
    Place {
        sponsor: usize,
        prefers: Option<Side>,
        amount: i64,
        distributor: bool,
    },
    PlaceManually {
        parent: usize,
        side: Side,
    },
    Pay {
        member: usize,
        amount: i64,
    },
    Refund {
        payment: usize,
    },
    Label {
        member: usize,
        on: bool,
    },
    AdvanceClock {
        hours: i64,
    },
    StartDay {
        finishes: bool,
    },
    ContinueOpening,
    Publish {
        limit: u32,
        flush: bool,
        daily: bool,
        labelled: bool,
        /// In thousands.
        active_from: i64,
    },
    Withdraw {
        version: usize,
    },
    /// An input that the rules refuse.
    Refused {
        kind: usize,
        member: usize,
    },
    /// Applies the given number of following inputs, rolls them back, and applies them again.
    RollBack {
        inputs: usize,
    },
    /// Goes on with the tree that a snapshot of it in parts of this many nodes gives.
    Reload {
        part: u32,
    },
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Left), Just(Side::Right)]
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (any::<usize>(), prop::option::weighted(0.3, side()), 1..8_000i64, any::<bool>())
            .prop_map(|(sponsor, prefers, amount, distributor)| Op::Place { sponsor, prefers, amount, distributor }),
        1 => (any::<usize>(), side()).prop_map(|(parent, side)| Op::PlaceManually { parent, side }),
        3 => (any::<usize>(), 1..8_000i64).prop_map(|(member, amount)| Op::Pay { member, amount }),
        3 => any::<usize>().prop_map(|payment| Op::Refund { payment }),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(member, on)| Op::Label { member, on }),
        1 => (-30..400i64).prop_map(|hours| Op::AdvanceClock { hours }),
        1 => any::<bool>().prop_map(|finishes| Op::StartDay { finishes }),
        1 => Just(Op::ContinueOpening),
        1 => (0..4u32, any::<bool>(), any::<bool>(), prop::bool::weighted(0.2), 1..4i64)
            .prop_map(|(limit, flush, daily, labelled, active_from)| Op::Publish { limit, flush, daily, labelled, active_from }),
        1 => any::<usize>().prop_map(|version| Op::Withdraw { version }),
        1 => (0..6usize, any::<usize>()).prop_map(|(kind, member)| Op::Refused { kind, member }),
        1 => (1..8usize).prop_map(|inputs| Op::RollBack { inputs }),
        1 => (1..5u32).prop_map(|part| Op::Reload { part }),
    ]
}

//! Builders of events as other services publish them.

use domain::{Timestamp, UserId};
use proto_events::auth::v1::{User, UserRegistered};
use proto_events::binary::v1::{Pair, PairsMatched, PairsVoided, PlacementMade, PlanPublished, PlanWithdrawn};
use proto_events::booking::v1::{BookingChanged, Instalment, PaymentCompleted, PaymentRefunded, PaymentReturned};
use proto_events::payout::v1::Payout;
use proto_events::wallet::v1::{WalletChanged, WalletTransaction};
use runtime::id;

pub(crate) fn fresh() -> Vec<u8> {
    id::fresh::<UserId>().into()
}

pub(crate) fn user(id: UserId, referrer: Option<UserId>, at: Timestamp) -> User {
    User {
        user_id: id.into(),
        version: 1,
        role: "user".into(),
        referrer_id: referrer.map(Into::into),
        created_at: at.micros(),
        ..User::default()
    }
}

pub(crate) fn registered(id: UserId, referrer: Option<UserId>, at: Timestamp) -> UserRegistered {
    UserRegistered { user: Some(user(id, referrer, at)) }
}

/// A version of the plan with this threshold of an Active Buyer.
pub(crate) fn plan(version: u32, active_buyer_from: i64, effective_from: Timestamp) -> PlanPublished {
    let mut plan = domain::Plan::seed();
    plan.active_buyer_from = domain::Money::from_rupees(active_buyer_from);
    let plan_json = serde_json::to_string(&plan).unwrap();
    PlanPublished { version, effective_from: effective_from.micros(), plan_json, ..PlanPublished::default() }
}

pub(crate) fn withdrawn(version: u32) -> PlanWithdrawn {
    PlanWithdrawn { version, ..PlanWithdrawn::default() }
}

pub(crate) fn booking(user: UserId, version: u64, status: &str, at: Timestamp) -> BookingChanged {
    BookingChanged {
        booking_id: fresh(),
        user_id: user.into(),
        version,
        status: status.into(),
        price_paise: 10_000_000,
        created_at: at.micros(),
        ..BookingChanged::default()
    }
}

pub(crate) fn payment(user: UserId, paise: i64, method: &str, at: Timestamp) -> PaymentCompleted {
    PaymentCompleted {
        payment_id: fresh(),
        user_id: user.into(),
        amount_paise: paise,
        method: method.into(),
        completed_at: at.micros(),
        ..PaymentCompleted::default()
    }
}

pub(crate) fn refund(of: &PaymentCompleted, at: Timestamp) -> PaymentRefunded {
    PaymentRefunded {
        refund_id: fresh(),
        payment_id: of.payment_id.clone(),
        user_id: of.user_id.clone(),
        amount_paise: of.amount_paise,
        method: of.method.clone(),
        refunded_at: at.micros(),
        ..PaymentRefunded::default()
    }
}

pub(crate) fn returned(user: UserId, paise: i64, at: Timestamp) -> PaymentReturned {
    PaymentReturned {
        return_id: fresh(),
        user_id: user.into(),
        amount_paise: paise,
        returned_at: at.micros(),
        ..PaymentReturned::default()
    }
}

/// A wallet with `available` paise after transactions of these types and amounts.
pub(crate) fn wallet(
    user: UserId,
    version: u64,
    available: i64,
    lines: &[(&str, i64)],
    at: Timestamp,
) -> WalletChanged {
    let line = |(kind, paise): &(&str, i64)| WalletTransaction {
        transaction_id: fresh(),
        r#type: (*kind).into(),
        amount_paise: *paise,
        created_at: at.micros(),
        ..WalletTransaction::default()
    };
    WalletChanged {
        user_id: user.into(),
        version,
        available_paise: available,
        transactions: lines.iter().map(line).collect(),
        changed_at: at.micros(),
        ..WalletChanged::default()
    }
}

pub(crate) fn pair(earner: UserId, number: u32, status: &str, at: Timestamp) -> Pair {
    Pair {
        pair_id: fresh(),
        earner_id: earner.into(),
        number,
        status: status.into(),
        gross_paise: 50_000,
        emi_deduction_paise: if number > 5 { 10_000 } else { 0 },
        matched_at: at.micros(),
        ..Pair::default()
    }
}

pub(crate) fn placement(user: UserId, pairs: Vec<Pair>, at: Timestamp) -> PlacementMade {
    PlacementMade {
        user_id: user.into(),
        side: "left".into(),
        depth: 1,
        placed_at: at.micros(),
        pairs,
        ..PlacementMade::default()
    }
}

pub(crate) fn matched(pairs: Vec<Pair>, at: Timestamp) -> PairsMatched {
    PairsMatched { cause: "period_opened".into(), pairs, matched_at: at.micros(), ..PairsMatched::default() }
}

pub(crate) fn voided(pairs: Vec<Pair>, at: Timestamp) -> PairsVoided {
    PairsVoided { pairs, voided_at: at.micros(), ..PairsVoided::default() }
}

/// A requested payout of ₹10,000.00 with ₹500.00 of tax.
pub(crate) fn payout(user: UserId, at: Timestamp) -> Payout {
    Payout {
        payout_id: fresh(),
        user_id: user.into(),
        version: 1,
        status: "requested".into(),
        requested_paise: 1_000_000,
        tds_paise: 50_000,
        net_paise: 950_000,
        requested_at: at.micros(),
        changed_at: at.micros(),
        ..Payout::default()
    }
}

/// An instalment of ₹100.00 that is due on a day.
pub(crate) fn instalment(n: u32, due_on: &str, paid_paise: i64) -> Instalment {
    Instalment { n, due_on: due_on.into(), amount_paise: 10_000, paid_paise, ..Instalment::default() }
}

/// The same payout in a later version and status.
pub(crate) fn next(payout: &Payout, version: u64, status: &str, at: Timestamp) -> Option<Payout> {
    Some(Payout { version, status: status.into(), changed_at: at.micros(), ..payout.clone() })
}

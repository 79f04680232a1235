//! Events of the other services, and queries of the ledger, for tests.

use domain::{Money, Timestamp, UserId};
use proto_events::auth::v1::{User, UserRegistered};
use proto_events::binary::v1::{Pair, PairsVoided, PlacementMade};
use proto_events::booking::v1::{PaymentCompleted, PaymentRefunded, Standing};
use proto_events::payout::v1::{
    Payout, PayoutApproved, PayoutCancelled, PayoutCompleted, PayoutFailed, PayoutRequested, PayoutReversed, TaxLine,
};
use serde_json::{Value, json};
use testkit::{Client, TestService};
use uuid::Uuid;

pub(crate) fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}
pub(crate) fn user(n: u128) -> UserId {
    UserId::from(id(n))
}
pub(crate) fn bytes(n: u128) -> Vec<u8> {
    id(n).as_bytes().to_vec()
}
/// Paise of an amount like `500.00`.
pub(crate) fn paise(text: &str) -> i64 {
    text.parse::<Money>().unwrap().paise()
}
pub(crate) fn at() -> Timestamp {
    testkit::service::START_TIME.parse().unwrap()
}

pub(crate) const A: u128 = 0xA;
pub(crate) const B: u128 = 0xB;

pub(crate) async fn start_wallet() -> TestService {
    TestService::start(wallet::service()).await
}

pub(crate) fn registered(n: u128) -> UserRegistered {
    let user = User { user_id: bytes(n), version: 1, name: format!("Member {n}"), ..User::default() };
    UserRegistered { user: Some(user) }
}

/// An online payment of `payer` on their first booking, with a bonus for `referrer`.
pub(crate) fn paid(payment: u128, payer: u128, referrer: u128, amount: &str, bonus: &str) -> PaymentCompleted {
    PaymentCompleted {
        payment_id: bytes(payment),
        booking_id: bytes(1_000),
        user_id: bytes(payer),
        referrer_id: Some(bytes(referrer)),
        amount_paise: paise(amount),
        method: "online".into(),
        on_first_booking: true,
        referral_bonus_paise: paise(bonus),
        referral_once_a_member: false,
        standing: Some(Standing { net_paid_after_paise: paise(amount), version: 1, ..Standing::default() }),
        plan_version: 1,
        booking_number: "B-1".into(),
        completed_at: at().micros(),
    }
}

pub(crate) fn refunded(refund: u128, payment: &PaymentCompleted, to: &str) -> PaymentRefunded {
    PaymentRefunded {
        refund_id: bytes(refund),
        payment_id: payment.payment_id.clone(),
        booking_id: payment.booking_id.clone(),
        user_id: payment.user_id.clone(),
        referrer_id: payment.referrer_id.clone(),
        amount_paise: payment.amount_paise,
        method: payment.method.clone(),
        refund_to: to.into(),
        standing: payment.standing,
        plan_version: 1,
        reason: "changed my mind".into(),
        booking_number: payment.booking_number.clone(),
        refunded_at: at().micros(),
        bonuses_taken_back: None,
    }
}

/// Pair `number` of `earner`. The number is the id as well, so a test can have one earner only.
pub(crate) fn pair(earner: u128, number: u32, emi: &str) -> Pair {
    Pair {
        pair_id: bytes(u128::from(number)),
        earner_id: bytes(earner),
        number,
        left_user_id: bytes(0xC),
        right_user_id: bytes(0xD),
        period: 202_611,
        slot: number,
        status: "matched".into(),
        earner_active_buyer: false,
        plan_version: 1,
        gross_paise: 50_000,
        emi_deduction_paise: paise(emi),
        reserve_deduction_paise: 0,
        available_paise: 50_000 - paise(emi),
        matched_at: at().micros(),
        forgone_paise: 0,
    }
}

pub(crate) fn placed(pairs: Vec<Pair>) -> PlacementMade {
    PlacementMade { user_id: bytes(0xE), side: "left".into(), pairs, placed_at: at().micros(), ..Default::default() }
}

pub(crate) fn voided(pairs: Vec<Pair>) -> PairsVoided {
    let pairs = pairs.into_iter().map(|p| Pair { status: "voided".into(), ..p }).collect();
    PairsVoided { user_id: bytes(0xD), refund_id: bytes(77), sequence: 9, pairs, voided_at: at().micros() }
}

/// Payout `n` of A with 5 % tax.
pub(crate) fn payout(n: u128, requested: &str, emi: &str) -> Payout {
    let tds = paise(requested) / 20;
    Payout {
        payout_id: bytes(n),
        user_id: bytes(A),
        version: 1,
        requested_paise: paise(requested),
        tds_paise: tds,
        emi_paise: paise(emi),
        net_paise: paise(requested) - tds - paise(emi),
        changed_at: at().micros(),
        ..Payout::default()
    }
}
pub(crate) fn requested(p: &Payout) -> PayoutRequested {
    PayoutRequested { payout: Some(p.clone()) }
}
pub(crate) fn approved(p: &Payout) -> PayoutApproved {
    PayoutApproved { payout: Some(p.clone()), tax: Some(TaxLine::default()) }
}
pub(crate) fn cancelled(p: &Payout) -> PayoutCancelled {
    PayoutCancelled { payout: Some(p.clone()) }
}
pub(crate) fn completed(p: &Payout) -> PayoutCompleted {
    PayoutCompleted { payout: Some(p.clone()), tax: Some(TaxLine::default()) }
}
pub(crate) fn failed(p: &Payout) -> PayoutFailed {
    PayoutFailed { payout: Some(p.clone()) }
}
pub(crate) fn payout_reversed(p: &Payout) -> PayoutReversed {
    PayoutReversed { payout: Some(p.clone()), tax: Some(TaxLine::default()) }
}

/// Registers a member and deposits an amount.
pub(crate) async fn deposit(s: &TestService, member: u128, amount: &str) {
    s.deliver_now(&registered(member)).await;
    let body = json!({ "amount": amount, "reason": "opening balance" });
    s.as_admin().post(&format!("/wallets/{}/deposits", id(member)), body).await.expect(201);
}

pub(crate) async fn balances(s: &TestService, member: u128) -> Value {
    s.as_user(user(member)).get("/wallet").await.expect(200)
}

/// The balances of a member as `available held emi_reserve clawback_due`.
pub(crate) async fn balances_text(s: &TestService, member: u128) -> String {
    let w = balances(s, member).await;
    let field = |name: &str| w[name].as_str().unwrap().to_owned();
    ["available", "held", "emi_reserve", "clawback_due"].map(field).join(" ")
}

/// Type and signed amount of each transaction of a member, oldest first.
pub(crate) async fn lines(client: &Client) -> Vec<String> {
    let list = client.get("/wallet/transactions?limit=100").await.expect(200);
    let mut items: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| format!("{} {}", t["type"].as_str().unwrap(), t["amount"].as_str().unwrap()))
        .collect();
    items.reverse();
    items
}

/// Verifies the ledger; returns the trial balance as text.
pub(crate) async fn assert_consistent(s: &TestService) -> String {
    let staff = s.as_staff();
    let verified = staff.get("/ledger/verify").await.expect(200);
    assert_eq!(verified["ok"], true, "{verified}");
    let trial = staff.get("/ledger/trial-balance").await.expect(200);
    assert_eq!(trial["difference"], "0.00", "{trial}");
    let accounts = trial["accounts"].as_array().unwrap();
    let moved = accounts.iter().filter(|a| a["debit"] != "0.00" || a["credit"] != "0.00");
    moved
        .map(|a| {
            let text = |name: &str| a[name].as_str().unwrap().to_owned();
            format!("{} {} {}\n", text("account"), text("debit"), text("credit"))
        })
        .collect()
}

//! Decisions of the wallet and registrations in one batch: the same outcome as when they are applied one by one.

use crate::fixture::{Fixture, SCOOTER, text};
use crate::on_services::on_mariadb;
use booking::schema::members;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, PaymentId, UserId};
use proto_events::Envelope;
use proto_events::auth::v1::{User, UserRegistered};
use proto_events::booking::v1::{PaymentCompleted, PaymentReturned};
use proto_events::wallet::v1::{EmiReserved, WalletPaymentDecided};
use serde_json::{Value, json};
use testkit::statements::{Statements, writes_to};
use testkit::{Client, TestService};

/// A member with a booking and payments from the wallet.
struct Buyer {
    id: UserId,
    client: Client,
    booking: String,
    payments: Vec<Value>,
}

async fn buyer(fixture: &Fixture, amounts: &[&str]) -> Buyer {
    let id: UserId = runtime::id::fresh();
    let client = fixture.service.as_referred(id, fixture.referrer);
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" });
    let booking = text(&client.post("/bookings", body).await.expect(201), "id").to_owned();
    let mut payments = Vec::new();
    for amount in amounts {
        let body = json!({ "amount": amount, "method": "wallet" });
        payments.push(client.post(&format!("/bookings/{booking}/payments"), body).await.expect(201));
    }
    Buyer { id, client, booking, payments }
}

fn decided(fixture: &Fixture, buyer: &Buyer, payment: &Value, decision: Decision) -> Envelope {
    let id: PaymentId = text(payment, "id").parse().expect("an id");
    let booking: BookingId = buyer.booking.parse().expect("an id");
    let amount: Money = text(payment, "amount").parse().expect("an amount");
    let now = fixture.service.now();
    let decided = WalletPaymentDecided {
        payment_id: id.into(),
        booking_id: booking.into(),
        user_id: buyer.id.into(),
        amount_paise: amount.paise() - i64::from(decision == Decision::PaidLess),
        paid: decision != Decision::Refused,
        reason: if decision == Decision::Refused { "insufficient_funds".into() } else { String::new() },
        decided_at: now.micros(),
    };
    TestService::envelope(now, &decided)
}

#[derive(Clone, Copy, PartialEq)]
enum Decision {
    Paid,
    PaidLess,
    Refused,
}

fn registered(fixture: &Fixture, buyer: &Buyer, name: &str) -> Envelope {
    let user = User {
        user_id: buyer.id.into(),
        name: name.to_owned(),
        // The referrer of the access token is stored already.
        referrer_id: Some(runtime::id::fresh::<UserId>().into()),
        ..User::default()
    };
    TestService::envelope(fixture.service.now(), &UserRegistered { user: Some(user) })
}

async fn outcome(fixture: &Fixture, buyer: &Buyer) -> Value {
    let booking = buyer.client.get(&format!("/bookings/{}", buyer.booking)).await.expect(200);
    let mut payments = Vec::new();
    for payment in &buyer.payments {
        let found = buyer.client.get(&format!("/payments/{}", text(payment, "id"))).await.expect(200);
        payments.push(json!([found["status"], found["reason"]]));
    }
    let owner = Vec::<u8>::from(buyer.id);
    let completed: Vec<PaymentCompleted> = fixture.completed_payments().await;
    let completed = completed.iter().filter(|e| e.user_id == owner).map(|e| {
        let is_referred = e.referrer_id == Some(fixture.referrer.into());
        let standing = e.standing.expect("a standing");
        json!([e.amount_paise, e.method, e.referral_bonus_paise, is_referred, standing.version])
    });
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    let returned = returned.iter().filter(|e| e.user_id == owner).map(|e| json!([e.amount_paise, e.cause]));
    let c = &mut *fixture.service.ctx().db().read().await.expect("a connection");
    let name: Option<String> = members::table.find(buyer.id).select(members::name).first(c).await.expect("a member");
    json!({
        "paid": booking["total_paid"], "booking": booking["status"], "payments": payments, "name": name,
        "completed": completed.collect::<Vec<_>>(), "returned": returned.collect::<Vec<_>>(),
    })
}

/// Delivers decisions of every kind and registrations, all at the same time when `at_once`; returns the results and the
/// number of statements that wrote payments.
async fn scenario(fixture: &Fixture, at_once: bool) -> (Vec<Value>, usize) {
    let mut buyers = Vec::new();
    for n in 0..12 {
        let amounts: &[&str] = if n % 4 == 0 { &["500.00", "100.00"] } else { &["500.00"] };
        buyers.push(buyer(fixture, amounts).await);
    }
    // One booking is cancelled, so its money is returned; one member has a waiting reserve.
    buyers[3].client.post_empty(&format!("/bookings/{}/cancel", buyers[3].booking)).await.expect(200);
    let reserve = EmiReserved {
        reserve_id: runtime::id::fresh::<domain::ReserveId>().into(),
        user_id: buyers[5].id.into(),
        amount_paise: 7_000,
        source_kind: "pair".into(),
        source_id: runtime::id::fresh::<domain::EventId>().into(),
        reserved_at: fixture.service.now().micros(),
    };
    fixture.service.deliver_now(&reserve).await;
    let mut envelopes = Vec::new();
    for (n, buyer) in buyers.iter().enumerate() {
        let decision = match n {
            1 => Decision::Refused,
            2 => Decision::PaidLess,
            _ => Decision::Paid,
        };
        for payment in &buyer.payments {
            envelopes.push(decided(fixture, buyer, payment, decision));
        }
        if n % 2 == 0 {
            envelopes.push(registered(fixture, buyer, &format!("Member {n}")));
        }
    }
    envelopes.push(decided(fixture, &buyers[7], &buyers[7].payments[0], Decision::Paid));
    envelopes.push(registered(fixture, &buyers[0], "Renamed"));
    let statements = Statements::record(&fixture.service);
    if at_once {
        fixture.service.deliver_all(envelopes).await;
    } else {
        for envelope in envelopes {
            fixture.service.deliver_envelope(envelope).await;
        }
    }
    let writes = writes_to(&statements.drain(), &["payments"]).len();
    let mut outcomes = Vec::new();
    for buyer in &buyers {
        outcomes.push(outcome(fixture, buyer).await);
    }
    (outcomes, writes)
}

async fn compare(fixture: &Fixture) {
    let one_by_one = Fixture::start().await;
    let (expected, writes_one_by_one) = scenario(&one_by_one, false).await;
    one_by_one.service.finish().await;
    let (found, writes) = scenario(fixture, true).await;
    assert_eq!(found, expected);
    assert!(writes < writes_one_by_one, "{writes} writes of payments in a batch, {writes_one_by_one} one by one");
}

#[tokio::test(flavor = "multi_thread")]
async fn wallet_decisions_in_a_batch_have_the_same_outcome_as_one_by_one() {
    let fixture = Fixture::start().await;
    compare(&fixture).await;
    fixture.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wallet_decisions_in_a_batch_have_the_same_outcome_as_one_by_one_on_services() {
    on_mariadb(async |fixture| compare(fixture).await).await;
}

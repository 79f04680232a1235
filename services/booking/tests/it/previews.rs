//! Previews of cancellations and refunds, compared with what is done then.

use crate::fixture::{Fixture, text};
use proto_events::booking::v1::PaymentRefunded;
use serde_json::{Value, json};

async fn cancellation(fixture: &Fixture, id: &str, refund_to: &str) -> Value {
    fixture.fresh_client().get(&format!("/bookings/{id}/cancellation?refund_to={refund_to}")).await.expect(200)
}

#[tokio::test]
async fn the_preview_of_a_cancellation_is_what_the_cancellation_does() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let online = fixture.pay_online(id, "5000.00").await;
    let cash = fixture.pay_cash(id, "100.00").await;
    fixture.deliver_reserve(10_000).await;
    let pending = fixture.pay(id, "10.00", "cash").await;
    let open = fixture.pay(id, "20.00", "online").await;
    let listed = fixture.fresh_client().get(&format!("/payments?booking_id={id}")).await.expect(200);
    let is_deduction = |p: &&Value| p["method"] == "emi_deduction";
    let deduction =
        listed["items"].as_array().expect("items").iter().find(is_deduction).expect("a payment")["id"].clone();
    let before = fixture.booking(id).await;
    let preview = cancellation(&fixture, id, "source").await;
    assert_eq!(
        preview,
        json!({
            "allowed": true,
            "refunds": [
                { "payment_id": online["id"], "amount": "5000.00", "to": "source" },
                { "payment_id": cash["id"], "amount": "100.00", "to": "wallet" },
                { "payment_id": deduction, "amount": "100.00", "to": "emi_reserve" },
            ],
            "closes_pending": [pending["id"], open["id"]],
            "total_to_wallet": "100.00", "total_to_source": "5000.00", "emi_reserve_back": "100.00",
            "net_paid_after": "0.00", "ends_active_buyer": true,
        })
    );
    for query in ["", "?refund_to=wallet", "?refund_to="] {
        let shown = fixture.staff().get(&format!("/bookings/{id}/cancellation{query}")).await.expect(200);
        assert_eq!((&shown["total_to_wallet"], &shown["total_to_source"]), (&json!("5100.00"), &json!("0.00")));
    }
    // Nothing was done.
    assert_eq!(fixture.booking(id).await, before);
    assert!(fixture.service.published::<PaymentRefunded>().await.is_empty());
    fixture.fresh_client().post(&format!("/bookings/{id}/cancel"), json!({ "refund_to": "source" })).await.expect(200);
    let refunded: Vec<PaymentRefunded> = fixture.service.published().await;
    let done: Vec<Value> = refunded
        .iter()
        .map(|r| {
            let id = domain::PaymentId::try_from(&*r.payment_id).expect("an id");
            json!({ "payment_id": id, "amount": domain::Money::from_paise(r.amount_paise), "to": r.refund_to })
        })
        .collect();
    assert_eq!(preview["refunds"], json!(done));
    let last = refunded.last().and_then(|r| r.standing).expect("a standing");
    assert_eq!((last.net_paid_after_paise, last.active_buyer_after), (0, false));
    // A cancelled booking is left as it is.
    let again = cancellation(&fixture, id, "source").await;
    assert_eq!(
        (&again["allowed"], &again["refunds"], &again["closes_pending"]),
        (&json!(true), &json!([]), &json!([]))
    );
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_preview_names_the_refusal_and_is_the_owners_or_staffs() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let empty = cancellation(&fixture, id, "wallet").await;
    assert_eq!((&empty["allowed"], &empty["net_paid_after"]), (&json!(true), &json!("0.00")));
    fixture.pay_cash(id, "45000.00").await;
    let refused = cancellation(&fixture, id, "wallet").await;
    assert_eq!(
        (&refused["allowed"], &refused["code"], &refused["refunds"], &refused["net_paid_after"]),
        (&json!(false), &json!("booking.state"), &json!([]), &json!("45000.00"))
    );
    assert_eq!(refused["ends_active_buyer"], false);
    let path = format!("/bookings/{id}/cancellation");
    fixture.stranger().get(&path).await.problem(404);
    fixture.service.anonymous().get(&path).await.problem(401);
    fixture.client.get(&format!("{path}?refund_to=mattress")).await.problem(422);
    for unknown in [runtime::id::fresh::<uuid::Uuid>().to_string(), "x".into()] {
        fixture.client.get(&format!("/bookings/{unknown}/cancellation")).await.problem(404);
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_preview_of_a_refund_is_for_administrators_and_not_of_their_own_payment() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let payment = fixture.pay_online(id, "500.00").await;
    let other = fixture.pay_cash(id, "5000.00").await;
    let path = format!("/payments/{}/refund-preview", text(&payment, "id"));
    let admin = fixture.service.as_admin();
    let shown = admin.get(&format!("{path}?refund_to=source")).await.expect(200);
    assert_eq!(
        (&shown["allowed"], &shown["refunds"]),
        (&json!(true), &json!([{ "payment_id": payment["id"], "amount": "500.00", "to": "source" }]))
    );
    let outcome = (&shown["net_paid_after"], &shown["ends_active_buyer"], &shown["closes_pending"]);
    assert_eq!(outcome, (&json!("5000.00"), &json!(false), &json!([])));
    let of_other = format!("/payments/{}/refund-preview", text(&other, "id"));
    assert_eq!(admin.get(&of_other).await.expect(200)["ends_active_buyer"], true);
    for (client, status) in [(fixture.client.clone(), 403), (fixture.staff(), 403), (fixture.service.anonymous(), 401)]
    {
        client.get(&path).await.problem(status);
    }
    let own = fixture.service.as_role(fixture.member, domain::Role::Admin);
    assert_eq!(own.get(&path).await.problem(403), "booking.own");
    admin.get(&format!("/payments/{}/refund-preview", runtime::id::fresh::<uuid::Uuid>())).await.problem(404);
    let pending = fixture.pay(id, "1.00", "cash").await;
    let of_pending = format!("/payments/{}/refund-preview", text(&pending, "id"));
    let refused = admin.get(&of_pending).await.expect(200);
    assert_eq!((&refused["allowed"], &refused["code"]), (&json!(false), &json!("booking.payment_state")));
    let refund = format!("/payments/{}/refund", text(&payment, "id"));
    admin.post(&refund, json!({ "refund_to": "source" })).await.expect(200);
    let again = admin.get(&format!("{path}?refund_to=source")).await.expect(200);
    assert_eq!((&again["allowed"], &again["refunds"]), (&json!(true), &json!([])));
    let elsewhere = admin.get(&path).await.expect(200);
    assert_eq!((&elsewhere["allowed"], &elsewhere["code"]), (&json!(false), &json!("booking.refunded_elsewhere")));
    fixture.service.finish().await;
}

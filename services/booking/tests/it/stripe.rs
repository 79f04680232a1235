//! Stripe: sessions, captures and their messages, refunds, lists, and outages.

use crate::fixture::{Fixture, text};
use crate::refunding::{cancel, refund, reported, send_due, wallet_movements};
use crate::stripe_double::{Call, Fault, Stripe, event, fixture, send_signed, sign, webhook};
use proto_events::booking::v1::PaymentReturned;
use serde_json::{Value, json};

/// A pending payment of 500.00 on a new booking.
async fn start(fixture: &Fixture) -> Value {
    let booked = fixture.book("500.00").await;
    fixture.pay(text(&booked, "id"), "500.00", "online").await
}

fn session_of(payment: &Value) -> &str {
    text(&payment["checkout"], "order_id")
}

/// A payment that the payer made and Stripe reported.
async fn paid(fixture: &Fixture, stripe: &Stripe) -> Value {
    let payment = start(fixture).await;
    let session = stripe.pay(session_of(&payment));
    webhook(fixture, &event(fixture, "checkout.session.completed", &session)).await.expect(200);
    payment
}

async fn status(fixture: &Fixture, payment: &Value) -> String {
    text(&fixture.payment(text(payment, "id")).await, "status").to_owned()
}

fn calls_to(stripe: &Stripe, method: &str, path: &str) -> Vec<Call> {
    stripe.calls().into_iter().filter(|call| call.method == method && call.path == path).collect()
}

#[tokio::test]
async fn a_session_is_created_at_stripe_and_its_capture_completes_the_payment() {
    let stripe = Stripe::default();
    let fixture = fixture(&stripe).await;
    let booked = fixture.book("500.00").await;
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    let body = json!({ "amount": "500.00", "method": "online" });
    let payment = fixture.client.post_with_key(&path, "k", body.clone()).await.expect(201);
    let (id, checkout) = (text(&payment, "id"), &payment["checkout"]);
    let session = stripe.sessions().pop().expect("a session");
    assert_eq!((&checkout["order_id"], &checkout["redirect_url"]), (&session["id"], &session["url"]));
    assert_eq!((&checkout["gateway"], checkout.get("form_fields")), (&json!("stripe"), None));
    let again = fixture.client.post_with_key(&path, "k", body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), payment);
    let calls = calls_to(&stripe, "POST", "/v1/checkout/sessions");
    assert_eq!(calls.len(), 1);
    let call = &calls[0];
    assert_eq!((call.authorization.as_str(), call.version.as_str()), ("Bearer sk_test_1", "2024-06-20"));
    assert_eq!(call.idempotency, id);
    let expires_at = fixture.service.now().plus_hours(23).utc().timestamp().to_string();
    let cancel_url = format!("https://ev.example/bookings/{}", text(&booked, "id"));
    let success_url = format!("https://ev.example/payments/return?payment_id={id}");
    let expected = [
        ("adaptive_pricing[enabled]", "false"),
        ("cancel_url", &cancel_url),
        ("client_reference_id", id),
        ("expires_at", &expires_at),
        ("line_items[0][price_data][currency]", "inr"),
        ("line_items[0][price_data][product_data][name]", "Vehicle booking"),
        ("line_items[0][price_data][unit_amount]", "50000"),
        ("line_items[0][quantity]", "1"),
        ("metadata[payment_id]", id),
        ("mode", "payment"),
        ("payment_intent_data[metadata][payment_id]", id),
        ("success_url", &success_url),
    ];
    assert_eq!(call.parameters.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<Vec<_>>(), expected);
    let session = stripe.pay(text(&session, "id"));
    let message = event(&fixture, "checkout.session.completed", &session);
    for _ in 0..2 {
        webhook(&fixture, &message).await.expect(200);
    }
    let completed = fixture.payment(id).await;
    assert_eq!((&completed["status"], &completed["gateway_payment_id"]), (&json!("completed"), &json!("pi_1")));
    assert_eq!(fixture.completed_payments().await.len(), 1);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_is_applied_once_whichever_of_its_messages_come_first() {
    for kinds in [
        ["payment_intent.succeeded", "checkout.session.completed", "checkout.session.async_payment_succeeded"],
        ["checkout.session.async_payment_succeeded", "payment_intent.succeeded", "checkout.session.completed"],
    ] {
        let stripe = Stripe::default();
        let fixture = fixture(&stripe).await;
        let payment = start(&fixture).await;
        let session = stripe.pay(session_of(&payment));
        let intent = stripe.intent("pi_1");
        for kind in kinds {
            let object = if kind == "payment_intent.succeeded" { &intent } else { &session };
            // Stripe sends a message again with another count of waiting endpoints.
            let message = event(&fixture, kind, object);
            webhook(&fixture, &message).await.expect(200);
            webhook(&fixture, &message.replace("\"pending_webhooks\":1", "\"pending_webhooks\":2")).await.expect(200);
        }
        assert_eq!(status(&fixture, &payment).await, "completed", "{kinds:?}");
        assert_eq!(fixture.completed_payments().await.len(), 1);
        assert_eq!(wallet_movements(&fixture).await, (0, 0));
        fixture.service.finish().await;
    }
}

#[tokio::test]
async fn a_bank_that_takes_days_completes_or_fails_the_payment_later() {
    let stripe = Stripe::default();
    let fixture = fixture(&stripe).await;
    for (kind, expected) in [
        ("checkout.session.async_payment_succeeded", "completed"),
        ("checkout.session.async_payment_failed", "failed"),
        ("checkout.session.expired", "failed"),
    ] {
        let payment = start(&fixture).await;
        let paid = stripe.pay(session_of(&payment));
        let mut waiting = paid.clone();
        waiting["payment_status"] = json!("unpaid");
        webhook(&fixture, &event(&fixture, "checkout.session.completed", &waiting)).await.expect(200);
        assert_eq!(status(&fixture, &payment).await, "pending");
        webhook(&fixture, &event(&fixture, kind, &paid)).await.expect(200);
        assert_eq!(status(&fixture, &payment).await, expected, "{kind}");
        // A later attempt on the same session may succeed.
        webhook(&fixture, &event(&fixture, "checkout.session.completed", &paid)).await.expect(200);
        assert_eq!(status(&fixture, &payment).await, "completed", "{kind}");
    }
    assert_eq!(fixture.completed_payments().await.len(), 3);
    fixture.service.finish().await;
}

#[tokio::test]
async fn only_a_recent_signature_with_a_valid_secret_is_accepted() {
    let stripe = Stripe::default();
    let fixture = fixture(&stripe).await;
    let payment = start(&fixture).await;
    let session = stripe.pay(session_of(&payment));
    let body = event(&fixture, "checkout.session.completed", &session);
    let now = fixture.service.now().utc().timestamp();
    let good = |secs: i64| sign("whsec_test_1", secs, &body);
    for refused in [
        String::new(),
        format!("v1={}", good(now)),
        format!("t={now},v1={}", sign("whsec_other", now, &body)),
        format!("t={now},v0={}", good(now)),
        format!("t={},v1={}", now - 301, good(now - 301)),
        format!("t={now},v1={}", good(now - 1)),
    ] {
        assert_eq!(send_signed(&fixture, &body, &refused).await.problem(401), "booking.webhook_signature", "{refused}");
    }
    assert_eq!(status(&fixture, &payment).await, "pending");
    // While the secret is replaced, Stripe signs with the old one and with the new one.
    let both = format!("t={},v1={},v1={}", now - 300, sign("whsec_other", now - 300, &body), good(now - 300));
    send_signed(&fixture, &body, &both).await.expect(200);
    assert_eq!(status(&fixture, &payment).await, "completed");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_genuine_message_that_is_malformed_unknown_or_not_ours_is_stored_and_shown_to_staff() {
    let stripe = Stripe::default();
    let fixture = fixture(&stripe).await;
    let events = async |state: &str| -> Vec<Value> {
        let path = format!("/payments/webhook-events?state={state}");
        fixture.staff().get(&path).await.expect(200)["items"].as_array().expect("items").clone()
    };
    let session = json!({ "id": "cs_test_1", "payment_status": "paid", "payment_intent": "pi_9", "currency": "inr" });
    for (body, state) in [
        ("[".to_owned(), "unreadable"),
        ("{}".to_owned(), "unreadable"),
        (event(&fixture, "checkout.session.completed", &session), "unreadable"),
        (event(&fixture, "refund.updated", &json!({ "id": "re_9", "amount": 1 })), "unreadable"),
        (event(&fixture, "charge.dispute.created", &json!({ "id": "dp_1" })), "unhandled"),
        (event(&fixture, "payment_intent.payment_failed", &json!({ "id": "pi_1" })), "unhandled"),
    ] {
        let before = events(state).await.len();
        webhook(&fixture, &body).await.expect(200);
        assert_eq!(events(state).await.len(), before + 1, "{body}");
    }
    // A payment that another system made with the same account.
    let foreign = stripe.add_intent(70_000, "inr", json!({ "shop_order": "7" }));
    webhook(&fixture, &event(&fixture, "payment_intent.succeeded", &foreign)).await.expect(200);
    let dollars = stripe.add_intent(70_000, "usd", json!({}));
    webhook(&fixture, &event(&fixture, "payment_intent.succeeded", &dollars)).await.expect(200);
    for (outcome, id, currency) in [("unknown_order", "pi_1", "INR"), ("not_taken", "pi_2", "USD")] {
        let found = fixture.staff().get(&format!("/payments/captures?outcome={outcome}")).await.expect(200);
        let found = &found["items"][0];
        assert_eq!((&found["gateway_payment_id"], &found["currency"]), (&json!(id), &json!(currency)), "{outcome}");
        assert_eq!(found["gateway"], "stripe");
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_checkout_is_opened_again_with_the_same_session_until_it_is_closed() {
    let stripe = Stripe::default();
    let fixture = fixture(&stripe).await;
    let payment = start(&fixture).await;
    let path = format!("/payments/{}/checkout", text(&payment, "id"));
    let opened = fixture.client.post_empty(&path).await.expect(200);
    assert_eq!(opened, payment["checkout"]);
    assert_eq!(fixture.stranger().post_empty(&path).await.problem(404), "request.not_found");
    let session = stripe.expire(session_of(&payment));
    assert_eq!(fixture.client.post_empty(&path).await.problem(409), "booking.checkout_closed");
    webhook(&fixture, &event(&fixture, "checkout.session.expired", &session)).await.expect(200);
    assert_eq!(fixture.client.post_empty(&path).await.problem(409), "booking.payment_state");
    assert_eq!(stripe.sessions().len(), 1);
    let cash = fixture.pay(text(&payment, "booking_id"), "500.00", "cash").await;
    let path = format!("/payments/{}/checkout", text(&cash, "id"));
    assert_eq!(fixture.client.post_empty(&path).await.problem(409), "booking.checkout_closed");
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_order_check_fails_an_expired_session_and_closes_one_that_was_superseded() {
    let stripe = Stripe::default();
    let fixture = fixture(&stripe).await;
    let expired = start(&fixture).await;
    stripe.expire(session_of(&expired));
    let superseded = start(&fixture).await;
    let newer = fixture.pay(text(&superseded, "booking_id"), "600.00", "online").await;
    fixture.service.clock.advance_secs(600);
    fixture.service.run_job("orders").await;
    assert_eq!(status(&fixture, &expired).await, "failed");
    assert_eq!(status(&fixture, &superseded).await, "superseded");
    let states: Vec<Value> = stripe.sessions().iter().map(|s| s["status"].clone()).collect();
    assert_eq!(states, ["expired", "expired", "open"], "the payer cannot pay the older page");
    assert_eq!(status(&fixture, &newer).await, "pending");
    // One that was paid just before is returned.
    let late = start(&fixture).await;
    stripe.pay(session_of(&late));
    fixture.pay(text(&late, "booking_id"), "600.00", "online").await;
    fixture.service.clock.advance_secs(600);
    fixture.service.run_job("orders").await;
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    assert_eq!((returned.len(), returned[0].cause.as_str()), (1, "order_superseded"));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_refund_is_sent_with_a_key_and_done_when_stripe_reports_it() {
    let stripe = Stripe::default();
    let fixture = fixture(&stripe).await;
    let payment = paid(&fixture, &stripe).await;
    stripe.set_refund_status("pending");
    cancel(&fixture, &payment, "source").await;
    fixture.service.run_job("refunds").await;
    let sent = refund(&fixture, &payment).await;
    assert_eq!((&sent["status"], &sent["gateway_refund_id"]), (&json!("sent"), &json!("re_1")));
    let calls = calls_to(&stripe, "POST", "/v1/refunds");
    let form = [("amount", "50000"), ("metadata[refund_id]", text(&sent, "id")), ("payment_intent", "pi_1")];
    assert_eq!(calls[0].parameters.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<Vec<_>>(), form);
    assert_eq!((calls.len(), calls[0].idempotency.as_str()), (1, text(&sent, "id")));
    let pending = stripe.set_refund("re_1", "pending");
    let done = stripe.set_refund("re_1", "succeeded");
    for (kind, object) in [("refund.updated", &done), ("refund.created", &pending), ("charge.refund.updated", &done)] {
        webhook(&fixture, &event(&fixture, kind, object)).await.expect(200);
        assert_eq!(text(&refund(&fixture, &payment).await, "status"), "done", "{kind}");
    }
    assert_eq!((stripe.refunds().len(), wallet_movements(&fixture).await), (1, (0, 0)));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_failed_refund_is_credited_to_the_wallet_and_clawed_back_if_it_succeeds_later() {
    let stripe = Stripe::default();
    let fixture = fixture(&stripe).await;
    let payment = paid(&fixture, &stripe).await;
    stripe.set_refund_status("pending");
    cancel(&fixture, &payment, "source").await;
    fixture.service.run_job("refunds").await;
    let failed = stripe.set_refund("re_1", "failed");
    webhook(&fixture, &event(&fixture, "refund.failed", &failed)).await.expect(200);
    send_due(&fixture).await;
    assert_eq!(text(&refund(&fixture, &payment).await, "status"), "failed");
    assert_eq!(wallet_movements(&fixture).await, (50_000, 0));
    let done = stripe.set_refund("re_1", "succeeded");
    for _ in 0..2 {
        webhook(&fixture, &event(&fixture, "refund.updated", &done)).await.expect(200);
    }
    assert_eq!(wallet_movements(&fixture).await, (50_000, 50_000));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_refund_in_the_dashboard_is_adopted_when_it_is_whole_and_shown_when_it_is_partial() {
    let stripe = Stripe::default();
    let fixture = fixture(&stripe).await;
    let (whole, part) = (paid(&fixture, &stripe).await, paid(&fixture, &stripe).await);
    let refunds = [stripe.add_dashboard_refund("pi_1", 50_000), stripe.add_dashboard_refund("pi_2", 10_000)];
    for refund in &refunds {
        webhook(&fixture, &event(&fixture, "refund.created", refund)).await.expect(200);
    }
    let adopted = refund(&fixture, &whole).await;
    assert_eq!((text(&adopted, "status"), text(&adopted, "requested_by")), ("done", "gateway"));
    assert_eq!(status(&fixture, &part).await, "completed");
    assert_eq!(reported(&fixture, "unmatched").await.len(), 1);
    // The rest is refunded at the source, and a whole refund is refused for good.
    cancel(&fixture, &part, "source").await;
    send_due(&fixture).await;
    assert_eq!(text(&refund(&fixture, &part).await, "status"), "failed");
    assert_eq!(wallet_movements(&fixture).await, (40_000, 0));
    assert_eq!(reported(&fixture, "unmatched").await.len(), 0);
    fixture.service.finish().await;
}

/// Runs the job `refunds` a day later: after a list without the refund, the pauses grow up to a day.
async fn try_next_day(fixture: &Fixture) {
    fixture.service.clock.advance_secs(24 * 3_600);
    fixture.service.run_job("refunds").await;
}

#[tokio::test]
async fn a_refusal_that_is_not_about_the_refund_credits_nothing() {
    let stripe = Stripe::default();
    let fixture = fixture(&stripe).await;
    let payment = paid(&fixture, &stripe).await;
    cancel(&fixture, &payment, "source").await;
    let error = |code: &str| json!({ "error": { "type": "invalid_request_error", "code": code, "message": code } });
    for (status, code) in [
        (401, "api_key_expired"),
        (400, "charge_disputed"),
        (404, "resource_missing"),
        (429, "rate_limit"),
        (409, "idempotency_key_in_use"),
        (400, "idempotency_error"),
        (500, "api_error"),
    ] {
        // From the second attempt on, the refunds are listed first.
        let is_first = calls_to(&stripe, "POST", "/v1/refunds").is_empty();
        let fault = Fault::Refused(status, error(code));
        stripe.queue(&if is_first { vec![fault] } else { vec![Fault::Pass, fault] });
        try_next_day(&fixture).await;
        let open = refund(&fixture, &payment).await;
        assert_eq!((text(&open, "status"), open["unknown_since"].is_null()), ("sent", false), "{code}");
    }
    try_next_day(&fixture).await;
    assert_eq!(text(&refund(&fixture, &payment).await, "status"), "done");
    assert_eq!((stripe.refunds().len(), wallet_movements(&fixture).await), (1, (0, 0)));
    fixture.service.finish().await;
}

#[tokio::test]
async fn lists_are_read_page_by_page_after_the_last_id_and_resumed() {
    let stripe = Stripe::default();
    let fixture = fixture(&stripe).await;
    let payment = start(&fixture).await;
    stripe.pay(session_of(&payment));
    let refunded = start(&fixture).await;
    stripe.pay(session_of(&refunded));
    stripe.add_dashboard_refund("pi_2", 50_000);
    for n in 0..200 {
        stripe.add_intent(100 + n, "inr", json!({}));
    }
    let job = fixture.service.started.jobs.iter().find(|job| job.name == "reconcile").expect("a job");
    stripe.queue(&[Fault::Lost, Fault::Refused(500, json!({})), Fault::Lost]);
    // The first page is not answered twice, so nothing advances.
    runtime::jobs::run_once(job, fixture.service.ctx()).await.expect_err("the job fails");
    fixture.service.run_job("reconcile").await;
    assert_eq!(status(&fixture, &payment).await, "completed");
    assert_eq!(status(&fixture, &refunded).await, "pending", "a payment that was refunded in full is not taken");
    let lists = calls_to(&stripe, "GET", "/v1/payment_intents");
    let after = |call: &Call| call.parameters.get("starting_after").cloned().unwrap_or_default();
    let positions: Vec<String> = lists.iter().map(after).collect();
    assert_eq!(positions, ["", "", "", "", "pi_103", "pi_3"]);
    assert!(lists.iter().all(|call| call.parameters["limit"] == "100"));
    let unknown = fixture.staff().get("/payments/captures?outcome=unknown_order&limit=100").await.expect(200);
    assert_eq!(unknown["items"].as_array().map(Vec::len), Some(100));
    assert_eq!(reported(&fixture, "unmatched").await.len(), 1);
    fixture.service.finish().await;
}

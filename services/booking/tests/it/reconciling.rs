//! Money that a gateway took and told nobody of: found in its list, and credited once.

use crate::razorpay_double::{Razorpay, recorded, webhook, world, world_with};
use crate::world::{World, text};
use chassis::jobs::run_once;
use futures_util::future::join_all;
use proto_events::booking::v1::PaymentReturned;
use serde_json::{Value, json};
use testkit::mariadb::with_database;

/// A payment as the gateway lists it, begun now.
fn listed(world: &World, order: &str, id: &str, paise: i64) -> Value {
    let message: Value =
        serde_json::from_str(&recorded("payment.captured", order, id, paise, json!([]))).expect("JSON");
    let mut payment = message["payload"]["payment"]["entity"].clone();
    payment["created_at"] = json!(world.service.now().utc().timestamp());
    payment["amount_refunded"] = json!(0);
    payment
}

fn order(payment: &Value) -> &str {
    text(&payment["checkout"], "order_id")
}

/// Starts a payment of 500.00 on a new booking, which the gateway takes without a word.
async fn silent(world: &World, razorpay: &Razorpay, id: &str) -> Value {
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    razorpay.take(listed(world, order(&payment), id, 50_000));
    payment
}

async fn status(world: &World, payment: &Value) -> String {
    text(&world.payment(text(payment, "id")).await, "status").to_owned()
}

async fn fails(world: &World, name: &str) {
    let job = world.service.started.jobs.iter().find(|j| j.name == name).expect("a job");
    run_once(job, world.service.ctx()).await.expect_err("it fails");
}

/// The queries of the list so far.
fn walked(razorpay: &Razorpay) -> Vec<String> {
    razorpay.calls().into_iter().filter(|c| c.path == "/v1/payments").map(|c| c.query).collect()
}

async fn unplaced(world: &World) -> Vec<String> {
    let found = world.staff().get("/payments/captures?outcome=unknown_order&limit=100").await.expect(200);
    let id = |c: &Value| text(c, "gateway_payment_id").to_owned();
    found["items"].as_array().expect("items").iter().map(id).collect()
}

#[tokio::test]
async fn a_capture_whose_message_is_lost_is_found_in_the_list_and_credited_once() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let payment = silent(&world, &razorpay, "pay_1").await;
    world.service.run_job("reconcile").await;
    assert_eq!(status(&world, &payment).await, "completed");
    // The list reaches back each time, and the message comes after all.
    for _ in 0..3 {
        world.service.clock.advance_secs(900);
        world.service.run_job("reconcile").await;
    }
    let message = recorded("payment.captured", order(&payment), "pay_1", 50_000, json!([]));
    webhook(&world, &message, "evt_1").await.expect(200);
    assert_eq!(world.completed().await.len(), 1);
    assert!(world.service.published::<PaymentReturned>().await.is_empty());
    assert_eq!(unplaced(&world).await, Vec::<String>::new());
    let walked = walked(&razorpay);
    assert_eq!(walked.len(), 4);
    assert_eq!(walked[0], "from=1794112200&to=1794285000&count=100&skip=0", "two days of 24 hours each way");
    world.service.finish().await;
}

#[tokio::test]
async fn a_gateway_that_is_down_moves_nothing() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let payment = silent(&world, &razorpay, "pay_1").await;
    for _ in 0..2 {
        razorpay.next(502, json!({}));
    }
    fails(&world, "reconcile").await;
    assert_eq!(status(&world, &payment).await, "pending");
    world.service.clock.advance_secs(60);
    world.service.run_job("reconcile").await;
    assert_eq!(status(&world, &payment).await, "completed");
    let walked = walked(&razorpay);
    // The window that failed, tried twice and then walked; then the minute since.
    assert_eq!(walked.len(), 4);
    assert!(walked[..3].iter().all(|query| *query == walked[0]), "{walked:?}");
    assert_ne!(walked[3], walked[0]);
    world.service.finish().await;
}

#[tokio::test]
async fn a_full_page_is_followed_by_another_and_a_run_cut_off_between_goes_on_there() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let first = silent(&world, &razorpay, "pay_last_line").await;
    for n in 0..199 {
        let mut failed = listed(&world, "order_of_nobody", &format!("pay_{n}"), 100);
        failed["status"] = json!("failed");
        razorpay.take(failed);
    }
    let second = silent(&world, &razorpay, "pay_first_line").await;
    // The first page is answered, the second is not. Answers are taken from the end.
    for _ in 0..2 {
        razorpay.next(500, json!({}));
    }
    let page = razorpay.listing(0, 100);
    razorpay.next(200, page);
    fails(&world, "reconcile").await;
    assert_eq!((status(&world, &second).await, status(&world, &first).await), ("completed".into(), "pending".into()));
    world.service.run_job("reconcile").await;
    assert_eq!(status(&world, &first).await, "completed");
    let skips: Vec<String> =
        walked(&razorpay).iter().map(|q| q.rsplit('=').next().expect("a number").to_owned()).collect();
    assert_eq!(skips, ["0", "100", "100", "100", "200"]);
    assert_eq!(world.completed().await.len(), 2);
    world.service.finish().await;
}

#[tokio::test]
async fn what_is_found_for_a_closed_booking_goes_to_the_wallet_or_revives_it() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let cancelled = silent(&world, &razorpay, "pay_cancelled").await;
    world.again().act(&format!("/bookings/{}/cancel", text(&cancelled, "booking_id"))).await.expect(200);
    let superseded = silent(&world, &razorpay, "pay_superseded").await;
    world.pay(text(&superseded, "booking_id"), "500.00", "online").await;
    let expired = silent(&world, &razorpay, "pay_expired").await;
    world.service.clock.advance_secs(24 * 3_600 + 1);
    world.service.run_job("expire").await;
    assert_eq!(world.booking(text(&expired, "booking_id")).await["status"], "expired");
    for _ in 0..2 {
        world.service.run_job("reconcile").await;
        world.service.clock.advance_secs(900);
    }
    let returned: Vec<PaymentReturned> = world.service.published().await;
    let mut causes: Vec<&str> = returned.iter().map(|r| r.cause.as_str()).collect();
    causes.sort_unstable();
    assert_eq!(causes, ["booking_cancelled", "order_superseded"]);
    assert!(returned.iter().all(|r| r.amount_paise == 50_000));
    assert_eq!(world.booking(text(&expired, "booking_id")).await["status"], "confirmed");
    assert_eq!(world.completed().await.len(), 1);
    world.service.finish().await;
}

#[tokio::test]
async fn money_that_no_payment_is_for_is_shown_to_staff_until_it_is() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    razorpay.take(listed(&world, "order_of_nobody", "pay_1", 100));
    let mut without = listed(&world, "", "pay_2", 200);
    without["order_id"] = Value::Null;
    razorpay.take(without);
    for _ in 0..2 {
        world.service.run_job("reconcile").await;
        world.service.clock.advance_secs(900);
    }
    // A message tells of one, too.
    let mut message: Value =
        serde_json::from_str(&recorded("payment.captured", "", "pay_3", 300, json!([]))).expect("JSON");
    message["payload"]["payment"]["entity"]["order_id"] = Value::Null;
    webhook(&world, &message.to_string(), "evt_1").await.expect(200);
    assert_eq!(unplaced(&world).await, ["pay_3", "pay_1", "pay_2"]);
    let page = world.staff().get("/payments/captures?limit=1").await.expect(200);
    assert_eq!((&page["items"][0]["amount"], &page["items"][0]["outcome"]), (&json!("3.00"), &json!("unknown_order")));
    let next = format!("/payments/captures?limit=1&cursor={}", text(&page, "next_cursor"));
    assert_eq!(world.staff().get(&next).await.expect(200)["items"][0]["gateway_payment_id"], "pay_1");
    assert_eq!(world.again().get("/payments/captures").await.problem(403), "auth.forbidden");
    // The list corrects what was told before.
    let payment = silent(&world, &razorpay, "pay_1").await;
    world.service.run_job("reconcile").await;
    assert_eq!(status(&world, &payment).await, "completed");
    assert_eq!(unplaced(&world).await, ["pay_3", "pay_2"]);
    world.service.finish().await;
}

#[tokio::test]
async fn what_was_given_back_at_the_gateway_is_not_credited() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    let mut whole = listed(&world, order(&payment), "pay_whole", 50_000);
    (whole["status"], whole["amount_refunded"]) = (json!("refunded"), json!(50_000));
    razorpay.take(whole);
    world.service.run_job("reconcile").await;
    assert_eq!(status(&world, &payment).await, "pending");
    let mut part = listed(&world, order(&payment), "pay_part", 50_000);
    part["amount_refunded"] = json!(10_000);
    razorpay.take(part);
    world.service.clock.advance_secs(900);
    world.service.run_job("reconcile").await;
    let returned: Vec<PaymentReturned> = world.service.published().await;
    assert_eq!((returned.len(), returned[0].amount_paise), (1, 40_000));
    assert!(world.completed().await.is_empty());
    world.service.finish().await;
}

#[tokio::test]
async fn an_order_nobody_told_of_is_asked_for_after_a_while_and_then_ever_less_often() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let payment = silent(&world, &razorpay, "pay_1").await;
    let booked = world.book("500.00").await;
    let unpaid = world.pay(text(&booked, "id"), "500.00", "online").await;
    let asked = |payment: &Value| {
        let path = format!("/v1/orders/{}/payments", order(payment));
        razorpay.calls().iter().filter(|c| c.path == path).count()
    };
    world.service.run_job("orders").await;
    assert_eq!(asked(&payment), 0);
    world.service.clock.advance_secs(600);
    // Down at first: it is asked again.
    for _ in 0..2 {
        razorpay.next(503, json!({}));
    }
    fails(&world, "orders").await;
    world.service.clock.advance_secs(60);
    world.service.run_job("orders").await;
    assert_eq!(status(&world, &payment).await, "completed");
    assert_eq!((asked(&payment), asked(&unpaid)), (3, 1));
    for (secs, times) in [(0, 1), (530, 1), (20, 2), (1_100, 2), (120, 3)] {
        world.service.clock.advance_secs(secs);
        world.service.run_job("orders").await;
        assert_eq!((asked(&payment), asked(&unpaid)), (3, times), "{secs}");
    }
    world.service.run_job("reconcile").await;
    assert_eq!(world.completed().await.len(), 1);
    world.service.finish().await;
}

/// Runs `test` with the service and its gateway, the database being on MariaDB.
async fn on_mariadb(test: impl AsyncFnOnce(&World, &Razorpay)) {
    with_database(async |url| {
        let razorpay = Razorpay::default();
        let world = world_with(&razorpay, &[("DATABASE_URL", &url)]).await;
        test(&world, &razorpay).await;
        world.service.finish().await;
    })
    .await;
}

#[tokio::test]
async fn messages_lists_and_questions_at_once_credit_once_on_services() {
    on_mariadb(async |world, razorpay| {
        let mut payments = Vec::new();
        for n in 0..4 {
            payments.push(silent(world, razorpay, &format!("pay_{n}")).await);
        }
        world.service.clock.advance_secs(600);
        let told = join_all(payments.iter().enumerate().flat_map(|(n, payment)| {
            (0..4).map(move |copy| {
                let message =
                    recorded("payment.captured", order(payment), &format!("pay_{n}"), 50_000, json!({ "copy": copy }));
                async move { webhook(world, &message, "evt").await.expect(200) }
            })
        }));
        let walks = join_all((0..3).map(|_| world.service.run_job("reconcile")));
        let questions = join_all((0..3).map(|_| world.service.run_job("orders")));
        tokio::join!(told, walks, questions);
        assert_eq!(world.completed().await.len(), 4);
        assert!(world.service.published::<PaymentReturned>().await.is_empty());
        for payment in &payments {
            assert_eq!(world.booking(text(payment, "booking_id")).await["total_paid"], "500.00");
        }
    })
    .await;
}

#[tokio::test]
async fn a_capture_and_the_note_of_its_order_find_each_other_on_services() {
    on_mariadb(async |world, razorpay| {
        for n in 0..25 {
            let booked = world.book("500.00").await;
            // The gateway counts its calls, and this is the only one.
            let order = format!("order_Abc{}", n + 1);
            let message = recorded("payment.captured", &order, &format!("pay_{n}"), 50_000, json!([]));
            let late = async {
                tokio::time::sleep(std::time::Duration::from_millis(n)).await;
                webhook(world, &message, "evt").await.expect(200)
            };
            tokio::join!(world.pay(text(&booked, "id"), "500.00", "online"), late);
            assert_eq!(world.booking(text(&booked, "id")).await["status"], "confirmed", "{n}");
        }
        assert_eq!(razorpay.calls().len(), 25);
        assert_eq!(unplaced(world).await, Vec::<String>::new());
    })
    .await;
}

//! Numbers of receipts, what paid each instalment, and the list of overdue ones.

use crate::fixture::{Fixture, SCOOTER, text};
use crate::on_services::on_mariadb;
use diesel_async::SimpleAsyncConnection;
use futures_util::future::join_all;
use proto_events::booking::v1::ReceiptNumbered;
use serde_json::{Value, json};

/// The numbers of the receipts of all payments.
async fn numbers(fixture: &Fixture) -> Vec<String> {
    let list = fixture.staff().get("/payments?limit=500").await.expect(200);
    let number = |payment: &Value| payment["receipt_number"].as_str().map(str::to_owned);
    let mut found: Vec<String> = list["items"].as_array().expect("items").iter().filter_map(number).collect();
    found.sort();
    found
}

fn first(count: usize, year: &str) -> Vec<String> {
    (1..=count).map(|n| format!("{year}/{n:06}")).collect()
}

#[tokio::test]
async fn a_receipt_gets_its_number_by_the_job_or_when_it_is_read() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let pending = fixture.pay(id, "1.00", "cash").await;
    let paid = fixture.pay_cash(id, "500.00").await;
    assert_eq!(paid["receipt_number"], Value::Null);
    fixture.service.run_job("receipts").await;
    let shown = fixture.payment(text(&paid, "id")).await;
    assert_eq!(shown["receipt_number"], "2026-27/000001");
    let second = fixture.pay_cash(id, "600.00").await;
    let file = fixture.fresh_client().get(&format!("/payments/{}/receipt", text(&second, "id"))).await;
    assert_eq!(file.status, 200);
    assert!(file.header("content-disposition").contains("receipt-2026-27-000002.pdf"), "{:?}", file.headers);
    assert!(file.text.contains("2026-27/000002"), "it is printed");
    let path = format!("/payments/{}/receipt", text(&pending, "id"));
    assert_eq!(fixture.fresh_client().get(&path).await.problem(409), "booking.no_receipt");
    // A refund keeps the number.
    fixture.service.as_admin().post_empty(&format!("/payments/{}/refund", text(&second, "id"))).await.expect(200);
    assert_eq!(fixture.payment(text(&second, "id")).await["receipt_number"], "2026-27/000002");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_number_is_published_once_with_what_a_payment_is_found_by() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let online = fixture.pay_online(id, "500.00").await;
    fixture.service.clock.advance_secs(1);
    let cash = fixture.pay_cash(id, "600.00").await;
    let published = async || fixture.service.published::<ReceiptNumbered>().await;
    assert_eq!(published().await, []);
    // Numbers that are given when a receipt is read are published by the job.
    let path = format!("/payments/{}/receipt", text(&cash, "id"));
    assert_eq!(fixture.fresh_client().get(&path).await.status, 200);
    for _ in 0..2 {
        fixture.service.run_job("receipts").await;
        let events = published().await;
        let numbers: Vec<&str> = events.iter().map(|e| e.receipt_number.as_str()).collect();
        assert_eq!(numbers, ["2026-27/000001", "2026-27/000002"]);
        for (event, payment) in events.iter().zip([&online, &cash]) {
            let id = uuid::Uuid::from_slice(&event.payment_id).expect("an id").to_string();
            let shown = fixture.payment(text(payment, "id")).await;
            assert_eq!(
                (id.as_str(), event.receipt_number.as_str()),
                (text(payment, "id"), text(&shown, "receipt_number"))
            );
            assert_eq!(event.booking_number, text(&booked, "number"));
        }
        assert!(!events[0].gateway_payment_id.is_empty() && events[0].reference.is_empty(), "{events:?}");
        assert!(events[1].gateway_payment_id.is_empty() && !events[1].reference.is_empty(), "{events:?}");
        assert_eq!((events[0].amount_paise, events[1].amount_paise), (50_000, 60_000));
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn numbers_that_an_earlier_version_gave_are_published_year_by_year() {
    let fixture = Fixture::start().await;
    fixture.service.clock.set("2027-03-31T18:29:00Z".parse().expect("a time"));
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    fixture.pay_cash(id, "500.00").await;
    fixture.service.clock.set("2027-03-31T18:30:00Z".parse().expect("a time"));
    for _ in 0..3 {
        fixture.pay_cash(id, "500.00").await;
    }
    fixture.service.run_job("receipts").await;
    let earlier = "UPDATE receipt_counters SET published_number = 1 WHERE financial_year = '2027-28'";
    fixture.service.ctx().db().write().await.expect("a connection").batch_execute(earlier).await.expect("an update");
    fixture.service.run_job("receipts").await;
    let numbers: Vec<String> =
        fixture.service.published::<ReceiptNumbered>().await.into_iter().map(|e| e.receipt_number).collect();
    let all = ["2026-27/000001", "2027-28/000001", "2027-28/000002", "2027-28/000003"];
    assert_eq!(numbers[..4], all);
    assert_eq!(numbers[4..], all[2..], "from the last published one on");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_financial_year_has_numbers_of_its_own() {
    let fixture = Fixture::start().await;
    fixture.service.clock.set("2027-03-31T18:29:00Z".parse().expect("a time"));
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    fixture.pay_cash(id, "500.00").await;
    fixture.service.clock.set("2027-03-31T18:30:00Z".parse().expect("a time"));
    fixture.pay_cash(id, "500.00").await;
    fixture.pay_cash(id, "500.00").await;
    fixture.service.run_job("receipts").await;
    assert_eq!(numbers(&fixture).await, ["2026-27/000001", "2027-28/000001", "2027-28/000002"]);
    fixture.service.finish().await;
}

/// Payments, refunds and receipts that are read at the same time.
async fn numbers_are_gap_free(fixture: &Fixture) {
    let pay = async || {
        let booked = fixture.book("500.00").await;
        let payment = fixture.pay_online(text(&booked, "id"), "500.00").await;
        let path = format!("/payments/{}", text(&payment, "id"));
        let file = fixture.fresh_client().get(&format!("{path}/receipt")).await;
        assert_eq!(file.status, 200, "{}", file.text);
        fixture.service.as_admin().post_empty(&format!("{path}/refund")).await.expect(200);
    };
    join_all((0..20).map(|_| pay())).await;
    fixture.service.run_job("receipts").await;
    assert_eq!(numbers(fixture).await, first(20, "2026-27"));
}

#[tokio::test]
async fn numbers_have_no_gaps_while_receipts_are_read() {
    let fixture = Fixture::start().await;
    numbers_are_gap_free(&fixture).await;
    fixture.service.finish().await;
}

#[tokio::test]
async fn numbers_have_no_gaps_while_receipts_are_read_on_services() {
    on_mariadb(numbers_are_gap_free).await;
}

#[tokio::test]
async fn an_instalment_says_what_paid_it() {
    let fixture = Fixture::start().await;
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 10 });
    let booked = fixture.book_with(body).await;
    let id = text(&booked, "id");
    let first = fixture.pay_cash(id, "600.00").await;
    let second = fixture.pay_online(id, "5000.00").await;
    let list = fixture.fresh_client().get(&format!("/bookings/{id}/emi")).await.expect(200);
    let paid_by = |n: usize| list[n]["paid_by"].clone();
    let part = |payment: &Value, amount: &str| json!({ "payment_id": payment["id"], "amount": amount });
    assert_eq!(paid_by(0), json!([part(&first, "100.00"), part(&second, "4350.00")]));
    assert_eq!((paid_by(1), paid_by(2)), (json!([part(&second, "650.00")]), json!([])));
    assert_eq!(fixture.booking(id).await["emi"]["instalments"], list);
    fixture.service.as_admin().post_empty(&format!("/payments/{}/refund", text(&first, "id"))).await.expect(200);
    let list = fixture.fresh_client().get(&format!("/bookings/{id}/emi")).await.expect(200);
    assert_eq!(list[0]["paid_by"], json!([part(&second, "4450.00")]));
    assert_eq!(list[1]["paid_by"], json!([part(&second, "50.00")]));
    fixture.service.finish().await;
}

#[tokio::test]
async fn staff_list_overdue_instalments_by_due_date() {
    let fixture = Fixture::start().await;
    let mut bookings = Vec::new();
    for amount in ["500.00", "1000.00"] {
        let body = json!({ "vehicle_id": SCOOTER, "booking_amount": amount, "emi_months": 3 });
        let booked = fixture.book_with(body).await;
        fixture.pay_cash(text(&booked, "id"), amount).await;
        bookings.push(booked);
        fixture.service.clock.advance_secs(24 * 3_600);
    }
    let list = async |query: &str| fixture.staff().get(&format!("/bookings/instalments?{query}")).await.expect(200);
    assert_eq!(list("").await["items"], json!([]));
    fixture.service.clock.advance_secs(62 * 24 * 3_600);
    fixture.service.run_job("calendar").await;
    let overdue = list("order=asc").await;
    let shown: Vec<_> =
        overdue["items"].as_array().expect("items").iter().map(|i| (&i["booking_id"], &i["n"])).collect();
    let ids: Vec<&Value> = bookings.iter().map(|b| &b["id"]).collect();
    let one_and_two = [json!(1), json!(2)];
    let expected =
        [(ids[0], &one_and_two[0]), (ids[1], &one_and_two[0]), (ids[0], &one_and_two[1]), (ids[1], &one_and_two[1])];
    assert_eq!(shown, expected);
    let first = &overdue["items"][0];
    assert_eq!((&first["unpaid"], &first["status"]), (&json!("14833.00"), &json!("overdue")), "{first}");
    let page = list("order=asc&limit=3").await;
    let rest = list(&format!("order=asc&limit=3&cursor={}", text(&page, "next_cursor"))).await;
    assert_eq!(rest["items"], json!([overdue["items"][3]]));
    let due = text(&overdue["items"][2], "due_on");
    assert_eq!(list(&format!("due_from={due}")).await["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(list("status=paid").await["items"], json!([]));
    assert_eq!(fixture.fresh_client().get("/bookings/instalments").await.status, 403);
    fixture.service.finish().await;
}

//! Documents of a booking: as issued, in both languages, and verified by their codes.

use crate::fixture::{Fixture, SCOOTER, text};
use crate::on_services::on_mariadb;
use futures_util::future::join_all;
use proto_events::auth::v1::{User, UserUpdated};
use serde_json::{Value, json};
use testkit::Reply;

/// The path that verifies a file, by the address in its metadata.
fn verification(file: &Reply) -> String {
    let (_, rest) = file.text.split_once("/verify/").unwrap_or_else(|| panic!("no code: {}", file.status));
    let code: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!("/documents/verify/{code}")
}

async fn verified(fixture: &Fixture, file: &Reply) -> Value {
    fixture.service.anonymous().get(&verification(file)).await.expect(200)
}

#[tokio::test]
async fn a_document_is_in_the_language_of_its_member_and_names_the_member_as_last_published() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay_cash(text(&booked, "id"), "500.00").await;
    let path = format!("/payments/{}/receipt", text(&payment, "id"));
    let english = fixture.fresh_client().get(&path).await.text;
    let named = |version: u64, name: &str, locale: &str| {
        let (user_id, name, locale) = (fixture.member.into(), name.to_owned(), locale.to_owned());
        UserUpdated { user: Some(User { user_id, version, name, locale, ..User::default() }) }
    };
    fixture.service.deliver_now(&named(3, "Asha Rao", "hi")).await;
    fixture.service.deliver_now(&named(2, "Asha", "en")).await;
    let hindi = fixture.fresh_client().get(&path).await.text;
    assert_ne!(hindi, english);
    for client in [fixture.fresh_client(), fixture.staff()] {
        assert_eq!(client.get(&path).await.text, hindi, "of the member, also for staff");
        assert_eq!(client.get(&format!("{path}?lang=en")).await.text, english);
        assert_eq!(client.get(&format!("{path}?lang=hi")).await.text, hindi);
    }
    // A later document has the new name, whichever event came last.
    let confirmation = format!("/bookings/{}/confirmation", text(&booked, "id"));
    let stated = fixture.fresh_client().get(&confirmation).await;
    assert_eq!(verified(&fixture, &stated).await["initials"], "A. R.");
    // What an older event does not say is English.
    fixture.service.deliver_now(&named(4, "Asha Rao", "")).await;
    assert_eq!(fixture.fresh_client().get(&path).await.text, english);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_receipt_is_the_same_bytes_and_its_code_says_what_it_states() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay_cash(text(&booked, "id"), "500.00").await;
    let path = format!("/payments/{}/receipt", text(&payment, "id"));
    let first = fixture.fresh_client().get(&path).await;
    assert_eq!(first.status, 200, "{}", first.text);
    assert_eq!(fixture.staff().get(&path).await.text, first.text);
    let hindi = fixture.fresh_client().get(&format!("{path}?lang=hi")).await;
    assert_ne!(hindi.text, first.text);
    assert_eq!(verification(&hindi), verification(&first));
    fixture.fresh_client().get(&format!("{path}?lang=fr")).await.problem(422);
    let stated = verified(&fixture, &first).await;
    let expected = json!({
        "kind": "receipt", "number": "2026-27/000001", "revision": 1, "is_latest": true,
        "date": stated["date"], "amount": "500.00", "initials": stated["initials"],
    });
    assert_eq!(stated, expected);
    assert!(first.text.contains("2026-27/000001"));
    // As a person types it, and a code of which one letter is another.
    let code = verification(&first);
    let typed = code.replace("/B-", "/b-").to_lowercase().replace("/b-", "/B-");
    assert_eq!(fixture.service.anonymous().get(&typed).await.expect(200), expected);
    let last = if code.ends_with('0') { "1" } else { "0" };
    for wrong in [format!("{}{last}", &code[..code.len() - 1]), "/documents/verify/B-1".to_owned()] {
        assert_eq!(fixture.service.anonymous().get(&wrong).await.problem(404), "request.not_found", "{wrong}");
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_refunded_payment_has_a_receipt_issued_anew() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay_cash(text(&booked, "id"), "500.00").await;
    let path = format!("/payments/{}", text(&payment, "id"));
    let first = fixture.fresh_client().get(&format!("{path}/receipt")).await;
    fixture.service.as_admin().post_empty(&format!("{path}/refund")).await.expect(200);
    let second = fixture.fresh_client().get(&format!("{path}/receipt")).await;
    assert_ne!(verification(&second), verification(&first));
    assert_eq!(verified(&fixture, &first).await["is_latest"], false);
    let stated = verified(&fixture, &second).await;
    assert_eq!((&stated["revision"], &stated["is_latest"]), (&json!(2), &json!(true)));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_confirmed_booking_has_a_confirmation_and_an_emi_schedule() {
    let fixture = Fixture::start().await;
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 10 });
    let booked = fixture.book_with(body).await;
    let path = format!("/bookings/{}", text(&booked, "id"));
    let (confirmation, schedule) = (format!("{path}/confirmation"), format!("{path}/emi/schedule"));
    assert_eq!(fixture.fresh_client().get(&confirmation).await.problem(409), "booking.no_confirmation");
    assert_eq!(fixture.fresh_client().get(&schedule).await.problem(409), "booking.no_emi_schedule");
    fixture.pay_cash(text(&booked, "id"), "500.00").await;
    for (path, kind) in [(&confirmation, "booking_confirmation"), (&schedule, "emi_schedule")] {
        let file = fixture.fresh_client().get(path).await;
        assert_eq!((file.status, file.header("content-type").as_str()), (200, "application/pdf"), "{}", file.text);
        assert_eq!(fixture.fresh_client().get(path).await.text, file.text);
        let stated = verified(&fixture, &file).await;
        assert_eq!((&stated["kind"], &stated["number"]), (&json!(kind), &booked["number"]));
        fixture.stranger().get(path).await.problem(404);
    }
    fixture.service.finish().await;
}

/// Readers of a receipt that was not issued yet, at the same time.
async fn a_receipt_is_issued_once(fixture: &Fixture) {
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay_cash(text(&booked, "id"), "500.00").await;
    fixture.service.run_job("receipts").await;
    let path = format!("/payments/{}/receipt", text(&payment, "id"));
    let client = fixture.fresh_client();
    let files = join_all((0..8).map(|_| client.get(&path))).await;
    for file in &files {
        assert_eq!((file.status, &file.text), (200, &files[0].text));
    }
    assert_eq!(verified(fixture, &files[0]).await["revision"], 1);
}

#[tokio::test]
async fn a_receipt_is_issued_once_for_all_who_read_it() {
    let fixture = Fixture::start().await;
    a_receipt_is_issued_once(&fixture).await;
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_receipt_is_issued_once_for_all_who_read_it_on_services() {
    on_mariadb(a_receipt_is_issued_once).await;
}

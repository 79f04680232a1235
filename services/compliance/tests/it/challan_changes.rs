//! Corrections and cancellations of challans, their history, and the documents that state them.

use crate::challans::{DEDUCTOR, challan, record};
use crate::fixture::*;
use domain::UserId;
use proto_events::platform::v1::StaffActed;
use runtime::id;
use serde_json::{Value, json};

fn correction(serial: &str, amount: &str, reason: &str) -> Value {
    let mut body = challan(serial, amount);
    body["reason"] = json!(reason);
    body
}

/// Corrects a challan, cancels it and records it again, each step twice.
pub(crate) async fn changes_of_a_challan_are_kept(f: &Fixture) {
    let staff = f.as_staff();
    let recorded = record(f, "00071", "500.00").await;
    let path = format!("/compliance/challans/{}", recorded["id"].as_str().unwrap());
    let (correct, cancel) = (format!("{path}/correct"), format!("{path}/cancel"));
    for _ in 0..2 {
        let corrected = staff.post(&correct, correction("00072", "510.00", "Misread")).await.expect(200);
        let shown = (&corrected["serial"], &corrected["amount"], &corrected["revision"], &corrected["id"]);
        assert_eq!(shown, (&json!("00072"), &json!("510.00"), &json!(2), &recorded["id"]));
    }
    for _ in 0..2 {
        let cancelled = staff.post(&cancel, json!({ "reason": "Bounced" })).await.expect(200);
        assert_eq!((&cancelled["revision"], cancelled["cancelled_at"].is_string()), (&json!(3), true));
    }
    let refused = staff.post(&correct, correction("00073", "1.00", "x")).await;
    assert_eq!(refused.problem(409), "compliance.challan_cancelled");
    // The number of the first record is free again, and the cancelled one is recorded again as itself.
    let again = record(f, "00072", "520.00").await;
    assert_eq!((&again["id"], &again["revision"], &again["cancelled_at"]), (&recorded["id"], &json!(4), &json!(null)));
    let other = record(f, "00071", "500.00").await;
    assert_ne!(other["id"], recorded["id"]);
    let taken = staff.post(&correct, correction("00071", "520.00", "x")).await;
    assert_eq!(taken.problem(409), "compliance.challan_exists");
    let history = staff.get(&format!("{path}/changes")).await.expect(200);
    let items = history["items"].as_array().unwrap();
    let shown: Vec<_> = items.iter().map(|c| [&c["kind"], &c["serial"], &c["amount"], &c["reason"]]).collect();
    assert_eq!(
        json!(shown),
        json!([
            ["corrected", "00071", "500.00", "Misread"],
            ["cancelled", "00072", "510.00", "Bounced"],
            ["recorded", "00072", "510.00", ""]
        ])
    );
    staff.post(&cancel, json!({ "reason": "End" })).await.expect(200);
    let other = format!("/compliance/challans/{}/cancel", other["id"].as_str().unwrap());
    staff.post(&other, json!({ "reason": "End" })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challan_is_corrected_cancelled_and_recorded_again_with_its_history() {
    let f = fixture().await;
    changes_of_a_challan_are_kept(&f).await;
    let list = f.as_staff().get("/compliance/challans").await.expect(200);
    assert_eq!((list["items"].as_array().unwrap().len(), &list["total_amount"]), (2, &json!("0.00")));
    let acted = f.published::<StaffActed>().await;
    let actions: Vec<&str> = acted.iter().map(|a| a.action.rsplit('_').next().unwrap()).collect();
    assert_eq!(actions, ["record", "correct", "cancel", "record", "record", "cancel", "cancel"]);
    let changes: Vec<_> = acted[1].changes.iter().map(|c| [c.field.as_str(), &c.before, &c.after]).collect();
    assert_eq!(changes, [["serial", "00071", "00072"], ["amount", "500.00", "510.00"]]);
    assert_eq!((acted[1].detail.as_str(), acted[2].changes[0].after.as_str()), ("Misread", "cancelled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_staff_change_a_challan_with_a_reason_and_valid_fields() {
    let f = fixture().await;
    let recorded = record(&f, "00001", "500.00").await;
    let path = format!("/compliance/challans/{}", recorded["id"].as_str().unwrap());
    let (correct, cancel) = (format!("{path}/correct"), format!("{path}/cancel"));
    let (staff, member) = (f.as_staff(), f.as_user(id::fresh()));
    let too_long = "x".repeat(501);
    for reason in ["", " ", too_long.as_str()] {
        let refused = staff.post(&correct, correction("00002", "500.00", reason)).await;
        assert_eq!(refused.problem(422), "compliance.challan_invalid");
        assert_eq!(staff.post(&cancel, json!({ "reason": reason })).await.problem(422), "compliance.challan_invalid");
    }
    for (field, bad) in [("serial", json!("1")), ("amount", json!("0.00")), ("date", json!("2026-09-30"))] {
        let mut body = correction("00002", "500.00", "x");
        body[field] = bad;
        assert_eq!(staff.post(&correct, body).await.problem(422), "compliance.challan_invalid", "{field}");
    }
    assert_eq!(member.post(&correct, correction("00002", "1.00", "x")).await.problem(403), "auth.forbidden");
    assert_eq!(member.post(&cancel, json!({ "reason": "x" })).await.problem(403), "auth.forbidden");
    assert_eq!(member.get(&format!("{path}/changes")).await.problem(403), "auth.forbidden");
    let unknown = format!("/compliance/challans/{}/cancel", id::fresh::<UserId>());
    assert_eq!(staff.post(&unknown, json!({ "reason": "x" })).await.problem(404), "request.not_found");
    assert_eq!(staff.get(&unknown.replace("cancel", "changes")).await.problem(404), "request.not_found");
    assert_eq!(staff.get(&format!("{path}/changes")).await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_a_challan_makes_the_next_revision_of_a_certificate() {
    let f = fixture_with(&DEDUCTOR).await;
    let user: UserId = id::fresh();
    f.deliver_now(&f.completed(user, f.tax("ABCDE1234F", 1_000_000, f.now()))).await;
    let stated = async || {
        let file = f.as_user(user).get("/compliance/tds/2026-27/certificate").await;
        let (_, code) = file.text.split_once("/verify/C-").unwrap();
        let stated = f.anonymous().get(&format!("/documents/verify/C-{}", &code[..23])).await.expect(200);
        stated["revision"].as_i64().unwrap()
    };
    let recorded = record(&f, "00001", "500.00").await;
    assert_eq!((stated().await, stated().await), (1, 1));
    let path = format!("/compliance/challans/{}", recorded["id"].as_str().unwrap());
    let staff = f.as_staff();
    let correct = async |body: Value| staff.post(&format!("{path}/correct"), body).await.expect(200);
    correct(correction("00002", "500.00", "Misread")).await;
    assert_eq!(stated().await, 2);
    // Back to what it was: the certificate that states it now is the third one all the same.
    correct(correction("00001", "500.00", "Right before")).await;
    assert_eq!((stated().await, stated().await), (3, 3));
    // To another year and back.
    let mut elsewhere = correction("00001", "500.00", "Wrong year");
    (elsewhere["fy"], elsewhere["quarter"]) = (json!("2025-26"), json!("Q4"));
    correct(elsewhere).await;
    assert_eq!(stated().await, 4);
    correct(correction("00001", "500.00", "Right before")).await;
    assert_eq!(stated().await, 5);
    staff.post(&format!("{path}/cancel"), json!({ "reason": "Bounced" })).await.expect(200);
    assert_eq!(stated().await, 6);
    // A cancelled challan covers nothing.
    let file = staff.get("/compliance/tds/2026-27/Q3/statement?format=txt").await;
    assert_eq!(file.problem(409), "compliance.tax_not_deposited");
    record(&f, "00001", "500.00").await;
    assert_eq!(stated().await, 7);
    assert_eq!(staff.get("/compliance/tds/2026-27/Q3/statement?format=txt").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_the_same_time_lose_nothing() {
    let f = fixture().await;
    let recorded = record(&f, "00001", "500.00").await;
    let path = format!("/compliance/challans/{}", recorded["id"].as_str().unwrap());
    let staff = f.as_staff();
    let correct = async |n: usize| {
        staff.post(&format!("{path}/correct"), correction("00001", &format!("{n}.00"), "x")).await.expect(200)
    };
    futures_util::future::join_all((1..=8).map(correct)).await;
    let history = staff.get(&format!("{path}/changes")).await.expect(200);
    let revisions: Vec<_> = history["items"].as_array().unwrap().iter().map(|c| c["revision"].clone()).collect();
    assert_eq!(revisions, (2..=9).map(|n| json!(n)).collect::<Vec<_>>());
}

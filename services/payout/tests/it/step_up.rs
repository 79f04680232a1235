//! Requests that a token without a recent one-time code must not make.

use crate::fixture::{fixture, payout_body};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_account_is_added_and_removed_only_with_a_recent_code() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let body = |number: &str| json!({"account_number": number, "ifsc": "SBIN0ABC123", "holder_name": "Asha Rao", "bank_name": "SBI"});
    let stale = f.service.as_user(member.id);
    f.service.clock.advance_secs(300);
    let added = stale.post("/payouts/bank-accounts", body("987654321000")).await.expect(201);
    let path = format!("/payouts/bank-accounts/{}", added["id"].as_str().unwrap());
    f.service.clock.advance_secs(2);
    let refused = stale.post("/payouts/bank-accounts", body("987654321001")).await;
    assert_eq!(refused.problem(403), "auth.step_up_required");
    assert_eq!(stale.delete(&path).await.problem(403), "auth.step_up_required");
    let accounts = stale.get("/payouts/bank-accounts").await.expect(200);
    assert!(accounts["items"].as_array().unwrap().iter().any(|account| account["id"] == added["id"]), "{accounts}");
    f.service.as_user(member.id).delete(&path).await.expect(204);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_payout_is_approved_only_with_a_recent_code() {
    let f = fixture().await;
    let member = f.member("100000.00").await;
    let small = f.pending(&member, payout_body("49999.99")).await;
    let large = f.pending(&member, payout_body("50000.00")).await;
    let staff = f.as_staff();
    f.service.clock.advance_secs(302);
    let approve = |id: &str| format!("/payouts/{id}/approve");
    assert_eq!(staff.post_empty(&approve(&large)).await.problem(403), "auth.step_up_required");
    let shown = staff.get(&format!("/payouts/{large}")).await.expect(200);
    assert_eq!((&shown["status"], &shown["approvals"]), (&json!("pending"), &json!(0)));
    staff.post_empty(&approve(&small)).await.expect(200);
    f.as_staff().post_empty(&approve(&large)).await.expect(200);
    f.service.finish().await;
}

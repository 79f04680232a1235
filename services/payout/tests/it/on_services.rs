//! Concurrency tests on MariaDB. `TEST_MYSQL_URL` names a server whose user may create databases.

use crate::bank::answer;
use crate::fixture::{fixture_with, payout_body};
use crate::lines::a_reference_is_used_once;
use crate::previews::a_preview_changes_nothing;
use crate::razorpayx_double::{RazorpayX, webhook};
use crate::staff_lists::filters;
use crate::unknown_outcomes::crashes;
use payout::error::PayoutError;
use payout::store::members;
use proto_events::payout::v1::{PayoutApproved, PayoutCompleted, PayoutProcessing};
use serde_json::json;
use std::time::Duration;
use testkit::mariadb::with_database;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn of_concurrent_requests_for_the_whole_balance_one_succeeds() {
    with_database(async |url: String| {
        let f = fixture_with(&[("DATABASE_URL", &url)]).await;
        let member = f.member("1000.00").await;
        let request_all = || member.client.post("/payouts", payout_body("1000.00"));
        let (a, b, c, d) = tokio::join!(request_all(), request_all(), request_all(), request_all());
        let mut statuses = [a.status, b.status, c.status, d.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 422, 422, 422]);
        assert_eq!(f.requests().await, 1);
        f.service.finish().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_sent_twice_concurrently_takes_effect_once() {
    with_database(async |url: String| {
        let f = fixture_with(&[("DATABASE_URL", &url), ("TAX_PRESET", "it_act_2025")]).await;
        let member = f.member("100000.00").await;
        f.booking(member.id, &[("2026-12-10", "950.00", "0.00")]).await;
        let with_emi = json!({"amount": "20000.00", "emi_autofill": true});
        let (a, b) = (f.pending(&member, with_emi).await, f.pending(&member, payout_body("20000.00")).await);
        let (one, two) = (f.as_staff(), f.as_admin());
        let (path_a, path_b) = (format!("/payouts/{a}/approve"), format!("/payouts/{b}/approve"));
        let (a1, b1, a2, b2) = tokio::join!(
            one.post_empty(&path_a),
            one.post_empty(&path_b),
            two.post_empty(&path_a),
            two.post_empty(&path_b)
        );
        assert_eq!([a1.status, b1.status, a2.status, b2.status], [200; 4]);
        let approved = f.published::<PayoutApproved>().await;
        let mut tds: Vec<i64> = approved.iter().map(|event| event.payout.as_ref().unwrap().tds_paise).collect();
        tds.sort_unstable();
        assert_eq!(tds, [0, 40_000]);

        let (x, y) = tokio::join!(one.post_empty("/payout-batches"), two.post_empty("/payout-batches"));
        let opened: Vec<_> = [x, y].into_iter().filter(|r| r.status == 201).collect();
        assert_eq!(opened.len(), 1);
        assert_eq!(f.published::<PayoutProcessing>().await.len(), 2);
        let batch = opened[0].body["id"].as_str().unwrap();
        assert_eq!(one.get(&format!("/payout-batches/{batch}/file")).await.text.lines().count(), 3);
        let csv = format!("payout_id,outcome,utr,reason\n{b},paid,U2,\n{a},failed,,closed\n");
        let (x, y) = tokio::join!(answer(&one, batch, &csv), answer(&two, batch, &csv));
        let settled = [x, y].map(|r| r.expect(200)["settled"].as_u64().unwrap());
        assert_eq!(settled.iter().sum::<u64>(), 2);
        assert_eq!(f.published::<PayoutCompleted>().await.len(), 1);
        let listed = member.client.get("/payouts?limit=1&status=failed").await.expect(200);
        assert_eq!(listed["items"][0]["id"], json!(a));
        f.service.finish().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_rules_and_plans_are_stored() {
    with_database(async |url: String| {
        let f = fixture_with(&[("DATABASE_URL", &url)]).await;
        let member = f.member("1000.00").await;
        let body = json!({
            "account_number": "987654321000", "ifsc": "SBIN0ABC123", "holder_name": "आशा राव 😀", "bank_name": "SBI"
        });
        let added = member.client.post("/payouts/bank-accounts", body.clone()).await.expect(201);
        let again = member.client.post("/payouts/bank-accounts", body.clone()).await;
        assert_eq!(again.problem(409), "payout.bank_account_known");
        let path = format!("/payouts/bank-accounts/{}", added["id"].as_str().unwrap());
        f.as_staff().post_empty(&format!("{path}/verify")).await.expect(200);
        for _ in 0..2 {
            let listed = member.client.get("/payouts/bank-accounts").await.expect(200);
            let newest = &listed["items"][0];
            assert_eq!((&newest["holder_name"], &newest["verified"]), (&json!("आशा राव 😀"), &json!(true)));
        }
        // A removed account can be added and removed again.
        assert_eq!(member.client.delete(&path).await.status, 204);
        let re_added = member.client.post("/payouts/bank-accounts", body.clone()).await.expect(201);
        let path = format!("/payouts/bank-accounts/{}", re_added["id"].as_str().unwrap());
        assert_eq!(member.client.delete(&path).await.status, 204);
        let rule = json!({
            "id": "new", "section": "393(1)", "rate": "2", "threshold": "0.00", "no_pan_rate": "20",
            "effective_from": "2026-11-11"
        });
        f.as_admin().post("/tax-rules", rule).await.expect(201);
        let listed = f.as_staff().get("/tax-rules").await.expect(200);
        assert_eq!(listed["items"][1]["effective_to"], "2026-11-11");
        f.service.finish().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_previews_are_the_same_on_mariadb() {
    with_database(async |url: String| {
        filters(&fixture_with(&[("DATABASE_URL", &url)]).await).await;
    })
    .await;
    with_database(async |url: String| {
        let f = fixture_with(&[("DATABASE_URL", &url)]).await;
        a_preview_changes_nothing(&f).await;
        f.as_staff().get("/payouts/queue-counts").await.expect(200);
        assert_eq!(f.as_staff().get("/payout-batches").await.expect(200)["items"][0]["open"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_neither_added_nor_removed_while_its_members_row_is_locked() {
    with_database(async |url: String| {
        let f = fixture_with(&[("DATABASE_URL", &url)]).await;
        let member = f.member("1000.00").await;
        let body = |number: &str| {
            json!({ "account_number": number, "ifsc": "SBIN0ABC123", "holder_name": "Asha Rao", "bank_name": "SBI" })
        };
        let old = member.client.post("/payouts/bank-accounts", body("987654321000")).await.expect(201);
        let path = format!("/payouts/bank-accounts/{}", old["id"].as_str().unwrap());
        let locked = f.ctx().tx(async |c| {
            // A KYC decision and a request for a payout hold this lock.
            members::lock(c, member.id).await?;
            let (adding, removing) = (member.client.clone(), member.client.clone());
            let (body, path) = (body("555566667777"), path.clone());
            let mut changes = [
                tokio::spawn(async move { adding.post("/payouts/bank-accounts", body).await }),
                tokio::spawn(async move { removing.delete(&path).await }),
            ];
            for change in &mut changes {
                assert!(timeout(Duration::from_millis(300), change).await.is_err(), "it waits for the lock");
            }
            Ok::<_, PayoutError>(changes)
        });
        let [added, removed] = locked.await.unwrap();
        assert_eq!((added.await.unwrap().status, removed.await.unwrap().status), (201, 204));
        // The KYC takes over the account that has its number, and the member's row names it.
        f.deliver_now(&f.kyc(member.id, 2, true, "ABCDE1234F", "555566667777")).await;
        let listed = member.client.get("/payouts/bank-accounts").await.expect(200);
        assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["source"]), (1, &json!("kyc")));
        member.client.post("/payouts", payout_body("100.00")).await.expect(201);
        f.service.finish().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_reference_belongs_to_one_payout_on_mariadb() {
    with_database(async |url: String| {
        let f = fixture_with(&[("DATABASE_URL", &url)]).await;
        a_reference_is_used_once(&f).await;
        let member = f.member("5000.00").await;
        let (a, b) =
            (f.approved(&member, payout_body("1000.00")).await, f.approved(&member, payout_body("1000.00")).await);
        let (one, two) = (f.as_staff(), f.as_admin());
        let (path_a, path_b) = (format!("/payouts/{a}/settle"), format!("/payouts/{b}/settle"));
        let paid = json!({ "outcome": "paid", "utr": "at-the-same-time" });
        let (a, b) = tokio::join!(one.post(&path_a, paid.clone()), two.post(&path_b, paid));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        f.service.finish().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_any_step_makes_one_transfer_on_mariadb() {
    with_database(async |url: String| {
        crashes(&RazorpayX::default(), &[("DATABASE_URL", &url)]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_and_the_job_at_the_same_time_settle_a_payout_once() {
    with_database(async |url: String| {
        let bank = RazorpayX::default();
        let f = bank.fixture(&[("DATABASE_URL", &url)]).await;
        let member = f.member("50000.00").await;
        for n in 0..4 {
            let id = f.approved(&member, payout_body("100.00")).await;
            f.as_staff().post("/payout-batches", json!({ "channel": "razorpayx" })).await.expect(201);
            f.run_job("transfers").await;
            let processing = bank.payouts()[0].clone();
            let paid = bank.process(&id, &format!("UTR{n}"));
            f.clock.set(f.now().plus_secs(900));
            let (a, b, c, ()) = tokio::join!(
                webhook(&f, "payout.processed", &paid),
                webhook(&f, "payout.processed", &paid),
                webhook(&f, "payout.initiated", &processing),
                f.run_job("transfers"),
            );
            assert_eq!([a.status, b.status, c.status], [200; 3]);
            assert_eq!(f.status(&id).await, "completed");
            if n < 3 {
                f.clock.set(f.now().plus_secs(-900));
            }
        }
        assert_eq!(f.published::<PayoutCompleted>().await.len(), 4);
        f.service.finish().await;
    })
    .await;
}

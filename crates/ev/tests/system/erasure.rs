//! Personal data in the databases after an erasure: every column of every table of every service is read.

use crate::platform::{TestPlatform, TestUser, kyc_body};
use db::DbConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const EMAIL: &str = "zubeida.quxington@erasure.example";
const NAME: &str = "Zubeida Quxington";
const MOBILE: &str = "9812309876";
/// What identifies the member: each word by itself too, since an index of words splits a name.
const PERSONAL: [&str; 7] =
    ["Zubeida", "Quxington", "zubeida", "quxington", MOBILE, "14 Zzyzx Road", "Yolanda Quixote"];

/// Columns that keep personal data of an erased member: service, table, column and reason. `docs/retention.md` says it
/// in full.
const RETAINED: [(&str, &str, &str, &str); 12] = [
    ("auth", "idempotency_keys", "body", "an answer, removed after a day"),
    ("auth", "kyc_applications", "holder_name", "the account to which taxed payouts went"),
    ("auth", "outbox", "payload", "events, removed after EVENTS_KEPT_DAYS"),
    ("booking", "issued_documents", "snapshot", "receipts as issued"),
    ("compliance", "issued_documents", "snapshot", "certificates as issued"),
    ("compliance", "tds_records", "holder_name", "tax deducted at source"),
    ("payout", "bank_accounts", "holder_name", "the account to which payouts went"),
    ("payout", "issued_documents", "snapshot", "payout advices as issued"),
    ("payout", "members", "pan_holder", "tax deducted at source"),
    ("payout", "outbox", "payload", "events, removed after EVENTS_KEPT_DAYS"),
    ("payout", "payouts", "holder_name", "the account to which the payout went"),
    ("payout", "payouts", "pan_holder", "tax deducted at source"),
];

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    tbl: String,
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    found: i64,
}

/// The columns in which `word` occurs, as text or within other bytes.
async fn columns_with(c: &mut DbConnection, word: &str) -> Vec<(String, String)> {
    let columns = "SELECT t.name AS tbl, c.name AS name FROM sqlite_master t JOIN pragma_table_info(t.name) c \
                   WHERE t.type = 'table' ORDER BY 1, c.cid";
    let columns: Vec<Column> = sql_query(columns).load(c).await.unwrap();
    assert!(columns.len() > 50, "{}", columns.len());
    let mut found = Vec::new();
    for Column { tbl, name } in columns {
        let query = format!(
            "SELECT COUNT(*) AS found FROM \"{tbl}\" WHERE instr(CAST(\"{name}\" AS BLOB), CAST(? AS BLOB)) > 0"
        );
        let rows: Found = sql_query(query).bind::<Text, _>(word).get_result(c).await.unwrap();
        if rows.found > 0 {
            found.push((tbl, name));
        }
    }
    found
}

/// The columns of all services in which anything personal occurs.
async fn personal_columns(platform: &TestPlatform) -> BTreeSet<(&'static str, String, String)> {
    let mut all = BTreeSet::new();
    for service in &platform.in_process.as_ref().unwrap().embedded.started {
        let mut c = service.ctx.db().read().await.unwrap();
        for word in PERSONAL {
            all.extend(
                columns_with(&mut c, word).await.into_iter().map(|(table, column)| (service.name, table, column)),
            );
        }
    }
    all
}

async fn code_for(platform: &TestPlatform, to: &str) -> Value {
    let messages = format!("//dev/messages?to={to}");
    let newest = async || platform.anonymous().get(&messages).await.body["items"][0]["code"].clone();
    platform.wait_until("a code", true, async || newest().await.is_string()).await;
    newest().await
}

/// Gives the platform everything that it may know of a member.
async fn fill(platform: &TestPlatform, me: &TestUser) {
    let mobile = format!("+91{MOBILE}");
    me.http.post("/users/me/identifiers", json!({ "identifier": mobile })).await.expect(202);
    let code = code_for(platform, &mobile.replace('+', "%2B")).await;
    me.http.post("/users/me/identifiers/verify", json!({ "identifier": mobile, "code": code })).await.expect(200);
    let address = json!({
        "line1": "14 Zzyzx Road", "city": "Pune", "state": "Maharashtra", "pincode": "411001", "country": "IN"
    });
    let profile = json!({ "first_name": "Zubeida", "last_name": "Quxington", "address": address });
    me.http.patch("/users/me", profile).await.expect(200);
    let nominee = json!({ "name": "Yolanda Quixote", "relationship": "sister", "date_of_birth": "1990-05-17" });
    me.http.put("/users/me/nominee", nominee).await.expect(200);
    for kind in ["pan_card", "photo"] {
        let file = Part::bytes(format!("%PDF-1.4\n{NAME}").into_bytes()).file_name("proof.pdf");
        let form = Form::new().text("kind", kind).part("file", file);
        me.http.send(me.http.request(Method::POST, "/compliance/documents").multipart(form)).await.expect(201);
    }
    let mut kyc = kyc_body();
    kyc["address"] = address;
    kyc["bank"]["holder_name"] = json!(NAME);
    let kyc = me.http.post("/users/me/kyc", kyc).await.expect(201)["id"].as_str().unwrap().to_owned();
    platform.staff().await.http.post_empty(&format!("/kyc/{kyc}/approve")).await.expect(200);
}

/// Buys, gets a payout, and downloads the documents of both.
async fn trade(platform: &TestPlatform, me: &TestUser) {
    let booking = me.book(platform, "500.00").await;
    let payment = me.pay(platform, &booking, "500.00").await;
    me.wait_for_place(platform).await;
    me.deposit(platform, "5000.00").await;
    let body = json!({ "amount": "1000.00", "emi_autofill": false });
    platform.wait_until("the quote", 200, async || me.http.post("/payouts/quote", body.clone()).await.status).await;
    let payout = me.payout(platform, "1000.00", false).await["id"].as_str().unwrap().to_owned();
    let staff = &platform.staff().await.http;
    staff.post_empty(&format!("/payouts/{payout}/approve")).await.expect(200);
    let paid = json!({ "outcome": "paid", "utr": format!("UTR{payout}") });
    staff.post(&format!("/payouts/{payout}/settle"), paid).await.expect(200);
    platform.drain().await;
    let year = me.http.get("/compliance/tds").await.expect(200)["items"][0]["fy"].clone();
    let year = year.as_str().map_or_else(|| "2026-27".to_owned(), str::to_owned);
    for path in [
        format!("/payments/{payment}/receipt"),
        format!("/payouts/{payout}/advice"),
        format!("/compliance/tds/{year}/certificate"),
    ] {
        let file = me.http.get(&path).await;
        assert_eq!(file.status, 200, "{path}: {}", file.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_table_of_any_service_holds_an_erased_member_except_those_with_a_reason() {
    let platform = TestPlatform::embedded().await;
    let sponsor = platform.member(None).await;
    sponsor.join_tree(&platform).await;
    let me = platform.sign_in(EMAIL, NAME, Some(&sponsor.referral_code)).await;
    fill(&platform, &me).await;
    trade(&platform, &me).await;
    platform.drain().await;
    let before = personal_columns(&platform).await;
    for known in [("auth", "users", "name"), ("booking", "members", "name"), ("wallet", "members", "name")] {
        assert!(before.contains(&(known.0, known.1.into(), known.2.into())), "the scan misses {known:?}: {before:?}");
    }
    let request = me.http.post_empty("/users/me/erasure-request").await.expect(201)["id"].as_str().unwrap().to_owned();
    let approve = format!("/erasure-requests/{request}/approve");
    platform.admin().await.http.post_empty(&approve).await.expect(200);
    platform.drain().await;
    platform.run_job("compliance", "blob_deletion").await;
    platform.drain().await;
    let mut left = personal_columns(&platform).await;
    for (service, table, column, _) in RETAINED {
        left.remove(&(service, table.to_owned(), column.to_owned()));
    }
    assert_eq!(left, BTreeSet::new(), "these columns still hold personal data");
    platform.finish().await;
}

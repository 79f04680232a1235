//! Tests of the audit log.

use crate::fixture::*;
use compliance::verification::AuditVerification;
use diesel_async::SimpleAsyncConnection;
use domain::{Timestamp, UserId};
use proto_events::platform::v1::{FieldChange, StaffActed};
use runtime::id;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::TestService;

fn acted(actor: UserId, subject: UserId, at: Timestamp) -> StaffActed {
    StaffActed {
        action_id: id::fresh::<UserId>().into(),
        actor_id: actor.into(),
        role: "staff".into(),
        service: "payout".into(),
        action: "payout.approve".into(),
        subject_type: "payout".into(),
        subject_id: id::fresh::<UserId>().to_string(),
        subject_user_id: Some(subject.into()),
        acted_at: at.micros(),
        ..StaffActed::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_filter_the_audit_log_by_actor_subject_and_day() {
    let f = fixture().await;
    let (clerk, member): (UserId, UserId) = (id::fresh(), id::fresh());
    let midnight = f.now().day().starts_at();
    let yesterday = acted(clerk, member, midnight.plus_secs(-1));
    for event in [&yesterday, &yesterday, &acted(clerk, id::fresh(), midnight), &acted(id::fresh(), member, midnight)] {
        f.deliver_now(event).await;
    }
    let admin = f.as_admin();
    let today = f.now().day();
    for (query, count) in [
        (String::new(), 3),
        (format!("actor={clerk}"), 2),
        (format!("subject={member}"), 2),
        (format!("subject={}", yesterday.subject_id), 1),
        (format!("actor={clerk}&subject={member}"), 1),
        (format!("from={today}"), 2),
        (format!("to={today}"), 3),
        (format!("to={}", midnight.plus_secs(-1).day()), 1),
        ("subject=nothing".to_owned(), 0),
    ] {
        let list = admin.get(&format!("/audit?{query}")).await.expect(200);
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{query}");
    }
    let backwards = admin.get(&format!("/audit?from={}&to={today}", today.next())).await;
    assert_eq!(backwards.problem(422), "compliance.range_backwards");
    assert_eq!(admin.get(&format!("/audit?from={today}&to={today}")).await.status, 200);
    let first = admin.get("/audit?limit=2").await.expect(200);
    let rest =
        admin.get(&format!("/audit?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await.expect(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (1, &json!(null)));
    f.as_staff().get("/audit").await.problem(403);
    for (client, status) in [(f.as_user(member), 403), (f.anonymous(), 401)] {
        assert_eq!(client.get("/audit").await.status, status);
        assert_eq!(client.get(&format!("/audit/subjects/{member}")).await.status, status);
    }
}

/// Ids of all entries that an administrator gets by following `next_cursor`.
async fn all_pages(f: &Fixture, query: &str) -> Vec<String> {
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = f.as_admin().get(&format!("/audit?{query}&cursor={cursor}")).await.expect(200);
        listed.extend(page["items"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { return listed };
        next.clone_into(&mut cursor);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_the_same_instant_are_all_listed_across_pages() {
    let f = fixture().await;
    let (member, now) = (id::fresh::<UserId>(), f.now());
    let mut ids = Vec::new();
    for n in 0..7 {
        // Two instants, delivered out of order.
        let mut event = acted(id::fresh(), member, now.plus_secs(-(n % 2)));
        if n == 3 {
            // Both subject columns match: listed once all the same.
            event.subject_id = member.to_string();
        }
        f.deliver_now(&event).await;
        ids.push(uuid::Uuid::from_slice(&event.action_id).unwrap().to_string());
    }
    for filter in [String::new(), format!("&subject={member}")] {
        let listed = all_pages(&f, &format!("limit=2{filter}")).await;
        let oldest_first = all_pages(&f, &format!("limit=2&order=asc{filter}")).await;
        assert!(oldest_first.iter().eq(listed.iter().rev()), "{filter}: {oldest_first:?}");
        let mut all = ids.clone();
        let (mut sorted, count) = (listed.clone(), listed.len());
        all.sort_unstable();
        sorted.sort_unstable();
        assert_eq!((sorted, count), (all, 7), "{filter}");
    }
}

/// An action on something of `subject`, or of the company.
fn acted_on(subject: Option<UserId>, action: &str, subject_type: &str, role: &str, at: Timestamp) -> StaffActed {
    StaffActed {
        action: action.into(),
        service: action.split('.').next().unwrap().into(),
        subject_type: subject_type.into(),
        subject_user_id: subject.map(Into::into),
        role: role.into(),
        ..acted(id::fresh(), id::fresh(), at)
    }
}

/// Eight entries about a member, their things and other things, oldest first.
async fn varied(f: &Fixture, member: UserId) -> Vec<String> {
    let mut ids = Vec::new();
    for (n, (of_member, action, subject_type, role)) in [
        (true, "payout.approve", "payout", "staff"),
        (true, "payout.approve", "payout", "admin"),
        (false, "payout.batch_open", "payout_batch", "staff"),
        (true, "auth.kyc_approve", "kyc", "staff"),
        (true, "auth.user_disable", "user", "admin"),
        (false, "binary.plan_publish", "plan_version", "admin"),
        (true, "wallet.adjust", "wallet", "admin"),
        (true, "compliance.document_download", "document", "staff"),
    ]
    .into_iter()
    .enumerate()
    {
        let at = f.now().plus_secs(n.try_into().unwrap());
        let event = acted_on(of_member.then_some(member), action, subject_type, role, at);
        f.deliver_now(&event).await;
        ids.push(uuid::Uuid::from_slice(&event.action_id).unwrap().to_string());
    }
    ids
}

fn listed(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_filtered_by_action_service_type_and_role() {
    the_audit_log_has_filters(&fixture().await).await;
}

pub(crate) async fn the_audit_log_has_filters(f: &Fixture) {
    let member: UserId = id::fresh();
    let ids = varied(f, member).await;
    let newest_first = |picked: &[usize]| picked.iter().rev().map(|n| ids[*n].clone()).collect::<Vec<_>>();
    let admin = f.as_admin();
    for (query, picked) in [
        ("action=payout.approve", &[0, 1][..]),
        ("action=payout.approve&role=admin", &[1]),
        ("action=payout", &[]),
        ("service=payout", &[0, 1, 2]),
        ("subject_type=payout", &[0, 1]),
        ("role=staff", &[0, 2, 3, 7]),
        ("role=admin&service=auth", &[4]),
        ("role=user", &[]),
        ("action=&service=&subject_type=&role=", &[0, 1, 2, 3, 4, 5, 6, 7]),
    ] {
        let found = admin.get(&format!("/audit?{query}")).await.expect(200);
        assert_eq!(listed(&found), newest_first(picked), "{query}");
    }
    let of_member = admin.get(&format!("/audit?subject={member}&service=auth")).await.expect(200);
    assert_eq!(listed(&of_member), newest_first(&[3, 4]));
    assert_eq!(admin.get("/audit?role=owner").await.problem(422), "request.bad_query");
    // The entries of members' things only: no account, and nothing that the company sets.
    let staff = f.as_staff();
    let about_member = format!("/audit/subjects/{member}");
    assert_eq!(listed(&staff.get(&about_member).await.expect(200)), newest_first(&[0, 1, 3, 6, 7]));
    for (query, picked) in [("subject_type=user", &[][..]), ("subject_type=payout", &[0, 1])] {
        let found = staff.get(&format!("{about_member}?{query}")).await.expect(200);
        assert_eq!(listed(&found), newest_first(picked), "{query}");
    }
    for limit in [4, 5, 6] {
        let page = staff.get(&format!("{about_member}?limit={limit}")).await.expect(200);
        assert_eq!((listed(&page).len(), page["next_cursor"].is_null()), (limit.min(5), limit >= 5));
    }
    let entries = admin.get("/audit").await.expect(200);
    for hidden in [2, 4, 5] {
        let subject = entries["items"][7 - hidden]["subject_id"].as_str().unwrap();
        assert_eq!(listed(&admin.get(&format!("/audit?subject={subject}")).await.expect(200)).len(), 1);
        let found = staff.get(&format!("/audit/subjects/{subject}")).await.expect(200);
        assert_eq!(found["items"], json!([]), "{hidden}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_list_the_distinct_actions_in_the_order_of_the_alphabet() {
    let f = fixture().await;
    let admin = f.as_admin();
    let actions = async || admin.get("/audit/actions").await.expect(200)["items"].clone();
    assert_eq!(actions().await, json!([]));
    for _ in 0..2 {
        varied(&f, id::fresh()).await;
    }
    let item = |action: &str, of: &str, kind: &str| json!({ "action": action, "service": of, "subject_type": kind });
    assert_eq!(
        actions().await,
        json!([
            item("auth.kyc_approve", "auth", "kyc"),
            item("auth.user_disable", "auth", "user"),
            item("binary.plan_publish", "binary", "plan_version"),
            item("compliance.document_download", "compliance", "document"),
            item("payout.approve", "payout", "payout"),
            item("payout.batch_open", "payout", "payout_batch"),
            item("wallet.adjust", "wallet", "wallet"),
        ])
    );
    for n in 0..194 {
        f.deliver_now(&acted_on(None, &format!("zoo.feed_{n:03}"), "animal", "staff", f.now())).await;
    }
    let bounded = actions().await;
    let bounded = bounded.as_array().unwrap();
    assert_eq!((bounded.len(), &bounded[199]["action"]), (200, &json!("zoo.feed_192")));
    for client in [f.as_staff(), f.as_user(id::fresh())] {
        client.get("/audit/actions").await.problem(403);
    }
    f.anonymous().get("/audit/actions").await.problem(401);
}

/// Runs SQL outside the platform, after the triggers that would refuse it are gone.
async fn tamper(f: &Fixture, sql: &str) {
    let sql = format!(
        "DROP TRIGGER audit_log_refuse_update; DROP TRIGGER audit_log_refuse_delete; \
         DROP TRIGGER audit_seals_refuse_delete; {sql}"
    );
    f.ctx().db().write().await.unwrap().batch_execute(&sql).await.unwrap();
}

async fn verified(f: &Fixture) -> AuditVerification {
    let permit = f.ctx().db().long_read(Duration::ZERO).await.unwrap();
    compliance::verification::verify(&permit).await.unwrap()
}

/// Entries that arrive twice and in any order are sealed once, in chunks, and the chain holds.
pub(crate) async fn the_audit_log_is_sealed(f: &Fixture) {
    let entries: Vec<StaffActed> = (0..1_100).map(|_| acted(id::fresh(), id::fresh(), f.now())).collect();
    let envelopes = |entries: &[StaffActed]| entries.iter().map(|e| TestService::envelope(f.now(), e)).collect();
    f.deliver_all(envelopes(&entries[..600])).await;
    let report = verified(f).await;
    assert_eq!((report.ok, report.entries_checked, report.entries_sealed), (true, 600, 0));
    f.run_job("audit_seal").await;
    f.deliver_all(envelopes(&entries[500..])).await;
    for _ in 0..2 {
        f.run_job("audit_seal").await;
        let report = verified(f).await;
        assert_eq!((report.ok, report.entries_checked, report.entries_sealed), (true, 1_100, 1_100));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_sealed_in_chunks() {
    the_audit_log_is_sealed(&fixture().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_a_removed_and_an_added_entry_break_the_chain() {
    let entry = "(SELECT entry_id FROM audit_seals WHERE number = 2)";
    for (sql, number, found) in [
        (format!("UPDATE audit_log SET detail = 'other' WHERE id = {entry}"), 1, "the entry was changed"),
        (format!("UPDATE audit_log SET changes = '[]' WHERE id = {entry}"), 1, "the entry was changed"),
        (format!("DELETE FROM audit_log WHERE id = {entry}"), 1, "the entry is missing"),
        ("DELETE FROM audit_seals WHERE number = 2".to_owned(), 1, "a seal before it is missing"),
        ("DELETE FROM audit_seals WHERE number = 3".to_owned(), 2, "its seal is missing"),
    ] {
        let f = fixture().await;
        for _ in 0..3 {
            f.deliver_now(&acted(id::fresh(), id::fresh(), f.now())).await;
        }
        f.run_job("audit_seal").await;
        tamper(&f, &sql).await;
        let report = verified(&f).await;
        assert_eq!((report.ok, report.entries_sealed, report.faults[0].found), (false, number, found), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_says_what_it_changed() {
    let f = fixture().await;
    let change = FieldChange { field: "role".into(), before: "user".into(), after: "x".repeat(300) };
    let entry = StaffActed { changes: vec![change], ..acted(id::fresh(), id::fresh(), f.now()) };
    f.deliver_now(&entry).await;
    f.deliver_now(&acted(id::fresh(), id::fresh(), f.now().plus_secs(1))).await;
    let list = f.as_admin().get("/audit?order=asc").await.expect(200);
    assert_eq!(list["items"][0]["changes"], json!([{ "field": "role", "before": "user", "after": "x".repeat(200) }]));
    assert_eq!(list["items"][1]["changes"], json!([]));
    // Of a review: before and after.
    let member = id::fresh();
    let document = upload(&f.as_user(member)).await;
    f.as_staff().post_empty(&format!("/compliance/documents/{document}/verify")).await.expect(200);
    let acted = f.published::<StaffActed>().await;
    let changes: Vec<_> = acted[0].changes.iter().map(|c| (&*c.field, &*c.before, &*c.after)).collect();
    assert_eq!(changes, [("status", "pending", "verified")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_exported_with_its_seals_to_administrators() {
    let f = fixture().await;
    let clerk: UserId = id::fresh();
    for n in 0..3 {
        let entry = StaffActed {
            detail: format!("=reason {n}"),
            changes: vec![FieldChange { field: "role".into(), before: "user".into(), after: "staff".into() }],
            ..acted(clerk, id::fresh(), f.now().plus_secs(n))
        };
        f.deliver_now(&entry).await;
    }
    f.run_job("audit_seal").await;
    f.deliver_now(&acted(id::fresh(), id::fresh(), f.now().plus_secs(9))).await;
    f.clock.advance_secs(60);
    let admin = f.as_admin();
    let lines = admin.get("/audit-log?format=jsonl").await;
    assert_eq!((lines.status, lines.header("content-type").as_str()), (200, "application/jsonl"), "{}", lines.text);
    let entries: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(entries.len(), 4);
    let hashes: Vec<_> = entries.iter().map(|e| e["hash"].as_str().map(str::len)).collect();
    assert_eq!(hashes, [Some(64), Some(64), Some(64), None]);
    assert_eq!((&entries[0]["detail"], &entries[0]["changes"][0]["after"]), (&json!("=reason 0"), &json!("staff")));
    let csv = admin.get(&format!("/audit-log?actor={clerk}")).await;
    let rows: Vec<&str> = csv.text.lines().collect();
    assert_eq!(rows.len(), 4);
    assert!(rows[0].starts_with("id,acted_at,actor_id,role,service,action"));
    assert!(rows[1].contains(",'=reason 0,role: user > staff,"), "{}", rows[1]);
    let exports = f.published::<StaffActed>().await;
    let actions: Vec<_> = exports.iter().map(|e| (e.action.as_str(), e.detail.as_str())).collect();
    assert_eq!(actions, [("audit.export", "jsonl"), ("audit.export", "csv")]);
    assert_eq!(f.as_staff().get("/audit-log").await.problem(403), "auth.forbidden");
    assert_eq!(admin.get("/audit-log?format=xlsx").await.status, 422);
    assert_eq!(admin.get("/audit-log?from=2026-11-02&to=2026-11-01").await.problem(422), "compliance.range_backwards");
}

/// More entries than a page, several at the same time: none is left out and none comes twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_export_has_each_entry_once() {
    let f = fixture().await;
    let entries = (0..1_203).map(|n| acted(id::fresh(), id::fresh(), f.now().plus_secs(n % 3)));
    f.deliver_all(entries.map(|entry| TestService::envelope(f.now(), &entry)).collect()).await;
    f.clock.advance_secs(60);
    let file = f.as_admin().get("/audit-log?format=jsonl").await;
    let ids: std::collections::BTreeSet<&str> = file.text.lines().map(|line| &line[..45]).collect();
    assert_eq!((file.text.lines().count(), ids.len()), (1_203, 1_203));
}

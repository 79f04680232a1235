//! Tests of grievances.

use crate::fixture::*;
use domain::UserId;
use futures_util::future::join_all;
use proto_events::booking::v1::BookingChanged;
use proto_events::compliance::v1::GrievanceMoved;
use proto_events::payout::v1::{Payout, PayoutRequested};
use proto_events::platform::v1::StaffActed;
use runtime::id;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::Client;

fn grievance(text: &str) -> Value {
    json!({ "category": "payment", "text": text })
}

async fn file(client: &Client) -> String {
    let filed = client.post("/grievances", grievance("My payment is missing")).await.expect(201);
    filed["id"].as_str().unwrap().to_owned()
}

async fn steps(client: &Client, id: &str) -> Vec<String> {
    let detail = client.get(&format!("/grievances/{id}")).await.expect(200);
    let step = |step: &Value| step["step"].as_str().unwrap().to_owned();
    detail["steps"].as_array().unwrap().iter().map(step).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_a_grievance_is_published_and_recorded() {
    let f = fixture().await;
    let user: UserId = id::fresh();
    let (me, staff) = (f.as_user(user), f.as_staff());
    let filed = me.post("/grievances", grievance("My payment\nis missing")).await.expect(201);
    assert_eq!((&filed["number"], &filed["status"]), (&json!("GRV/2026-27/000001"), &json!("filed")));
    let at: domain::Timestamp = filed["filed_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(filed["acknowledge_by"], json!(at.plus_hours(48).to_string()));
    let mut acknowledged_at = json!(null);
    let path = format!("/grievances/{}", filed["id"].as_str().unwrap());
    for _ in 0..2 {
        let seen = staff.post_empty(&format!("{path}/acknowledge")).await.expect(200);
        assert_eq!(seen["status"], json!("acknowledged"));
        assert!(acknowledged_at.is_null() || acknowledged_at == seen["acknowledged_at"], "{seen}");
        acknowledged_at = seen["acknowledged_at"].clone();
    }
    let clerk: UserId = id::fresh();
    f.user_updated(clerk, 1, |user| user.role = "staff".into()).await;
    for _ in 0..2 {
        let seen = staff.post(&format!("{path}/assign"), json!({ "user_id": clerk })).await.expect(200);
        assert_eq!(seen["assigned_to"], json!(clerk));
    }
    staff.post(&format!("{path}/reply"), json!({ "text": "We look for it" })).await.expect(200);
    for _ in 0..2 {
        staff.post(&format!("{path}/escalate"), json!({ "reason": "The bank is slow" })).await.expect(200);
    }
    let closed = staff.post(&format!("{path}/close"), json!({ "reason": "It has come" })).await.expect(200);
    assert_eq!((&closed["status"], closed["closed_at"].is_string()), (&json!("closed"), true));
    for (step, body) in [("close", json!({ "reason": "x" })), ("reply", json!({ "text": "x" }))] {
        assert_eq!(staff.post(&format!("{path}/{step}"), body).await.problem(409), "compliance.grievance_closed");
    }
    let moved = f.published::<GrievanceMoved>().await;
    let said: Vec<_> = moved.iter().map(|e| (e.step_number, e.step.as_str(), e.text.as_str())).collect();
    assert_eq!(
        said,
        [
            (1, "filed", ""),
            (2, "acknowledged", ""),
            (3, "assigned", ""),
            (4, "replied", "We look for it"),
            (5, "escalated", "The bank is slow"),
            (6, "closed", "It has come")
        ]
    );
    let detail = me.get(&path).await.expect(200);
    assert_eq!((&detail["steps"][3]["text"], &detail["grievance"]["text"]), (&json!("We look for it"), &filed["text"]));
    let acted: Vec<_> = f.published::<StaffActed>().await.into_iter().map(|a| a.action).collect();
    let expected = ["acknowledge", "assign", "reply", "escalate", "close"].map(|step| format!("grievance.{step}"));
    assert_eq!(acted, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_grievance_is_reopened_by_its_member_within_thirty_days() {
    let f = fixture().await;
    let user: UserId = id::fresh();
    let (me, staff) = (f.as_user(user), f.as_staff());
    let grievance = file(&me).await;
    let (reopen, close) = (format!("/grievances/{grievance}/reopen"), format!("/grievances/{grievance}/close"));
    let reason = json!({ "reason": "It has not come" });
    assert_eq!(me.post(&reopen, reason.clone()).await.problem(409), "compliance.grievance_open");
    staff.post(&close, json!({ "reason": "Done" })).await.expect(200);
    assert_eq!(staff.post(&reopen, reason.clone()).await.problem(403), "compliance.own");
    f.clock.advance_secs(30 * 24 * 3_600 - 60);
    let me = f.as_user(user);
    let open = me.post(&reopen, reason.clone()).await.expect(200);
    assert_eq!((&open["status"], &open["closed_at"]), (&json!("filed"), &json!(null)));
    let deadline: domain::Timestamp = open["acknowledge_by"].as_str().unwrap().parse().unwrap();
    assert_eq!(deadline.day(), f.now().plus_hours(48).day());
    f.as_staff().post(&close, json!({ "reason": "Done" })).await.expect(200);
    f.clock.advance_secs(30 * 24 * 3_600 + 1);
    assert_eq!(f.as_user(user).post(&reopen, reason).await.problem(409), "compliance.grievance_final");
    assert_eq!(steps(&f.as_user(user), &grievance).await, ["filed", "closed", "reopened", "closed"]);
}

/// One that is not acknowledged within 48 hours, and one that is not closed within a month, are escalated once.
pub(crate) async fn a_missed_deadline_escalates(f: &Fixture) {
    let user: UserId = id::fresh();
    let (late, acknowledged) = (file(&f.as_user(user)).await, file(&f.as_user(user)).await);
    f.as_staff().post_empty(&format!("/grievances/{acknowledged}/acknowledge")).await.expect(200);
    let is_escalated = async |id: &str| {
        let detail = f.as_user(user).get(&format!("/grievances/{id}")).await.expect(200);
        detail["grievance"]["is_escalated"].as_bool().unwrap()
    };
    f.clock.advance_secs(48 * 3_600 - 1);
    f.run_job("grievances").await;
    assert!(!is_escalated(&late).await);
    f.clock.advance_secs(1);
    for _ in 0..2 {
        f.run_job("grievances").await;
    }
    assert!(is_escalated(&late).await && !is_escalated(&acknowledged).await);
    let detail = f.as_user(user).get(&format!("/grievances/{acknowledged}")).await.expect(200);
    f.clock.set(detail["grievance"]["close_by"].as_str().unwrap().parse().unwrap());
    for _ in 0..2 {
        f.run_job("grievances").await;
    }
    assert!(is_escalated(&acknowledged).await);
    assert_eq!(steps(&f.as_user(user), &late).await, ["filed", "escalated"]);
    assert_eq!(steps(&f.as_user(user), &acknowledged).await, ["filed", "acknowledged", "escalated"]);
    let detail = f.as_user(user).get(&format!("/grievances/{late}")).await.expect(200);
    assert_eq!(detail["steps"][1]["actor_id"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_deadline_escalates_once() {
    a_missed_deadline_escalates(&fixture().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grievance_names_only_the_members_own_booking_and_payout() {
    let f = fixture().await;
    let (user, other): (UserId, UserId) = (id::fresh(), id::fresh());
    let (booking, payout): (UserId, UserId) = (id::fresh(), id::fresh());
    let changed = BookingChanged { booking_id: booking.into(), user_id: user.into(), ..BookingChanged::default() };
    let requested = Payout { payout_id: payout.into(), user_id: user.into(), ..Payout::default() };
    for _ in 0..2 {
        f.deliver_now(&changed).await;
        f.deliver_now(&PayoutRequested { payout: Some(requested.clone()) }).await;
    }
    let with = |field: &str, id: UserId| {
        let mut body = grievance("x");
        body[field] = json!(id);
        body
    };
    let mut both = with("booking_id", booking);
    both["payout_id"] = json!(payout);
    let filed = f.as_user(user).post("/grievances", both).await.expect(201);
    assert_eq!((&filed["booking_id"], &filed["payout_id"]), (&json!(booking), &json!(payout)));
    for (client, body) in [
        (f.as_user(other), with("booking_id", booking)),
        (f.as_user(other), with("payout_id", payout)),
        (f.as_user(user), with("booking_id", payout)),
        (f.as_user(user), with("payout_id", id::fresh())),
    ] {
        assert_eq!(client.post("/grievances", body).await.problem(422), "compliance.record_unknown");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_see_their_own_and_staff_act_on_others() {
    let f = fixture().await;
    let user: UserId = id::fresh();
    let (me, stranger, staff) = (f.as_user(user), f.as_user(id::fresh()), f.as_staff());
    let grievance_id = file(&me).await;
    let path = format!("/grievances/{grievance_id}");
    assert_eq!(stranger.get(&path).await.problem(404), "request.not_found");
    let again = json!({ "reason": "x" });
    assert_eq!(stranger.post(&format!("{path}/reopen"), again.clone()).await.problem(404), "request.not_found");
    assert_eq!(stranger.get("/grievances").await.expect(200)["items"], json!([]));
    assert_eq!(me.get("/grievances?status=filed").await.expect(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(staff.get(&format!("/grievances?user_id={user}")).await.expect(200)["items"][0]["id"], grievance_id);
    assert_eq!(staff.get("/grievances?status=closed").await.expect(200)["items"], json!([]));
    assert_eq!(me.post_empty(&format!("{path}/acknowledge")).await.problem(403), "auth.forbidden");
    let counts = staff.get("/compliance/documents/queue-counts").await.expect(200);
    assert_eq!((&counts["items"][1]["queue"], &counts["items"][1]["count"]), (&json!("grievances.filed"), &json!(1)));
    // A member of staff has one too.
    let clerk: UserId = id::fresh();
    let own = file(&f.as_role(clerk, domain::Role::Staff)).await;
    for (step, body) in [("acknowledge", json!({})), ("close", again.clone()), ("assign", json!({ "user_id": user }))] {
        let client = f.as_role(clerk, domain::Role::Staff);
        let path = format!("/grievances/{own}/{step}");
        let answer =
            if step == "acknowledge" { client.post_empty(&path).await } else { client.post(&path, body).await };
        assert_eq!(answer.problem(403), "compliance.own", "{step}");
    }
    f.user_updated(clerk, 1, |user| user.role = "staff".into()).await;
    let to_owner = staff.post(&format!("/grievances/{own}/assign"), json!({ "user_id": clerk })).await;
    assert_eq!(to_owner.problem(403), "compliance.own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grievance_is_assigned_to_active_staff_only() {
    let f = fixture().await;
    let (clerk, other): (UserId, UserId) = (id::fresh(), id::fresh());
    let staff = f.as_role(clerk, domain::Role::Staff);
    let path = format!("/grievances/{}/assign", file(&f.as_user(id::fresh())).await);
    let assign = async |to: UserId| staff.post(&path, json!({ "user_id": to })).await;
    // An unknown id, a member, former staff and staff who may no longer sign in.
    assert_eq!(assign(other).await.problem(422), "compliance.assignee_not_staff");
    f.user_updated(other, 1, |_| {}).await;
    assert_eq!(assign(other).await.problem(422), "compliance.assignee_not_staff");
    for role in ["staff", "admin"] {
        f.user_updated(other, 3, |user| user.role = role.into()).await;
        assert_eq!(assign(other).await.expect(200)["assigned_to"], json!(other));
        assert_eq!(assign(clerk).await.expect(200)["assigned_to"], json!(clerk), "oneself, before the event is here");
    }
    // An older event that comes later changes nothing.
    f.user_updated(other, 2, |_| {}).await;
    assign(other).await.expect(200);
    f.user_updated(other, 4, |user| (user.role, user.is_active) = ("staff".into(), false)).await;
    assert_eq!(assign(other).await.problem(422), "compliance.assignee_not_staff");
    f.user_updated(other, 5, |_| {}).await;
    assert_eq!(assign(other).await.problem(422), "compliance.assignee_not_staff");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_grievance_is_refused() {
    let f = fixture().await;
    let me = f.as_user(id::fresh());
    for bad in ["", "  ", &"x".repeat(4_001), "a\u{202e}b"] {
        assert_eq!(me.post("/grievances", grievance(bad)).await.problem(422), "compliance.grievance_invalid");
    }
    me.post("/grievances", grievance(&"x".repeat(4_000))).await.expect(201);
    assert_eq!(me.post("/grievances", json!({ "category": "weather", "text": "x" })).await.status, 400);
    let path = format!("/grievances/{}/close", file(&me).await);
    for bad in ["", &"x".repeat(501)] {
        assert_eq!(
            f.as_staff().post(&path, json!({ "reason": bad })).await.problem(422),
            "compliance.grievance_invalid"
        );
    }
}

/// Parallel filings of one member and of others: numbers have no gaps, and a member has at most twenty open.
pub(crate) async fn numbers_have_no_gaps(f: &Fixture) {
    let (busy, other): (UserId, UserId) = (id::fresh(), id::fresh());
    let filings = (0..30)
        .map(|n| if n % 5 == 4 { other } else { busy })
        .map(async |user| f.as_user(user).post("/grievances", grievance("x")).await);
    let answers = join_all(filings).await;
    let (filed, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((filed.len(), refused.len()), (26, 4));
    for answer in refused {
        assert_eq!(answer.problem(409), "compliance.too_many_grievances");
    }
    let numbers: BTreeSet<String> =
        filed.into_iter().map(|answer| answer.expect(201)["number"].as_str().unwrap().to_owned()).collect();
    assert_eq!(numbers, (1..=26).map(|n| format!("GRV/2026-27/{n:06}")).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_grievances_have_no_gaps() {
    numbers_have_no_gaps(&fixture().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_filing_with_its_key_is_one() {
    let f = fixture().await;
    let me = f.as_user(id::fresh());
    let first = me.post_with_key("/grievances", "k1", grievance("x")).await.expect(201);
    assert_eq!(me.post_with_key("/grievances", "k1", grievance("x")).await.expect(201), first);
    assert_eq!(f.published::<GrievanceMoved>().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_register_is_a_file_and_its_download_is_recorded() {
    let f = fixture().await;
    let user: UserId = id::fresh();
    f.as_user(user).post("/grievances", grievance("=cmd")).await.expect(201);
    f.clock.advance_secs(24 * 3_600);
    let me = f.as_user(user);
    me.post("/grievances", grievance("Later")).await.expect(201);
    let staff = f.as_staff();
    let all = staff.get("/grievances/register").await;
    assert_eq!((all.status, all.header("content-type").as_str()), (200, "text/csv; charset=utf-8"));
    let lines: Vec<&str> = all.text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[1].starts_with("GRV/2026-27/000001,") && lines[1].contains(",payment,'=cmd,,,filed,no,"),
        "{}",
        lines[1]
    );
    let today = staff.get(&format!("/grievances/register?from={}", f.now().day())).await;
    assert_eq!(today.text.lines().count(), 2);
    let acted: Vec<_> = f.published::<StaffActed>().await.into_iter().map(|a| a.action).collect();
    assert_eq!(acted, ["grievance.register_download"; 2]);
    assert_eq!(me.get("/grievances/register").await.problem(403), "auth.forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_officer_is_published_without_a_sign_in() {
    let none = fixture().await;
    assert_eq!(none.anonymous().get("/grievance-officer").await.problem(404), "request.not_found");
    let f = fixture_with(&[
        ("GRIEVANCE_OFFICER_NAME", "Kavita Rao"),
        ("GRIEVANCE_OFFICER_ADDRESS", "1 Main Road, Pune"),
        ("GRIEVANCE_OFFICER_EMAIL", "grievance@ev.example"),
        ("GRIEVANCE_OFFICER_PHONE", "+91 20 1234 5678"),
    ])
    .await;
    let officer = f.anonymous().get("/grievance-officer").await.expect(200);
    assert_eq!((&officer["name"], &officer["acknowledge_hours"]), (&json!("Kavita Rao"), &json!(48)));
}

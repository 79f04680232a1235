//! Tests of the audit log.

use crate::fixture::*;
use domain::{Timestamp, UserId};
use proto_events::platform::v1::StaffActed;
use runtime::id;
use serde_json::json;

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
    for (client, status) in [(f.as_staff(), 403), (f.as_user(member), 403), (f.anonymous(), 401)] {
        assert_eq!(client.get("/audit").await.status, status);
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
        let (mut listed, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = f.as_admin().get(&format!("/audit?limit=2{filter}{cursor}")).await.expect(200);
            listed.extend(page["items"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let mut all = ids.clone();
        let (mut sorted, count) = (listed.clone(), listed.len());
        all.sort_unstable();
        sorted.sort_unstable();
        assert_eq!((sorted, count), (all, 7), "{filter}");
    }
}

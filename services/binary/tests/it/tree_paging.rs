//! A tree too large for one answer, read part by part.

use crate::fixture::{payment, start, user};
use domain::UserId;
use messaging::bus::EventBus;
use proto_events::Envelope;
use proto_events::auth::v1::UserRegistered;
use runtime::id;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use testkit::TestService;

const MEMBERS: usize = 2_000;

async fn deliver_all(s: &TestService, events: Vec<Envelope>) {
    let mut confirms = Vec::with_capacity(events.len());
    for event in events {
        confirms.push(s.bus.publish(event).await.unwrap());
    }
    for confirm in confirms {
        confirm.await.unwrap();
    }
}

/// Members with distinct names, each referred by an earlier one.
async fn create_members(s: &TestService) -> HashMap<String, String> {
    let ids: Vec<UserId> = (0..MEMBERS).map(|_| id::fresh()).collect();
    let (mut registrations, mut payments, mut names) = (Vec::new(), Vec::new(), HashMap::new());
    for (n, id) in ids.iter().enumerate() {
        let referrer = (n > 0).then(|| ids[n * 7_919 % n]);
        let name = format!("Member {n}");
        registrations.push(TestService::envelope(s.now(), &UserRegistered { user: Some(user(*id, &name, referrer)) }));
        payments.push(TestService::envelope(s.now(), &payment(*id, 500, "online", s.now())));
        names.insert(id.to_string(), name);
    }
    deliver_all(s, registrations).await;
    deliver_all(s, payments).await;
    names
}

#[tokio::test]
async fn reading_the_tree_part_by_part_returns_every_member_once_with_their_name() {
    let s = start().await;
    let names = create_members(&s).await;
    let staff = s.as_staff();
    for depth in 1..=6 {
        let mut found: HashMap<String, String> = HashMap::new();
        let mut tops = VecDeque::from([String::new()]);
        while let Some(top) = tops.pop_front() {
            let root = if top.is_empty() { String::new() } else { format!("&root={top}") };
            let part = staff.get(&format!("/binary/tree?depth={depth}{root}")).await.expect(200);
            let (mut left, mut shown) = (vec![(&part, 0)], 0);
            while let Some((node, level)) = left.pop() {
                shown += 1;
                left.extend(
                    ["left", "right"].map(|side| (&node[side], level + 1)).into_iter().filter(|(n, _)| n.is_object()),
                );
                let id = node["user_id"].as_str().unwrap_or_default().to_owned();
                if id != top {
                    let before = found.insert(id.clone(), node["name"].as_str().unwrap().to_owned());
                    assert_eq!(before, None, "{id} returned twice at depth {depth}");
                }
                if node["has_more"] == json!(true) {
                    assert_eq!((level, &node["left"], &node["right"]), (depth, &Value::Null, &Value::Null));
                    tops.push_back(id);
                }
            }
            assert!(shown < 1 << (depth + 1), "{shown} nodes at depth {depth}");
        }
        assert_eq!(found, names, "at depth {depth}");
    }
    s.finish().await;
}

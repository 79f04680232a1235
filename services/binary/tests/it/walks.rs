//! A tree too big for one answer, seen part by part.

use crate::people::{payment, start, user};
use chassis::events::bus::Bus;
use chassis::id;
use domain::UserId;
use proto_events::Envelope;
use proto_events::auth::v1::UserRegistered;
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

/// Members with names of their own, each referred by one of those before.
async fn grow(s: &TestService) -> HashMap<String, String> {
    let ids: Vec<UserId> = (0..MEMBERS).map(|_| id::fresh()).collect();
    let (mut told, mut paid, mut names) = (Vec::new(), Vec::new(), HashMap::new());
    for (n, id) in ids.iter().enumerate() {
        let referrer = (n > 0).then(|| ids[n * 7_919 % n]);
        let name = format!("Member {n}");
        told.push(TestService::envelope(s.now(), &UserRegistered { user: Some(user(*id, &name, referrer)) }));
        paid.push(TestService::envelope(s.now(), &payment(*id, 500, "online", s.now())));
        names.insert(id.to_string(), name);
    }
    deliver_all(s, told).await;
    deliver_all(s, paid).await;
    names
}

#[tokio::test]
async fn a_walk_to_any_depth_meets_everybody_once_and_by_name() {
    let s = start().await;
    let names = grow(&s).await;
    let staff = s.as_staff();
    for depth in 1..=6 {
        let mut met: HashMap<String, String> = HashMap::new();
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
                    let before = met.insert(id.clone(), node["name"].as_str().unwrap().to_owned());
                    assert_eq!(before, None, "{id} met twice to depth {depth}");
                }
                if node["has_more"] == json!(true) {
                    assert_eq!((level, &node["left"], &node["right"]), (depth, &Value::Null, &Value::Null));
                    tops.push_back(id);
                }
            }
            assert!(shown < 1 << (depth + 1), "{shown} nodes to depth {depth}");
        }
        assert_eq!(met, names, "to depth {depth}");
    }
    s.finish().await;
}

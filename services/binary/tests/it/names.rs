//! Names of members by id.

use crate::fixture::{join, register, start};
use domain::UserId;
use runtime::id;
use serde_json::{Value, json};
use testkit::Client;

async fn names(caller: Client, ids: &[UserId]) -> Vec<(String, String)> {
    let answer = caller.post("/binary/names", json!({ "ids": ids })).await.expect(200);
    let text = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
    answer["items"].as_array().unwrap().iter().map(|item| (text(item, "user_id"), text(item, "name"))).collect()
}

#[tokio::test]
async fn a_member_gets_the_names_of_their_own_part_of_the_tree_only() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    let (b, _) = join(&s, "B", Some(a)).await;
    let (c, _) = join(&s, "C", Some(a)).await;
    let (d, _) = join(&s, "D", Some(b)).await;
    let unplaced = register(&s, "U", Some(b)).await;
    let all = [id::fresh(), d, unplaced, c, b, a, b];
    let named = |members: &[(UserId, &str)]| -> Vec<(String, String)> {
        members.iter().map(|(id, name)| (id.to_string(), (*name).to_owned())).collect()
    };
    assert_eq!(names(s.as_user(b), &all).await, named(&[(d, "D"), (b, "B")]));
    assert_eq!(names(s.as_user(c), &all).await, named(&[(c, "C")]));
    assert_eq!(names(s.as_user(a), &all).await, named(&[(d, "D"), (c, "C"), (b, "B"), (a, "A")]));
    let of_all = named(&[(d, "D"), (unplaced, "U"), (c, "C"), (b, "B"), (a, "A")]);
    assert_eq!(names(s.as_staff(), &all).await, of_all);
    assert_eq!(names(s.as_user(a), &[]).await, []);
    let refused = s.as_user(unplaced).post("/binary/names", json!({ "ids": [b] })).await;
    assert_eq!(refused.problem(404), "binary.not_placed");
    s.finish().await;
}

#[tokio::test]
async fn at_most_two_hundred_names_are_answered_at_once() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    for (count, status) in [(199, 200), (200, 200), (201, 422)] {
        let ids: Vec<UserId> = std::iter::once(a).chain((1..count).map(|_| id::fresh())).collect();
        let answer = s.as_user(a).post("/binary/names", json!({ "ids": ids })).await;
        assert_eq!(answer.status, status, "{count}");
        if status == 422 {
            assert_eq!(answer.problem(422), "binary.too_many_ids");
        } else {
            assert_eq!(answer.expect(200)["items"].as_array().unwrap().len(), 1);
        }
    }
    for body in [json!({}), json!({ "ids": ["x"] }), json!({ "ids": a })] {
        assert_eq!(s.as_user(a).post("/binary/names", body).await.status, 400);
    }
    assert_eq!(s.as_user(a).post("/binary/names", json!({ "ids": [], "of": 1 })).await.status, 422);
    assert_eq!(s.anonymous().post("/binary/names", json!({ "ids": [] })).await.status, 401);
    s.finish().await;
}

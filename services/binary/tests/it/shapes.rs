//! Shapes of the tree.

use crate::fixture::{join, pay, refund, register, start};
use domain::UserId;
use serde_json::{Value, json};
use testkit::{Client, Reply, TestService};

async fn get_if_changed(client: &Client, path: &str, tag: &str) -> Reply {
    client.send(client.request("GET".parse().unwrap(), path).header("If-None-Match", tag)).await
}

fn lists(shape: &Value) -> (Value, Value, String, String) {
    let text = |field: &str| shape[field].as_str().unwrap().to_owned();
    (shape["ids"].clone(), shape["parents"].clone(), text("sides"), text("active"))
}

/// A above B (left) and C (right), D left of B, E right of B; C is an Active Buyer.
async fn five_members(s: &TestService) -> [UserId; 5] {
    let (a, _) = join(s, "A", None).await;
    let (b, _) = join(s, "B", Some(a)).await;
    let (c, _) = join(s, "C", Some(a)).await;
    let (d, _) = join(s, "D", Some(b)).await;
    let (e, _) = join(s, "E", Some(b)).await;
    pay(s, c, 5_000).await;
    [a, b, c, d, e]
}

#[tokio::test]
async fn a_shape_lists_a_part_of_the_tree_in_preorder() {
    let s = start().await;
    let [a, b, c, d, e] = five_members(&s).await;
    let own = s.as_user(a).get("/binary/tree/shape").await.expect(200);
    assert_eq!(lists(&own), (json!([a, b, d, e, c]), json!([-1, 0, 1, 1, 0]), "LLLRR".into(), "00001".into()));
    assert_eq!(own["is_truncated"], json!(false));
    assert_eq!(own["sequence"], s.as_staff().get("/binary/digest").await.expect(200)["seq"]);
    // The side of the first is L, whatever its side under its parent is.
    let of_c = s.as_user(a).get(&format!("/binary/tree/shape?root={c}")).await.expect(200);
    assert_eq!(lists(&of_c), (json!([c]), json!([-1]), "L".into(), "1".into()));
    let of_company = s.as_staff().get("/binary/tree/shape").await.expect(200);
    let expected = (json!([null, a, b, d, e, c]), json!([-1, 0, 1, 2, 2, 1]), "LLLLRR".into(), "000001".into());
    assert_eq!(lists(&of_company), expected);
    let of_b = s.as_staff().get(&format!("/binary/tree/shape?root={b}")).await.expect(200);
    assert_eq!(lists(&of_b).0, json!([b, d, e]));
    s.finish().await;
}

#[tokio::test]
async fn a_shape_is_for_staff_and_for_members_above() {
    let s = start().await;
    let empty = s.as_staff().get("/binary/tree/shape").await.expect(200);
    assert_eq!(lists(&empty), (json!([null]), json!([-1]), "L".into(), "0".into()));
    let [a, b, c, ..] = five_members(&s).await;
    let unplaced = register(&s, "U", Some(a)).await;
    for root in [a.to_string(), c.to_string(), unplaced.to_string(), "nonsense".into()] {
        let refused = s.as_user(b).get(&format!("/binary/tree/shape?root={root}")).await;
        assert_eq!(refused.problem(404), "request.not_found");
    }
    assert_eq!(s.as_user(unplaced).get("/binary/tree/shape").await.problem(404), "binary.not_placed");
    assert_eq!(s.anonymous().get("/binary/tree/shape").await.status, 401);
    s.finish().await;
}

#[tokio::test]
async fn an_unchanged_shape_is_not_sent_again() {
    let s = start().await;
    let [a, b, c, ..] = five_members(&s).await;
    let (client, path) = (s.as_user(a), "/binary/tree/shape");
    let first = client.get(path).await;
    let tag = first.header("etag");
    assert_eq!((first.status, first.header("cache-control").as_str()), (200, "private, no-cache"));
    for tags in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
        let again = get_if_changed(&client, path, &tags).await;
        assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", tag.clone()), "{tags}");
    }
    for tags in ["\"other\"", "nonsense", ""] {
        assert_eq!(get_if_changed(&client, path, tags).await.status, 200, "{tags}");
    }
    // The shape of another node has another tag.
    assert_eq!(get_if_changed(&client, &format!("{path}?root={b}"), &tag).await.status, 200);
    assert_eq!(get_if_changed(&s.as_user(b), path, &tag).await.status, 200);
    // A tag does not show the shape to others.
    assert_eq!(get_if_changed(&s.as_user(c), &format!("{path}?root={a}"), &tag).await.status, 404);
    let paid = pay(&s, b, 5_000).await;
    let changed = get_if_changed(&client, path, &tag).await;
    let new_tag = changed.header("etag");
    assert_eq!(lists(&changed.expect(200)).3, "01001");
    refund(&s, &paid).await;
    assert_eq!(lists(&get_if_changed(&client, path, &new_tag).await.expect(200)).3, "00001");
    s.finish().await;
}

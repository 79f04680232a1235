//! Manual placement.

use crate::fixture::{counts_and_pairs, digest, join, me, pay, register, start};
use domain::UserId;
use proto_events::binary::v1::{PairsMatched, PlacementMade};
use proto_events::platform::v1::StaffActed;
use runtime::id;
use serde_json::json;

#[tokio::test]
async fn a_manually_placed_member_has_the_slot_and_counts_only_after_paying() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    let (b, c) = (register(&s, "B", Some(a)).await, register(&s, "C", Some(a)).await);
    let body = json!({"user_id": b, "parent_user_id": a, "side": "right"});
    let made = s.as_admin().post_with_key("/binary/placements", "k1", body.clone()).await.expect(201);
    assert_eq!((made["side"].as_str(), made["sponsor_id"].as_str()), (Some("right"), Some(a.to_string().as_str())));
    let again = s.as_admin().post("/binary/placements", body).await;
    assert_eq!(again.problem(409), "binary.already_placed");
    let taken = json!({"user_id": c, "parent_user_id": a, "side": "right"});
    assert_eq!(s.as_admin().post("/binary/placements", taken).await.problem(409), "binary.slot_taken");
    assert_eq!(counts_and_pairs(&s, a).await, (0, 0, 0));
    pay(&s, c, 500).await;
    assert_eq!(me(&s, c).await["side"], "left");
    assert_eq!(counts_and_pairs(&s, a).await, (1, 0, 0));
    pay(&s, b, 500).await;
    assert_eq!(counts_and_pairs(&s, a).await, (1, 1, 1));
    assert_eq!(s.published::<PlacementMade>().await.iter().filter(|p| p.manual).count(), 1);
    assert_eq!(s.published::<PairsMatched>().await[0].cause, "counted_again");
    assert_eq!(s.published::<StaffActed>().await.len(), 1);
    s.finish().await;
}

#[tokio::test]
async fn refused_placements_change_nothing() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    let b = register(&s, "B", Some(a)).await;
    let unregistered: UserId = id::fresh();
    let before = digest(&s).await;
    let cases = [
        (json!({"user_id": unregistered, "parent_user_id": a, "side": "left"}), 422, "binary.unknown_user"),
        (json!({"user_id": b, "parent_user_id": unregistered, "side": "left"}), 422, "binary.parent_not_placed"),
        (json!({"user_id": b, "parent_user_id": null, "side": "left"}), 409, "binary.slot_taken"),
        (json!({"user_id": b, "parent_user_id": a, "side": "middle"}), 400, "request.wrong_type"),
        (json!({"user_id": "x", "parent_user_id": a, "side": "left"}), 400, "request.wrong_type"),
    ];
    for (body, status, code) in cases {
        assert_eq!(s.as_admin().post("/binary/placements", body.clone()).await.problem(status), code, "{body}");
    }
    assert_eq!(s.as_staff().post("/binary/placements", json!({})).await.status, 403);
    assert_eq!(digest(&s).await, before);
    assert_eq!(s.published::<StaffActed>().await.len(), 0);
    s.finish().await;
}

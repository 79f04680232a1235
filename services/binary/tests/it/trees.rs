//! Worked examples of the placement and matching rules.

use crate::fixture::{
    counts_and_pairs, digest, join, me, pairs, pay, payment, refund, refund_of, register, start, start_day, user,
};
use domain::UserId;
use proto_events::auth::v1::{UserRegistered, UserUpdated};
use proto_events::binary::v1::{PairsMatched, PairsVoided, PlacementMade};
use runtime::id;
use serde_json::Value;

#[tokio::test]
async fn the_example_tree_has_the_expected_places_counts_and_pairs() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    let mut below = Vec::new();
    for name in ["B", "C", "D", "E"] {
        below.push(join(&s, name, Some(a)).await.0);
    }
    let [b, c, d, e] = below[..] else { panic!("four") };
    assert_eq!(counts_and_pairs(&s, a).await, (3, 1, 1));
    assert_eq!(counts_and_pairs(&s, b).await, (1, 1, 1));
    assert_eq!(pairs(&s, a).await, [(1, b.to_string(), c.to_string(), "matched".into())]);
    assert_eq!(pairs(&s, b).await, [(1, d.to_string(), e.to_string(), "matched".into())]);
    let root = s.as_staff().get("/binary/tree?depth=6").await.expect(200);
    assert_eq!(
        (root["user_id"].clone(), root["left_count"].as_u64(), root["right_count"].as_u64()),
        (Value::Null, Some(5), Some(0))
    );
    assert_eq!(root["left"]["left"]["right"]["name"], "E");
    let node = me(&s, e).await;
    assert_eq!((node["parent_id"].as_str(), node["side"].as_str()), (Some(b.to_string().as_str()), Some("right")));
    assert_eq!((node["sponsor_id"].as_str(), node["depth"].as_u64()), (Some(a.to_string().as_str()), Some(3)));
    assert_eq!(me(&s, a).await["parent_id"], Value::Null);
    let made = s.published::<PlacementMade>().await;
    assert_eq!(made.len(), 5);
    assert_eq!(made[2].pairs.len(), 1);
    assert_eq!((made[2].pairs[0].gross_paise, made[2].pairs[0].slot, made[2].pairs[0].number), (50_000, 1, 1));
    s.finish().await;
}

#[tokio::test]
async fn the_example_refund_voids_the_pair_and_the_next_member_is_matched_with_the_partner() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    let (b, _) = join(&s, "B", Some(a)).await;
    let (c, paid) = join(&s, "C", Some(a)).await;
    refund(&s, &paid).await;
    assert_eq!(counts_and_pairs(&s, a).await, (1, 0, 0));
    for name in ["D", "E"] {
        join(&s, name, Some(a)).await;
    }
    let (f, _) = join(&s, "F", Some(a)).await;
    assert_eq!(me(&s, f).await["parent_id"], c.to_string());
    let expected = [
        (1, b.to_string(), c.to_string(), "voided".to_owned()),
        (2, b.to_string(), f.to_string(), "matched".to_owned()),
    ];
    assert_eq!(pairs(&s, a).await, expected);
    let voided = s.published::<PairsVoided>().await;
    assert_eq!((voided.len(), voided[0].pairs[0].number, voided[0].pairs[0].gross_paise), (1, 1, 50_000));
    assert_eq!(voided[0].user_id, Vec::from(c));
    s.finish().await;
}

#[tokio::test]
async fn pair_eleven_waits_for_the_first_of_the_month_in_india_and_the_sixth_pays_less() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    // Fourteen members under A fill three levels, seven in each leg. The next eight go left, the next eight right.
    for n in 0..30 {
        join(&s, &format!("M{n}"), Some(a)).await;
    }
    assert_eq!(counts_and_pairs(&s, a).await, (15, 15, 10));
    assert_eq!(me(&s, a).await["pairs_carried"], 5);
    let list = s.as_user(a).get("/binary/pairs").await.expect(200);
    let newest = &list["items"][0];
    assert_eq!((newest["number"].as_u64(), newest["gross"].as_str()), (Some(10), Some("500.00")));
    assert_eq!((newest["emi_deduction"].as_str(), newest["available"].as_str()), (Some("100.00"), Some("400.00")));
    assert_eq!(list["items"][5]["emi_deduction"], "0.00");
    // The last second of November in India, then the first of December.
    start_day(&s, "2026-11-30").await;
    assert_eq!(counts_and_pairs(&s, a).await.2, 10);
    s.clock.set("2026-11-30T18:30:00Z".parse().unwrap());
    start_day(&s, "2026-12-01").await;
    assert_eq!(counts_and_pairs(&s, a).await, (15, 15, 15));
    assert_eq!(me(&s, a).await["pairs_this_month"], 5);
    let matched = s.published::<PairsMatched>().await;
    assert_eq!((matched.len(), matched[0].cause.as_str(), matched[0].pairs.len()), (1, "period_opened", 5));
    assert_eq!((matched[0].pairs[0].period, matched[0].pairs[0].slot, matched[0].pairs[0].number), (202_612, 1, 11));
    // The same day again changes nothing.
    let before = digest(&s).await;
    start_day(&s, "2026-12-01").await;
    assert_eq!(digest(&s).await, before);
    let earned = s.as_user(a).get("/binary/earnings").await.expect(200);
    assert_eq!(earned["items"][0]["month"], "2026-12");
    assert_eq!(
        (earned["items"][1]["gross"].as_str(), earned["items"][1]["available"].as_str()),
        (Some("5000.00"), Some("4500.00"))
    );
    s.finish().await;
}

#[tokio::test]
async fn a_payment_counts_once_however_often_and_in_whatever_order_it_comes() {
    let s = start().await;
    let (a, b): (UserId, UserId) = (id::fresh(), id::fresh());
    let at = s.now();
    let paid_b = payment(b, 500, "cash", at);
    // The refund first, then the payment of an unknown member, then the referred member before the referrer.
    let paid_b2 = payment(b, 700, "wallet", at);
    s.deliver(at, &refund_of(&paid_b2, at)).await;
    s.deliver(at, &paid_b).await;
    s.deliver(at, &paid_b2).await;
    assert_eq!(s.as_user(b).get("/binary/me").await.problem(404), "binary.not_placed");
    s.deliver_now(&UserRegistered { user: Some(user(b, "B", Some(a))) }).await;
    assert_eq!(s.as_user(b).get("/binary/me").await.problem(404), "binary.not_placed");
    s.deliver_now(&UserRegistered { user: Some(user(a, "A", None)) }).await;
    assert_eq!(me(&s, b).await["sponsor_id"], Value::Null);
    // The same payment in new envelopes, as after a replay of the event log.
    for _ in 0..5 {
        s.deliver(at, &paid_b).await;
        s.deliver(at, &refund_of(&paid_b2, at)).await;
    }
    let log = s.as_staff().get("/binary/log").await.expect(200);
    let kinds: Vec<_> = log["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["placed", "paid", "refunded"]);
    assert_eq!(s.published::<PlacementMade>().await.len(), 1);
    s.finish().await;
}

#[tokio::test]
async fn an_emi_deduction_does_not_place_or_count_and_its_refund_does_not_wait() {
    let s = start().await;
    let a = register(&s, "A", None).await;
    let deduction = payment(a, 500, "emi_deduction", s.now());
    s.deliver_now(&deduction).await;
    refund(&s, &deduction).await;
    s.as_user(a).get("/binary/me").await.problem(404);
    let log = s.as_staff().get("/binary/log").await.expect(200);
    assert_eq!(log["items"], serde_json::json!([]));
    pay(&s, a, 500).await;
    me(&s, a).await;
    s.finish().await;
}

#[tokio::test]
async fn a_preferred_side_is_the_one_known_at_the_first_payment() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    let b = register(&s, "B", Some(a)).await;
    let mut changed = user(b, "B", Some(a));
    changed.version = 2;
    changed.preferred_side = Some("right".into());
    s.deliver_now(&UserUpdated { user: Some(changed.clone()) }).await;
    // An older version that comes late changes nothing.
    changed.version = 1;
    changed.preferred_side = Some("left".into());
    s.deliver_now(&UserUpdated { user: Some(changed) }).await;
    pay(&s, b, 500).await;
    assert_eq!(me(&s, b).await["side"], "right");
    s.finish().await;
}

#[tokio::test]
async fn a_member_who_counts_again_joins_the_end_of_the_matching_order() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    let (b, paid) = join(&s, "B", Some(a)).await;
    let (c, _) = join(&s, "C", Some(a)).await;
    let (d, _) = join(&s, "D", Some(a)).await;
    refund(&s, &paid).await;
    // B's partner C is matched with D, the oldest counting member of the left leg.
    let matched = s.published::<PairsMatched>().await;
    assert_eq!((matched.len(), matched[0].cause.as_str()), (1, "rematched"));
    pay(&s, b, 500).await;
    let (e, _) = join(&s, "E", Some(a)).await;
    let (f, _) = join(&s, "F", Some(a)).await;
    assert_eq!(me(&s, e).await["parent_id"], b.to_string());
    assert_eq!(me(&s, f).await["parent_id"], c.to_string());
    let expected = [
        (1, b.to_string(), c.to_string(), "voided".to_owned()),
        (2, d.to_string(), c.to_string(), "matched".to_owned()),
        (3, b.to_string(), f.to_string(), "matched".to_owned()),
    ];
    assert_eq!(pairs(&s, a).await, expected);
    s.finish().await;
}

#[tokio::test]
async fn a_member_sees_only_their_own_part_of_the_tree() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    let (b, _) = join(&s, "B", Some(a)).await;
    let (c, _) = join(&s, "C", Some(a)).await;
    for path in [format!("/binary/nodes/{c}"), format!("/binary/tree?root={c}"), "/binary/nodes/nonsense".into()] {
        assert_eq!(s.as_user(b).get(&path).await.problem(404), "request.not_found");
    }
    assert_eq!(s.as_user(b).get(&format!("/binary/nodes/{a}")).await.status, 404);
    s.as_user(a).get(&format!("/binary/nodes/{c}")).await.expect(200);
    s.as_staff().get(&format!("/binary/tree?root={c}")).await.expect(200);
    assert_eq!(s.as_user(a).get("/binary/tree?depth=7").await.problem(422), "binary.depth_too_large");
    let shallow = s.as_user(a).get("/binary/tree?depth=0").await.expect(200);
    assert_eq!((shallow["left"].clone(), shallow["has_more"].as_bool()), (Value::Null, Some(true)));
    // Another's id in the filter is ignored.
    let own = s.as_user(b).get(&format!("/binary/pairs?user_id={a}")).await.expect(200);
    assert_eq!(own["items"], serde_json::json!([]));
    let all = s.as_staff().get(&format!("/binary/pairs?user_id={a}")).await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
    assert_eq!(s.as_user(a).get("/binary/log").await.status, 403);
    assert_eq!(s.anonymous().get("/binary/me").await.status, 401);
    s.finish().await;
}

//! Totals of all pairs.

use crate::fixture::{join, refund, start};
use domain::UserId;
use serde_json::{Value, json};
use testkit::TestService;

/// Sums by month of all members and of one member.
async fn earnings(s: &TestService, earner: UserId) -> (Value, Value) {
    let all = s.as_staff().get("/binary/earnings").await.expect(200);
    let one = s.as_staff().get(&format!("/binary/earnings?user_id={earner}")).await.expect(200);
    (all["items"].clone(), one["items"].clone())
}

#[tokio::test]
async fn the_earnings_of_all_members_are_exact_wherever_the_totals_stand() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    join(&s, "B", Some(a)).await;
    let (_, paid) = join(&s, "C", Some(a)).await;
    // Only A has pairs, so the sums of all members are those of A.
    let (all, one) = earnings(&s, a).await;
    assert_eq!((&all, all[0]["pairs"].as_i64()), (&one, Some(1)));
    for _ in 0..2 {
        s.run_job("pair-totals").await;
        assert_eq!(earnings(&s, a).await, (one.clone(), one.clone()));
    }
    refund(&s, &paid).await;
    let (all, one) = earnings(&s, a).await;
    assert_eq!((&all, &all[0]["voided"], &all[0]["gross"]), (&one, &json!(1), &json!("0.00")));
    for _ in 0..2 {
        s.run_job("pair-totals").await;
        assert_eq!(earnings(&s, a).await, (one.clone(), one.clone()));
    }
    // Made and voided after the totals were carried forward.
    let (_, paid) = join(&s, "D", Some(a)).await;
    refund(&s, &paid).await;
    let (all, one) = earnings(&s, a).await;
    assert_eq!(all, one);
    s.run_job("pair-totals").await;
    assert_eq!(earnings(&s, a).await, (one.clone(), one));
    s.finish().await;
}

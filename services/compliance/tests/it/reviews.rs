//! Tests of document review.

use crate::fixture::*;
use domain::{Role, UserId};
use proto_events::compliance::v1::DocumentReviewed;
use proto_events::platform::v1::StaffActed;
use runtime::id;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_reviewed_once() {
    let f = fixture().await;
    let me = f.as_user(id::fresh());
    let staff = f.as_staff();
    let path = format!("/compliance/documents/{}", upload(&me).await);
    let verified = staff.post_empty(&format!("{path}/verify")).await.expect(200);
    assert_eq!(verified["status"], "verified");
    assert_eq!(f.as_staff().post_empty(&format!("{path}/verify")).await.expect(200), verified);
    let late = staff.post(&format!("{path}/reject"), json!({ "reason": "blurred" })).await;
    assert_eq!(late.problem(409), "compliance.already_reviewed");
    assert_eq!(me.get(&path).await.expect(200), verified);
    assert_eq!(f.published::<DocumentReviewed>().await.len(), 1);
    let acted = f.published::<StaffActed>().await;
    assert_eq!(acted.len(), 1);
    assert_eq!((acted[0].action.as_str(), acted[0].subject_type.as_str()), ("compliance.document_verify", "document"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_needs_a_reason() {
    let f = fixture().await;
    let me = f.as_user(id::fresh());
    let staff = f.as_staff();
    let path = format!("/compliance/documents/{}", upload(&me).await);
    let reject = format!("{path}/reject");
    for reason in ["", "   ", &"x".repeat(501), "blur\u{7}red"] {
        let refused = staff.post(&reject, json!({ "reason": reason })).await;
        assert_eq!(refused.problem(422), "compliance.review_invalid");
    }
    assert_eq!(staff.post(&reject, json!({})).await.problem(400), "request.wrong_type");
    assert_eq!(me.get(&path).await.expect(200)["status"], "pending");
    let longest = "x".repeat(500);
    let rejected = staff.post(&reject, json!({ "reason": format!(" {longest} ") })).await.expect(200);
    assert_eq!((&rejected["status"], &rejected["reason"]), (&json!("rejected"), &json!(longest)));
    assert_eq!(staff.post(&reject, json!({ "reason": longest })).await.expect(200), rejected);
    let other = staff.post(&reject, json!({ "reason": "blurred" })).await;
    assert_eq!(other.problem(409), "compliance.already_reviewed");
    assert_eq!(staff.post_empty(&format!("{path}/verify")).await.problem(409), "compliance.already_reviewed");
    let reviewed = f.published::<DocumentReviewed>().await;
    assert_eq!((reviewed.len(), reviewed[0].verified, &reviewed[0].reason), (1, false, &longest));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_staff_review_and_never_their_own_documents() {
    let f = fixture().await;
    let clerk: UserId = id::fresh();
    let own = format!("/compliance/documents/{}", upload(&f.as_role(clerk, Role::Staff)).await);
    let verify = format!("{own}/verify");
    assert_eq!(f.as_role(clerk, Role::Staff).post_empty(&verify).await.problem(403), "compliance.own");
    let reject = format!("{own}/reject");
    assert_eq!(f.as_role(clerk, Role::Staff).post_empty(&reject).await.problem(403), "compliance.own");
    for body in [json!(7), json!({ "reason": "x".repeat(100 * 1024) })] {
        let refused = f.as_role(clerk, Role::Staff).post(&reject, body).await;
        assert_eq!(refused.problem(403), "compliance.own");
    }
    assert_eq!(f.as_user(clerk).post_empty(&verify).await.problem(403), "auth.forbidden");
    assert_eq!(f.anonymous().post_empty(&verify).await.problem(401), "auth.token_invalid");
    let nothing = format!("/compliance/documents/{}/reject", id::fresh::<UserId>());
    // 404 is answered before the body is read.
    assert_eq!(f.as_staff().post(&nothing, json!(7)).await.problem(404), "request.not_found");
    assert_eq!(f.published::<DocumentReviewed>().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_concurrent_reviews_one_succeeds() {
    let f = fixture().await;
    let path = format!("/compliance/documents/{}", upload(&f.as_user(id::fresh())).await);
    let (first, second) = (f.as_staff(), f.as_staff());
    let (verify, reject) = (format!("{path}/verify"), format!("{path}/reject"));
    let (a, b) = tokio::join!(first.post_empty(&verify), second.post(&reject, json!({ "reason": "blurred" })));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(f.published::<DocumentReviewed>().await.len(), 1);
}

//! Tests of the list of documents by ids, the count of documents that wait, and the kinds of documents.

use crate::documents::fill;
use crate::fixture::*;
use domain::UserId;
use proto_events::platform::v1::StaffActed;
use runtime::id;
use serde_json::{Value, json};

fn ids(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_list_documents_by_their_ids() {
    let f = fixture().await;
    let (one, two): (UserId, UserId) = (id::fresh(), id::fresh());
    let (a, b) = (upload(&f.as_user(one)).await, upload(&f.as_user(two)).await);
    upload(&f.as_user(one)).await;
    let staff = f.as_staff();
    let absent = id::fresh::<UserId>().to_string();
    for (wanted, found) in [
        (format!("{a},{b}"), vec![b.clone(), a.clone()]),
        (format!("{b}%2C{a},{a}"), vec![b.clone(), a.clone()]),
        (format!("{a},{absent}"), vec![a.clone()]),
        (absent, vec![]),
    ] {
        let list = staff.get(&format!("/compliance/documents?ids={wanted}")).await.expect(200);
        assert_eq!(ids(&list), found, "{wanted}");
    }
    let both = format!("/compliance/documents?ids={a},{b}");
    assert_eq!(ids(&staff.get(&format!("{both}&user_id={one}")).await.expect(200)), [a.as_str()]);
    assert_eq!(ids(&staff.get(&format!("{both}&status=verified")).await.expect(200)), [""; 0]);
    let first = staff.get(&format!("{both}&limit=1")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = staff.get(&format!("{both}&limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((ids(&first), ids(&rest), &rest["next_cursor"]), (vec![b.clone()], vec![a.clone()], &json!(null)));
    assert_eq!(ids(&staff.get(&format!("{both}&order=asc&limit=500")).await.expect(200)), [a.as_str(), b.as_str()]);
    // A member gets no document of another member, and no longer pages.
    let long = f.as_user(one).get("/compliance/documents?limit=101").await;
    assert_eq!(long.problem(422), "request.bad_limit");
    assert_eq!(ids(&f.as_user(one).get(&both).await.expect(200)), [a.as_str()]);
    assert_eq!(ids(&f.as_user(id::fresh()).get(&both).await.expect(200)), [""; 0]);
    let many = |count: usize| vec![a.clone(); count].join(",");
    for count in [49, 50] {
        let list = staff.get(&format!("/compliance/documents?ids={}", many(count))).await.expect(200);
        assert_eq!(ids(&list), [a.as_str()], "{count}");
    }
    for bad in [many(51), "x".into(), format!("{a},"), ",".into()] {
        let refused = staff.get(&format!("/compliance/documents?ids={bad}")).await;
        assert_eq!(refused.problem(422), "request.bad_query", "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_counts_the_documents_that_wait_for_a_review() {
    let f = fixture().await;
    let count = async || f.as_staff().get("/compliance/documents/queue-counts").await.expect(200)["items"][0].clone();
    let queue = |count: u16, is_capped: bool, oldest_at: &Value| {
        let queue = "documents.pending";
        json!({ "queue": queue, "count": count, "is_capped": is_capped, "oldest_at": oldest_at })
    };
    assert_eq!(count().await, queue(0, false, &json!(null)));
    let me = f.as_user(id::fresh());
    let (first, second) = (upload(&me).await, upload(&me).await);
    let uploaded_at =
        async |id: &str| me.get(&format!("/compliance/documents/{id}")).await.expect(200)["uploaded_at"].clone();
    assert_eq!(count().await, queue(2, false, &uploaded_at(&first).await));
    f.as_staff().post_empty(&format!("/compliance/documents/{first}/verify")).await.expect(200);
    let oldest = uploaded_at(&second).await;
    assert_eq!(count().await, queue(1, false, &oldest));
    for (stored, count_of, is_capped) in [(998, 999, false), (1, 1_000, false), (1, 1_000, true)] {
        fill(&f, id::fresh(), stored).await;
        assert_eq!(count().await, queue(count_of, is_capped, &oldest));
    }
    me.get("/compliance/documents/queue-counts").await.problem(403);
    f.anonymous().get("/compliance/documents/queue-counts").await.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_offered_kind_of_documents_is_accepted() {
    let f = fixture().await;
    let me = f.as_user(id::fresh());
    let kinds = me.get("/compliance/document-kinds").await.expect(200);
    let kinds = kinds["items"].as_array().unwrap();
    assert_eq!(kinds[0], json!({ "kind": "pan_card", "label": "PAN card" }));
    for kind in kinds {
        send(&me, form(kind["kind"].as_str().unwrap(), PDF.to_vec())).await.expect(201);
    }
    send(&me, form("another_kind", PDF.to_vec())).await.expect(201);
    f.anonymous().get("/compliance/document-kinds").await.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_look_of_staff_at_a_document_is_in_the_audit_log() {
    let f = fixture().await;
    let user: UserId = id::fresh();
    let me = f.as_user(user);
    let document = upload(&me).await;
    let content = format!("/compliance/documents/{document}/content");
    assert_eq!(me.get(&content).await.status, 200);
    for client in [f.as_staff(), f.as_staff(), f.as_admin()] {
        assert_eq!(client.get(&content).await.status, 200);
    }
    let looks = f.published::<StaffActed>().await;
    assert_eq!(looks.len(), 3);
    for look in looks {
        assert_eq!((look.action.as_str(), look.subject_id.as_str()), ("compliance.document_download", &*document));
        assert_eq!(look.subject_user_id, Some(user.into()));
    }
}

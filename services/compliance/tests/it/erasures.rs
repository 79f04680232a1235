//! Erasure of members' documents: what goes, what stays, and that nothing is lost while the blob store is down.

use crate::fixture::*;
use crate::s3::{Fault, S3};
use domain::{Role, UserId};
use proto_events::auth::v1::{ErasureRequested, User, UserUpdated};
use proto_events::platform::v1::StaffActed;
use runtime::id;
use serde_json::{Value, json};
use testkit::Client;

fn erasure(f: &Fixture, user: UserId, by: Option<UserId>) -> ErasureRequested {
    ErasureRequested { user_id: user.into(), requested_at: f.now().micros(), decided_by: by.map(Into::into) }
}

async fn upload_kind(client: &Client, kind: &str) -> String {
    let document = send(client, form(kind, PDF.to_vec())).await.expect(201);
    document["id"].as_str().unwrap().to_owned()
}

async fn kinds(client: &Client) -> Vec<Value> {
    let list = client.get("/compliance/documents").await.expect(200);
    list["items"].as_array().unwrap().iter().map(|document| document["kind"].clone()).collect()
}

/// Uploads of a member whose documents are erased, and of another; the event comes twice, also under another id.
pub(crate) async fn an_erasure_removes_rows_and_bytes(f: &Fixture) {
    let (user, other, admin): (UserId, UserId, UserId) = (id::fresh(), id::fresh(), id::fresh());
    let (me, staff) = (f.as_user(user), f.as_staff());
    for kind in ["pan_card", "address_proof", "form_60"] {
        upload_kind(&me, kind).await;
    }
    let declared = upload_kind(&me, "form_60").await;
    staff.post_empty(&format!("/compliance/documents/{declared}/verify")).await.expect(200);
    send(&staff, form("delivery_note", PDF.to_vec()).text("user_id", user.to_string())).await.expect(201);
    upload_kind(&f.as_user(other), "pan_card").await;
    assert_eq!(f.stored(), 6);
    let event = erasure(f, user, Some(admin));
    let envelope = f.deliver_now(&event).await;
    f.deliver_envelope(envelope).await;
    f.deliver_now(&event).await;
    assert_eq!(kinds(&me).await, [json!("delivery_note"), json!("form_60")]);
    f.run_job("blob_deletion").await;
    f.run_job("blob_deletion").await;
    assert_eq!((f.stored(), kinds(&f.as_user(other)).await), (3, vec![json!("pan_card")]));
    // What stays can still be read.
    let content = format!("/compliance/documents/{declared}/content");
    assert_eq!(staff.get(&content).await.text.as_bytes(), PDF);
    let acted = f.published::<StaffActed>().await;
    let erased: Vec<_> = acted.iter().filter(|a| a.action == "compliance.documents_erase").collect();
    assert_eq!(erased.len(), 1);
    assert_eq!((erased[0].detail.as_str(), erased[0].role.as_str()), ("3 deleted, 2 retained", "admin"));
    assert_eq!((erased[0].actor_id.clone(), erased[0].subject_user_id.clone()), (admin.into(), Some(user.into())));
    // A request on its way leaves nothing; the proof of a delivery is kept.
    assert_eq!(send(&me, form("pan_card", PDF.to_vec())).await.problem(409), "compliance.member_erased");
    send(&staff, form("delivery_note", PDF.to_vec()).text("user_id", user.to_string())).await.expect(201);
    assert_eq!(f.stored(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_removes_documents_except_those_that_tax_law_needs() {
    for f in on_each_store().await {
        an_erasure_removes_rows_and_bytes(&f).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_of_a_member_without_documents_is_recorded_and_of_an_earlier_release_accepted() {
    let f = fixture().await;
    let user: UserId = id::fresh();
    f.deliver_now(&erasure(&f, user, None)).await;
    f.run_job("blob_deletion").await;
    let acted = f.published::<StaffActed>().await;
    assert_eq!((acted.len(), acted[0].detail.as_str(), acted[0].role.as_str()), (1, "0 deleted, 0 retained", "user"));
    assert_eq!(acted[0].actor_id, Vec::<u8>::from(user));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_deleted_when_the_blob_store_is_back() {
    let s3 = S3::default();
    let f = fixture_on(&s3, &[]).await;
    let user: UserId = id::fresh();
    let me = f.as_user(user);
    for _ in 0..3 {
        upload_kind(&me, "pan_card").await;
    }
    f.deliver_now(&erasure(&f, user, None)).await;
    assert_eq!((kinds(&me).await.len(), f.stored()), (0, 3));
    // The first blob is deleted, then the store goes down, also with an answer that is lost.
    s3.take_calls();
    s3.inject_faults([Fault::Lost, Fault::Down]);
    f.try_job("blob_deletion").await.unwrap_err();
    assert_eq!(s3.take_calls(), ["DELETE", "DELETE"]);
    f.run_job("blob_deletion").await;
    assert_eq!(f.stored(), 0);
    s3.take_calls();
    f.run_job("blob_deletion").await;
    assert!(s3.take_calls().is_empty(), "nothing is left to delete");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_the_store_refuses_to_delete_does_not_hold_up_the_others() {
    let s3 = S3::default();
    let f = fixture_on(&s3, &[]).await;
    let user: UserId = id::fresh();
    for _ in 0..3 {
        upload_kind(&f.as_user(user), "pan_card").await;
    }
    f.deliver_now(&erasure(&f, user, None)).await;
    s3.inject_faults([Fault::Forbidden]);
    f.try_job("blob_deletion").await.unwrap_err();
    assert_eq!(f.stored(), 1);
    f.run_job("blob_deletion").await;
    assert_eq!(f.stored(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_change_of_the_member_does_not_undo_the_erasure() {
    let f = fixture().await;
    let user: UserId = id::fresh();
    f.deliver_now(&erasure(&f, user, None)).await;
    let changed = User { user_id: user.into(), version: 9, role: Role::User.to_string(), ..User::default() };
    f.deliver_now(&UserUpdated { user: Some(changed) }).await;
    let refused = send(&f.as_user(user), form("pan_card", PDF.to_vec())).await;
    assert_eq!(refused.problem(409), "compliance.member_erased");
}

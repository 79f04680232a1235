//! What a store of documents promises, and what happens while one on S3 does not answer.

use crate::fixture::*;
use crate::s3::{Fault, S3};
use chassis::id;
use compliance::blobs::{BlobError, configured, random_name};
use compliance::config::Config;
use proto_events::compliance::v1::DocumentUploaded;
use serde_json::json;
use testkit::Client;

async fn nothing_is_recorded(f: &Fixture, me: &Client) {
    assert_eq!(me.get("/compliance/documents").await.expect(200)["items"], json!([]));
    assert_eq!((f.stored(), f.published::<DocumentUploaded>().await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_given_once_and_its_bytes_never_change() {
    for f in on_each_store().await {
        let blobs = configured(&Config::from_env(f.ctx().env()).unwrap().blobs, f.ctx()).unwrap();
        let (name, other) = (random_name(), random_name());
        assert!(matches!(blobs.get(&name).await, Err(BlobError::Missing)));
        blobs.remove(&name).await.unwrap();
        blobs.put(&name, PDF.to_vec()).await.unwrap();
        blobs.put(&other, PNG.to_vec()).await.unwrap();
        assert!(matches!(blobs.put(&name, PNG.to_vec()).await, Err(BlobError::Taken)));
        assert_eq!((blobs.get(&name).await.unwrap(), blobs.get(&other).await.unwrap()), (PDF.to_vec(), PNG.to_vec()));
        blobs.remove(&name).await.unwrap();
        assert!(matches!(blobs.get(&name).await, Err(BlobError::Missing)));
        for elsewhere in ["", "../x", "a/b", "a%2fb"] {
            assert!(matches!(blobs.put(elsewhere, PDF.to_vec()).await, Err(BlobError::Refused(_))), "{elsewhere}");
            assert!(matches!(blobs.get(elsewhere).await, Err(BlobError::Refused(_))), "{elsewhere}");
        }
        assert_eq!(f.stored(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_whose_answer_was_lost_is_kept_all_the_same() {
    let s3 = S3::default();
    let f = fixture_on(&s3, &[("S3_TIMEOUT_MS", "500")]).await;
    let me = f.as_user(id::fresh());
    for (faults, calls) in [
        // Stored, and not told so: the second try finds it there.
        (vec![Fault::Lost], vec!["PUT", "PUT", "GET"]),
        (vec![Fault::Silent], vec!["PUT", "PUT"]),
        // Not stored, although the name is said to be taken.
        (vec![Fault::Conflict], vec!["PUT", "GET", "PUT"]),
    ] {
        s3.next(faults.clone());
        let id = upload(&me).await;
        assert_eq!(s3.calls(), calls, "{faults:?}");
        assert_eq!(me.get(&format!("/compliance/documents/{id}/content")).await.text, String::from_utf8_lossy(PDF));
        s3.calls();
    }
    assert_eq!((s3.stored(), f.published::<DocumentUploaded>().await.len()), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_while_the_store_does_not_answer() {
    let s3 = S3::default();
    for (why, variables, faults, calls) in [
        ("nobody listens there", vec![("S3_ENDPOINT", "http://127.0.0.1:1")], vec![], 0),
        ("it never answers", vec![("S3_TIMEOUT_MS", "100")], vec![Fault::Silent; 2], 2),
        ("it is unwell", vec![], vec![Fault::Down; 2], 2),
        ("it refuses", vec![], vec![Fault::Forbidden], 1),
        ("it has no such bucket", vec![("BLOB_URL", "s3://elsewhere")], vec![], 1),
    ] {
        let f = fixture_on(&s3, &variables).await;
        let me = f.as_user(id::fresh());
        s3.next(faults);
        let refused = send(&me, form("pan_card", PDF.to_vec())).await;
        assert_eq!(refused.header("retry-after"), "2", "{why}");
        assert_eq!(refused.problem(503), "request.dependency_unavailable", "{why}");
        assert_eq!(s3.calls().len(), calls, "{why}");
        nothing_is_recorded(&f, &me).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_answer_is_left_alone_until_it_is_back() {
    let s3 = S3::default();
    let f = fixture_on(&s3, &[]).await;
    let me = f.as_user(id::fresh());
    let content = format!("/compliance/documents/{}/content", upload(&me).await);
    s3.calls();
    s3.next([Fault::Down; 5]);
    assert_eq!(me.get(&content).await.problem(503), "request.dependency_unavailable");
    for _ in 0..2 {
        assert_eq!(send(&me, form("photo", PNG.to_vec())).await.problem(503), "request.dependency_unavailable");
    }
    assert_eq!(s3.calls(), ["GET", "GET", "PUT", "PUT", "PUT"]);
    for refused in [me.get(&content).await, send(&me, form("photo", PNG.to_vec())).await] {
        assert_eq!((refused.status, refused.header("retry-after").as_str()), (503, "30"));
    }
    assert_eq!((s3.calls().len(), s3.stored(), f.published::<DocumentUploaded>().await.len()), (0, 1, 1));
    assert_eq!(me.get("//health/ready").await.expect(200)["status"], "degraded");
    // What is no call to the store goes on.
    assert_eq!(me.get("/compliance/documents").await.expect(200)["items"].as_array().unwrap().len(), 1);
    f.clock.advance_secs(30);
    send(&me, form("photo", PNG.to_vec())).await.expect(201);
    assert_eq!(me.get(&content).await.text, String::from_utf8_lossy(PDF));
    assert_eq!(me.get("//health/ready").await.expect(200)["status"], "ready");
    assert_eq!(s3.stored(), 2);
}

//! Tests of the blob stores, and of S3 outages.

use crate::fixture::*;
use crate::s3::{Fault, S3};
use blob_store::{BlobError, from_config, random_blob_name};
use compliance::config::Config;
use proto_events::compliance::v1::DocumentUploaded;
use runtime::id;
use serde_json::json;
use testkit::Client;

async fn assert_nothing_recorded(f: &Fixture, me: &Client) {
    assert_eq!(me.get("/compliance/documents").await.expect(200)["items"], json!([]));
    assert_eq!((f.stored(), f.published::<DocumentUploaded>().await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_name_is_written_once_and_its_bytes_never_change() {
    for f in on_each_store().await {
        let blobs = from_config(&Config::from_env(f.ctx().env()).unwrap().blobs, f.ctx()).unwrap();
        let (name, other) = (random_blob_name(), random_blob_name());
        assert!(matches!(blobs.get(&name).await, Err(BlobError::NotFound)));
        blobs.delete(&name).await.unwrap();
        blobs.put(&name, PDF.to_vec()).await.unwrap();
        blobs.put(&other, PNG.to_vec()).await.unwrap();
        assert!(matches!(blobs.put(&name, PNG.to_vec()).await, Err(BlobError::NameTaken)));
        assert_eq!((blobs.get(&name).await.unwrap(), blobs.get(&other).await.unwrap()), (PDF.to_vec(), PNG.to_vec()));
        blobs.delete(&name).await.unwrap();
        assert!(matches!(blobs.get(&name).await, Err(BlobError::NotFound)));
        for unsafe_name in ["", "../x", "a/b", "a%2fb"] {
            assert!(matches!(blobs.put(unsafe_name, PDF.to_vec()).await, Err(BlobError::Refused(_))), "{unsafe_name}");
            assert!(matches!(blobs.get(unsafe_name).await, Err(BlobError::Refused(_))), "{unsafe_name}");
        }
        assert_eq!(f.stored(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_stored_although_an_answer_of_s3_was_lost() {
    let s3 = S3::default();
    let f = fixture_on(&s3, &[("S3_TIMEOUT_MS", "500")]).await;
    let me = f.as_user(id::fresh());
    for (faults, calls) in [
        // Stored, but the answer is lost: the second attempt finds the object.
        (vec![Fault::Lost], vec!["PUT", "PUT", "GET"]),
        (vec![Fault::Silent], vec!["PUT", "PUT"]),
        // Not stored, although S3 reports a conflict.
        (vec![Fault::Conflict], vec!["PUT", "GET", "PUT"]),
    ] {
        s3.inject_faults(faults.clone());
        let id = upload(&me).await;
        assert_eq!(s3.take_calls(), calls, "{faults:?}");
        assert_eq!(me.get(&format!("/compliance/documents/{id}/content")).await.text, String::from_utf8_lossy(PDF));
        s3.take_calls();
    }
    assert_eq!((s3.stored(), f.published::<DocumentUploaded>().await.len()), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_while_the_blob_store_is_unavailable() {
    let s3 = S3::default();
    for (why, variables, faults, calls) in [
        ("connection refused", vec![("S3_ENDPOINT", "http://127.0.0.1:1")], vec![], 0),
        ("timeout", vec![("S3_TIMEOUT_MS", "100")], vec![Fault::Silent; 2], 2),
        ("server error", vec![], vec![Fault::Down; 2], 2),
        ("access denied", vec![], vec![Fault::Forbidden], 1),
        ("missing bucket", vec![("BLOB_URL", "s3://elsewhere")], vec![], 1),
    ] {
        let f = fixture_on(&s3, &variables).await;
        let me = f.as_user(id::fresh());
        s3.inject_faults(faults);
        let refused = send(&me, form("pan_card", PDF.to_vec())).await;
        assert_eq!(refused.header("retry-after"), "2", "{why}");
        assert_eq!(refused.problem(503), "request.dependency_unavailable", "{why}");
        assert_eq!(s3.take_calls().len(), calls, "{why}");
        assert_nothing_recorded(&f, &me).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_circuit_breaker_opens_during_an_outage_and_closes_after_it() {
    let s3 = S3::default();
    let f = fixture_on(&s3, &[]).await;
    let me = f.as_user(id::fresh());
    let content = format!("/compliance/documents/{}/content", upload(&me).await);
    s3.take_calls();
    s3.inject_faults([Fault::Down; 5]);
    assert_eq!(me.get(&content).await.problem(503), "request.dependency_unavailable");
    for _ in 0..2 {
        assert_eq!(send(&me, form("photo", PNG.to_vec())).await.problem(503), "request.dependency_unavailable");
    }
    assert_eq!(s3.take_calls(), ["GET", "GET", "PUT", "PUT", "PUT"]);
    for refused in [me.get(&content).await, send(&me, form("photo", PNG.to_vec())).await] {
        assert_eq!((refused.status, refused.header("retry-after").as_str()), (503, "30"));
    }
    assert_eq!((s3.take_calls().len(), s3.stored(), f.published::<DocumentUploaded>().await.len()), (0, 1, 1));
    assert_eq!(me.get("//health/ready").await.expect(200)["status"], "degraded");
    // Requests without a call to S3 still work.
    assert_eq!(me.get("/compliance/documents").await.expect(200)["items"].as_array().unwrap().len(), 1);
    f.clock.advance_secs(30);
    send(&me, form("photo", PNG.to_vec())).await.expect(201);
    assert_eq!(me.get(&content).await.text, String::from_utf8_lossy(PDF));
    assert_eq!(me.get("//health/ready").await.expect(200)["status"], "ready");
    assert_eq!(s3.stored(), 2);
}

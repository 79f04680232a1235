//! Virus scan of uploads: every answer of the scanner, and outages. Nothing is stored that was not found clean.

use crate::fixture::*;
use proto_events::compliance::v1::DocumentUploaded;
use proto_events::platform::v1::StaffActed;
use runtime::id;
use serde_json::json;
use testkit::Client;
use testkit::clamd::{FakeClamd, ScanAnswer};

async fn assert_nothing_stored(f: &Fixture, me: &Client) {
    assert_eq!(me.get("/compliance/documents").await.expect(200)["items"], json!([]));
    assert_eq!((f.stored(), f.published::<DocumentUploaded>().await.len()), (0, 0));
}

async fn fixture_scanned_by(clamd: &FakeClamd) -> Fixture {
    fixture_with(&[("CLAMD_URL", &clamd.listen().await), ("CLAMD_TIMEOUT_MS", "500")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_file_is_stored_after_the_whole_of_it_was_scanned() {
    let clamd = FakeClamd::default();
    let f = fixture_scanned_by(&clamd).await;
    let me = f.as_user(id::fresh());
    // One byte below, at and above the size of a chunk, and the largest document.
    for size in [PDF.len(), 65_535, 65_536, 65_537, 5 * 1024 * 1024] {
        let mut file = PDF.to_vec();
        file.resize(size, b'x');
        clamd.answer_with([ScanAnswer::InPieces("stream: OK")]);
        send(&me, form("pan_card", file.clone())).await.expect(201);
        assert!(clamd.take_files() == [file], "{size}");
    }
    assert_eq!((f.stored(), clamd.take_calls()), (5, 5));
    assert!(f.published::<StaffActed>().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_infected_file_is_refused_and_in_the_audit_log() {
    let clamd = FakeClamd::default();
    let f = fixture_scanned_by(&clamd).await;
    let user: domain::UserId = id::fresh();
    let me = f.as_user(user);
    for answer in [ScanAnswer::Text, ScanAnswer::InPieces] {
        clamd.answer_with([answer("stream: Win.Test.EICAR_HDB-1 FOUND")]);
        let refused = send(&me, form("pan_card", PDF.to_vec())).await;
        assert!(!refused.text.contains("EICAR"), "the signature would help to change the file");
        assert_eq!(refused.problem(422), "upload.infected");
        assert_nothing_stored(&f, &me).await;
    }
    assert_eq!(clamd.take_calls(), 2);
    let acted = f.published::<StaffActed>().await;
    assert_eq!(acted.len(), 2);
    assert_eq!((acted[0].action.as_str(), acted[0].role.as_str()), ("compliance.document_infected", "user"));
    assert_eq!((acted[0].actor_id.clone(), acted[0].subject_user_id.clone()), (user.into(), Some(user.into())));
    assert!(acted[0].detail.starts_with("pan_card: Win.Test.EICAR_HDB-1, sha256 "), "{}", acted[0].detail);
    // The entry is readable, although a member caused it.
    f.deliver_now(&acted[0]).await;
    let log = f.as_admin().get("/audit?action=compliance.document_infected").await.expect(200);
    assert_eq!(log["items"][0]["actor_id"], json!(user));
    // A file that is no document is refused before it is scanned.
    assert_eq!(send(&me, form("pan_card", b"MZ".to_vec())).await.problem(422), "compliance.document_invalid");
    assert_eq!(clamd.take_calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_is_stored_while_it_cannot_be_scanned() {
    use ScanAnswer::{Closed, Cut, Early, Silent, Text};
    for (answer, calls) in [
        // Refused by the scanner: a repetition would not help, and the breaker does not count it.
        (Text("INSTREAM size limit exceeded. ERROR"), 1),
        (Early("INSTREAM size limit exceeded. ERROR"), 1),
        (Text("stream: Can't allocate memory ERROR"), 1),
        (Text("UNKNOWN COMMAND"), 1),
        (Text(""), 1),
        // Without a complete answer.
        (Cut("stream: OK"), 2),
        (Cut("stream: Win.Test.EICAR_HDB-1 FOUND"), 2),
        (Cut(""), 2),
        (Closed, 2),
        (Silent, 2),
    ] {
        let clamd = FakeClamd::default();
        let f = fixture_scanned_by(&clamd).await;
        let me = f.as_user(id::fresh());
        clamd.answer_with([answer; 2]);
        let refused = send(&me, form("pan_card", PDF.to_vec())).await;
        assert_eq!(refused.header("retry-after"), "30", "{answer:?}");
        assert_eq!(refused.problem(503), "upload.scan_unavailable", "{answer:?}");
        assert_eq!(clamd.take_calls(), calls, "{answer:?}");
        assert_nothing_stored(&f, &me).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_once_is_asked_for_again() {
    let clamd = FakeClamd::default();
    let f = fixture_scanned_by(&clamd).await;
    clamd.answer_with([ScanAnswer::Cut("stream: O")]);
    upload(&f.as_user(id::fresh())).await;
    assert_eq!((clamd.take_calls(), f.stored()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_that_is_down_shows_in_the_readiness_and_other_requests_work() {
    let clamd = FakeClamd::default();
    let f = fixture_scanned_by(&clamd).await;
    let me = f.as_user(id::fresh());
    clamd.answer_with([ScanAnswer::Closed; 5]);
    for _ in 0..3 {
        assert_eq!(send(&me, form("photo", PNG.to_vec())).await.problem(503), "upload.scan_unavailable");
    }
    // The circuit breaker is open: no call is made.
    let refused = send(&me, form("photo", PNG.to_vec())).await;
    assert_eq!((refused.status, refused.header("retry-after").as_str(), clamd.take_calls()), (503, "30", 5));
    let ready = me.get("//health/ready").await.expect(200);
    assert_eq!(ready["status"], "degraded");
    let checks = ready["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["dependency"] == "clamd").unwrap();
    assert_eq!((&check["up"], &check["service"]), (&json!(false), &json!("compliance")));
    assert_nothing_stored(&f, &me).await;
    f.clock.advance_secs(30);
    upload(&me).await;
    assert_eq!(me.get("//health/ready").await.expect(200)["status"], "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_scanner_files_are_stored_and_no_dependency_is_shown() {
    let f = fixture().await;
    let me = f.as_user(id::fresh());
    upload(&me).await;
    let ready = me.get("//health/ready").await.expect(200);
    assert!(ready["checks"].as_array().unwrap().iter().all(|check| check["dependency"] != "clamd"));
}

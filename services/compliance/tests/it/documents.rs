//! Tests of document upload, listing and download.

use crate::fixture::*;
use compliance::domain::document::{ContentType, DocumentStatus};
use compliance::store::documents::{self, Document};
use domain::{Role, UserId};
use futures_util::future::join_all;
use proto_events::compliance::v1::DocumentUploaded;
use proto_events::platform::v1::StaffActed;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use runtime::id;
use serde_json::json;
use std::path::Path;

const MAX_BYTES: usize = 5 * 1024 * 1024;

fn pdf_of(bytes: usize) -> Vec<u8> {
    let mut file = PDF.to_vec();
    file.resize(bytes, b' ');
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_document_is_stored_and_published() {
    for f in on_each_store().await {
        let user = id::fresh();
        let me = f.as_user(user);
        // The declared type is wrong; the bytes decide.
        let part = Part::bytes(PNG.to_vec()).file_name("../../etc/passwd.txt").mime_str("text/plain").unwrap();
        let document = send(&me, Form::new().part("file", part).text("kind", "photo")).await.expect(201);
        assert_eq!((&document["kind"], &document["status"]), (&json!("photo"), &json!("pending")));
        assert_eq!((&document["content_type"], &document["size"]), (&json!("image/png"), &json!(PNG.len())));
        let uploaded = f.published::<DocumentUploaded>().await;
        assert_eq!((uploaded.len(), uploaded[0].user_id.clone()), (1, Vec::<u8>::from(user)));
        let path = format!("/compliance/documents/{}", document["id"].as_str().unwrap());
        assert_eq!(me.get(&path).await.expect(200), document);
        let content = me.get(&format!("{path}/content")).await;
        assert_eq!((content.status, content.header("content-type")), (200, "image/png".into()));
        assert_eq!(content.header("x-content-type-options"), "nosniff");
        assert!(content.header("content-disposition").starts_with("attachment; filename="));
        assert_eq!(content.text, String::from_utf8_lossy(PNG));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_upload_the_proof_of_a_delivery_for_a_member() {
    for f in on_each_store().await {
        let (member, staff) = (id::fresh::<UserId>(), f.as_staff());
        let note = || form("delivery_note", PDF.to_vec()).text("user_id", member.to_string());
        let document = send(&staff, note()).await.expect(201);
        assert_eq!((&document["user_id"], &document["status"]), (&json!(member), &json!("verified")));
        let uploaded = f.published::<DocumentUploaded>().await;
        assert_eq!((uploaded.len(), uploaded[0].user_id.clone()), (1, Vec::<u8>::from(member)));
        let actions: Vec<String> = f.published::<StaffActed>().await.into_iter().map(|a| a.action).collect();
        assert_eq!(actions, ["compliance.document_upload"]);
        // The member reads it; another one does not.
        let path = format!("/compliance/documents/{}/content", document["id"].as_str().unwrap());
        assert_eq!(f.as_user(member).get(&path).await.status, 200);
        assert_eq!(f.as_user(id::fresh()).get(&path).await.status, 404);
        // Nothing else is uploaded for another member, and members upload for themselves alone.
        let other_kind = form("pan_card", PDF.to_vec()).text("user_id", member.to_string());
        assert_eq!(send(&staff, other_kind).await.problem(403), "auth.forbidden");
        let me = id::fresh::<UserId>();
        assert_eq!(send(&f.as_user(me), note()).await.problem(403), "auth.forbidden");
        let own = form("delivery_note", PDF.to_vec()).text("user_id", me.to_string());
        assert_eq!(send(&f.as_user(me), own).await.expect(201)["status"], "pending");
        let malformed = form("delivery_note", PDF.to_vec()).text("user_id", "x");
        assert_eq!(send(&staff, malformed).await.problem(422), "compliance.document_invalid");
        assert_eq!(f.stored(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_private_and_have_random_names() {
    use std::os::unix::fs::PermissionsExt;
    let f = fixture().await;
    let id = upload(&f.as_user(id::fresh())).await;
    let file = f.files().remove(0);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let name = file.file_name().unwrap().to_str().unwrap();
    assert_eq!(name.len(), 64);
    assert!(!name.contains(&id.replace('-', "")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_changed_cannot_be_downloaded() {
    for f in on_each_store().await {
        let me = f.as_user(id::fresh());
        let id = upload(&me).await;
        f.overwrite_stored(Some(b"%PDF-1.7 forged"));
        assert_eq!(me.get(&format!("/compliance/documents/{id}/content")).await.problem(500), "request.internal");
        f.overwrite_stored(None);
        assert_eq!(me.get(&format!("/compliance/documents/{id}/content")).await.problem(500), "request.internal");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_has_at_most_five_mebibytes() {
    for f in on_each_store().await {
        let me = f.as_user(id::fresh());
        for bytes in [MAX_BYTES - 1, MAX_BYTES] {
            let document = send(&me, form("pan_card", pdf_of(bytes))).await.expect(201);
            assert_eq!(document["size"], bytes);
        }
        for bytes in [MAX_BYTES + 1, MAX_BYTES + 100_000] {
            assert_eq!(send(&me, form("pan_card", pdf_of(bytes))).await.problem(413), "request.too_large", "{bytes}");
        }
        // The limit covers unknown fields too.
        let padded = form("pan_card", PDF.to_vec()).text("notes", "x".repeat(MAX_BYTES + 70_000));
        assert_eq!(send(&me, padded).await.problem(413), "request.too_large");
        assert_eq!(f.stored(), 2);
    }
}

/// Stores the rows of `count` documents.
pub(crate) async fn fill(f: &Fixture, user_id: UserId, count: usize) {
    let mut c = f.ctx().db().write().await.unwrap();
    for _ in 0..count {
        let document = Document {
            id: id::fresh(),
            user_id,
            kind: "pan_card".into(),
            content_type: ContentType::Pdf,
            size_bytes: 1_u32.into(),
            sha256: vec![0; 32],
            blob_name: "none".into(),
            status: DocumentStatus::Pending,
            reason: String::new(),
            uploaded_at: f.now(),
            reviewed_by: None,
            reviewed_at: None,
        };
        documents::insert(&mut c, &document).await.unwrap();
    }
}

pub(crate) async fn twenty_parallel_uploads_fill_the_limit_and_no_more(f: &Fixture) {
    for (stored, accepted) in [(0, 20), (79, 20), (81, 19), (99, 1), (100, 0)] {
        let (user, blobs) = (id::fresh(), f.stored());
        fill(f, user, stored).await;
        let me = f.as_user(user);
        let replies = join_all((0..20).map(|_| send(&me, form("pan_card", PDF.to_vec())))).await;
        let (created, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
        assert_eq!(created.len(), accepted, "{stored} stored before");
        for reply in refused {
            assert_eq!(reply.problem(409), "compliance.too_many_documents");
        }
        assert_eq!(f.stored() - blobs, accepted, "a refused upload leaves no bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_has_at_most_a_hundred_documents_whatever_is_uploaded_at_once() {
    twenty_parallel_uploads_fill_the_limit_and_no_more(&fixture().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_document_is_refused_and_nothing_is_stored() {
    let f = fixture().await;
    let me = f.as_user(id::fresh());
    let html = b"<html>%PDF-1.7</html>".to_vec();
    for (form, field) in [
        (form("pan_card", html), "file"),
        (form("pan_card", b"%PDF".to_vec()), "file"),
        (form("pan_card", [vec![b' '; 1_020], PDF.to_vec()].concat()), "file"),
        // Valid first bytes of a picture, but truncated.
        (form("pan_card", b"\x89PNG\r\n\x1a\n".to_vec()), "file"),
        (form("pan_card", PNG[..PNG.len() - 1].to_vec()), "file"),
        (form("pan_card", vec![0xFF, 0xD8, 0xFF, 0xE0]), "file"),
        (form("pan_card", JPEG[..JPEG.len() - 2].to_vec()), "file"),
        (form("pan_card", Vec::new()), "file"),
        (Form::new().text("kind", "pan_card"), "file"),
        (Form::new().part("file", Part::bytes(PDF.to_vec())), "kind"),
        (form("../x", PDF.to_vec()), "kind"),
        (form("", PDF.to_vec()), "kind"),
        (form(&"k".repeat(33), PDF.to_vec()), "kind"),
    ] {
        let reply = send(&me, form).await;
        assert_eq!(reply.body["errors"][0]["field"], field, "{}", reply.text);
        assert_eq!(reply.problem(422), "compliance.document_invalid");
    }
    let twice = form("pan_card", PDF.to_vec()).part("file", Part::bytes(PNG.to_vec()));
    assert_eq!(send(&me, twice).await.problem(400), "request.field_twice");
    let cut = me
        .request(Method::POST, "/compliance/documents")
        .header("content-type", "multipart/form-data; boundary=x")
        .body("--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n%PDF-1.7");
    assert_eq!(me.send(cut).await.problem(400), "request.malformed_form");
    let json = me.post("/compliance/documents", json!({ "kind": "pan_card" })).await;
    assert_eq!(json.problem(415), "request.not_multipart");
    assert_eq!(send(&f.anonymous(), form("pan_card", PDF.to_vec())).await.problem(401), "auth.token_invalid");
    assert_eq!(me.get("/compliance/documents").await.expect(200)["items"], json!([]));
    assert_eq!((f.stored(), f.published::<DocumentUploaded>().await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_scanners_and_cameras_are_accepted() {
    let f = fixture().await;
    let me = f.as_user(id::fresh());
    let before = |junk: &[u8]| [junk, PDF].concat();
    for (file, content_type) in [
        (before(b"\xEF\xBB\xBF"), "application/pdf"),
        (before(b"\r\n\n"), "application/pdf"),
        (before(&[0; 1_019]), "application/pdf"),
        (JPEG.to_vec(), "image/jpeg"),
        ([JPEG, b"a second picture"].concat(), "image/jpeg"),
        (PNG.to_vec(), "image/png"),
    ] {
        let document = send(&me, form("pan_card", file.clone())).await.expect(201);
        assert_eq!((&document["content_type"], &document["size"]), (&json!(content_type), &json!(file.len())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_download_by_staff_is_in_the_audit_log() {
    let f = fixture().await;
    let owner: domain::UserId = id::fresh();
    let path = format!("/compliance/documents/{}", upload(&f.as_user(owner)).await);
    let content = format!("{path}/content");
    let acted = async || f.published::<StaffActed>().await;
    f.as_user(owner).get(&content).await;
    f.as_staff().get(&path).await.expect(200);
    assert_eq!(acted().await.len(), 0, "neither a download by the owner nor a view of the metadata");
    let clerk: domain::UserId = id::fresh();
    for role in [Role::Staff, Role::Admin, Role::Admin] {
        assert_eq!(f.as_role(clerk, role).get(&content).await.status, 200);
    }
    let all = acted().await;
    assert_eq!(all.len(), 3, "one entry per download");
    for event in all {
        assert_eq!((event.action.as_str(), event.subject_type.as_str()), ("compliance.document_download", "document"));
        assert_eq!((event.actor_id, event.subject_user_id), (clerk.into(), Some(owner.into())));
        assert!(path.ends_with(&event.subject_id) && !event.address.is_empty());
    }
    // A failed download is not recorded.
    f.overwrite_stored(None);
    assert_eq!(f.as_staff().get(&content).await.status, 500);
    assert_eq!(acted().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_sees_only_their_own_documents_and_staff_see_all() {
    for f in on_each_store().await {
        let (mine, other) = (id::fresh(), id::fresh());
        let (me, them, staff) = (f.as_user(mine), f.as_user(other), f.as_staff());
        let (my_id, their_id) = (upload(&me).await, upload(&them).await);
        for path in [format!("/compliance/documents/{their_id}"), format!("/compliance/documents/{their_id}/content")] {
            assert_eq!(me.get(&path).await.problem(404), "request.not_found");
            assert_eq!(staff.get(&path).await.status, 200);
        }
        for nothing in ["nonsense", &id::fresh::<domain::UserId>().to_string()] {
            let path = format!("/compliance/documents/{nothing}");
            assert_eq!(me.get(&path).await.problem(404), "request.not_found");
            assert_eq!(staff.get(&path).await.problem(404), "request.not_found");
        }
        let ids = |list: serde_json::Value| {
            list["items"].as_array().unwrap().iter().map(|d| d["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let not_mine = format!("/compliance/documents?user_id={other}");
        assert_eq!(ids(me.get(&not_mine).await.expect(200)), [my_id.as_str()]);
        assert_eq!(ids(staff.get(&not_mine).await.expect(200)), [their_id.as_str()]);
        assert_eq!(ids(staff.get("/compliance/documents").await.expect(200)), [their_id, my_id]);
        assert_eq!(ids(staff.get("/compliance/documents?status=verified").await.expect(200)), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_repeated_with_its_idempotency_key_is_stored_once() {
    for f in on_each_store().await {
        let me = f.as_user(id::fresh());
        let with_key = async |key: &str, form| {
            let request = me.request(Method::POST, "/compliance/documents").header("Idempotency-Key", key);
            me.send(request.multipart(form)).await
        };
        let first = with_key("scan", form("pan_card", PDF.to_vec())).await;
        // The client generates another boundary for the same form.
        let again = with_key("scan", form("pan_card", PDF.to_vec())).await;
        assert_eq!(
            (first.header("idempotency-replayed"), again.header("idempotency-replayed")),
            ("".into(), "true".into())
        );
        assert_eq!(first.expect(201), again.expect(201));
        assert_eq!(f.stored(), 1);
        assert_eq!(f.published::<DocumentUploaded>().await.len(), 1);
        for other in [form("photo", PDF.to_vec()), form("pan_card", PNG.to_vec())] {
            assert_eq!(with_key("scan", other).await.problem(422), "idempotency.key_reused");
        }
        assert_eq!(f.stored(), 1);
        with_key("another", form("pan_card", PDF.to_vec())).await.expect(201);
        assert_eq!(f.stored(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_read_by_its_boundary_in_any_case() {
    let f = fixture().await;
    let part =
        |name: &str| format!("--CapiTals\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes();
    let body =
        [part("kind"), b"photo\r\n".to_vec(), part("file"), PDF.to_vec(), b"\r\n--CapiTals--\r\n".to_vec()].concat();
    let me = f.as_user(id::fresh());
    let send = async |content_type: &str| {
        let request = me.request(Method::POST, "/compliance/documents").header("Content-Type", content_type);
        me.send(request.body(body.clone())).await
    };
    assert_eq!(send("multipart/form-data; boundary=CapiTals").await.expect(201)["kind"], "photo");
    send("multipart/form-data; boundary=capitals").await.problem(400);
    assert_eq!(send("text/plain").await.problem(415), "request.not_multipart");
}

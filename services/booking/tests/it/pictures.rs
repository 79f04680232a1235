//! Pictures of vehicles: who adds them, what is a picture, and that an address never changes what it shows.

use crate::fixture::{Fixture, SCOOTER, text};
use crate::on_services::on_mariadb_with;
use futures_util::future::join_all;
use proto_events::platform::v1::StaffActed;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::clamd::{FakeClamd, ScanAnswer};
use testkit::{Client, Reply};

const PNG: &[u8] = include_bytes!("grey.png");
const JPEG: &[u8] = include_bytes!("grey.jpg");
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// A folder for blobs, which is removed at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("ev-pictures-{}", runtime::id::fresh::<domain::EventId>())))
    }
    fn name(&self) -> String {
        self.0.display().to_string()
    }
    fn files(&self) -> Vec<std::path::PathBuf> {
        std::fs::read_dir(&self.0).map_or_else(|_| Vec::new(), |all| all.map(|f| f.expect("a file").path()).collect())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

async fn start() -> (Fixture, Folder) {
    let folder = Folder::new();
    (Fixture::start_with(&[("BLOB_DIR", &folder.name())]).await, folder)
}

async fn add(client: &Client, bytes: &[u8]) -> Reply {
    let request = client.request(Method::POST, &format!("/vehicles/{SCOOTER}/pictures"));
    client.send(request.header("content-type", "text/html").body(bytes.to_vec())).await
}

fn path(n: i64) -> String {
    format!("/vehicles/{SCOOTER}/pictures/{n}")
}

async fn listed(fixture: &Fixture) -> Value {
    let one = fixture.service.anonymous().get(&format!("/vehicles/{SCOOTER}")).await.expect(200);
    let list = fixture.service.anonymous().get("/vehicles?limit=100").await.expect(200);
    let items = list["items"].as_array().expect("items");
    assert_eq!(items.iter().find(|v| v["id"] == SCOOTER).expect("it")["pictures"], one["pictures"]);
    one["pictures"].clone()
}

#[tokio::test]
async fn a_picture_is_public_and_may_be_kept_without_limit() {
    let (fixture, folder) = start().await;
    assert_eq!(listed(&fixture).await, json!([]));
    // The declared type is wrong; the bytes decide.
    let added = add(&fixture.staff(), PNG).await.expect(201);
    let url = format!("/api/v1{}", path(1));
    let expected = json!({ "n": 1, "url": url, "content_type": "image/png", "size": PNG.len() });
    assert_eq!(added, expected);
    assert_eq!(listed(&fixture).await, json!([url]));
    let anyone = fixture.service.anonymous();
    let picture = anyone.get(&path(1)).await;
    let headers = ["content-type", "cache-control", "x-content-type-options"].map(|name| picture.header(name));
    assert_eq!(headers, ["image/png", "public, max-age=31536000, immutable", "nosniff"]);
    assert_eq!((picture.status, picture.text.as_str()), (200, &*String::from_utf8_lossy(PNG)));
    let tag = picture.header("etag");
    for tags in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let again = anyone.send(anyone.request(Method::GET, &path(1)).header("if-none-match", tags)).await;
        assert_eq!((again.status, again.text.as_str(), again.header("etag")), (304, "", tag.clone()));
    }
    assert_eq!(anyone.get(&path(2)).await.status, 404);
    assert_eq!(folder.files().len(), 1);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_number_is_never_used_again_and_a_removal_may_be_repeated() {
    let (fixture, folder) = start().await;
    for (n, bytes) in [(1, PNG), (2, JPEG)] {
        assert_eq!(add(&fixture.staff(), bytes).await.expect(201)["n"], n);
    }
    for _ in 0..2 {
        assert_eq!(fixture.staff().delete(&path(2)).await.status, 204);
    }
    assert_eq!(fixture.service.anonymous().get(&path(2)).await.status, 404);
    assert_eq!(fixture.staff().delete(&path(3)).await.status, 404);
    assert_eq!(add(&fixture.staff(), JPEG).await.expect(201)["n"], 3);
    let urls = [1, 3].map(|n| format!("/api/v1{}", path(n)));
    assert_eq!((listed(&fixture).await, folder.files().len()), (json!(urls), 2));
    // A change of the vehicle keeps its pictures.
    let changed = fixture.service.as_admin().patch(&format!("/vehicles/{SCOOTER}"), json!({ "colour": "Red" })).await;
    assert_eq!(changed.expect(200)["pictures"], json!(urls));
    fixture.service.finish().await;
}

#[tokio::test]
async fn what_is_no_picture_is_refused_and_stored_nowhere() {
    let (fixture, folder) = start().await;
    let mut large = PNG.to_vec();
    large.resize(MAX_BYTES + 1, 0);
    assert_eq!(add(&fixture.staff(), &large).await.problem(413), "request.too_large");
    let cut = |bytes: &[u8], length: usize| bytes.iter().take(length).copied().collect::<Vec<u8>>();
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec();
    for bad in [vec![], svg, b"%PDF-1.7".to_vec(), cut(PNG, 20), cut(PNG, PNG.len() - 1), cut(JPEG, JPEG.len() / 2)] {
        assert_eq!(add(&fixture.staff(), &bad).await.problem(422), "booking.picture_invalid");
    }
    for (client, status) in [(fixture.fresh_client(), 403), (fixture.service.anonymous(), 401)] {
        assert_eq!(add(&client, PNG).await.status, status);
        assert_eq!(client.delete(&path(1)).await.status, status);
    }
    let missing = format!("/vehicles/{}/pictures", runtime::id::fresh::<domain::EventId>());
    let staff = fixture.staff();
    assert_eq!(staff.send(staff.request(Method::POST, &missing).body(PNG)).await.status, 404);
    assert_eq!((listed(&fixture).await, folder.files().len()), (json!([]), 0));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_repeated_upload_adds_one_picture_and_a_changed_file_is_not_shown() {
    let (fixture, folder) = start().await;
    let staff = fixture.staff();
    let send = async |bytes: &'static [u8]| {
        let request = staff.request(Method::POST, &format!("/vehicles/{SCOOTER}/pictures"));
        staff.send(request.header("Idempotency-Key", "k").body(bytes)).await
    };
    let first = send(PNG).await.expect(201);
    let again = send(PNG).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), first);
    assert_eq!(send(JPEG).await.problem(422), "idempotency.key_reused");
    assert_eq!(folder.files().len(), 1);
    std::fs::write(&folder.files()[0], JPEG).expect("written");
    assert_eq!(fixture.service.anonymous().get(&path(1)).await.problem(500), "request.internal");
    fixture.service.finish().await;
}

async fn a_vehicle_has_at_most_ten(fixture: &Fixture) {
    let staff = fixture.staff();
    let answers = join_all((0..15).map(|_| add(&staff, PNG))).await;
    let count = |status: u16| answers.iter().filter(|a| a.status == status).count();
    assert_eq!((count(201), count(409)), (10, 5));
    let refused = answers.into_iter().find(|a| a.status == 409).expect("a refusal");
    assert_eq!(refused.problem(409), "booking.too_many_pictures");
    let pictures = listed(fixture).await;
    assert_eq!(pictures, json!((1..=10).map(|n| format!("/api/v1{}", path(n))).collect::<Vec<_>>()));
}

#[tokio::test]
async fn a_vehicle_has_at_most_ten_pictures() {
    let (fixture, folder) = start().await;
    a_vehicle_has_at_most_ten(&fixture).await;
    assert_eq!(folder.files().len(), 10);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_vehicle_has_at_most_ten_pictures_on_services() {
    let folder = Folder::new();
    on_mariadb_with(&[("BLOB_DIR", &folder.name())], a_vehicle_has_at_most_ten).await;
}

#[tokio::test]
async fn variants_differ_in_colour_and_battery() {
    let fixture = Fixture::start().await;
    let admin = fixture.service.as_admin();
    let body = json!({
        "model": "Disha", "variant": "Long", "price": "60000.00", "colour": "Pearl  White", "battery": "3 kWh",
    });
    let made = admin.post("/vehicles", body).await.expect(201);
    assert_eq!((&made["battery"], &made["hsn"]), (&json!("3 kWh"), &json!(null)));
    let booked = fixture.book_with(json!({ "vehicle_id": made["id"], "booking_amount": "500.00" })).await;
    assert_eq!(booked["vehicle"]["name"], format!("Disha Long, {}, 3 kWh", text(&made, "colour")));
    let vehicle = format!("/vehicles/{}", text(&made, "id"));
    let changed = admin.patch(&vehicle, json!({ "colour": "", "battery": "4 kWh" })).await.expect(200);
    assert_eq!((&changed["colour"], &changed["battery"]), (&json!(null), &json!("4 kWh")));
    // A booking keeps the name.
    assert_eq!(fixture.booking(text(&booked, "id")).await["vehicle"], booked["vehicle"]);
    for field in ["colour", "battery"] {
        let refused = admin.patch(&vehicle, json!({ field: "x".repeat(41) })).await;
        assert_eq!(refused.problem(422), "booking.vehicle_invalid", "{field}");
        admin.patch(&vehicle, json!({ field: "x".repeat(40) })).await.expect(200);
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_infected_picture_is_refused_and_none_is_stored_unscanned() {
    let (folder, clamd) = (Folder::new(), FakeClamd::default());
    let fixture = Fixture::start_with(&[("BLOB_DIR", &folder.name()), ("CLAMD_URL", &clamd.listen().await)]).await;
    let staff = fixture.service.as_staff();
    clamd.answer_with([ScanAnswer::Text("stream: Win.Test.EICAR_HDB-1 FOUND")]);
    assert_eq!(add(&staff, PNG).await.problem(422), "upload.infected");
    clamd.answer_with([ScanAnswer::Closed; 2]);
    assert_eq!(add(&staff, PNG).await.problem(503), "upload.scan_unavailable");
    assert_eq!((listed(&fixture).await, folder.files().len()), (json!([]), 0));
    clamd.take_files();
    add(&staff, JPEG).await.expect(201);
    assert_eq!((clamd.take_files(), folder.files().len()), (vec![JPEG.to_vec()], 1));
    let acted: Vec<StaffActed> = fixture.service.published().await;
    let actions: Vec<&str> = acted.iter().map(|a| a.action.as_str()).collect();
    assert_eq!(actions, ["vehicle.picture_infected", "vehicle.add_picture"]);
}

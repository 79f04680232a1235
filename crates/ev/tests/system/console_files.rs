//! The console on both stacks, and the test checkout of the embedded run.

use crate::commands::{ev, stdout_of};
use crate::platform::{TestPlatform, short_id};
use console::{ASSETS, SECURITY_HEADERS, VERSION};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_NONE_MATCH};
use reqwest::{Client, Response, StatusCode};
use serde_json::json;

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

fn assert_secure(response: &Response) {
    for (name, value) in SECURITY_HEADERS {
        assert_eq!(header(response, name), value, "{}", response.url());
    }
    assert!(!response.headers().keys().any(|name| name.as_str().starts_with("access-control-")));
}

pub(crate) async fn every_page_is_the_document_and_its_files_are_cached(platform: &TestPlatform) {
    let (http, url) = (Client::new(), platform.url.clone());
    let get = async |path: &str| http.get(format!("{url}{path}")).send().await.unwrap();
    for page in ["/", "/wallet", "/bookings/0190", "/join/ABCD1234"] {
        let response = get(page).await;
        assert_secure(&response);
        assert_eq!((response.status(), header(&response, "cache-control")), (StatusCode::OK, "no-cache"), "{page}");
        assert!(response.text().await.unwrap().contains(&format!("/assets/{VERSION}/main.js")), "{page}");
    }
    let tag = get("/").await.headers()[ETAG].clone();
    let again = http.get(&url).header(IF_NONE_MATCH, tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

    let file = get(&format!("/assets/{VERSION}/shell/app.js")).await;
    assert_secure(&file);
    assert_eq!(header(&file, "cache-control"), console::IMMUTABLE);
    assert_eq!(header(&file, "content-type"), "text/javascript; charset=utf-8");
    let plain = file.bytes().await.unwrap();
    let path = format!("{url}/assets/{VERSION}/shell/app.js");
    let compressed = http.get(path).header(ACCEPT_ENCODING, "gzip").send().await.unwrap();
    assert_eq!(compressed.headers()[CONTENT_ENCODING], "gzip");
    assert!(compressed.bytes().await.unwrap().len() < plain.len() / 2);

    let worker = get("/push-worker.js").await;
    assert_secure(&worker);
    assert_eq!((header(&worker, "cache-control"), worker.status()), ("no-cache", StatusCode::OK));
    assert_eq!(header(&worker, "content-type"), "text/javascript; charset=utf-8");

    // Outside the pages an unknown address stays a problem document, and a page takes no other method.
    for other in ["/api/v1/unknown", "/api", "/assets/0/main.js", "/dev/unknown", "/metrics", "/health/unknown"] {
        let response = get(other).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{other}");
        assert_eq!(header(&response, "content-type"), "application/problem+json", "{other}");
    }
    // A payment gateway sends the payer back by a form of its own.
    let direct = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let address = "/payments/return?payment_id=0190";
    let sent = direct.post(format!("{url}{address}")).form(&[("razorpay_payment_id", "pay_1")]).send().await.unwrap();
    assert_secure(&sent);
    assert_eq!((sent.status(), header(&sent, "location")), (StatusCode::SEE_OTHER, address));
    assert_eq!(get(address).await.status(), StatusCode::OK);
    let posted = http.post(format!("{url}/wallet")).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(header(&posted, "allow"), "GET, HEAD");
}

#[test]
fn the_command_writes_the_console_and_repeats_without_a_change() {
    let folder = std::env::temp_dir().join(format!("ev-console-{}", short_id()));
    let arguments = ["console", folder.to_str().unwrap()];
    let count = 2 * (ASSETS.len() + 2);
    assert_eq!(stdout_of(&ev(&arguments, None)), format!("console {VERSION}: {count} files written"));
    assert_eq!(stdout_of(&ev(&arguments, None)), format!("console {VERSION}: 0 files written"));
    let document = std::fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(document.contains(&format!("/assets/{VERSION}/main.js")), "{document}");
    // A file cannot be the folder.
    let file = folder.join("index.html");
    let refused = ev(&["console", file.to_str().unwrap()], None);
    assert!(!refused.status.success());
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(stderr.starts_with(&format!("ev: {}/assets/", file.display())), "{stderr}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_test_checkout_pays_an_order_once() {
    let platform = TestPlatform::embedded().await;
    let member = platform.member(None).await;
    let booking = member.book(&platform, "500.00").await;
    let payment = member.order(&booking, "500.00").await;
    let order = payment["checkout"]["order_id"].as_str().unwrap();
    let checkout = format!("{}/dev/sandbox/orders/{order}", platform.url);
    let pay = async |outcome: &str| {
        let body = json!({ "outcome": outcome, "amount": "500.00" });
        Client::new().post(&checkout).json(&body).send().await.unwrap().status()
    };
    assert_eq!(pay("unknown").await, StatusCode::BAD_REQUEST);
    assert_eq!(pay("captured").await, StatusCode::NO_CONTENT);
    assert_eq!(pay("captured").await, StatusCode::NO_CONTENT);
    let id = payment["id"].as_str().unwrap();
    assert_eq!(member.http.get(&format!("/payments/{id}")).await.expect(200)["status"], "completed");
    assert_eq!(member.http.get(&format!("/bookings/{booking}")).await.expect(200)["total_paid"], "500.00");
    platform.finish().await;
}

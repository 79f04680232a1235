//! Tests of the events about sign-ins: which device is new.

use crate::fixture::{self, KEYS};
use proto_events::auth::v1::SessionStarted;
use reqwest::Method;
use serde_json::json;
use testkit::TestService;

const ASHA: &str = "asha@example.com";
const PHONE: &str =
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36";
const NEWER_PHONE: &str =
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36";
const LAPTOP: &str = "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0";

async fn sign_in(service: &TestService, user_agent: &str, address: &str) {
    service.clock.advance_secs(61);
    let client = service.anonymous();
    let asked = json!({ "identifier": ASHA, "channel": "email" });
    let request = client.request(Method::POST, "/auth/otp").header("X-Forwarded-For", address).json(&asked);
    client.send(request).await.expect(202);
    let code = fixture::newest_code(service, ASHA).await;
    let request = client.request(Method::POST, "/auth/otp/verify").header("User-Agent", user_agent);
    let request = request.header("X-Forwarded-For", address).json(&json!({ "identifier": ASHA, "code": code }));
    client.send(request).await.expect(200);
}

async fn devices(service: &TestService) -> Vec<(String, String, bool)> {
    let started = service.published::<SessionStarted>().await;
    started.into_iter().map(|event| (event.device_label, event.address_prefix, event.new_device)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_by_another_browser_or_from_another_network_is_from_a_new_device() {
    let settings: Vec<(&str, &str)> = KEYS.into_iter().chain([("TRUSTED_PROXIES", "127.0.0.1")]).collect();
    let service = TestService::start_with(auth::service(), &settings).await;
    let (phone, laptop) = ("Chrome on Android", "Firefox on Windows");
    let (home, work, mobile) = ("203.0.113.0/24", "198.51.100.0/24", "2001:db8:1:2::/64");
    for (user_agent, address) in [
        // The registration.
        (PHONE, "203.0.113.7"),
        (NEWER_PHONE, "203.0.113.200"),
        (LAPTOP, "203.0.113.7"),
        (LAPTOP, "198.51.100.1"),
        (LAPTOP, "198.51.100.2"),
        (PHONE, "2001:db8:1:2::1"),
        (PHONE, "2001:db8:1:2:ffff::1"),
    ] {
        sign_in(&service, user_agent, address).await;
    }
    let expected = [
        (phone, home, false),
        (phone, home, false),
        (laptop, home, true),
        (laptop, work, true),
        (laptop, work, false),
        (phone, mobile, true),
        (phone, mobile, false),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(label, network, new)| ((*label).into(), (*network).into(), *new)).collect();
    assert_eq!(devices(&service).await, expected);
    // A device that was not used for 90 days is new again; its record is deleted a day later.
    service.clock.advance_secs(92 * 86_400);
    service.run_job("forget").await;
    sign_in(&service, PHONE, "203.0.113.7").await;
    assert_eq!(devices(&service).await.pop(), Some((phone.into(), home.into(), true)));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_an_older_version_knew_by_its_session_is_not_new() {
    use diesel_async::SimpleAsyncConnection;
    let settings: Vec<(&str, &str)> = KEYS.into_iter().chain([("TRUSTED_PROXIES", "127.0.0.1")]).collect();
    let service = TestService::start_with(auth::service(), &settings).await;
    sign_in(&service, PHONE, "203.0.113.7").await;
    let forget = "DELETE FROM known_devices";
    service.ctx().db().write().await.expect("a connection").batch_execute(forget).await.expect("a deletion");
    sign_in(&service, PHONE, "203.0.113.8").await;
    sign_in(&service, LAPTOP, "203.0.113.8").await;
    let new: Vec<bool> = devices(&service).await.into_iter().map(|(_, _, new)| new).collect();
    assert_eq!(new, [false, false, true]);
    service.finish().await;
}

//! A service with a mailbox to read codes from, and the ways people come in.

use chassis::boot::Platform;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::{Client, TestService};

pub(crate) const ADMIN: &str = "admin@ev.local";
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
pub(crate) const KEYS: [(&str, &str); 5] = [
    ("OTP_KEY", KEY),
    ("PII_KEYS", "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("PII_INDEX_KEY", KEY),
    ("BOOTSTRAP_ADMIN", ADMIN),
    ("PUBLIC_URL", "https://ev.example/"),
];

pub(crate) async fn start() -> TestService {
    TestService::start_with(auth::service(), &KEYS).await
}

pub(crate) async fn start_on(adjust: impl FnOnce(&mut Platform)) -> TestService {
    TestService::start_on(auth::service(), &KEYS, adjust).await
}

/// The newest code sent to somebody. The answer to the request may have been faster than the message.
pub(crate) async fn code(service: &TestService, to: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(message) = service.messages.list(Some(to)).into_iter().next() {
            return message.code.expect("a code");
        }
        assert!(Instant::now() < deadline, "no message came to {to}");
        tokio::task::yield_now().await;
    }
}

pub(crate) fn another_code(code: &str) -> String {
    let digit = if code.starts_with('1') { "2" } else { "1" };
    format!("{digit}{}", &code[1..])
}

/// Asks for a code and reads it.
pub(crate) async fn ask(service: &TestService, identifier: &str) -> String {
    let asked = json!({ "identifier": identifier, "channel": if identifier.contains('@') { "email" } else { "sms" } });
    service.anonymous().post("/auth/otp", asked).await.expect(202);
    code(service, identifier).await
}

pub(crate) async fn sign_in_with(service: &TestService, identifier: &str, more: Value) -> Value {
    let code = ask(service, identifier).await;
    let mut body = json!({ "identifier": identifier, "code": code });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    service.anonymous().post("/auth/otp/verify", body).await.expect(200)
}

/// Signs in, registering on first use.
pub(crate) async fn sign_in(service: &TestService, identifier: &str) -> Value {
    sign_in_with(service, identifier, json!({})).await
}

pub(crate) fn text(value: &Value, field: &str) -> String {
    let found = field.split('.').fold(value, |value, key| &value[key]);
    found.as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}

/// Somebody signed in, speaking with the token auth gave them.
pub(crate) fn client(service: &TestService, signed_in: &Value) -> Client {
    service.anonymous().with_token(text(signed_in, "access_token"))
}

pub(crate) async fn member(service: &TestService, identifier: &str) -> (Client, String) {
    let signed_in = sign_in(service, identifier).await;
    (client(service, &signed_in), text(&signed_in, "user.id"))
}

pub(crate) async fn admin(service: &TestService) -> (Client, String) {
    member(service, ADMIN).await
}

pub(crate) async fn staff(service: &TestService, admin: &Client, email: &str) -> (Client, String) {
    admin.post("/users", json!({ "email": email, "name": "Staff", "role": "staff" })).await.expect(201);
    member(service, email).await
}

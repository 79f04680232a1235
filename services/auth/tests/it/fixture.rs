//! Fixture: a running service, and helpers to register, sign in and read one-time codes.

use chassis::boot::Dependencies;
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

/// Starts the service with the default settings.
pub(crate) async fn start() -> TestService {
    TestService::start_with(auth::service(), &KEYS).await
}

/// Starts the service with adjusted dependencies.
pub(crate) async fn start_on(adjust: impl FnOnce(&mut Dependencies)) -> TestService {
    TestService::start_adjusted(auth::service(), &KEYS, adjust).await
}

/// Waits for the newest code sent to an identifier. The response may arrive before the message.
pub(crate) async fn newest_code(service: &TestService, to: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(message) = service.messages.list(Some(to)).into_iter().next() {
            return message.code.expect("a code");
        }
        assert!(Instant::now() < deadline, "no message to {to}");
        tokio::task::yield_now().await;
    }
}

/// A code that differs from `code`.
pub(crate) fn wrong_code(code: &str) -> String {
    let digit = if code.starts_with('1') { "2" } else { "1" };
    format!("{digit}{}", &code[1..])
}

/// Requests a code and reads it.
pub(crate) async fn request_code(service: &TestService, identifier: &str) -> String {
    let body = json!({ "identifier": identifier, "channel": if identifier.contains('@') { "email" } else { "sms" } });
    service.anonymous().post("/auth/otp", body).await.expect(202);
    newest_code(service, identifier).await
}

/// Signs in with additional fields in the body.
pub(crate) async fn sign_in_with(service: &TestService, identifier: &str, fields: Value) -> Value {
    let code = request_code(service, identifier).await;
    let mut body = json!({ "identifier": identifier, "code": code });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    service.anonymous().post("/auth/otp/verify", body).await.expect(200)
}

/// Signs in, registering on first use.
pub(crate) async fn sign_in(service: &TestService, identifier: &str) -> Value {
    sign_in_with(service, identifier, json!({})).await
}

/// The text at a dotted path.
pub(crate) fn text(value: &Value, field: &str) -> String {
    let found = field.split('.').fold(value, |value, key| &value[key]);
    found.as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}

/// A client with the access token of a sign-in.
pub(crate) fn client(service: &TestService, signed_in: &Value) -> Client {
    service.anonymous().with_token(text(signed_in, "access_token"))
}

/// Signs in a member; returns the client and the user id.
pub(crate) async fn member(service: &TestService, identifier: &str) -> (Client, String) {
    let signed_in = sign_in(service, identifier).await;
    (client(service, &signed_in), text(&signed_in, "user.id"))
}

/// Signs in the first administrator.
pub(crate) async fn admin(service: &TestService) -> (Client, String) {
    member(service, ADMIN).await
}

/// Creates a staff user and signs in.
pub(crate) async fn staff(service: &TestService, admin: &Client, email: &str) -> (Client, String) {
    admin.post("/users", json!({ "email": email, "name": "Staff", "role": "staff" })).await.expect(201);
    member(service, email).await
}

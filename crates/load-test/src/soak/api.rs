//! Requests of the load: counted, timed, and retried during a disturbance.

use super::meter::Meter;
use ev::demo::client::{Client, ClientError};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Maximum time for a request including its retries.
const REQUEST_DEADLINE: Duration = Duration::from_secs(120);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// Maximum wait for a mail with a code.
const CODE_TIMEOUT: Duration = Duration::from_mins(1);
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Upper limit of a wait requested by `Retry-After`.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(1);

/// Error of a request.
#[derive(Debug, Clone)]
pub(crate) enum RequestError {
    /// The platform refused it: status, problem code and body.
    Problem { status: u16, code: String, text: String },
    /// There was no usable response in time; the failure is already recorded.
    NoResponse,
}

impl RequestError {
    /// Whether it is a problem with one of these codes.
    pub(crate) fn is(&self, codes: &[&str]) -> bool {
        match self {
            Self::Problem { code, .. } => codes.contains(&code.as_str()),
            Self::NoResponse => false,
        }
    }
}

/// One request, which may be sent several times.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Below `/api/v1`.
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) timeout: Duration,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>, token: String) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            token: Some(token),
            body: None,
            headers: Vec::new(),
            timeout: REQUEST_TIMEOUT,
        }
    }
    /// A POST with a new idempotency key, so a retry has no second effect.
    pub(crate) fn post(path: impl Into<String>, token: String, body: &Value) -> Self {
        let key = runtime::id::fresh::<domain::EventId>().to_string();
        Self {
            method: Method::POST,
            body: Some(body.to_string()),
            headers: vec![("Idempotency-Key", key), ("Content-Type", "application/json".to_owned())],
            ..Self::get(path, token)
        }
    }
}

/// Handling of one response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handling {
    Done,
    Refused,
    Retry { after: Duration, reason: RetryReason },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RetryReason {
    Disturbed,
    Throttled,
    /// The first attempt with the same key is still running.
    InProgress,
    /// An unexpected response: it is recorded, and the request is retried to learn its result.
    Failure,
}

/// Decides how a response is handled. `status` is `None` where the connection failed. A disturbance explains only 502,
/// 503 and lost connections.
fn handling_of(status: Option<u16>, code: &str, retry_after: Option<u64>, disturbed: bool) -> Handling {
    let wait = retry_after.map_or(RETRY_INTERVAL, Duration::from_secs).min(MAX_RETRY_AFTER);
    match status {
        None if disturbed => Handling::Retry { after: RETRY_INTERVAL, reason: RetryReason::Disturbed },
        Some(502 | 503) if disturbed => {
            Handling::Retry { after: wait.min(Duration::from_secs(2)), reason: RetryReason::Disturbed }
        }
        None | Some(500..) => Handling::Retry { after: wait, reason: RetryReason::Failure },
        Some(429) if retry_after.is_some() => Handling::Retry { after: wait, reason: RetryReason::Throttled },
        Some(429) => Handling::Retry { after: wait, reason: RetryReason::Failure },
        Some(409) if code == "idempotency.in_progress" => {
            Handling::Retry { after: RETRY_INTERVAL, reason: RetryReason::InProgress }
        }
        Some(400..) => Handling::Refused,
        Some(_) => Handling::Done,
    }
}

struct Response {
    status: Option<u16>,
    retry_after: Option<u64>,
    text: String,
    body: Value,
}

/// HTTP client of the load.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    pub(crate) url: String,
    messages_url: String,
    /// Signs the gateway's webhooks.
    gateway: Client,
    pub(crate) meter: Arc<Meter>,
}

impl Api {
    pub(crate) fn new(url: &str, messages_url: &str, secret: &str, meter: Arc<Meter>) -> Result<Self, ClientError> {
        let unready = |source| ClientError::Unreachable { what: "the HTTP client".into(), source };
        Ok(Self {
            http: runtime::http_client::client().map_err(unready)?,
            url: url.trim_end_matches('/').to_owned(),
            messages_url: messages_url.trim_end_matches('/').to_owned(),
            gateway: Client::new(url, messages_url, secret)?,
            meter,
        })
    }

    /// Sends a request until there is a final response. Errors when the platform refuses it or the deadline passes.
    pub(crate) async fn send(&self, request: &Request) -> Result<Value, RequestError> {
        let begun = Instant::now();
        let what = format!("{} {}", request.method, request.path);
        loop {
            let was_disturbed = self.meter.is_disturbed();
            let started = Instant::now();
            let response = self.attempt(request).await;
            let disturbed = was_disturbed || self.meter.is_disturbed();
            let code = response.body.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
            let (after, reason) = match handling_of(response.status, &code, response.retry_after, disturbed) {
                Handling::Done => {
                    self.meter.record_response(started.elapsed());
                    return Ok(response.body);
                }
                Handling::Refused => {
                    self.meter.record_response(started.elapsed());
                    let status = response.status.unwrap_or_default();
                    return Err(RequestError::Problem { status, code, text: response.text });
                }
                Handling::Retry { after, reason } => (after, reason),
            };
            let status = response.status.map_or_else(|| "no response".to_owned(), |s| s.to_string());
            match reason {
                RetryReason::Disturbed | RetryReason::InProgress => self.meter.record_retry(),
                RetryReason::Throttled => self.meter.record_throttle(),
                RetryReason::Failure => self.meter.record_failure(&format!("{what}: {status} {}", response.text)),
            }
            if begun.elapsed() > REQUEST_DEADLINE {
                self.meter.record_failure(&format!("{what} failed until the deadline: {status} {}", response.text));
                return Err(RequestError::NoResponse);
            }
            tokio::time::sleep(after).await;
        }
    }

    async fn attempt(&self, request: &Request) -> Response {
        let url = format!("{}/api/v1{}", self.url, request.path);
        let mut builder = self.http.request(request.method.clone(), url).timeout(request.timeout);
        if let Some(token) = &request.token {
            builder = builder.bearer_auth(token);
        }
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let failed = |error: reqwest::Error| Response {
            status: None,
            retry_after: None,
            text: format!("{error:?}"),
            body: Value::Null,
        };
        let response = match builder.send().await {
            Ok(response) => response,
            Err(error) => return failed(error),
        };
        let status = Some(response.status().as_u16());
        let retry_after =
            response.headers().get("Retry-After").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        match response.text().await {
            Ok(text) => Response { status, retry_after, body: serde_json::from_str(&text).unwrap_or_default(), text },
            Err(error) => failed(error),
        }
    }

    /// Sends the gateway's webhook of a captured payment, with retries.
    pub(crate) async fn capture(&self, order: &str, gateway_payment: &str, amount: &str) -> Result<(), RequestError> {
        let body = json!({
            "event": "payment.captured", "order_id": order, "gateway_payment_id": gateway_payment, "amount": amount,
        })
        .to_string();
        let request = Request {
            method: Method::POST,
            token: None,
            headers: vec![
                ("Content-Type", "application/json".to_owned()),
                ("X-Sandbox-Signature", self.gateway.signature(&body)),
            ],
            body: Some(body),
            ..Request::get("/payments/webhooks/sandbox", String::new())
        };
        self.send(&request).await.map(drop)
    }

    /// Signs in with a mailed code; a new address is registered. A sign-in that a disturbance interrupts is not
    /// resumed.
    pub(crate) async fn sign_in(&self, email: &str, name: &str, code: Option<&str>) -> Result<SignedIn, RequestError> {
        let was_disturbed = self.meter.is_disturbed();
        match self.attempt_sign_in(email, name, code).await {
            Ok(signed_in) => Ok(signed_in),
            Err(_) if was_disturbed || self.meter.is_disturbed() => {
                self.meter.record_retry();
                Err(RequestError::NoResponse)
            }
            Err(error) => {
                self.meter.record_failure(&format!("{email} could not sign in: {error:?}"));
                Err(RequestError::NoResponse)
            }
        }
    }

    async fn attempt_sign_in(&self, email: &str, name: &str, referral: Option<&str>) -> Result<SignedIn, RequestError> {
        let before = self.newest_code(email).await;
        self.post_anonymously("/auth/otp", &json!({ "identifier": email, "channel": "email" })).await?;
        let started = Instant::now();
        let code = loop {
            match self.newest_code(email).await {
                Some(newest) if Some(&newest) != before.as_ref() => break newest.code,
                _ if started.elapsed() > CODE_TIMEOUT => {
                    let text = format!("no code arrived within {} s", CODE_TIMEOUT.as_secs());
                    return Err(RequestError::Problem { status: 0, code: "driver.no_code".into(), text });
                }
                _ => tokio::time::sleep(POLL_INTERVAL).await,
            }
        };
        let mut body = json!({ "identifier": email, "code": code, "name": name });
        if let (Some(referral), Some(body)) = (referral, body.as_object_mut()) {
            body.insert("referral_code".into(), json!(referral));
        }
        let response = self.post_anonymously("/auth/otp/verify", &body).await?;
        let text = |pointer: &str| response.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(SignedIn {
            id: text("/user/id"),
            referral_code: text("/user/referral_code"),
            access: text("/access_token"),
            refresh: text("/refresh_token"),
        })
    }

    /// A POST without an access token and without an idempotency key.
    pub(crate) async fn post_anonymously(&self, path: &str, body: &Value) -> Result<Value, RequestError> {
        let request = Request {
            method: Method::POST,
            token: None,
            body: Some(body.to_string()),
            headers: vec![("Content-Type", "application/json".to_owned())],
            ..Request::get(path, String::new())
        };
        self.send(&request).await
    }

    async fn newest_code(&self, to: &str) -> Option<MailedCode> {
        let request = self.http.get(format!("{}/dev/messages", self.messages_url)).query(&[("to", to)]);
        let text = request.send().await.ok()?.text().await.ok()?;
        let list: Value = serde_json::from_str(&text).ok()?;
        list.get("items")?.as_array()?.iter().find_map(|message| {
            let text = |field: &str| message.get(field)?.as_str().map(str::to_owned);
            Some(MailedCode { code: text("code")?, sent_at: text("sent_at")? })
        })
    }
}

/// A new session.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) id: String,
    pub(crate) referral_code: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

#[derive(PartialEq, Eq)]
struct MailedCode {
    code: String,
    sent_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(status: Option<u16>, code: &str, retry_after: Option<u64>, disturbed: bool) -> Option<RetryReason> {
        match handling_of(status, code, retry_after, disturbed) {
            Handling::Retry { reason, .. } => Some(reason),
            Handling::Done | Handling::Refused => None,
        }
    }

    #[test]
    fn a_disturbance_explains_only_502_503_and_lost_connections() {
        for status in [None, Some(502), Some(503)] {
            assert_eq!(reason(status, "", None, true), Some(RetryReason::Disturbed));
            assert_eq!(reason(status, "", Some(1), false), Some(RetryReason::Failure));
        }
        for status in [500, 501, 504, 599] {
            assert_eq!(reason(Some(status), "", None, true), Some(RetryReason::Failure));
            assert_eq!(reason(Some(status), "", None, false), Some(RetryReason::Failure));
        }
    }

    #[test]
    fn a_429_is_retried_after_the_given_delay_and_is_a_failure_without_one() {
        let after = Duration::from_secs(7);
        assert_eq!(
            handling_of(Some(429), "", Some(7), false),
            Handling::Retry { after, reason: RetryReason::Throttled }
        );
        assert_eq!(
            handling_of(Some(429), "", Some(7_000), false),
            Handling::Retry { after: MAX_RETRY_AFTER, reason: RetryReason::Throttled }
        );
        assert_eq!(reason(Some(429), "", None, true), Some(RetryReason::Failure));
    }

    #[test]
    fn a_4xx_is_final_unless_the_first_attempt_is_still_running() {
        assert_eq!(reason(Some(409), "idempotency.in_progress", None, false), Some(RetryReason::InProgress));
        for status in [400, 401, 403, 404, 409, 422] {
            assert_eq!(handling_of(Some(status), "booking.state", None, true), Handling::Refused);
        }
        assert_eq!([200, 201, 204].map(|s| handling_of(Some(s), "", None, true)), [Handling::Done; 3]);
    }
}

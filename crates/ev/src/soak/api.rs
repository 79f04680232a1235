//! Requests of the load: retried while the platform is disturbed, counted and timed.

use super::meter::Meter;
use crate::demo::client::{Client, ClientError};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one request is tried again before the driver gives it up.
const GIVE_UP: Duration = Duration::from_secs(120);
const TIMEOUT: Duration = Duration::from_secs(30);
const RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// How long a mail with a code may need.
const CODE_ARRIVES: Duration = Duration::from_mins(1);
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The longest wait that a `Retry-After` is followed for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Why an operation ended early.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// The platform refused it: status, code of the problem, and the whole text.
    Problem { status: u16, code: String, text: String },
    /// There was no answer in time, or none that could be used. It is recorded already.
    NoAnswer,
}

impl Refusal {
    pub(crate) fn is(&self, wanted: &[&str]) -> bool {
        match self {
            Self::Problem { code, .. } => wanted.contains(&code.as_str()),
            Self::NoAnswer => false,
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
            timeout: TIMEOUT,
        }
    }
    /// A POST with an idempotency key of its own, so that sending it again does nothing twice.
    pub(crate) fn post(path: impl Into<String>, token: String, body: &Value) -> Self {
        let key = chassis::id::fresh::<domain::EventId>().to_string();
        Self {
            method: Method::POST,
            body: Some(body.to_string()),
            headers: vec![("Idempotency-Key", key), ("Content-Type", "application/json".to_owned())],
            ..Self::get(path, token)
        }
    }
}

/// What is done about one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Done,
    Refused,
    Retry { after: Duration, why: Why },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Disturbed,
    Throttled,
    /// The first try of the same key is still at work.
    InProgress,
    /// Nothing explains the answer: it is recorded, and the request is sent again so that the driver knows its outcome.
    Fault,
}

/// `status` is none where the connection failed. Only 502, 503 and lost connections are explained by a disturbance.
fn next(status: Option<u16>, code: &str, retry_after: Option<u64>, disturbed: bool) -> Next {
    let wait = retry_after.map_or(RETRY_INTERVAL, Duration::from_secs).min(LONGEST_WAIT);
    match status {
        None if disturbed => Next::Retry { after: RETRY_INTERVAL, why: Why::Disturbed },
        Some(502 | 503) if disturbed => Next::Retry { after: wait.min(Duration::from_secs(2)), why: Why::Disturbed },
        None | Some(500..) => Next::Retry { after: wait, why: Why::Fault },
        Some(429) if retry_after.is_some() => Next::Retry { after: wait, why: Why::Throttled },
        Some(429) => Next::Retry { after: wait, why: Why::Fault },
        Some(409) if code == "idempotency.in_progress" => Next::Retry { after: RETRY_INTERVAL, why: Why::InProgress },
        Some(400..) => Next::Refused,
        Some(_) => Next::Done,
    }
}

struct Answer {
    status: Option<u16>,
    retry_after: Option<u64>,
    text: String,
    body: Value,
}

/// The platform, as the load speaks to it.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    pub(crate) url: String,
    messages_url: String,
    /// Signs what the gateway says.
    gateway: Client,
    pub(crate) meter: Arc<Meter>,
}

impl Api {
    pub(crate) fn new(url: &str, messages_url: &str, secret: &str, meter: Arc<Meter>) -> Result<Self, ClientError> {
        let unready = |source| ClientError::Unreachable { what: "the HTTP client".into(), source };
        Ok(Self {
            http: chassis::http::client().map_err(unready)?,
            url: url.trim_end_matches('/').to_owned(),
            messages_url: messages_url.trim_end_matches('/').to_owned(),
            gateway: Client::new(url, messages_url, secret)?,
            meter,
        })
    }

    pub(crate) async fn send(&self, request: &Request) -> Result<Value, Refusal> {
        let begun = Instant::now();
        let what = format!("{} {}", request.method, request.path);
        loop {
            let was_disturbed = self.meter.is_disturbed();
            let started = Instant::now();
            let answer = self.attempt(request).await;
            let disturbed = was_disturbed || self.meter.is_disturbed();
            let code = answer.body.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
            let (after, why) = match next(answer.status, &code, answer.retry_after, disturbed) {
                Next::Done => {
                    self.meter.answered(started.elapsed());
                    return Ok(answer.body);
                }
                Next::Refused => {
                    self.meter.answered(started.elapsed());
                    let status = answer.status.unwrap_or_default();
                    return Err(Refusal::Problem { status, code, text: answer.text });
                }
                Next::Retry { after, why } => (after, why),
            };
            let status = answer.status.map_or_else(|| "no answer".to_owned(), |s| s.to_string());
            match why {
                Why::Disturbed | Why::InProgress => self.meter.retried(),
                Why::Throttled => self.meter.throttled(),
                Why::Fault => self.meter.fault(&format!("{what}: {status} {}", answer.text)),
            }
            if begun.elapsed() > GIVE_UP {
                self.meter.fault(&format!("{what} was given up: {status} {}", answer.text));
                return Err(Refusal::NoAnswer);
            }
            tokio::time::sleep(after).await;
        }
    }

    async fn attempt(&self, request: &Request) -> Answer {
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
        let failed = |error: reqwest::Error| Answer {
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
            Ok(text) => Answer { status, retry_after, body: serde_json::from_str(&text).unwrap_or_default(), text },
            Err(error) => failed(error),
        }
    }

    /// What the gateway sends when a customer has paid; sent again until the platform has it.
    pub(crate) async fn capture(&self, order: &str, gateway_payment: &str, amount: &str) -> Result<(), Refusal> {
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

    /// Signs in with a mailed code; a new address registers. A sign-in that a disturbance breaks off is not taken up again.
    pub(crate) async fn sign_in(&self, email: &str, name: &str, code: Option<&str>) -> Result<SignedIn, Refusal> {
        let was_disturbed = self.meter.is_disturbed();
        match self.try_to_sign_in(email, name, code).await {
            Ok(signed_in) => Ok(signed_in),
            Err(_) if was_disturbed || self.meter.is_disturbed() => {
                self.meter.retried();
                Err(Refusal::NoAnswer)
            }
            Err(refusal) => {
                self.meter.fault(&format!("{email} could not sign in: {refusal:?}"));
                Err(Refusal::NoAnswer)
            }
        }
    }

    async fn try_to_sign_in(&self, email: &str, name: &str, referral: Option<&str>) -> Result<SignedIn, Refusal> {
        let before = self.newest_code(email).await;
        self.public("/auth/otp", &json!({ "identifier": email, "channel": "email" })).await?;
        let started = Instant::now();
        let code = loop {
            match self.newest_code(email).await {
                Some(newest) if Some(&newest) != before.as_ref() => break newest.code,
                _ if started.elapsed() > CODE_ARRIVES => {
                    let text = format!("no code came within {} s", CODE_ARRIVES.as_secs());
                    return Err(Refusal::Problem { status: 0, code: "driver.no_code".into(), text });
                }
                _ => tokio::time::sleep(POLL_INTERVAL).await,
            }
        };
        let mut body = json!({ "identifier": email, "code": code, "name": name });
        if let (Some(referral), Some(body)) = (referral, body.as_object_mut()) {
            body.insert("referral_code".into(), json!(referral));
        }
        let answer = self.public("/auth/otp/verify", &body).await?;
        let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(SignedIn {
            id: text("/user/id"),
            referral_code: text("/user/referral_code"),
            access: text("/access_token"),
            refresh: text("/refresh_token"),
        })
    }

    /// A POST of nobody, without an idempotency key.
    pub(crate) async fn public(&self, path: &str, body: &Value) -> Result<Value, Refusal> {
        let request = Request {
            method: Method::POST,
            token: None,
            body: Some(body.to_string()),
            headers: vec![("Content-Type", "application/json".to_owned())],
            ..Request::get(path, String::new())
        };
        self.send(&request).await
    }

    async fn newest_code(&self, to: &str) -> Option<Mailed> {
        let request = self.http.get(format!("{}/dev/messages", self.messages_url)).query(&[("to", to)]);
        let text = request.send().await.ok()?.text().await.ok()?;
        let list: Value = serde_json::from_str(&text).ok()?;
        list.get("items")?.as_array()?.iter().find_map(|message| {
            let text = |field: &str| message.get(field)?.as_str().map(str::to_owned);
            Some(Mailed { code: text("code")?, sent_at: text("sent_at")? })
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
struct Mailed {
    code: String,
    sent_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(status: Option<u16>, code: &str, retry_after: Option<u64>, disturbed: bool) -> Option<Why> {
        match next(status, code, retry_after, disturbed) {
            Next::Retry { why, .. } => Some(why),
            Next::Done | Next::Refused => None,
        }
    }

    #[test]
    fn a_disturbance_explains_502_503_and_lost_connections_and_nothing_else() {
        for status in [None, Some(502), Some(503)] {
            assert_eq!(why(status, "", None, true), Some(Why::Disturbed));
            assert_eq!(why(status, "", Some(1), false), Some(Why::Fault));
        }
        for status in [500, 501, 504, 599] {
            assert_eq!(why(Some(status), "", None, true), Some(Why::Fault));
            assert_eq!(why(Some(status), "", None, false), Some(Why::Fault));
        }
    }

    #[test]
    fn too_many_requests_are_sent_again_when_the_platform_says_and_a_fault_when_it_does_not() {
        let after = Duration::from_secs(7);
        assert_eq!(next(Some(429), "", Some(7), false), Next::Retry { after, why: Why::Throttled });
        assert_eq!(next(Some(429), "", Some(7_000), false), Next::Retry { after: LONGEST_WAIT, why: Why::Throttled });
        assert_eq!(why(Some(429), "", None, true), Some(Why::Fault));
    }

    #[test]
    fn a_refusal_is_an_answer_unless_the_first_try_is_still_at_work() {
        assert_eq!(why(Some(409), "idempotency.in_progress", None, false), Some(Why::InProgress));
        for status in [400, 401, 403, 404, 409, 422] {
            assert_eq!(next(Some(status), "booking.state", None, true), Next::Refused);
        }
        assert_eq!([200, 201, 204].map(|s| next(Some(s), "", None, true)), [Next::Done; 3]);
    }
}

//! Client of the public API that signs in with mailed codes and sends webhooks of the sandbox gateway.

use crate::sandbox_gateway::signature;
use reqwest::multipart::Form;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Maximum wait for an effect in the background.
const EFFECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Error of a request or of waiting for an effect.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There was no response.
    #[error("{what} could not be sent: {source}")]
    Unreachable { what: String, source: reqwest::Error },
    /// The response has an error status.
    #[error("{what} answered {status}: {body}")]
    Refused { what: String, status: StatusCode, body: String },
    /// The response lacks a field.
    #[error("{what} answered without `{field}`")]
    Missing { what: String, field: String },
    /// An effect did not occur in time.
    #[error("{0} did not happen in time")]
    Timeout(String),
}

/// HTTP client of one platform, with or without an access token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    messages_url: String,
    sandbox_secret: String,
    token: Option<String>,
}

/// A signed-in user.
#[derive(Clone)]
pub struct Session {
    /// Client with the user's access token.
    pub client: Client,
    /// Id of the user.
    pub user_id: String,
    /// The user's own referral code.
    pub referral_code: String,
    /// Refresh token of the session.
    pub refresh_token: String,
}

impl Client {
    /// A client without an access token. Errors when TLS cannot be set up.
    pub fn new(url: &str, messages_url: &str, sandbox_secret: &str) -> Result<Self, ClientError> {
        let unready = |source| ClientError::Unreachable { what: "the HTTP client".into(), source };
        Ok(Self {
            http: runtime::http_client::client().map_err(unready)?,
            url: url.trim_end_matches('/').to_owned(),
            messages_url: messages_url.trim_end_matches('/').to_owned(),
            sandbox_secret: sandbox_secret.to_owned(),
            token: None,
        })
    }

    /// GET below `/api/v1`.
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.call(Method::GET, path, None).await
    }
    /// POST below `/api/v1`.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, ClientError> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// PATCH below `/api/v1`.
    pub async fn patch(&self, path: &str, body: Value) -> Result<Value, ClientError> {
        self.call(Method::PATCH, path, Some(body)).await
    }
    /// POST of a file below `/api/v1`.
    pub async fn upload(&self, path: &str, file: &'static [u8]) -> Result<Value, ClientError> {
        let request = self.request(Method::POST, path).header("Content-Type", "image/png").body(file);
        send(format!("POST {path}"), request).await
    }
    /// POST of a form below `/api/v1`.
    pub async fn upload_form(&self, path: &str, form: Form) -> Result<Value, ClientError> {
        send(format!("POST {path}"), self.request(Method::POST, path).multipart(form)).await
    }

    /// `GET /health/live`, the cheapest request.
    pub async fn check_live(&self) -> Result<(), ClientError> {
        send("GET /health/live".into(), self.http.get(format!("{}/health/live", self.url))).await.map(drop)
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, ClientError> {
        let what = format!("{method} {path}");
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        send(what, request).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Signs in with a mailed code. A new address is registered with `referral_code`. Errors when no code arrives in
    /// time.
    pub async fn sign_in(&self, email: &str, name: &str, referral_code: Option<&str>) -> Result<Session, ClientError> {
        let since = self.newest_code(email).await?.map(|(_, sent_at)| sent_at);
        self.post("/auth/otp", json!({ "identifier": email, "channel": "email" })).await?;
        let code = self
            .wait_for(&format!("a code for {email}"), async || {
                Ok(self.newest_code(email).await?.filter(|(_, sent_at)| Some(sent_at) != since.as_ref()))
            })
            .await?
            .0;
        let mut body = json!({ "identifier": email, "code": code, "name": name });
        if let (Some(referral_code), Some(map)) = (referral_code, body.as_object_mut()) {
            map.insert("referral_code".into(), json!(referral_code));
        }
        let session = self.post("/auth/otp/verify", body).await?;
        let text = |pointer| text(&session, pointer, "POST /auth/otp/verify");
        Ok(Session {
            client: Self { token: Some(text("/access_token")?), ..self.clone() },
            user_id: text("/user/id")?,
            referral_code: text("/user/referral_code")?,
            refresh_token: text("/refresh_token")?,
        })
    }

    async fn newest_code(&self, to: &str) -> Result<Option<(String, String)>, ClientError> {
        let request = self.http.get(format!("{}/dev/messages", self.messages_url)).query(&[("to", to)]);
        let list = send("GET /dev/messages".into(), request).await?;
        let newest = list.pointer("/items").and_then(Value::as_array).and_then(|items| {
            items
                .iter()
                .find_map(|m| Some((m.get("code")?.as_str()?.to_owned(), m.get("sent_at")?.as_str()?.to_owned())))
        });
        Ok(newest)
    }

    /// Sends the sandbox gateway's webhook of a captured payment.
    pub async fn capture(&self, order_id: &str, gateway_payment_id: &str, amount: &str) -> Result<Value, ClientError> {
        let body = json!({
            "event": "payment.captured", "order_id": order_id, "gateway_payment_id": gateway_payment_id, "amount": amount,
        })
        .to_string();
        let request = self
            .http
            .post(format!("{}/api/v1/payments/webhooks/sandbox", self.url))
            .header("Content-Type", "application/json")
            .header("X-Sandbox-Signature", self.signature(&body))
            .body(body);
        send("POST /payments/webhooks/sandbox".into(), request).await
    }

    /// Signature of a webhook's body by the sandbox gateway.
    pub fn signature(&self, body: &str) -> String {
        signature(&self.sandbox_secret, body)
    }

    /// Polls until `poll` returns a value. Errors after `EFFECT_TIMEOUT`.
    pub async fn wait_for<T>(
        &self,
        what: &str,
        poll: impl AsyncFn() -> Result<Option<T>, ClientError>,
    ) -> Result<T, ClientError> {
        let started = Instant::now();
        loop {
            if let Some(found) = poll().await? {
                return Ok(found);
            }
            if started.elapsed() > EFFECT_TIMEOUT {
                return Err(ClientError::Timeout(what.to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

impl Session {
    /// The access token.
    pub fn token(&self) -> Option<String> {
        self.client.token.clone()
    }
    /// GET below `/api/v1`.
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.client.get(path).await
    }
    /// POST below `/api/v1`.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, ClientError> {
        self.client.post(path, body).await
    }

    /// Books a vehicle and returns the booking's id.
    pub async fn book(
        &self,
        vehicle_id: &str,
        booking_amount: &str,
        emi_months: Option<u32>,
    ) -> Result<String, ClientError> {
        let mut body = json!({ "vehicle_id": vehicle_id, "booking_amount": booking_amount });
        if let (Some(months), Some(map)) = (emi_months, body.as_object_mut()) {
            map.insert("emi_months".into(), json!(months));
        }
        text(&self.post("/bookings", body).await?, "/id", "POST /bookings")
    }

    /// Pays a booking online, including the gateway's webhook, and returns the payment's id.
    pub async fn pay_online(&self, booking_id: &str, amount: &str) -> Result<String, ClientError> {
        let path = format!("/bookings/{booking_id}/payments");
        let payment = self.post(&path, json!({ "amount": amount, "method": "online" })).await?;
        let order_id = text(&payment, "/checkout/order_id", "POST /bookings/{id}/payments")?;
        let payment_id = text(&payment, "/id", "POST /bookings/{id}/payments")?;
        self.client.capture(&order_id, &format!("pay_{payment_id}"), amount).await?;
        Ok(payment_id)
    }
}

/// The string at the JSON pointer `pointer` of the response to `what`. Errors when it is absent.
pub fn text(value: &Value, pointer: &str, what: &str) -> Result<String, ClientError> {
    let missing = || ClientError::Missing { what: what.to_owned(), field: pointer.to_owned() };
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or_else(missing)
}

async fn send(what: String, request: reqwest::RequestBuilder) -> Result<Value, ClientError> {
    let unreachable = |what: &str, source| ClientError::Unreachable { what: what.to_owned(), source };
    let response = request.send().await.map_err(|e| unreachable(&what, e))?;
    let status = response.status();
    let body = response.text().await.map_err(|e| unreachable(&what, e))?;
    if !status.is_success() {
        return Err(ClientError::Refused { what, status, body });
    }
    Ok(serde_json::from_str(&body).unwrap_or(Value::Null))
}

//! Sign-in links of the demonstration: each signs one person in once, through the API, with the code from the message
//! log.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use domain::Timestamp;
use http_api::Problem;
use parking_lot::Mutex;
use runtime::clock::Clock;
use runtime::mail::MessageLog;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

const LINK_TTL_HOURS: i64 = 24;
const TOKEN_BYTES: usize = 32;
/// Longest wait for a code. The API sends an address the next code after 30 seconds.
const MAX_CODE_WAIT: Duration = Duration::from_secs(40);
const POLL_INTERVAL: Duration = Duration::from_millis(25);

struct Link {
    email: String,
    expires_at: Timestamp,
}

/// The links that were not used yet, by token. Clones share them; they end with the process.
#[derive(Clone)]
pub struct SignInLinks {
    clock: Arc<dyn Clock>,
    unused: Arc<Mutex<HashMap<String, Link>>>,
}

impl SignInLinks {
    /// No links yet.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, unused: Arc::default() }
    }

    /// Creates a link for the person with this e-mail address, and returns its token. Errors without a source of
    /// randomness.
    pub fn create(&self, email: &str) -> Result<String, getrandom::Error> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        let (token, expires_at) = (hex::encode(bytes), self.clock.now().plus_hours(LINK_TTL_HOURS));
        self.unused.lock().insert(token.clone(), Link { email: email.to_owned(), expires_at });
        Ok(token)
    }

    /// Removes the link of a token; `None` when the token is unknown, used or expired.
    fn take(&self, token: &str) -> Option<Link> {
        self.unused.lock().remove(token).filter(|link| self.clock.now() < link.expires_at)
    }

    fn put_back(&self, token: &str, link: Link) {
        self.unused.lock().insert(token.to_owned(), link);
    }
}

/// Body of a request to sign in with a link.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkInput {
    token: String,
}

/// Signs people in on a platform at a loopback address.
#[derive(Clone)]
pub(crate) struct LinkSignIn {
    links: SignInLinks,
    messages: MessageLog,
    http: reqwest::Client,
    api_url: String,
}

impl LinkSignIn {
    pub(crate) fn new(address: SocketAddr, links: SignInLinks, messages: MessageLog) -> Result<Self, reqwest::Error> {
        let http = runtime::http_client::client()?;
        Ok(Self { links, messages, http, api_url: format!("http://{address}/api/v1") })
    }

    /// Signs in the person of a link with a one-time code, and responds as the API does. 404 when the link is unknown,
    /// used or expired. A link remains unused when the API refuses.
    ///
    /// The session is that of the browser with `user_agent`.
    pub(crate) async fn sign_in(&self, input: &LinkInput, user_agent: &str) -> Result<HttpResponse, Problem> {
        let link = self.links.take(&input.token).ok_or_else(Problem::not_found)?;
        let response = self.sign_in_with_code(&link.email, user_agent).await;
        if !response.as_ref().is_ok_and(|response| response.status().is_success()) {
            self.links.put_back(&input.token, link);
        }
        response
    }

    async fn sign_in_with_code(&self, email: &str, user_agent: &str) -> Result<HttpResponse, Problem> {
        let started = Instant::now();
        let earlier = self.find_code(email).map(|(_, sent_at)| sent_at);
        let requested = self.request_code(email, started).await?;
        if !requested.status().is_success() {
            return relay(requested).await;
        }
        let code = loop {
            match self.find_code(email).filter(|(_, sent_at)| Some(*sent_at) != earlier) {
                Some((code, _)) => break code,
                None if started.elapsed() > MAX_CODE_WAIT => return Err(Problem::unavailable("no code was sent")),
                None => tokio::time::sleep(POLL_INTERVAL).await,
            }
        };
        let verify = self.post("/auth/otp/verify", &json!({ "identifier": email, "code": code }));
        relay(send(verify.header(USER_AGENT.as_str(), user_agent)).await?).await
    }

    /// Requests a code. While the API answers 429 because an earlier code is too recent, waits and tries again.
    async fn request_code(&self, email: &str, started: Instant) -> Result<reqwest::Response, Problem> {
        loop {
            let request = self.post("/auth/otp", &json!({ "identifier": email, "channel": "email" }));
            let response = send(request).await?;
            let retry_after = response.headers().get(RETRY_AFTER.as_str()).and_then(|value| value.to_str().ok());
            let wait = retry_after.and_then(|secs| secs.parse().ok()).map(Duration::from_secs);
            match wait.filter(|wait| started.elapsed() + *wait < MAX_CODE_WAIT) {
                Some(wait) if response.status() == reqwest::StatusCode::TOO_MANY_REQUESTS => {
                    tokio::time::sleep(wait).await;
                }
                Some(_) | None => return Ok(response),
            }
        }
    }

    /// The newest code that was sent to an address, and when.
    fn find_code(&self, email: &str) -> Option<(String, Timestamp)> {
        self.messages.list(Some(email)).into_iter().find_map(|message| Some((message.code?, message.sent_at)))
    }

    fn post(&self, path: &str, body: &Value) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.api_url)).json(body)
    }
}

async fn send(request: reqwest::RequestBuilder) -> Result<reqwest::Response, Problem> {
    request.send().await.map_err(Problem::unavailable)
}

/// The response of the API as that of this request. It may hold tokens, so it is not cached.
async fn relay(response: reqwest::Response) -> Result<HttpResponse, Problem> {
    let status = StatusCode::from_u16(response.status().as_u16()).map_err(Problem::internal)?;
    let content_type = response.headers().get(CONTENT_TYPE.as_str()).and_then(|value| value.to_str().ok());
    let mut relayed = HttpResponse::build(status);
    relayed.insert_header((CACHE_CONTROL, "no-store"));
    relayed.insert_header((CONTENT_TYPE, content_type.unwrap_or("application/json").to_owned()));
    Ok(relayed.body(response.bytes().await.map_err(Problem::unavailable)?))
}

//! Handler of `GET /notifications/stream`: live notifications of a member over a WebSocket.
//!
//! A browser cannot set `Authorization` on a WebSocket, so this route is public and verifies the token itself, again
//! and again while the stream is open. The token comes as a sub-protocol (`bearer, <token>`), in `Authorization`, or in
//! the first message. The server never selects the token as the sub-protocol, because proxies and browsers log the
//! selected one.

mod delivery;

use crate::NotificationState;
use crate::domain::NotificationId;
use crate::http::live::LiveFailure;
use crate::streams::ConnectionPermit;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, rt, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, Closed, Session};
use auth_token::{AuthFailure, Claims};
use delivery::Stream;
use http_api::{Problem, Query, Upgrade, operation};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;
use tokio::time::timeout;

/// Sub-protocol that precedes the token in the client's offer, and that the server selects.
const BEARER: &str = "bearer";
/// Limit of one message of a client, which only sends its token.
const MAX_MESSAGE_BYTES: usize = 8 * 1024;
/// Longest time for a client to send its token, or to accept a message.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);
/// Close code of a stream that a newer stream of the same member replaced. Reconnecting would replace another one.
const CLOSE_CODE_REPLACED: u16 = 4001;
/// Value of `Retry-After` when too many streams are open.
const RETRY_AFTER: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct StreamFilter {
    /// The last notification the client has. Later ones are sent first, oldest first.
    after: Option<NotificationId>,
    /// `true`: every message has a `type`, and changes of your data are sent too.
    changes: Option<bool>,
}

#[derive(Deserialize)]
struct FirstMessage {
    token: String,
}

/// Reason for the end of a stream.
enum StreamEnd {
    /// The client is gone or does not accept messages.
    Gone,
    /// The server closes the stream with this code and reason.
    Close(CloseCode, &'static str),
}
impl From<Closed> for StreamEnd {
    fn from(_: Closed) -> Self {
        Self::Gone
    }
}
impl From<AuthFailure> for StreamEnd {
    fn from(failure: AuthFailure) -> Self {
        match failure {
            AuthFailure::Invalid => Self::Close(CloseCode::Policy, "auth.token_invalid"),
            AuthFailure::Expired => Self::Close(CloseCode::Policy, "auth.token_expired"),
            AuthFailure::SessionEnded => Self::Close(CloseCode::Policy, "auth.session_ended"),
            AuthFailure::Unavailable(_) => Self::Close(CloseCode::Again, "request.unavailable"),
        }
    }
}

impl From<LiveFailure> for StreamEnd {
    fn from(failure: LiveFailure) -> Self {
        match failure {
            LiveFailure::Token(failure) => failure.into(),
            LiveFailure::Replaced => Self::Close(CloseCode::Other(CLOSE_CODE_REPLACED), "notification.stream_replaced"),
            LiveFailure::Unavailable => Self::Close(CloseCode::Again, "request.unavailable"),
        }
    }
}

/// Stream your notifications over a WebSocket, each as a JSON message like in the list.
///
/// The token comes after the sub-protocol `bearer` or in the first message. A member has at most five open streams: a
/// sixth closes the oldest with code 4001. 401 for an invalid token, 426 without an upgrade, 503 at the limit of
/// streams.
///
/// An open stream is closed with code 1008 and the reason `auth.token_expired`, `auth.session_ended` after signing out,
/// or `auth.token_invalid` for a wrong first message.
///
/// With `changes=true`, a notification has `"type": "notification"` beside its fields, and
/// `{"type": "changed", "of": ["wallet", "payout", "booking", "tree", "kyc"]}` names the areas of your data that have
/// changed since the last such message, whether or not you muted their notifications. Changes are not stored and may be
/// lost, so read the data again after you connect.
#[operation]
pub(super) async fn open(
    state: web::Data<NotificationState>,
    request: HttpRequest,
    payload: web::Payload,
    from: Result<Query<StreamFilter>, Problem>,
) -> Result<Upgrade, Problem> {
    let client = match token_from_request(&request) {
        Some(token) => Some(AuthenticatedClient { claims: state.verifier.verify(&token).await?, token }),
        None => None,
    };
    let is_upgrade = request.headers().contains_key(header::UPGRADE);
    if !is_upgrade && client.is_none() {
        return Err(Problem::unauthorized());
    }
    let Query(from) = from?;
    let connection = state.streams.try_admit(client.is_some()).ok_or_else(too_many_streams)?;
    // The selected sub-protocol must have the client's spelling.
    let chosen: Vec<&str> =
        offered_protocols(&request).filter(|offered| offered.eq_ignore_ascii_case(BEARER)).collect();
    let (response, session, messages) = actix_ws::handle_with_protocols(&request, payload, &chosen).map_err(|e| {
        Problem::new(
            StatusCode::UPGRADE_REQUIRED,
            "notification.upgrade_required",
            format!("this route needs a WebSocket upgrade: {e}"),
        )
    })?;
    let messages =
        messages.max_frame_size(MAX_MESSAGE_BYTES).aggregate_continuations().max_continuation_size(MAX_MESSAGE_BYTES);
    rt::spawn(serve(state, connection, session, messages, client, from));
    Ok(Upgrade(response))
}

fn too_many_streams() -> Problem {
    let detail = "too many streams are open; try again shortly";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "notification.too_many_streams", detail);
    problem.with_retry_after(RETRY_AFTER)
}

/// The sub-protocols that the client offers.
fn offered_protocols(request: &HttpRequest) -> impl Iterator<Item = &str> {
    let offers = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).filter_map(|v| v.to_str().ok());
    offers.flat_map(|offer| offer.split(',')).map(str::trim)
}

/// The token in the headers of the request.
fn token_from_request(request: &HttpRequest) -> Option<String> {
    let after_bearer = offered_protocols(request).skip_while(|protocol| !protocol.eq_ignore_ascii_case(BEARER)).nth(1);
    // Without `bearer`, a signed token is recognized by its three parts and its length.
    let token = after_bearer.or_else(|| offered_protocols(request).find(|p| p.split('.').count() == 3 && p.len() > 64));
    if let Some(token) = token {
        return Some(token.to_owned());
    }
    let header = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case(BEARER).then(|| token.trim().to_owned())
}

/// The claims of a verified token, and the token itself.
struct AuthenticatedClient {
    claims: Claims,
    token: String,
}

async fn serve(
    state: web::Data<NotificationState>,
    mut connection: ConnectionPermit,
    mut session: Session,
    mut messages: AggregatedMessageStream,
    client: Option<AuthenticatedClient>,
    filter: StreamFilter,
) {
    let closing = session.clone();
    let end = match authenticate(&state, &mut session, &mut messages, client).await {
        Ok(client) => {
            connection.mark_authenticated();
            match Stream::open(state, session, client, &filter).await {
                Ok(stream) => stream.run(messages).await,
                Err(end) => end,
            }
        }
        Err(end) => end,
    };
    if let StreamEnd::Close(code, why) = end {
        // If the client is gone meanwhile, the close frame is lost.
        let _closed = timeout(CLIENT_TIMEOUT, closing.close(Some((code, why).into()))).await;
    }
}

/// Authenticates the client by the token of the request headers, or else by the token in the first message.
async fn authenticate(
    state: &NotificationState,
    session: &mut Session,
    messages: &mut AggregatedMessageStream,
    client: Option<AuthenticatedClient>,
) -> Result<AuthenticatedClient, StreamEnd> {
    if let Some(client) = client {
        return Ok(client);
    }
    let first = timeout(CLIENT_TIMEOUT, first_text(session, messages)).await;
    let first = first.map_err(|_| StreamEnd::Close(CloseCode::Policy, "no token received"))??;
    let token = match serde_json::from_str::<FirstMessage>(&first) {
        Ok(message) => message.token,
        Err(_) => first.trim().to_owned(),
    };
    Ok(AuthenticatedClient { claims: state.verifier.verify(&token).await?, token })
}

/// Receives the first text message; answers pings and ignores pongs before it.
async fn first_text(session: &mut Session, messages: &mut AggregatedMessageStream) -> Result<String, StreamEnd> {
    while let Some(Ok(message)) = messages.recv().await {
        match message {
            AggregatedMessage::Text(text) => return Ok(text.to_string()),
            AggregatedMessage::Ping(bytes) => session.pong(&bytes).await?,
            AggregatedMessage::Pong(_) => {}
            AggregatedMessage::Binary(_) => {
                return Err(StreamEnd::Close(CloseCode::Unsupported, "a text message is expected"));
            }
            AggregatedMessage::Close(_) => return Err(StreamEnd::Close(CloseCode::Normal, "")),
        }
    }
    Err(StreamEnd::Gone)
}

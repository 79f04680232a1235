//! Handler of `GET /notifications/stream`: live notifications of a member over a WebSocket.
//!
//! A browser cannot set `Authorization` on a WebSocket, so this route is public and verifies the token itself, again
//! and again while the stream is open. The token comes as a sub-protocol (`bearer, <token>`), in `Authorization`, or in
//! the first message. The server never selects the token as the sub-protocol, because proxies and browsers log the
//! selected one.

use super::NotificationView;
use crate::domain::NotificationId;
use crate::domain::feed::Feed;
use crate::store::NotificationRow;
use crate::streams::{ConnectionPermit, Registration, StreamEndCause};
use crate::{NotificationState, store};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, rt, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, Closed, Session};
use auth_token::{AuthFailure, Claims};
use http_api::{Problem, Query, Upgrade, operation};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// Sub-protocol that precedes the token in the client's offer, and that the server selects.
const BEARER: &str = "bearer";
/// Limit of one message of a client, which only sends its token.
const MAX_MESSAGE_BYTES: usize = 8 * 1024;
const PAGE_ROWS: i64 = 100;
/// Longest time for a client to send its token, or to accept a message.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);
/// Interval of polling, for lost signals and for notifications stored by another process.
const FALLBACK_POLL_INTERVAL: Duration = Duration::from_secs(30);
/// Delay of the next poll after a database error.
const RETRY_POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Interval of checking whether the session has ended. The check reads memory only.
const SESSION_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Close code of a stream that a newer stream of the same member replaced. Reconnecting would replace another one.
const CLOSE_CODE_REPLACED: u16 = 4001;
/// Value of `Retry-After` when too many streams are open.
const RETRY_AFTER: Duration = Duration::from_secs(5);
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Time without any message, including pongs, after which the client counts as gone.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct StreamFilter {
    /// The last notification the client has. Later ones are sent first, oldest first.
    after: Option<NotificationId>,
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
            AuthFailure::Unavailable(_) => Self::Close(CloseCode::Again, "request.unavailable"),
        }
    }
}

impl From<StreamEndCause> for StreamEnd {
    fn from(cause: StreamEndCause) -> Self {
        match cause {
            StreamEndCause::SessionEnded => AuthFailure::Invalid.into(),
            StreamEndCause::Replaced => {
                Self::Close(CloseCode::Other(CLOSE_CODE_REPLACED), "notification.stream_replaced")
            }
        }
    }
}

/// Stream your notifications over a WebSocket, each as a JSON message like in the list.
///
/// The token comes after the sub-protocol `bearer` or in the first message. A member has at most five open streams: a
/// sixth closes the oldest with code 4001. 401 for an invalid token, 426 without an upgrade, 503 at the limit of streams.
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
    rt::spawn(serve(state, connection, session, messages, client, from.after));
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
    after: Option<NotificationId>,
) {
    let closing = session.clone();
    let end = match authenticate(&state, &mut session, &mut messages, client).await {
        Ok(AuthenticatedClient { claims, token }) => {
            connection.mark_authenticated();
            let registration = state.streams.register(&claims);
            let feed = Feed::after(after);
            let stream =
                Stream { state, session, token, claims, registration, verified_at: None, poll_failed: false, feed };
            stream.run(messages, after.is_none()).await
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

/// One member's open stream.
struct Stream {
    state: web::Data<NotificationState>,
    session: Session,
    token: String,
    claims: Claims,
    registration: Registration,
    /// When the token was verified last.
    verified_at: Option<Instant>,
    /// Whether the last poll failed with a database error.
    poll_failed: bool,
    feed: Feed,
}

impl Stream {
    async fn run(mut self, mut messages: AggregatedMessageStream, only_new: bool) -> StreamEnd {
        let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return StreamEnd::Close(CloseCode::Error, "request.internal");
        };
        if let Err(end) = self.init_feed(only_new).await {
            return end;
        }
        // The first poll is immediate. Anything stored since the registration has left a signal.
        let mut polls = interval(FALLBACK_POLL_INTERVAL);
        let mut checks = interval(SESSION_CHECK_INTERVAL);
        let mut pings = interval(PING_INTERVAL);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_message_at = Instant::now();
        loop {
            let result = tokio::select! {
                message = messages.recv() => {
                    last_message_at = Instant::now();
                    self.on_message(message).await
                }
                changed = self.registration.wait_for_change() => match changed {
                    Ok(()) => self.send_new().await,
                    Err(cause) => Err(cause.into()),
                },
                _ = polls.tick() => self.send_new().await,
                _ = checks.tick() => self.check_session().await,
                _ = pings.tick() => self.ping(last_message_at).await,
                () = shutdown_requested(&mut terminate, &mut interrupt) => {
                    Err(StreamEnd::Close(CloseCode::Away, "stopping"))
                }
            };
            if let Err(end) = result {
                return end;
            }
            if std::mem::take(&mut self.poll_failed) {
                polls.reset_after(RETRY_POLL_INTERVAL);
            }
        }
    }

    /// Positions the feed after `after`, or after the newest notification if the client gave none (`only_new`). Marks
    /// the notifications that the client has and the next scan would find as shown.
    async fn init_feed(&mut self, only_new: bool) -> Result<(), StreamEnd> {
        let Ok(mut c) = self.state.ctx.db().read().await else {
            return Err(StreamEnd::Close(CloseCode::Again, "request.unavailable"));
        };
        let unavailable = |_| StreamEnd::Close(CloseCode::Again, "request.unavailable");
        if only_new {
            let newest = store::list(&mut c, self.claims.sub, false, None, 1).await.map_err(unavailable)?;
            self.feed = Feed::after(newest.first().map(|row| row.id));
        }
        let Some(start) = self.feed.newest() else { return Ok(()) };
        let mut from = self.feed.scan_start();
        loop {
            let rows = store::list_after(&mut c, self.claims.sub, from, PAGE_ROWS).await.map_err(unavailable)?;
            for row in rows.iter().filter(|row| row.id <= start) {
                self.feed.record_shown(row.id);
            }
            match rows.last() {
                Some(last) if last.id < start => from = last.id,
                _ => return Ok(()),
            }
        }
    }

    /// Errors if the session has ended, also while there is nothing to send.
    async fn check_session(&self) -> Result<(), StreamEnd> {
        if self.state.ctx.now().utc().timestamp() >= self.claims.exp {
            return Err(AuthFailure::Invalid.into());
        }
        self.state.streams.end_revoked(&self.state.ctx).await;
        Ok(self.registration.check_open()?)
    }

    /// Sends all new notifications.
    async fn send_new(&mut self) -> Result<(), StreamEnd> {
        let mut from = self.feed.scan_start();
        loop {
            let Some(rows) = self.fetch_page(from).await else {
                self.poll_failed = true;
                return Ok(());
            };
            let Some(last) = rows.last().map(|row| row.id) else { break };
            from = last;
            // Forces a new verification of the token before this page is sent.
            self.verified_at = None;
            for row in rows {
                if self.feed.record_shown(row.id) {
                    self.check_token().await?;
                    self.send(row).await?;
                }
            }
            // Rows come in ascending order of ids, so memory does not grow with the length of a replay.
            self.feed.trim();
        }
        Ok(())
    }

    /// Reads one page of notifications. Returns `None` on a database error; the next poll reads the same page.
    async fn fetch_page(&self, from: NotificationId) -> Option<Vec<NotificationRow>> {
        let read = async {
            Ok::<_, db::DbError>(
                store::list_after(&mut *self.state.ctx.db().read().await?, self.claims.sub, from, PAGE_ROWS).await?,
            )
        };
        match read.await {
            Ok(rows) => Some(rows),
            Err(error) => {
                tracing::warn!(%error, "notifications of a stream could not be read");
                None
            }
        }
    }

    async fn send(&mut self, row: NotificationRow) -> Result<(), StreamEnd> {
        let text = serde_json::to_string(&NotificationView::from(row))
            .map_err(|_| StreamEnd::Close(CloseCode::Error, "request.internal"))?;
        // The queue of the socket is short. A slow client is dropped and may reconnect with `after`.
        timeout(CLIENT_TIMEOUT, self.session.text(text)).await.map_err(|_| StreamEnd::Gone)??;
        Ok(())
    }

    /// Verifies the token, at most once in [`SESSION_CHECK_INTERVAL`].
    async fn check_token(&mut self) -> Result<(), StreamEnd> {
        self.registration.check_open()?;
        if self.verified_at.is_none_or(|at| at.elapsed() >= SESSION_CHECK_INTERVAL) {
            self.state.verifier.verify(&self.token).await?;
            self.verified_at = Some(Instant::now());
        }
        Ok(())
    }

    async fn ping(&mut self, last_message_at: Instant) -> Result<(), StreamEnd> {
        if last_message_at.elapsed() > IDLE_TIMEOUT {
            return Err(StreamEnd::Gone);
        }
        self.check_token().await?;
        timeout(CLIENT_TIMEOUT, self.session.ping(b"")).await.map_err(|_| StreamEnd::Gone)??;
        Ok(())
    }

    async fn on_message(
        &mut self,
        message: Option<Result<AggregatedMessage, actix_ws::ProtocolError>>,
    ) -> Result<(), StreamEnd> {
        match message {
            None => Err(StreamEnd::Gone),
            Some(Err(_)) => Err(StreamEnd::Close(CloseCode::Protocol, "protocol error")),
            Some(Ok(AggregatedMessage::Close(_))) => Err(StreamEnd::Close(CloseCode::Normal, "")),
            Some(Ok(AggregatedMessage::Ping(bytes))) => {
                // A client that sends pings without reading the pongs is dropped.
                Ok(timeout(CLIENT_TIMEOUT, self.session.pong(&bytes)).await.map_err(|_| StreamEnd::Gone)??)
            }
            Some(Ok(AggregatedMessage::Text(_) | AggregatedMessage::Binary(_) | AggregatedMessage::Pong(_))) => Ok(()),
        }
    }
}

async fn shutdown_requested(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

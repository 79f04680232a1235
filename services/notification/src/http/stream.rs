//! `GET /notifications/stream`: a member's notifications as they come, over a WebSocket.
//!
//! A browser cannot set `Authorization` on a WebSocket, so the guard does not stand before this route. The
//! token comes as a sub-protocol (`bearer, <token>`), in `Authorization`, or in the first message, and is checked here,
//! again and again for as long as the stream is open. The token itself is never the sub-protocol that is chosen: proxies
//! and browsers log that one.

use super::View;
use crate::domain::NotificationId;
use crate::domain::feed::Feed;
use crate::store::Row;
use crate::streams::{Connection, EndCause, Registration};
use crate::{Notification, store};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, rt, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, Closed, Session};
use chassis::auth::{AuthFailure, Claims};
use chassis::http::{Problem, Query};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// The sub-protocol that is chosen when the token is the one after it.
const BEARER: &str = "bearer";
/// A client has nothing to say but its token.
const MOST_BYTES: usize = 8 * 1024;
const PAGE: i64 = 100;
/// How long a client may take to send its token, or to take a message.
const PATIENCE: Duration = Duration::from_secs(10);
/// A signal may be lost, or another process may have written: looked for this often.
const FALLBACK_POLL_INTERVAL: Duration = Duration::from_secs(30);
/// The database did not answer: looked again after this.
const RETRY_POLL_AFTER: Duration = Duration::from_secs(2);
/// How often a stream asks whether its session has ended: a question to memory.
const SESSION_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Close code of a stream that made room for a newer one of the same member: opening it again would end another.
const REPLACED: u16 = 4001;
/// Before another try when there are too many streams.
const RETRY_AFTER: Duration = Duration::from_secs(5);
const PING_EVERY: Duration = Duration::from_secs(20);
/// Nothing was heard for so long, pongs included: the client is gone.
const SILENT_AFTER: Duration = Duration::from_secs(50);

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Position {
    /// The last notification the client has: what came after it is sent first, oldest first.
    after: Option<NotificationId>,
}

#[derive(Deserialize)]
struct FirstMessage {
    token: String,
}

/// Why a stream ends.
enum End {
    /// The client is gone, or does not take what it is sent.
    Gone,
    Close(CloseCode, &'static str),
}
impl From<Closed> for End {
    fn from(_: Closed) -> Self {
        Self::Gone
    }
}
impl From<AuthFailure> for End {
    fn from(failure: AuthFailure) -> Self {
        match failure {
            AuthFailure::Invalid => Self::Close(CloseCode::Policy, "auth.token_invalid"),
            AuthFailure::Unavailable(_) => Self::Close(CloseCode::Again, "request.unavailable"),
        }
    }
}

impl From<EndCause> for End {
    fn from(cause: EndCause) -> Self {
        match cause {
            EndCause::SessionEnded => AuthFailure::Invalid.into(),
            EndCause::Replaced => Self::Close(CloseCode::Other(REPLACED), "notification.stream_replaced"),
        }
    }
}

pub(super) async fn open(
    app: web::Data<Notification>,
    request: HttpRequest,
    payload: web::Payload,
    from: Result<Query<Position>, Problem>,
) -> Result<HttpResponse, Problem> {
    let known = match offered(&request) {
        Some(token) => Some(Introduced { claims: app.ctx.verifier().verify(&token).await?, token }),
        None => None,
    };
    let is_upgrade = request.headers().contains_key(header::UPGRADE);
    if !is_upgrade && known.is_none() {
        return Err(Problem::unauthorized());
    }
    let Query(from) = from?;
    let connection = app.streams.admit(known.is_some()).ok_or_else(too_many_streams)?;
    // As the client wrote it.
    let chosen: Vec<&str> = protocols(&request).filter(|offered| offered.eq_ignore_ascii_case(BEARER)).collect();
    let (response, session, messages) = actix_ws::handle_with_protocols(&request, payload, &chosen).map_err(|e| {
        Problem::new(StatusCode::UPGRADE_REQUIRED, "notification.upgrade_required", format!("this is a WebSocket: {e}"))
    })?;
    let messages = messages.max_frame_size(MOST_BYTES).aggregate_continuations().max_continuation_size(MOST_BYTES);
    rt::spawn(serve(app, connection, session, messages, known, from.after));
    Ok(response)
}

fn too_many_streams() -> Problem {
    let detail = "too many streams are open; try again shortly";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "notification.too_many_streams", detail);
    problem.with_retry_after(RETRY_AFTER)
}

/// The sub-protocols that the client offers.
fn protocols(request: &HttpRequest) -> impl Iterator<Item = &str> {
    let offers = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).filter_map(|v| v.to_str().ok());
    offers.flat_map(|offer| offer.split(',')).map(str::trim)
}

/// The token in the request's head.
fn offered(request: &HttpRequest) -> Option<String> {
    let after_bearer = protocols(request).skip_while(|protocol| !protocol.eq_ignore_ascii_case(BEARER)).nth(1);
    // A signed token, and nothing else that is a sub-protocol, has three parts.
    let token = after_bearer.or_else(|| protocols(request).find(|p| p.split('.').count() == 3 && p.len() > 64));
    if let Some(token) = token {
        return Some(token.to_owned());
    }
    let header = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case(BEARER).then(|| token.trim().to_owned())
}

/// Who a stream is for, and the token that says so.
struct Introduced {
    claims: Claims,
    token: String,
}

async fn serve(
    app: web::Data<Notification>,
    mut connection: Connection,
    mut session: Session,
    mut messages: AggregatedMessageStream,
    known: Option<Introduced>,
    after: Option<NotificationId>,
) {
    let closing = session.clone();
    let end = match introduced(&app, &mut session, &mut messages, known).await {
        Ok(Introduced { claims, token }) => {
            connection.identified();
            let registration = app.streams.register(&claims);
            let feed = Feed::after(after);
            let stream =
                Stream { app, session, token, claims, registration, checked_at: None, look_failed: false, feed };
            stream.run(messages, after.is_none()).await
        }
        Err(end) => end,
    };
    if let End::Close(code, why) = end {
        // A client that is gone by now needs no telling.
        let _told = timeout(PATIENCE, closing.close(Some((code, why).into()))).await;
    }
}

/// Who the stream is for: known from the request's head, or from the first message.
async fn introduced(
    app: &Notification,
    session: &mut Session,
    messages: &mut AggregatedMessageStream,
    known: Option<Introduced>,
) -> Result<Introduced, End> {
    if let Some(known) = known {
        return Ok(known);
    }
    let first = timeout(PATIENCE, first_text(session, messages)).await;
    let first = first.map_err(|_| End::Close(CloseCode::Policy, "no token came"))??;
    let token = match serde_json::from_str::<FirstMessage>(&first) {
        Ok(message) => message.token,
        Err(_) => first.trim().to_owned(),
    };
    Ok(Introduced { claims: app.ctx.verifier().verify(&token).await?, token })
}

async fn first_text(session: &mut Session, messages: &mut AggregatedMessageStream) -> Result<String, End> {
    while let Some(Ok(message)) = messages.recv().await {
        match message {
            AggregatedMessage::Text(text) => return Ok(text.to_string()),
            AggregatedMessage::Ping(bytes) => session.pong(&bytes).await?,
            AggregatedMessage::Pong(_) => {}
            AggregatedMessage::Binary(_) => return Err(End::Close(CloseCode::Unsupported, "text is expected")),
            AggregatedMessage::Close(_) => return Err(End::Close(CloseCode::Normal, "")),
        }
    }
    Err(End::Gone)
}

/// One member's open stream.
struct Stream {
    app: web::Data<Notification>,
    session: Session,
    token: String,
    claims: Claims,
    registration: Registration,
    /// When the token was verified last.
    checked_at: Option<Instant>,
    /// The database did not answer.
    look_failed: bool,
    feed: Feed,
}

impl Stream {
    async fn run(mut self, mut messages: AggregatedMessageStream, from_now: bool) -> End {
        let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return End::Close(CloseCode::Error, "request.internal");
        };
        if let Err(end) = self.begin(from_now).await {
            return end;
        }
        // The first look is at once; what is stored between it and the registration has left a signal.
        let mut looks = interval(FALLBACK_POLL_INTERVAL);
        let mut checks = interval(SESSION_CHECK_INTERVAL);
        let mut pings = interval(PING_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard_at = Instant::now();
        loop {
            let step = tokio::select! {
                message = messages.recv() => {
                    heard_at = Instant::now();
                    self.hear(message).await
                }
                changed = self.registration.changed() => match changed {
                    Ok(()) => self.look().await,
                    Err(cause) => Err(cause.into()),
                },
                _ = looks.tick() => self.look().await,
                _ = checks.tick() => self.check_session().await,
                _ = pings.tick() => self.ping(heard_at).await,
                () = told_to_stop(&mut terminate, &mut interrupt) => Err(End::Close(CloseCode::Away, "stopping")),
            };
            if let Err(end) = step {
                return end;
            }
            if std::mem::take(&mut self.look_failed) {
                looks.reset_after(RETRY_POLL_AFTER);
            }
        }
    }

    /// Without `after`, what is there already was to be had from the list.
    async fn begin(&mut self, from_now: bool) -> Result<(), End> {
        let Ok(mut c) = self.app.ctx.db().read().await else {
            return Err(End::Close(CloseCode::Again, "request.unavailable"));
        };
        let unavailable = |_| End::Close(CloseCode::Again, "request.unavailable");
        if from_now {
            let newest = store::list(&mut c, self.claims.sub, false, None, 1).await.map_err(unavailable)?;
            self.feed = Feed::after(newest.first().map(|row| row.id));
        }
        let Some(start) = self.feed.newest() else { return Ok(()) };
        // What a look would find again though the client has it.
        let mut from = self.feed.from();
        loop {
            let rows = store::after(&mut c, self.claims.sub, from, PAGE).await.map_err(unavailable)?;
            for row in rows.iter().filter(|row| row.id <= start) {
                self.feed.admits(row.id);
            }
            match rows.last() {
                Some(last) if last.id < start => from = last.id,
                _ => return Ok(()),
            }
        }
    }

    /// Ends a stream whose session has ended though there is nothing to show.
    async fn check_session(&self) -> Result<(), End> {
        if self.app.ctx.now().utc().timestamp() >= self.claims.exp {
            return Err(AuthFailure::Invalid.into());
        }
        self.app.streams.end_revoked(&self.app.ctx).await;
        Ok(self.registration.ended()?)
    }

    /// Sends what is new.
    async fn look(&mut self) -> Result<(), End> {
        let mut from = self.feed.from();
        loop {
            let Some(rows) = self.rows(from).await else {
                self.look_failed = true;
                return Ok(());
            };
            let Some(last) = rows.last().map(|row| row.id) else { break };
            from = last;
            // Nothing is shown to a session that has ended since the look before.
            self.checked_at = None;
            for row in rows {
                if self.feed.admits(row.id) {
                    self.still_may().await?;
                    self.send(row).await?;
                }
            }
            // Rows come in the order of their ids, so a long replay keeps no more in memory than a short one.
            self.feed.trim();
        }
        Ok(())
    }

    /// None while the database does not answer: the next look finds the same.
    async fn rows(&self, from: NotificationId) -> Option<Vec<Row>> {
        let read = async {
            Ok::<_, db::DbError>(
                store::after(&mut *self.app.ctx.db().read().await?, self.claims.sub, from, PAGE).await?,
            )
        };
        match read.await {
            Ok(rows) => Some(rows),
            Err(error) => {
                tracing::warn!(%error, "a stream could not look for notifications");
                None
            }
        }
    }

    async fn send(&mut self, row: Row) -> Result<(), End> {
        let text =
            serde_json::to_string(&View::from(row)).map_err(|_| End::Close(CloseCode::Error, "request.internal"))?;
        // The queue behind the socket is short; whoever does not read it may come back with `after`.
        timeout(PATIENCE, self.session.text(text)).await.map_err(|_| End::Gone)??;
        Ok(())
    }

    /// Verifies the token, unless that was done a moment ago.
    async fn still_may(&mut self) -> Result<(), End> {
        self.registration.ended()?;
        if self.checked_at.is_none_or(|at| at.elapsed() >= SESSION_CHECK_INTERVAL) {
            self.app.ctx.verifier().verify(&self.token).await?;
            self.checked_at = Some(Instant::now());
        }
        Ok(())
    }

    async fn ping(&mut self, heard_at: Instant) -> Result<(), End> {
        if heard_at.elapsed() > SILENT_AFTER {
            return Err(End::Gone);
        }
        self.still_may().await?;
        timeout(PATIENCE, self.session.ping(b"")).await.map_err(|_| End::Gone)??;
        Ok(())
    }

    async fn hear(&mut self, message: Option<Result<AggregatedMessage, actix_ws::ProtocolError>>) -> Result<(), End> {
        match message {
            None => Err(End::Gone),
            Some(Err(_)) => Err(End::Close(CloseCode::Protocol, "not understood")),
            Some(Ok(AggregatedMessage::Close(_))) => Err(End::Close(CloseCode::Normal, "")),
            Some(Ok(AggregatedMessage::Ping(bytes))) => {
                // Whoever asks without reading the answers is not waited for.
                Ok(timeout(PATIENCE, self.session.pong(&bytes)).await.map_err(|_| End::Gone)??)
            }
            Some(Ok(AggregatedMessage::Text(_) | AggregatedMessage::Binary(_) | AggregatedMessage::Pong(_))) => Ok(()),
        }
    }
}

async fn told_to_stop(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

//! `GET /notifications/stream`: a member's notifications as they come, over a WebSocket.
//!
//! A browser cannot set `Authorization` on a WebSocket, so the guard does not stand before this route. The
//! token comes as a sub-protocol (`bearer, <token>`, or the token alone), in `Authorization`, or in the first
//! message, and is checked here, again and again for as long as the stream is open.

use super::View;
use crate::domain::NotificationId;
use crate::domain::feed::Feed;
use crate::store::Row;
use crate::{Notification, store};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, rt, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, Closed, Session};
use chassis::auth::AuthFailure;
use chassis::http::{Problem, Query};
use domain::UserId;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// The sub-protocol that is chosen when the token is the one after it.
const BEARER: &str = "bearer";
/// A client has nothing to say but its token.
const MOST_BYTES: usize = 8 * 1024;
const PAGE: i64 = 100;
/// How long a client may take to send its token, or to take a message.
const PATIENCE: Duration = Duration::from_secs(10);
/// Another process may have written: looked for this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);
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

pub(super) async fn open(
    app: web::Data<Notification>,
    request: HttpRequest,
    payload: web::Payload,
    from: Result<Query<Position>, Problem>,
) -> Result<HttpResponse, Problem> {
    let offer = offered(&request);
    let user = match &offer {
        Some((token, _)) => Some(app.ctx.verifier().verify(token).await?.sub),
        None => None,
    };
    let is_upgrade = request.headers().contains_key(header::UPGRADE);
    if !is_upgrade && user.is_none() {
        return Err(Problem::unauthorized());
    }
    let Query(from) = from?;
    let chosen: Vec<&str> = offer.iter().filter_map(|(_, protocol)| protocol.as_deref()).collect();
    let (response, session, messages) = actix_ws::handle_with_protocols(&request, payload, &chosen).map_err(|e| {
        Problem::new(StatusCode::UPGRADE_REQUIRED, "notification.upgrade_required", format!("this is a WebSocket: {e}"))
    })?;
    let messages = messages.max_frame_size(MOST_BYTES).aggregate_continuations().max_continuation_size(MOST_BYTES);
    let known = offer.map(|(token, _)| token).zip(user);
    rt::spawn(serve(app, session, messages, known, from.after));
    Ok(response)
}

/// The token in the request's head, and the sub-protocol to choose.
fn offered(request: &HttpRequest) -> Option<(String, Option<String>)> {
    let protocols: Vec<&str> = request
        .headers()
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .map(str::trim)
        .collect();
    if let Some((before, token)) =
        protocols.iter().zip(protocols.iter().skip(1)).find(|(p, _)| p.eq_ignore_ascii_case(BEARER))
    {
        return Some(((*token).to_owned(), Some((*before).to_owned())));
    }
    // A signed token, and nothing else that is a sub-protocol, has three parts.
    if let Some(token) = protocols.iter().find(|p| p.split('.').count() == 3 && p.len() > 64) {
        return Some(((*token).to_owned(), Some((*token).to_owned())));
    }
    let header = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case(BEARER).then(|| (token.trim().to_owned(), None))
}

async fn serve(
    app: web::Data<Notification>,
    mut session: Session,
    mut messages: AggregatedMessageStream,
    known: Option<(String, UserId)>,
    after: Option<NotificationId>,
) {
    let closing = session.clone();
    let end = match introduced(&app, &mut session, &mut messages, known).await {
        Ok((token, user)) => {
            let stream = Stream { app, session, token, user, feed: Feed::after(after) };
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
    known: Option<(String, UserId)>,
) -> Result<(String, UserId), End> {
    if let Some(known) = known {
        return Ok(known);
    }
    let first = timeout(PATIENCE, first_text(session, messages)).await;
    let first = first.map_err(|_| End::Close(CloseCode::Policy, "no token came"))??;
    let token = match serde_json::from_str::<FirstMessage>(&first) {
        Ok(message) => message.token,
        Err(_) => first.trim().to_owned(),
    };
    let user = app.ctx.verifier().verify(&token).await?.sub;
    Ok((token, user))
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
    user: UserId,
    feed: Feed,
}

impl Stream {
    async fn run(mut self, mut messages: AggregatedMessageStream, from_now: bool) -> End {
        // Heard from the start, so that nothing slips between the first look and the first waking.
        let mut bell = self.app.bell.listen();
        let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return End::Close(CloseCode::Error, "request.internal");
        };
        if let Err(end) = self.begin(from_now).await {
            return end;
        }
        let mut looks = interval(LOOK_EVERY);
        let mut pings = interval(PING_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard_at = Instant::now();
        loop {
            let step = tokio::select! {
                message = messages.recv() => {
                    heard_at = Instant::now();
                    self.hear(message).await
                }
                woken = bell.recv() => match woken {
                    Ok(user) if user != self.user => Ok(()),
                    Ok(_) | Err(RecvError::Lagged(_)) => self.look().await,
                    Err(RecvError::Closed) => Err(End::Close(CloseCode::Away, "stopping")),
                },
                _ = looks.tick() => self.look_again().await,
                _ = pings.tick() => self.ping(heard_at).await,
                () = told_to_stop(&mut terminate, &mut interrupt) => Err(End::Close(CloseCode::Away, "stopping")),
            };
            if let Err(end) = step {
                return end;
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
            let newest = store::list(&mut c, self.user, false, None, 1).await.map_err(unavailable)?;
            self.feed = Feed::after(newest.first().map(|row| row.id));
        }
        let Some(start) = self.feed.newest() else { return Ok(()) };
        // What a look would find again though the client has it.
        let mut from = self.feed.from();
        loop {
            let rows = store::after(&mut c, self.user, from, PAGE).await.map_err(unavailable)?;
            for row in rows.iter().filter(|row| row.id <= start) {
                self.feed.admits(row.id);
            }
            match rows.last() {
                Some(last) if last.id < start => from = last.id,
                _ => return Ok(()),
            }
        }
    }

    /// Looks without having been woken, and lets go of a session that has ended though there is nothing to show.
    async fn look_again(&mut self) -> Result<(), End> {
        if let Err(ended @ AuthFailure::Invalid) = self.app.ctx.verifier().verify(&self.token).await {
            return Err(ended.into());
        }
        self.look().await
    }

    /// Sends what is new.
    async fn look(&mut self) -> Result<(), End> {
        let mut from = self.feed.from();
        loop {
            let Some(rows) = self.rows(from).await else { return Ok(()) };
            let Some(last) = rows.last().map(|row| row.id) else { break };
            from = last;
            for row in rows {
                if self.feed.admits(row.id) {
                    // Nothing is shown to a session that has ended since the look before.
                    self.still_may().await?;
                    self.send(row).await?;
                }
            }
        }
        self.feed.trim();
        Ok(())
    }

    /// None while the database does not answer: the next look finds the same.
    async fn rows(&self, from: NotificationId) -> Option<Vec<Row>> {
        let read = async {
            Ok::<_, db::DbError>(store::after(&mut *self.app.ctx.db().read().await?, self.user, from, PAGE).await?)
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

    async fn still_may(&self) -> Result<(), End> {
        Ok(self.app.ctx.verifier().verify(&self.token).await.map(drop)?)
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
            Some(Ok(AggregatedMessage::Ping(bytes))) => Ok(self.session.pong(&bytes).await?),
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

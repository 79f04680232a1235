//! One open stream of a member: what it sends, and what ends it.

use super::{AuthenticatedClient, CLIENT_TIMEOUT, StreamEnd, StreamFilter};
use crate::NotificationState;
use crate::domain::feed::Feed;
use crate::domain::{Area, NotificationId};
use crate::http::NotificationView;
use crate::signal::MemberSignal;
use crate::store::notifications::{self, NotificationRow};
use crate::streams::Registration;
use actix_web::web;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, Session};
use auth_token::{AuthFailure, Claims};
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

const PAGE_ROWS: i64 = 100;
/// Interval of polling, for lost signals and for notifications stored by another process.
const FALLBACK_POLL_INTERVAL: Duration = Duration::from_secs(30);
/// Delay of the next poll after a database error.
const RETRY_POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Interval of checking whether the session has ended. The check reads memory only.
const SESSION_CHECK_INTERVAL: Duration = Duration::from_secs(1);
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Time without any message, including pongs, after which the client counts as gone.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// A message of a stream that reports changes.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum TypedMessage {
    Notification(NotificationView),
    Changed { of: BTreeSet<Area> },
}

/// One member's open stream.
pub(super) struct Stream {
    state: web::Data<NotificationState>,
    session: Session,
    token: String,
    claims: Claims,
    registration: Registration,
    /// Whether messages have a type and changes are sent too.
    with_changes: bool,
    /// When the token was verified last.
    verified_at: Option<Instant>,
    /// Whether the last poll failed with a database error.
    poll_failed: bool,
    feed: Feed,
}

impl Stream {
    /// Registers a stream of the client.
    pub(super) fn new(
        state: web::Data<NotificationState>,
        session: Session,
        client: AuthenticatedClient,
        filter: &StreamFilter,
    ) -> Self {
        let AuthenticatedClient { claims, token } = client;
        let with_changes = filter.changes.unwrap_or(false);
        let registration = state.streams.register(&claims, with_changes);
        let feed = Feed::after(filter.after);
        Self { state, session, token, claims, registration, with_changes, verified_at: None, poll_failed: false, feed }
    }

    /// Serves the stream until it ends. `only_new`: the client gave no position.
    pub(super) async fn run(mut self, mut messages: AggregatedMessageStream, only_new: bool) -> StreamEnd {
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
                    Ok(signal) => self.on_signal(signal).await,
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
            let newest = notifications::list(&mut c, self.claims.sub, false, None, 1).await.map_err(unavailable)?;
            self.feed = Feed::after(newest.first().map(|row| row.id));
        }
        let Some(start) = self.feed.newest() else { return Ok(()) };
        let mut from = self.feed.scan_start();
        loop {
            let rows =
                notifications::list_after(&mut c, self.claims.sub, from, PAGE_ROWS).await.map_err(unavailable)?;
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
            return Err(AuthFailure::Expired.into());
        }
        self.state.streams.end_revoked(&self.state.ctx).await;
        Ok(self.registration.check_open()?)
    }

    /// Sends what the signal announces.
    async fn on_signal(&mut self, signal: MemberSignal) -> Result<(), StreamEnd> {
        // Forces a new verification of the token before anything is sent.
        self.verified_at = None;
        if signal.has_notifications {
            self.send_new().await?;
        }
        if signal.changed.is_empty() {
            return Ok(());
        }
        self.check_token().await?;
        self.send(&TypedMessage::Changed { of: signal.changed }).await
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
                    self.send_notification(row).await?;
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
                notifications::list_after(&mut *self.state.ctx.db().read().await?, self.claims.sub, from, PAGE_ROWS)
                    .await?,
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

    async fn send_notification(&mut self, row: NotificationRow) -> Result<(), StreamEnd> {
        let view = NotificationView::from(row);
        if self.with_changes { self.send(&TypedMessage::Notification(view)).await } else { self.send(&view).await }
    }

    async fn send(&mut self, message: &impl Serialize) -> Result<(), StreamEnd> {
        let text =
            serde_json::to_string(message).map_err(|_| StreamEnd::Close(CloseCode::Error, "request.internal"))?;
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

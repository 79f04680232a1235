//! One open stream of a member: its connection, and what ends it.

use super::{AuthenticatedClient, CLIENT_TIMEOUT, StreamEnd, StreamFilter};
use crate::NotificationState;
use crate::domain::Area;
use crate::http::NotificationView;
use crate::http::live::{self, Listener, LiveEvent, LiveEvents};
use actix_web::web;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, Session};
use futures_util::StreamExt;
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

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
    /// Whether messages have a type and changes are sent too.
    with_changes: bool,
    events: LiveEvents,
}

impl Stream {
    /// Registers a stream of the client.
    pub(super) async fn open(
        state: web::Data<NotificationState>,
        session: Session,
        client: AuthenticatedClient,
        filter: &StreamFilter,
    ) -> Result<Self, StreamEnd> {
        let AuthenticatedClient { claims, token } = client;
        let with_changes = filter.changes.unwrap_or(false);
        let listener =
            Listener { user: claims.sub, session: claims.sid, expires_at_secs: claims.exp, token: token.clone() };
        let events = live::open(state.clone(), listener, filter.after, with_changes).await?;
        Ok(Self { state, session, token, with_changes, events })
    }

    /// Serves the stream until it ends.
    pub(super) async fn run(mut self, mut messages: AggregatedMessageStream) -> StreamEnd {
        let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return StreamEnd::Close(CloseCode::Error, "request.internal");
        };
        let mut pings = interval(PING_INTERVAL);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_message_at = Instant::now();
        loop {
            let result = tokio::select! {
                message = messages.recv() => {
                    last_message_at = Instant::now();
                    self.on_message(message).await
                }
                event = self.events.next() => match event {
                    Some(Ok(event)) => self.on_event(event).await,
                    Some(Err(failure)) => Err(failure.into()),
                    None => Err(StreamEnd::Gone),
                },
                _ = pings.tick() => self.ping(last_message_at).await,
                () = shutdown_requested(&mut terminate, &mut interrupt) => {
                    Err(StreamEnd::Close(CloseCode::Away, "stopping"))
                }
            };
            if let Err(end) = result {
                return end;
            }
        }
    }

    async fn on_event(&mut self, event: LiveEvent) -> Result<(), StreamEnd> {
        match event {
            LiveEvent::Notification(row) if self.with_changes => {
                self.send(&TypedMessage::Notification(row.into())).await
            }
            LiveEvent::Notification(row) => self.send(&NotificationView::from(row)).await,
            LiveEvent::Changed(of) => self.send(&TypedMessage::Changed { of }).await,
        }
    }

    async fn send(&mut self, message: &impl Serialize) -> Result<(), StreamEnd> {
        let text =
            serde_json::to_string(message).map_err(|_| StreamEnd::Close(CloseCode::Error, "request.internal"))?;
        // The queue of the socket is short. A slow client is dropped and may reconnect with `after`.
        timeout(CLIENT_TIMEOUT, self.session.text(text)).await.map_err(|_| StreamEnd::Gone)??;
        Ok(())
    }

    async fn ping(&mut self, last_message_at: Instant) -> Result<(), StreamEnd> {
        if last_message_at.elapsed() > IDLE_TIMEOUT {
            return Err(StreamEnd::Gone);
        }
        self.state.verifier.verify(&self.token).await?;
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

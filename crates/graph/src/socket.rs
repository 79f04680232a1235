//! Connections of subscriptions: the protocol `graphql-transport-ws` over a WebSocket.
//!
//! A browser cannot set `Authorization` on a WebSocket, so the token may come in the first message. It is verified then,
//! at the begin of each subscription and at each ping; a source verifies it besides. A response is asked for when the
//! client has accepted the one before, so nothing is queued for a client that does not read.

mod operations;
mod protocol;

use crate::call::problem_error;
use crate::graph::Graph;
use crate::live::{ConnectionPermit, Ending};
use crate::request::{GraphInput, Transport, answer_of};
use crate::resolve::Session as QuerySession;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, rt, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseReason, Closed, Session};
use async_graphql::{Error, Response};
use futures_util::stream::StreamExt;
use http_api::middleware::{Origin, request_origin};
use http_api::{Authenticator, Caller, Problem};
use operations::{MAX_OPERATIONS, Operation, Operations, Yield};
use protocol::{ClientMessage, Close, SUB_PROTOCOL, ServerMessage};
use serde_json::Value;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// Limit of one message of a client: a query with its variables.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Longest time for a client to send `connection_init`.
const INIT_WAIT: Duration = Duration::from_secs(5);
/// Longest time for a client to accept a message.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Time without any message, including pongs, after which the client counts as gone.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// Value of `Retry-After` when too many connections are open.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Why a connection ends.
enum End {
    /// The client is gone or does not accept messages.
    Gone,
    /// The client has closed it.
    ByClient,
    Close(Close),
}

impl From<Closed> for End {
    fn from(_: Closed) -> Self {
        Self::Gone
    }
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

/// Opens a connection. 503 at the limit of connections.
pub(crate) async fn open(
    graph: web::Data<Graph>,
    authenticator: web::Data<dyn Authenticator>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let permit = graph.admit().ok_or_else(too_many_connections)?;
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(protocol::bearer).map(str::to_owned);
    let offers = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    let is_spoken = offers.flat_map(|offer| offer.split(',')).any(|offered| offered.trim() == SUB_PROTOCOL);
    let (response, session, messages) = actix_ws::handle_with_protocols(&request, payload, &[SUB_PROTOCOL])
        .map_err(|e| Problem::bad_request("request.malformed", format!("this is no WebSocket upgrade: {e}")))?;
    let messages =
        messages.max_frame_size(MAX_MESSAGE_BYTES).aggregate_continuations().max_continuation_size(MAX_MESSAGE_BYTES);
    let origin = request_origin(&request);
    let connection = Connection { graph, authenticator, session, origin, last_message_at: Instant::now() };
    rt::spawn(connection.serve(permit, messages, token, is_spoken));
    Ok(response)
}

fn too_many_connections() -> Problem {
    let detail = "too many connections are open; try again shortly";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "graph.too_many_connections", detail);
    problem.with_retry_after(RETRY_AFTER)
}

/// One open connection.
struct Connection {
    graph: web::Data<Graph>,
    authenticator: web::Data<dyn Authenticator>,
    session: Session,
    origin: Origin,
    last_message_at: Instant,
}

impl Connection {
    async fn serve(
        mut self,
        permit: Box<dyn ConnectionPermit>,
        messages: AggregatedMessageStream,
        token: Option<String>,
        is_spoken: bool,
    ) {
        let closing = self.session.clone();
        let end = match is_spoken {
            true => self.run(permit, messages, token).await,
            false => End::Close(protocol::NO_SUB_PROTOCOL),
        };
        let reason: Option<CloseReason> = match end {
            End::Gone => return,
            End::ByClient => None,
            End::Close((code, reason)) => Some((code.into(), reason).into()),
        };
        // If the client is gone meanwhile, the close frame is lost.
        let _closed = timeout(CLIENT_TIMEOUT, closing.close(reason)).await;
    }

    /// Serves the connection until it ends. `permit` counts it, and `header_token` is the token of the upgrade.
    async fn run(
        &mut self,
        mut permit: Box<dyn ConnectionPermit>,
        mut messages: AggregatedMessageStream,
        header_token: Option<String>,
    ) -> End {
        let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return End::Close((1011, "request.internal"));
        };
        let token = match timeout(INIT_WAIT, self.authenticated(&mut messages, header_token)).await {
            Ok(Ok(token)) => token,
            Ok(Err(end)) => return end,
            Err(_) => return End::Close(protocol::INIT_TIMEOUT),
        };
        permit.mark_authenticated();
        if let Err(end) = self.send(&ServerMessage::ConnectionAck).await {
            return end;
        }
        let mut operations = Operations::new();
        let mut pings = interval(PING_INTERVAL);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let result = tokio::select! {
                message = self.next_message(&mut messages) => match message {
                    Ok(message) => self.on_message(message, &mut operations, &token).await,
                    Err(end) => Err(end),
                },
                yielded = operations.next() => self.on_yield(yielded, &mut operations).await,
                _ = pings.tick() => self.ping(&token).await,
                () = shutdown_requested(&mut terminate, &mut interrupt) => Err(protocol::STOPPING.into()),
            };
            if let Err(end) = result {
                return end;
            }
        }
    }

    /// Waits for `connection_init`, and returns its verified token.
    async fn authenticated(
        &mut self,
        messages: &mut AggregatedMessageStream,
        header_token: Option<String>,
    ) -> Result<String, End> {
        loop {
            match self.next_message(messages).await? {
                ClientMessage::ConnectionInit { payload } => {
                    let token = protocol::token_of(payload.as_ref()).or(header_token);
                    let token = token.ok_or(protocol::UNAUTHORIZED)?;
                    self.authenticate(&token).await?;
                    return Ok(token);
                }
                ClientMessage::Ping {} => self.send(&ServerMessage::Pong).await?,
                ClientMessage::Pong {} => {}
                ClientMessage::Subscribe { .. } | ClientMessage::Complete { .. } => {
                    return Err(protocol::UNAUTHORIZED.into());
                }
            }
        }
    }

    async fn authenticate(&self, token: &str) -> Result<Caller, End> {
        let verified = self.authenticator.authenticate(token, self.origin.clone()).await;
        verified.map_err(|problem| match problem.status {
            StatusCode::UNAUTHORIZED => protocol::FORBIDDEN.into(),
            _ => protocol::AGAIN.into(),
        })
    }

    /// The next message of the protocol, with the time of the last frame of any kind.
    async fn next_message(&mut self, messages: &mut AggregatedMessageStream) -> Result<ClientMessage, End> {
        loop {
            let frame = messages.recv().await;
            self.last_message_at = Instant::now();
            if let Some(message) = on_frame(&mut self.session, frame).await? {
                return Ok(message);
            }
        }
    }

    async fn on_message(
        &mut self,
        message: ClientMessage,
        operations: &mut Operations,
        token: &str,
    ) -> Result<(), End> {
        match message {
            ClientMessage::ConnectionInit { .. } => Err(protocol::SECOND_INIT.into()),
            ClientMessage::Ping {} => self.send(&ServerMessage::Pong).await,
            ClientMessage::Pong {} => Ok(()),
            ClientMessage::Complete { id } => {
                operations.remove(&id);
                Ok(())
            }
            ClientMessage::Subscribe { id, .. } if operations.contains(&id) => Err(protocol::ID_IN_USE.into()),
            ClientMessage::Subscribe { id, payload } => {
                if !operations.try_begin() {
                    let detail = format!("a connection has at most {MAX_OPERATIONS} operations, and one new a second");
                    let problem = Problem::unprocessable("graph.too_many_operations", detail);
                    return self.refuse(&id, problem_error(&problem, &self.origin.request_id)).await;
                }
                let caller = self.authenticate(token).await?;
                self.begin(id, payload, caller, token, operations).await
            }
        }
    }

    async fn begin(
        &mut self,
        id: String,
        input: GraphInput,
        caller: Caller,
        token: &str,
        operations: &mut Operations,
    ) -> Result<(), End> {
        match self.graph.prepare(input, &caller.request_id, Transport::Socket) {
            Err(error) => self.refuse(&id, error).await,
            Ok(request) => {
                let ending = Ending::default();
                let session = QuerySession::of_subscription(caller, token.to_owned(), ending.clone());
                let responses = self.graph.schema().execute_stream(request.data(session)).boxed();
                operations.add(Operation { id, responses, ending });
                Ok(())
            }
        }
    }

    async fn on_yield(&mut self, yielded: Yield, operations: &mut Operations) -> Result<(), End> {
        let Yield { id, ending, response } = yielded;
        if let Some(close) = ending.get() {
            return Err(End::Close(*close));
        }
        let Some(response) = response else { return self.send(&ServerMessage::Complete { id: &id }).await };
        // Without data, the operation was refused or has failed: it is over.
        if !response.errors.is_empty() && response.data == async_graphql::Value::Null {
            operations.remove(&id);
            return self.fail(&id, &response).await;
        }
        let payload = answer_of(&response).map_err(|_| End::Close((1011, "request.internal")))?;
        self.send(&ServerMessage::Next { id: &id, payload }).await
    }

    async fn refuse(&mut self, id: &str, error: Error) -> Result<(), End> {
        let error = error.into_server_error(async_graphql::Pos::default());
        self.fail(id, &Response::from_errors(vec![error])).await
    }

    async fn fail(&mut self, id: &str, response: &Response) -> Result<(), End> {
        let mut answer = answer_of(response).map_err(|_| End::Close((1011, "request.internal")))?;
        let payload = answer.get_mut("errors").map(Value::take).unwrap_or_default();
        self.send(&ServerMessage::Error { id, payload }).await
    }

    async fn send(&mut self, message: &ServerMessage<'_>) -> Result<(), End> {
        let text = serde_json::to_string(message).map_err(|_| End::Close((1011, "request.internal")))?;
        // The queue of the socket is short. A slow client is dropped.
        Ok(timeout(CLIENT_TIMEOUT, self.session.text(text)).await.map_err(|_| End::Gone)??)
    }

    async fn ping(&mut self, token: &str) -> Result<(), End> {
        if self.last_message_at.elapsed() > IDLE_TIMEOUT {
            return Err(End::Gone);
        }
        self.authenticate(token).await?;
        Ok(timeout(CLIENT_TIMEOUT, self.session.ping(b"")).await.map_err(|_| End::Gone)??)
    }
}

/// The message in a frame; answers pings. Errors for a frame that ends the connection.
async fn on_frame(
    session: &mut Session,
    frame: Option<Result<AggregatedMessage, actix_ws::ProtocolError>>,
) -> Result<Option<ClientMessage>, End> {
    match frame {
        None => Err(End::Gone),
        Some(Err(_) | Ok(AggregatedMessage::Binary(_))) => Err(protocol::BAD_MESSAGE.into()),
        Some(Ok(AggregatedMessage::Close(_))) => Err(End::ByClient),
        Some(Ok(AggregatedMessage::Pong(_))) => Ok(None),
        Some(Ok(AggregatedMessage::Ping(bytes))) => {
            // A client that sends pings without reading the pongs is dropped.
            timeout(CLIENT_TIMEOUT, session.pong(&bytes)).await.map_err(|_| End::Gone)??;
            Ok(None)
        }
        Some(Ok(AggregatedMessage::Text(text))) => {
            ClientMessage::parse(&text).map(Some).ok_or_else(|| protocol::BAD_MESSAGE.into())
        }
    }
}

async fn shutdown_requested(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

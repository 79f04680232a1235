//! Tests of the notification stream with a real WebSocket client.

#![expect(clippy::unwrap_used, reason = "a failing test panics, in its helpers too; that is how it fails")]

use super::{bonus_paid, payout, placed_under, registered};
use auth_token::Claims;
use domain::{Role, Timestamp, UserId};
use futures_util::{SinkExt, StreamExt};
use proto_events::auth::v1::SessionRevoked;
use proto_events::payout::v1::PayoutFailed;
use proto_events::wallet::v1::WalletChanged;
use runtime::id;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::TestService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

pub(super) const FROM_THE_START: &str = "?after=00000000-0000-0000-0000-000000000000";

pub(super) type Socket = WebSocketStream<TcpStream>;

pub(super) async fn connect(service: &TestService, query: &str, protocols: &str) -> Result<(Socket, String), u16> {
    let path = format!("/api/v1/notifications/stream{query}");
    upgrade(service, &path, &[("Sec-WebSocket-Protocol", protocols)]).await
}

/// Connects with these headers, of which an empty one is not sent. Returns the chosen sub-protocol too, or the status
/// of a refusal.
pub(super) async fn upgrade(
    service: &TestService,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<(Socket, String), u16> {
    let anonymous = service.anonymous();
    let host = anonymous.base().trim_start_matches("http://").to_owned();
    let mut request = format!("ws://{host}{path}").into_client_request().unwrap();
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let tcp = TcpStream::connect(host).await.unwrap();
    match client_async(request, tcp).await {
        Ok((socket, response)) => {
            let chosen = response.headers().get("Sec-WebSocket-Protocol");
            Ok((socket, chosen.map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()))
        }
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

pub(super) async fn next_message(socket: &mut Socket) -> Message {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(20), socket.next()).await.expect("a message in time");
        let message = message.expect("an open stream").expect("a message");
        if !message.is_ping() {
            return message;
        }
    }
}

pub(super) async fn next_notification(socket: &mut Socket) -> Value {
    let message = next_message(socket).await;
    serde_json::from_str(message.to_text().unwrap()).unwrap_or_else(|_| panic!("not a notification: {message:?}"))
}

/// Code and reason of the close frame.
pub(super) async fn closed(socket: &mut Socket) -> (u16, String) {
    let message = next_message(socket).await;
    let Message::Close(Some(frame)) = message else { panic!("not a close: {message:?}") };
    (frame.code.into(), frame.reason.to_string())
}

fn refused_with(reason: &str) -> (u16, String) {
    (1008, reason.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_sends_missed_notifications_and_then_live_ones() {
    let service = TestService::start(notification::service()).await;
    let (mine, other): (UserId, UserId) = (id::fresh(), id::fresh());
    for version in 1..=3 {
        service.deliver_now(&bonus_paid(mine, service.now(), version)).await;
        service.deliver_now(&bonus_paid(other, service.now(), version)).await;
    }
    let me = service.as_user(mine);
    let list = me.get("/notifications").await.expect(200)["items"].as_array().unwrap().clone();
    let after = list[2]["id"].as_str().unwrap();
    let offer = format!("bearer, {}", me.token().unwrap());
    let (mut socket, chosen) = connect(&service, &format!("?after={after}"), &offer).await.unwrap();
    assert_eq!(chosen, "bearer");
    assert_eq!(next_notification(&mut socket).await, list[1]);
    assert_eq!(next_notification(&mut socket).await, list[0]);
    service.deliver_now(&bonus_paid(other, service.now(), 4)).await;
    service.deliver_now(&registered(mine, service.now())).await;
    let live = next_notification(&mut socket).await;
    assert_eq!(live["title"], "Welcome");
    assert_eq!(me.get("/notifications?limit=1").await.expect(200)["items"][0], live);
    socket.send(Message::Ping("ping".into())).await.unwrap();
    assert_eq!(next_message(&mut socket).await, Message::Pong("ping".into()));
    socket.close(None).await.unwrap();
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_changes_sends_typed_notifications_and_changed_areas() {
    let service = TestService::start(notification::service()).await;
    let (mine, other): (UserId, UserId) = (id::fresh(), id::fresh());
    let me = service.as_user(mine);
    service.deliver_now(&registered(mine, service.now())).await;
    let offer = format!("bearer, {}", me.token().unwrap());
    let (mut typed, _) = connect(&service, &format!("{FROM_THE_START}&changes=true"), &offer).await.unwrap();
    let (mut plain, _) = connect(&service, FROM_THE_START, &offer).await.unwrap();
    let stored = me.get("/notifications").await.expect(200)["items"][0].clone();
    assert_eq!(next_notification(&mut plain).await, stored);
    let mut message = next_notification(&mut typed).await;
    assert_eq!(message.as_object_mut().unwrap().remove("type"), Some(json!("notification")));
    assert_eq!(message, stored);
    let now = service.now();
    // Someone else's change, and a change without a notification.
    service.deliver_now(&bonus_paid(other, now, 1)).await;
    service.deliver_now(&WalletChanged { user_id: mine.into(), version: 1, ..WalletChanged::default() }).await;
    assert_eq!(next_notification(&mut typed).await, json!({ "type": "changed", "of": ["wallet"] }));
    let payout = PayoutFailed { payout: Some(payout(mine, now)) };
    let quiet = WalletChanged { user_id: mine.into(), version: 2, ..WalletChanged::default() };
    let envelope = TestService::envelope(now, &quiet);
    service.deliver_all(vec![envelope, TestService::envelope(now, &payout)]).await;
    // One transaction or two: the areas come in one message or two, and those of the payout after its notification.
    let mut areas = Vec::new();
    let mut templates = Vec::new();
    while !areas.contains(&json!("payout")) {
        let message = next_notification(&mut typed).await;
        match message["of"].as_array() {
            Some(of) => areas.extend(of.clone()),
            None => templates.push(message["template"].clone()),
        }
    }
    assert_eq!((areas, templates), (vec![json!("wallet"), json!("payout")], vec![json!("payout_failed")]));
    let next = next_notification(&mut plain).await;
    assert_eq!((&next["template"], &next["type"]), (&json!("payout_failed"), &json!(null)));
    // A change is not stored: a later stream does not get it.
    let (mut later, _) = connect(&service, &format!("{FROM_THE_START}&changes=true"), &offer).await.unwrap();
    for template in ["welcome", "payout_failed"] {
        assert_eq!(next_notification(&mut later).await["template"], template);
    }
    service.deliver_now(&registered(id::fresh(), now)).await;
    service.deliver_now(&placed_under(mine, now)).await;
    for stream in [&mut later, &mut typed] {
        assert_eq!(next_notification(stream).await, json!({ "type": "changed", "of": ["tree"] }));
    }
    assert_eq!(connect(&service, "?changes=maybe", &offer).await.err(), Some(422));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_sends_no_change_after_its_session_has_ended() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    let token = service.token(user, Role::User, None);
    let query = format!("{FROM_THE_START}&changes=true");
    let (mut socket, _) = connect(&service, &query, &format!("bearer, {token}")).await.unwrap();
    end_session(&service, &token).await;
    service.deliver_now(&placed_under(user, service.now())).await;
    assert_eq!(closed(&mut socket).await, refused_with("auth.session_ended"));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_may_come_in_the_first_message() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    service.deliver_now(&registered(user, service.now())).await;
    let token = service.token(user, Role::User, None);
    let (mut socket, chosen) = connect(&service, FROM_THE_START, "").await.unwrap();
    assert_eq!(chosen, "");
    socket.send(Message::text(json!({ "token": token }).to_string())).await.unwrap();
    assert_eq!(next_notification(&mut socket).await["title"], "Welcome");
    socket.close(None).await.unwrap();
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_of_a_close_says_what_is_wrong_with_the_token() {
    let service = TestService::start(notification::service()).await;
    let [ended, expired] = [(); 2].map(|()| service.token(id::fresh(), Role::User, None));
    end_session(&service, &ended).await;
    service.clock.set(service.now().plus_secs(899));
    let first_message = async |token: &str| {
        let (mut socket, _) = connect(&service, "", "").await.unwrap();
        socket.send(Message::text(json!({ "token": token }).to_string())).await.unwrap();
        closed(&mut socket).await
    };
    assert_eq!(first_message(&ended).await, refused_with("auth.session_ended"));
    assert_eq!(first_message("nonsense").await, refused_with("auth.token_invalid"));
    service.clock.set(service.now().plus_secs(901));
    assert_eq!(first_message(&expired).await, refused_with("auth.token_expired"));
    service.finish().await;
}

/// The raw head of the response to a client that offers these sub-protocols.
async fn handshake(service: &TestService, protocols: &str) -> String {
    let anonymous = service.anonymous();
    let host = anonymous.base().trim_start_matches("http://").to_owned();
    let mut tcp = TcpStream::connect(&host).await.unwrap();
    let request = format!(
        "GET /api/v1/notifications/stream HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\
         Sec-WebSocket-Protocol: {protocols}\r\n\r\n"
    );
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        head.push(tcp.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_never_selected_as_the_sub_protocol() {
    let service = TestService::start(notification::service()).await;
    let token = service.token(id::fresh(), Role::User, None);
    for (offer, chosen) in [
        (format!("bearer, {token}"), Some("bearer")),
        (format!("{token}, bearer"), Some("bearer")),
        (format!("ev.v1, {token}"), None),
        (token.clone(), None),
    ] {
        let head = handshake(&service, &offer).await;
        assert!(head.starts_with("http/1.1 101"), "{offer}: {head}");
        assert!(!head.contains(&token.to_ascii_lowercase()), "{offer}");
        let selected = head.lines().find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(selected, chosen, "{offer}");
    }
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sixth_stream_ends_the_oldest_of_the_same_member_only() {
    let service = TestService::start(notification::service()).await;
    let (mine, other): (UserId, UserId) = (id::fresh(), id::fresh());
    let open = async |user| {
        let offer = format!("bearer, {}", service.token(user, Role::User, None));
        connect(&service, FROM_THE_START, &offer).await.unwrap().0
    };
    service.deliver_now(&registered(mine, service.now())).await;
    service.deliver_now(&registered(other, service.now())).await;
    let mut theirs = open(other).await;
    assert_eq!(next_notification(&mut theirs).await["title"], "Welcome");
    let mut streams = Vec::new();
    for _ in 0..6 {
        let mut stream = open(mine).await;
        // The stream is registered once it has sent a notification.
        assert_eq!(next_notification(&mut stream).await["title"], "Welcome");
        streams.push(stream);
    }
    assert_eq!(closed(&mut streams[0]).await, (4001, "notification.stream_replaced".to_owned()));
    for user in [mine, other] {
        service.deliver_now(&bonus_paid(user, service.now(), 1)).await;
    }
    for stream in streams.iter_mut().skip(1).chain([&mut theirs]) {
        assert_eq!(next_notification(stream).await["title"], "Referral bonus");
    }
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_refuses_streams_beyond_its_limit_with_503() {
    let service = TestService::start_with(notification::service(), &[("NOTIFICATION_MAX_STREAMS", "10")]).await;
    let open = async || {
        let offer = format!("bearer, {}", service.token(id::fresh(), Role::User, None));
        connect(&service, "", &offer).await
    };
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(open().await.unwrap().0);
    }
    assert_eq!(open().await.err(), Some(503));
    streams.pop().unwrap().close(None).await.unwrap();
    // The permit is free once the service has read the close frame.
    while open().await.err() == Some(503) {
        tokio::task::yield_now().await;
    }
    // The limit of unauthenticated connections is lower.
    let (_unauthenticated, _) = {
        drop(streams.pop());
        loop {
            match connect(&service, "", "").await {
                Ok(opened) => break opened,
                Err(status) => assert_eq!(status, 503),
            }
        }
    };
    assert_eq!(connect(&service, "", "").await.err(), Some(503));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_an_invalid_token_or_position_is_refused_before_the_upgrade() {
    let service = TestService::start(notification::service()).await;
    let good = service.token(id::fresh(), Role::User, None);
    let mut altered = good.clone();
    altered.replace_range(altered.len() - 8.., "AAAAAAAA");
    assert_eq!(connect(&service, "", &format!("bearer, {altered}")).await.err(), Some(401));
    assert_eq!(connect(&service, "?after=nonsense", &format!("bearer, {good}")).await.err(), Some(422));
    assert_eq!(service.anonymous().get("/notifications/stream").await.problem(401), "auth.token_invalid");
    let plain = service.as_user(id::fresh()).get("/notifications/stream").await;
    assert_eq!(plain.problem(426), "notification.upgrade_required");
    service.finish().await;
}

/// The event that the session of these claims has ended.
pub(super) fn revoke(claims: &Claims, now: Timestamp) -> SessionRevoked {
    SessionRevoked {
        session_id: claims.sid.as_bytes().to_vec(),
        user_id: claims.sub.into(),
        expires_at: now.plus_secs(900).micros(),
        ..SessionRevoked::default()
    }
}

/// Delivers the event that the session of this token has ended.
pub(super) async fn end_session(service: &TestService, token: &str) {
    let claims = service.started.verifier.verify(token).await.unwrap();
    service.deliver_now(&revoke(&claims, service.now())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_sends_nothing_after_its_session_has_ended() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    let token = service.token(user, Role::User, None);
    let (mut revoked, _) = connect(&service, FROM_THE_START, &format!("bearer, {token}")).await.unwrap();
    let other = service.token(user, Role::User, None);
    let (mut expiring, _) = connect(&service, FROM_THE_START, &format!("bearer, {other}")).await.unwrap();
    end_session(&service, &token).await;
    service.deliver_now(&bonus_paid(user, service.now(), 1)).await;
    assert_eq!(closed(&mut revoked).await, refused_with("auth.session_ended"));
    assert_eq!(next_notification(&mut expiring).await["title"], "Referral bonus");
    service.clock.set(service.now().plus_secs(901));
    service.deliver_now(&bonus_paid(user, service.now(), 2)).await;
    assert_eq!(closed(&mut expiring).await, refused_with("auth.token_expired"));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_new_notifications_closes_when_its_session_ends() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    let token = service.token(user, Role::User, None);
    let (mut socket, _) = connect(&service, "", &format!("bearer, {token}")).await.unwrap();
    end_session(&service, &token).await;
    // This is well before the first ping.
    let close = tokio::time::timeout(Duration::from_secs(10), closed(&mut socket)).await;
    assert_eq!(close.expect("a close in time"), refused_with("auth.session_ended"));
    service.finish().await;
}

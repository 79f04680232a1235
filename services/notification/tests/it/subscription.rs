//! Tests of the subscription of notifications with a real WebSocket client.

#![expect(clippy::unwrap_used, reason = "a failing test panics, in its helpers too; that is how it fails")]

use super::stream::{Socket, closed, connect as open_stream, end_session, next_message, upgrade};
use super::{bonus_paid, registered};
use domain::{Role, UserId};
use futures_util::SinkExt;
use runtime::id;
use serde_json::{Value, json};
use testkit::TestService;
use tokio_tungstenite::tungstenite::Message;

const NOTIFICATIONS: &str =
    "subscription($after: ID) { notifications(after: $after) { id title template reference { type } } }";
const START: &str = "00000000-0000-0000-0000-000000000000";

/// Connects with this sub-protocol and header, without the first message.
async fn connect(service: &TestService, protocol: &str, token: Option<&str>) -> Result<Socket, u16> {
    let authorization = token.map(|token| format!("Bearer {token}")).unwrap_or_default();
    let headers = [("Sec-WebSocket-Protocol", protocol), ("Authorization", authorization.as_str())];
    Ok(upgrade(service, "/graphql", &headers).await?.0)
}

async fn send(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

async fn next_json(socket: &mut Socket) -> Value {
    let message = next_message(socket).await;
    serde_json::from_str(message.to_text().unwrap()).unwrap_or_else(|_| panic!("not a message: {message:?}"))
}

/// A connection that the service has accepted.
async fn accepted(service: &TestService, token: &str) -> Socket {
    let mut socket = connect(service, "graphql-transport-ws", None).await.unwrap();
    let payload = json!({ "Authorization": format!("Bearer {token}") });
    send(&mut socket, json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(next_json(&mut socket).await, json!({ "type": "connection_ack" }));
    socket
}

async fn subscribe(socket: &mut Socket, id: &str, after: Option<&str>) {
    let payload = json!({ "query": NOTIFICATIONS, "variables": { "after": after } });
    send(socket, json!({ "type": "subscribe", "id": id, "payload": payload })).await;
}

async fn next_notification(socket: &mut Socket, id: &str) -> Value {
    let mut message = next_json(socket).await;
    assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
    message["payload"]["data"]["notifications"].take()
}

/// The code of the error with which the service refuses or ends an operation.
async fn refused(socket: &mut Socket, id: &str) -> String {
    let message = next_json(socket).await;
    assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
    message["payload"][0]["extensions"]["code"].as_str().expect("a code").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_sends_missed_notifications_and_then_live_ones_once_and_in_order() {
    let service = TestService::start(notification::service()).await;
    let (mine, other): (UserId, UserId) = (id::fresh(), id::fresh());
    for version in 1..=3 {
        service.deliver_now(&bonus_paid(mine, service.now(), version)).await;
        service.deliver_now(&bonus_paid(other, service.now(), version)).await;
    }
    let me = service.as_user(mine);
    let list = me.get("/notifications").await.expect(200)["items"].as_array().unwrap().clone();
    let mut socket = accepted(&service, me.token().unwrap()).await;
    subscribe(&mut socket, "replay", Some(list[2]["id"].as_str().unwrap())).await;
    for stored in [&list[1], &list[0]] {
        let sent = next_notification(&mut socket, "replay").await;
        let expected = json!({
            "id": stored["id"], "title": stored["title"], "template": stored["template"],
            "reference": { "type": stored["reference"]["type"] },
        });
        assert_eq!(sent, expected);
    }
    // What is of another member, what comes twice, and what is new.
    service.deliver_now(&bonus_paid(other, service.now(), 4)).await;
    let welcome = service.deliver(service.now(), &registered(mine, service.now())).await;
    service.deliver_envelope(welcome).await;
    assert_eq!(next_notification(&mut socket, "replay").await["title"], "Welcome");
    // A second one on the same connection begins with the next new notification.
    subscribe(&mut socket, "live", None).await;
    send(&mut socket, json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(next_json(&mut socket).await, json!({ "type": "pong" }));
    send(&mut socket, json!({ "type": "complete", "id": "replay" })).await;
    send(&mut socket, json!({ "type": "complete", "id": "unknown" })).await;
    // The id is free again, and the answer shows that the first subscription is over.
    subscribe(&mut socket, "replay", Some("nonsense")).await;
    assert_eq!(refused(&mut socket, "replay").await, "request.bad_query");
    // It begins at a time that nothing shows, so some of these are before it.
    let stored = async {
        for version in 5.. {
            service.deliver_now(&bonus_paid(mine, service.now(), version)).await;
        }
    };
    let sent = tokio::select! {
        sent = next_notification(&mut socket, "live") => sent,
        () = stored => panic!("it ends"),
    };
    assert_eq!(sent["title"], "Referral bonus");
    socket.close(None).await.unwrap();
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_the_protocol_is_closed_with_its_code() {
    let service = TestService::start(notification::service()).await;
    let token = service.token(id::fresh(), Role::User, None);
    let first = async |message: Value| {
        let mut socket = connect(&service, "graphql-transport-ws", None).await.unwrap();
        send(&mut socket, message).await;
        closed(&mut socket).await.0
    };
    let query = json!({ "query": "subscription { notifications { id } }" });
    let start = json!({ "type": "subscribe", "id": "1", "payload": query });
    assert_eq!(first(start.clone()).await, 4401);
    assert_eq!(first(json!({ "type": "connection_init" })).await, 4401);
    assert_eq!(first(json!({ "type": "connection_init", "payload": { "token": "a.b.c" } })).await, 4403);
    assert_eq!(first(json!({ "type": "start" })).await, 4400);
    let mut binary = accepted(&service, &token).await;
    binary.send(Message::binary(b"{}".to_vec())).await.unwrap();
    assert_eq!(closed(&mut binary).await.0, 4400);
    let mut twice = accepted(&service, &token).await;
    send(&mut twice, json!({ "type": "connection_init", "payload": { "token": token } })).await;
    assert_eq!(closed(&mut twice).await.0, 4429);
    let mut same_id = accepted(&service, &token).await;
    send(&mut same_id, start.clone()).await;
    send(&mut same_id, start).await;
    assert_eq!(closed(&mut same_id).await.0, 4409);
    let mut without = connect(&service, "", Some(&token)).await.unwrap();
    assert_eq!(closed(&mut without).await.0, 4406);
    let mut silent = connect(&service, "graphql-transport-ws", Some(&token)).await.unwrap();
    send(&mut silent, json!({ "type": "ping" })).await;
    assert_eq!(next_json(&mut silent).await, json!({ "type": "pong" }));
    assert_eq!(closed(&mut silent).await, (4408, "Connection initialisation timeout".to_owned()));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_may_come_in_the_header_or_under_two_names_in_the_first_message() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    service.deliver_now(&registered(user, service.now())).await;
    let token = service.token(user, Role::User, None);
    let [ended, expired] = [(); 2].map(|()| service.token(user, Role::User, None));
    end_session(&service, &ended).await;
    for (header, payload) in [
        (Some(token.as_str()), json!(null)),
        (Some("a.b.c"), json!({ "token": token })),
        (None, json!({ "authorization": format!("bearer {token}") })),
    ] {
        let mut socket = connect(&service, "graphql-transport-ws", header).await.unwrap();
        send(&mut socket, json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(next_json(&mut socket).await["type"], "connection_ack", "{payload}");
        subscribe(&mut socket, "1", Some(START)).await;
        assert_eq!(next_notification(&mut socket, "1").await["title"], "Welcome");
    }
    service.clock.set(service.now().plus_secs(901));
    for token in [ended, expired] {
        let mut socket = connect(&service, "graphql-transport-ws", Some(&token)).await.unwrap();
        send(&mut socket, json!({ "type": "connection_init" })).await;
        assert_eq!(closed(&mut socket).await, (4403, "auth.token_invalid".to_owned()));
    }
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_ends_when_its_session_ends_or_its_token_expires() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    let [token, other] = [(); 2].map(|()| service.token(user, Role::User, None));
    let [mut signed_out, mut expiring] = [accepted(&service, &token).await, accepted(&service, &other).await];
    for socket in [&mut signed_out, &mut expiring] {
        subscribe(socket, "1", Some(START)).await;
    }
    end_session(&service, &token).await;
    // Nothing new has come, and this is well before the first ping.
    assert_eq!(closed(&mut signed_out).await, (4403, "auth.session_ended".to_owned()));
    service.deliver_now(&bonus_paid(user, service.now(), 1)).await;
    assert_eq!(next_notification(&mut expiring, "1").await["title"], "Referral bonus");
    service.clock.set(service.now().plus_secs(901));
    service.deliver_now(&bonus_paid(user, service.now(), 2)).await;
    assert_eq!(closed(&mut expiring).await, (4403, "auth.token_expired".to_owned()));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_and_subscriptions_of_a_member_share_their_limit() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    service.deliver_now(&registered(user, service.now())).await;
    let token = service.token(user, Role::User, None);
    let mut socket = accepted(&service, &token).await;
    for n in 0..5 {
        subscribe(&mut socket, &n.to_string(), Some(START)).await;
        assert_eq!(next_notification(&mut socket, &n.to_string()).await["title"], "Welcome");
    }
    let (mut stream, _) = open_stream(&service, &format!("?after={START}"), &format!("bearer, {token}")).await.unwrap();
    assert_eq!(super::stream::next_notification(&mut stream).await["title"], "Welcome");
    // The connection stays, with the four others.
    assert_eq!(refused(&mut socket, "0").await, "notification.stream_replaced");
    service.deliver_now(&bonus_paid(user, service.now(), 1)).await;
    let mut ids = Vec::new();
    for _ in 1..5 {
        let message = next_json(&mut socket).await;
        assert_eq!(message["payload"]["data"]["notifications"]["title"], "Referral bonus");
        ids.push(message["id"].as_str().unwrap().to_owned());
    }
    ids.sort();
    assert_eq!(ids, ["1", "2", "3", "4"]);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_subscription_within_the_limits_is_refused_and_the_connection_stays() {
    let service = TestService::start(notification::service()).await;
    let user: UserId = id::fresh();
    service.deliver_now(&registered(user, service.now())).await;
    let mut socket = accepted(&service, &service.token(user, Role::User, None)).await;
    let long = format!("subscription {{ notifications {{ {} }} }}", "id ".repeat(6_000));
    // A service alone allows twice the cost, because a router adds keys.
    let many = format!("subscription {{ notifications {{ {} }} }}", "id ".repeat(2_001));
    let name_of = |query: &str| query.chars().take(60).collect::<String>();
    for (query, code) in [
        ("{ me { id } }", "graph.post_required"),
        ("{ __schema { queryType { name } } }", "graph.post_required"),
        ("mutation { me }", "graph.post_required"),
        ("subscription { a: notifications { id } b: notifications { id } }", "graph.invalid"),
        ("subscription { notifications @skip(if: false) { id } }", "graph.invalid"),
        ("subscription { ...F } fragment F on Subscription { notifications { id } }", "graph.invalid"),
        ("subscription { notifications { unknown } }", "graph.invalid"),
        ("subscription { notifications(after: 1, limit: 2) { id } }", "graph.invalid"),
        ("subscription {", "graph.invalid"),
        (&long, "graph.too_costly"),
        (&many, "graph.too_costly"),
    ] {
        send(&mut socket, json!({ "type": "subscribe", "id": "1", "payload": { "query": query } })).await;
        assert_eq!(refused(&mut socket, "1").await, code, "{}", name_of(query));
    }
    // By its hash, as a query is.
    let hash = "9a4c7a9ae62d2d4a1f9f40f6d0b29d3c3b7b4bb2c3e4f6a7d8e9fabcdef01234";
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    send(&mut socket, json!({ "type": "subscribe", "id": "1", "payload": { "extensions": extensions } })).await;
    assert_eq!(refused(&mut socket, "1").await, "PERSISTED_QUERY_NOT_FOUND");
    subscribe(&mut socket, "1", Some(START)).await;
    assert_eq!(next_notification(&mut socket, "1").await["title"], "Welcome");
    // Operations that begin faster than one a second, in the end.
    let codes = async {
        loop {
            send(&mut socket, json!({ "type": "subscribe", "id": "2", "payload": { "query": "{ a }" } })).await;
            let code = refused(&mut socket, "2").await;
            if code != "graph.post_required" {
                return code;
            }
        }
    };
    assert_eq!(codes.await, "graph.too_many_operations");
    service.deliver_now(&bonus_paid(user, service.now(), 1)).await;
    assert_eq!(next_notification(&mut socket, "1").await["title"], "Referral bonus");
    // Over HTTP, a subscription is refused.
    let posted = json!({ "query": "subscription { notifications { id } }" });
    let answer = service.as_user(user).post("//graphql/subgraph", posted).await.expect(200);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "graph.websocket_required");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_count_against_the_limit_of_streams() {
    let service = TestService::start_with(notification::service(), &[("NOTIFICATION_MAX_STREAMS", "10")]).await;
    // One connection without a token at a time, and ten in all.
    let mut waiting = connect(&service, "graphql-transport-ws", None).await.unwrap();
    assert_eq!(connect(&service, "graphql-transport-ws", None).await.err(), Some(503));
    send(&mut waiting, json!({ "type": "complete", "id": "1" })).await;
    assert_eq!(closed(&mut waiting).await.0, 4401);
    drop(waiting);
    let mut open = Vec::new();
    while open.len() < 10 {
        let token = service.token(id::fresh(), Role::User, None);
        // The permit is free once the service has answered.
        match connect(&service, "graphql-transport-ws", None).await {
            Ok(mut socket) => {
                send(&mut socket, json!({ "type": "connection_init", "payload": { "token": token } })).await;
                assert_eq!(next_json(&mut socket).await["type"], "connection_ack");
                open.push(socket);
            }
            Err(status) => assert_eq!(status, 503),
        }
    }
    assert_eq!(connect(&service, "graphql-transport-ws", None).await.err(), Some(503));
    assert_eq!(open_stream(&service, "", "").await.err(), Some(503));
    service.finish().await;
}

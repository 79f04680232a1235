//! Many open streams: idle ones stay open, busy ones get each notification once and in order over reconnects.
//!
//! `EV_STREAM_CLIENTS` is the number of idle clients; a tenth as many are busy.

use super::bonus_paid;
use super::stream::{Socket, connect, next_notification};
use domain::UserId;
use futures_util::FutureExt;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use proto_events::booking::v1::BookingChanged;
use runtime::{Env, id};
use std::time::Instant;
use testkit::TestService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

/// Idle clients in the ordinary run.
const IDLE_CLIENTS: usize = 300;
const NOTIFICATIONS: u64 = 20;
/// Handshakes at the same time.
const CONCURRENT_CONNECTS: usize = 32;

/// A busy client: it leaves after `per_connection` notifications, and returns with the last one that it has.
struct BusyClient {
    user: UserId,
    offer: String,
    per_connection: usize,
}

impl BusyClient {
    /// Receives all notifications. Returns their ids in the order of their arrival.
    async fn receive_all(&self, service: &TestService, mut socket: Socket) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        loop {
            for _ in 0..self.per_connection {
                ids.push(next_notification(&mut socket).await["id"].as_str().expect("an id").to_owned());
                if ids.len() == usize::try_from(NOTIFICATIONS).expect("a few") {
                    return ids;
                }
            }
            // Half of them close, the others are lost without a word.
            if self.per_connection.is_multiple_of(2) {
                socket.close(None).await.expect("a close");
            }
            drop(socket);
            let after = format!("?after={}", ids.last().expect("an id"));
            socket = connect(service, &after, &self.offer).await.expect("a stream").0;
        }
    }
}

async fn open(service: &TestService, users: Vec<UserId>) -> Vec<Socket> {
    let offers = users.into_iter().map(|user| format!("bearer, {}", service.as_user(user).token().expect("a token")));
    let connecting = stream::iter(offers.collect::<Vec<_>>())
        .map(|offer| async move { connect(service, super::stream::FROM_THE_START, &offer).await.expect("a stream").0 });
    connecting.buffered(CONCURRENT_CONNECTS).collect().await
}

#[tokio::test(flavor = "multi_thread")]
async fn busy_streams_get_each_notification_once_and_in_order_while_idle_ones_stay_open() {
    let idle_clients = Env::from_process().parse_or("EV_STREAM_CLIENTS", IDLE_CLIENTS).expect("a number");
    let service = TestService::start(notification::service()).await;
    let now = service.now();
    let started = Instant::now();
    let mut idle = open(&service, (0..idle_clients).map(|_| id::fresh()).collect()).await;
    let busy: Vec<BusyClient> = (0..idle_clients / 10)
        .map(|n| {
            let user = id::fresh();
            let offer = format!("bearer, {}", service.as_user(user).token().expect("a token"));
            BusyClient { user, offer, per_connection: 3 + n % 6 }
        })
        .collect();
    let sockets = open(&service, busy.iter().map(|client| client.user).collect()).await;
    let opened = Instant::now();
    let mut burst = Vec::new();
    for version in 1..=NOTIFICATIONS {
        burst.extend(busy.iter().map(|client| TestService::envelope(now, &bonus_paid(client.user, now, version))));
    }
    let receiving = busy.iter().zip(sockets).map(|(client, socket)| client.receive_all(&service, socket));
    let (received, ()) = futures_util::join!(join_all(receiving), service.deliver_all(burst));
    eprintln!(
        "{} streams opened in {:?}; {} notifications received in {:?}",
        idle_clients + busy.len(),
        opened - started,
        received.iter().map(Vec::len).sum::<usize>(),
        opened.elapsed()
    );
    for (client, ids) in busy.iter().zip(received) {
        let list = service.as_user(client.user).get("/notifications?limit=100").await.expect(200);
        let mut expected: Vec<String> = list["items"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|n| n["id"].as_str().expect("an id").to_owned())
            .collect();
        expected.reverse();
        assert_eq!(ids, expected, "each once and in order");
    }
    for socket in &mut idle {
        let unasked = socket.next().now_or_never();
        assert!(unasked.is_none_or(|message| message.is_some_and(|message| message.is_ok_and(|m| m.is_ping()))));
    }
    // They still get what comes.
    let user: UserId = id::fresh();
    let mut late = open(&service, vec![user]).await.remove(0);
    service.deliver_now(&bonus_paid(user, now, 1)).await;
    assert_eq!(next_notification(&mut late).await["title"], "Referral bonus");
    drop(idle);
    service.finish().await;
}

/// A text that is as long as a notification can be.
fn long_booking(user: UserId, at: domain::Timestamp) -> BookingChanged {
    BookingChanged {
        booking_id: id::fresh::<UserId>().into(),
        user_id: user.into(),
        status: "confirmed".into(),
        vehicle: "₹".repeat(300),
        number: "₹".repeat(300),
        changed_at: at.micros(),
        ..BookingChanged::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_nothing_is_disconnected_and_returns_for_the_rest() {
    /// More than the buffers of a connection hold: each message has some four kilobytes.
    const NOTIFICATIONS: usize = 3_000;
    let service = TestService::start(notification::service()).await;
    let (user, now): (UserId, _) = (id::fresh(), service.now());
    let events = (0..NOTIFICATIONS).map(|_| TestService::envelope(now, &long_booking(user, now))).collect();
    service.deliver_all(events).await;
    let token = service.as_user(user).token().expect("a token").to_owned();
    let anonymous = service.anonymous();
    let host = anonymous.base().trim_start_matches("http://");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let mut slow = socket.connect(host.parse().expect("an address")).await.expect("a connection");
    let request = format!(
        "GET /api/v1/notifications/stream{} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\
         Authorization: Bearer {token}\r\n\r\n",
        super::stream::FROM_THE_START
    );
    slow.write_all(request.as_bytes()).await.expect("a request");
    // Masked pings. The service takes them until it waits for this client, and then ends the connection.
    while slow.write_all(&[0x89, 0x80, 1, 2, 3, 4]).await.is_ok() {}
    let mut received = Vec::new();
    // What the buffers hold comes first, then the end or a reset.
    let _ended = slow.read_to_end(&mut received).await;
    assert!(received.len() < NOTIFICATIONS * 2_000, "{} bytes", received.len());
    let client = BusyClient { user, offer: format!("bearer, {token}"), per_connection: usize::MAX };
    let mut again = connect(&service, super::stream::FROM_THE_START, &client.offer).await.expect("a stream").0;
    let mut last = String::new();
    for _ in 0..NOTIFICATIONS {
        let id = next_notification(&mut again).await["id"].as_str().expect("an id").to_owned();
        assert!(last < id, "{last} before {id}");
        last = id;
    }
    service.finish().await;
}

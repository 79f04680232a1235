//! Notification streams of some members, compared with their notification lists at the end.

use super::member::TestUser;
use super::operations::Load;
use futures_util::StreamExt;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};

const RECONNECT_DELAY: Duration = Duration::from_millis(500);
const NIL_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Notifications that one member's stream delivered, with the number of deliveries.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    times: BTreeMap<String, u64>,
    connections: u64,
}

/// A stream that reconnects until it is stopped.
pub(crate) struct Stream {
    user: Arc<TestUser>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Delivered>,
}

/// Comparison of all streams.
#[derive(Debug, Default)]
pub(crate) struct StreamSummary {
    pub(crate) streams: u64,
    pub(crate) connections: u64,
    pub(crate) delivered: u64,
    pub(crate) repeated: u64,
    pub(crate) missing: Vec<String>,
}

/// Opens a user's stream.
pub(crate) fn open(load: &Arc<Load>, user: Arc<TestUser>) -> Stream {
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(follow(Arc::clone(load), Arc::clone(&user), stopped));
    Stream { user, stop, task }
}

async fn follow(load: Arc<Load>, user: Arc<TestUser>, mut stopped: watch::Receiver<bool>) -> Delivered {
    let mut delivered = Delivered::default();
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return delivered,
            // It ends when the connection closes or the access token expires.
            _ended = receive(&load, &user, &mut delivered) => {}
        }
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return delivered,
            () = tokio::time::sleep(RECONNECT_DELAY) => {}
        }
    }
}

/// Receives on one connection, from the last delivered notification until the connection ends.
async fn receive(load: &Load, user: &TestUser, delivered: &mut Delivered) -> Option<Error> {
    let Ok(token) = user.token(&load.api).await else { return None };
    let host = load.api.url.trim_start_matches("http://").to_owned();
    let after = delivered.times.keys().next_back().map_or(NIL_ID, String::as_str);
    let address = format!("ws://{host}/api/v1/notifications/stream?after={after}");
    let mut request = match address.into_client_request() {
        Ok(request) => request,
        Err(error) => return Some(error),
    };
    let protocols = HeaderValue::from_str(&format!("bearer, {token}")).ok()?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", protocols);
    let tcp = match TcpStream::connect(&host).await {
        Ok(tcp) => tcp,
        Err(error) => return Some(error.into()),
    };
    let mut socket = match client_async(request, tcp).await {
        Ok((socket, _)) => socket,
        Err(error) => return Some(error),
    };
    delivered.connections += 1;
    loop {
        match socket.next().await? {
            Ok(Message::Text(text)) => {
                let id =
                    serde_json::from_str::<Value>(&text).ok().and_then(|v| Some(v.get("id")?.as_str()?.to_owned()));
                if let Some(id) = id {
                    *delivered.times.entry(id).or_default() += 1;
                }
            }
            Ok(Message::Close(_)) => return None,
            Ok(_) => {}
            Err(error) => return Some(error),
        }
    }
}

/// Stops the streams and compares each with the member's notification list.
pub(crate) async fn compare(load: &Load, streams: Vec<Stream>) -> StreamSummary {
    let mut summary = StreamSummary::default();
    for stream in streams {
        let listed = listed(load, &stream.user).await;
        // The receiver may be gone, if its task failed.
        let _stopped = stream.stop.send(true);
        let delivered = stream.task.await.unwrap_or_default();
        summary.streams += 1;
        summary.connections += delivered.connections;
        summary.delivered += delivered.times.values().sum::<u64>();
        summary.repeated += delivered.times.values().map(|times| times.saturating_sub(1)).sum::<u64>();
        match listed {
            Some(listed) => {
                let missing = listed.iter().filter(|id| !delivered.times.contains_key(*id));
                summary.missing.extend(missing.map(|id| format!("{id} of {}", stream.user.id)));
            }
            None => summary.missing.push(format!("the list of {} could not be loaded", stream.user.id)),
        }
    }
    summary
}

async fn listed(load: &Load, user: &TestUser) -> Option<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = load.get(user, format!("/notifications?limit=100{cursor}")).await.ok()?;
        let items = page.get("items")?.as_array()?;
        ids.extend(items.iter().filter_map(|item| item.get("id")?.as_str().map(str::to_owned)));
        match page.get("next_cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Some(ids),
        }
    }
}

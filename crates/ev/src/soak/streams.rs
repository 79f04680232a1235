//! Open notification streams: what a member's stream shows is compared with the member's list at the end.

use super::member::Person;
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

const RECONNECT: Duration = Duration::from_millis(500);
const FROM_THE_START: &str = "00000000-0000-0000-0000-000000000000";

/// What one member's stream has shown: how often each notification.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    times: BTreeMap<String, u64>,
    connections: u64,
}

/// A stream that is opened again whenever it ends, until it is told to stop.
pub(crate) struct Stream {
    person: Arc<Person>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Shown>,
}

/// The result of all streams.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    pub(crate) streams: u64,
    pub(crate) connections: u64,
    pub(crate) shown: u64,
    pub(crate) repeated: u64,
    pub(crate) missing: Vec<String>,
}

pub(crate) fn open(load: &Arc<Load>, person: Arc<Person>) -> Stream {
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(follow(Arc::clone(load), Arc::clone(&person), stopped));
    Stream { person, stop, task }
}

async fn follow(load: Arc<Load>, person: Arc<Person>, mut stopped: watch::Receiver<bool>) -> Shown {
    let mut shown = Shown::default();
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return shown,
            // It ends with the connection, and with the access token.
            _ended = once(&load, &person, &mut shown) => {}
        }
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return shown,
            () = tokio::time::sleep(RECONNECT) => {}
        }
    }
}

/// One connection, from what was shown last until it ends.
async fn once(load: &Load, person: &Person, shown: &mut Shown) -> Option<Error> {
    let Ok(token) = person.token(&load.api).await else { return None };
    let host = load.api.url.trim_start_matches("http://").to_owned();
    let after = shown.times.keys().next_back().map_or(FROM_THE_START, String::as_str);
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
    shown.connections += 1;
    loop {
        match socket.next().await? {
            Ok(Message::Text(text)) => {
                let id =
                    serde_json::from_str::<Value>(&text).ok().and_then(|v| Some(v.get("id")?.as_str()?.to_owned()));
                if let Some(id) = id {
                    *shown.times.entry(id).or_default() += 1;
                }
            }
            Ok(Message::Close(_)) => return None,
            Ok(_) => {}
            Err(error) => return Some(error),
        }
    }
}

/// Ends the streams and compares each with the list of its member.
pub(crate) async fn compare(load: &Load, streams: Vec<Stream>) -> Compared {
    let mut compared = Compared::default();
    for stream in streams {
        let listed = listed(load, &stream.person).await;
        // The receiver may be gone, if its task failed.
        let _stopped = stream.stop.send(true);
        let shown = stream.task.await.unwrap_or_default();
        compared.streams += 1;
        compared.connections += shown.connections;
        compared.shown += shown.times.values().sum::<u64>();
        compared.repeated += shown.times.values().map(|times| times.saturating_sub(1)).sum::<u64>();
        match listed {
            Some(listed) => {
                let missing = listed.iter().filter(|id| !shown.times.contains_key(*id));
                compared.missing.extend(missing.map(|id| format!("{id} of {}", stream.person.id)));
            }
            None => compared.missing.push(format!("the list of {} was not to be had", stream.person.id)),
        }
    }
    compared
}

async fn listed(load: &Load, person: &Person) -> Option<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = load.get(person, format!("/notifications?limit=100{cursor}")).await.ok()?;
        let items = page.get("items")?.as_array()?;
        ids.extend(items.iter().filter_map(|item| item.get("id")?.as_str().map(str::to_owned)));
        match page.get("next_cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Some(ids),
        }
    }
}

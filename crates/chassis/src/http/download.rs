//! Answers that take long to read, such as exports and statements: a turn for the read, and a body that is sent while
//! it is read, so that memory is bounded by one page.
//!
//! ```no_run
//! # use actix_web::HttpResponse;
//! # use chassis::http::{Problem, download, long_read};
//! # use std::time::Duration;
//! # async fn page(_: &mut db::DbConnection, _: i64) -> Result<Vec<i64>, Problem> { Ok(Vec::new()) }
//! async fn export(db: &db::Db) -> Result<HttpResponse, Problem> {
//!     let turn = long_read(db, Duration::ZERO).await?; // 429 where none is free
//!     download("text/csv; charset=utf-8", "numbers.csv", async move |out| {
//!         let mut after = 0;
//!         loop {
//!             let mut c = turn.connection().await?;
//!             let rows = page(&mut c, after).await?;
//!             drop(c); // before waiting for the client
//!             let Some(last) = rows.last() else { return Ok(()) };
//!             after = *last;
//!             let text: String = rows.iter().map(|n| format!("{n}\n")).collect();
//!             out.send(text.into_bytes()).await?;
//!         }
//!     })
//!     .await
//! }
//! ```

use super::Problem;
use actix_web::HttpResponse;
use actix_web::web::Bytes;
use db::{Db, LongRead};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// When a caller who found no free turn may come again.
const RETRY_AFTER_SECS: u64 = 5;
/// When a caller may come again who found the one turn taken.
const ALONE_RETRY_AFTER_SECS: u64 = 30;
/// Parts that were read and not sent yet.
const PARTS_AHEAD: usize = 2;
/// An answer that is complete within so many bytes is sent whole, with its length.
const WHOLE_BYTES: usize = 64 * 1024;
/// A client that takes nothing for so long is given up.
const STALLED: Duration = Duration::from_secs(30);

/// A turn for a read that takes long ([`Db::long_read`]); 429 `request.busy` where none is free within `wait`.
pub async fn long_read(db: &Db, wait: Duration) -> Result<LongRead, Problem> {
    db.long_read(wait).await.ok_or_else(|| {
        let detail = "other long reads are running; try again shortly";
        Problem::too_many("request.busy", detail, RETRY_AFTER_SECS)
    })
}

/// Work that one request at a time may do, because it fills the memory or keeps a processor busy. Clones share the turn.
#[derive(Debug, Clone)]
pub struct OneAtATime {
    busy: &'static str,
    turn: Arc<Mutex<()>>,
}

impl OneAtATime {
    /// `busy` is the code of the answer to whoever finds the turn taken.
    pub fn new(busy: &'static str) -> Self {
        Self { busy, turn: Arc::default() }
    }

    /// The turn, until it is dropped; 429 while another request has it. Ask for a [`long_read`] after it.
    pub fn begin(&self) -> Result<OwnedMutexGuard<()>, Problem> {
        let detail = "another is running; try again when it is done";
        let busy = |_| Problem::too_many(self.busy, detail, ALONE_RETRY_AFTER_SECS);
        Arc::clone(&self.turn).try_lock_owned().map_err(busy)
    }
}

/// Where the parts of a body go.
pub struct Parts(Sender<Result<Bytes, Problem>>);

#[derive(Debug, thiserror::Error)]
#[error("the client stopped reading")]
struct Stopped;

impl Parts {
    /// Sends a part, and waits while earlier ones are not taken. An error ends the download: the client is gone.
    pub async fn send(&self, part: impl Into<Bytes>) -> Result<(), Problem> {
        let part = part.into();
        if part.is_empty() {
            return Ok(());
        }
        let sent = tokio::time::timeout(STALLED, self.0.send(Ok(part))).await;
        if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err(Problem::unavailable(Stopped)) }
    }
}

/// A file whose parts `produce` sends while it reads.
///
/// An error before the first 64 KiB is the answer; one that comes later cuts the body off, and the client sees that it
/// is incomplete.
pub async fn download<F>(content_type: &'static str, name: &str, produce: F) -> Result<HttpResponse, Problem>
where
    F: AsyncFnOnce(Parts) -> Result<(), Problem> + 'static,
{
    let (sender, mut parts) = channel(PARTS_AHEAD);
    actix_web::rt::spawn(async move {
        let failed = sender.clone();
        if let Err(problem) = produce(Parts(sender)).await {
            // Nobody listens any more where the client is gone.
            let _gone = failed.send(Err(problem)).await;
        }
    });
    let mut answer = HttpResponse::Ok();
    answer.content_type(content_type);
    answer.insert_header(("Content-Disposition", format!("attachment; filename=\"{name}\"")));
    answer.insert_header(("Cache-Control", "private, no-store"));
    let mut whole = Vec::new();
    while whole.len() < WHOLE_BYTES {
        match parts.recv().await {
            None => return Ok(answer.body(whole)),
            Some(part) => whole.extend_from_slice(&part?),
        }
    }
    Ok(answer.streaming(rest(whole.into(), parts)))
}

fn rest(
    first: Bytes,
    parts: Receiver<Result<Bytes, Problem>>,
) -> impl futures_util::Stream<Item = Result<Bytes, Problem>> {
    let rest = futures_util::stream::unfold(parts, async |mut parts| {
        let part = parts.recv().await?;
        if let Err(problem) = &part {
            tracing::error!(%problem, cause = problem.source_chain().unwrap_or_default(), "a download was cut off");
        }
        Some((part, parts))
    });
    futures_util::StreamExt::chain(futures_util::stream::once(std::future::ready(Ok(first))), rest)
}

//! Streamed responses of long reads, such as exports and statements: a slot for the read, and a body that is sent
//! while it is produced, so that memory is bounded by one page.
//!
//! ```no_run
//! # use actix_web::HttpResponse;
//! # use http_api::{Problem, download, long_read};
//! # use std::time::Duration;
//! # async fn page(_: &mut db::DbConnection, _: i64) -> Result<Vec<i64>, Problem> { Ok(Vec::new()) }
//! async fn export(db: &db::Db) -> Result<HttpResponse, Problem> {
//!     let slot = long_read(db, Duration::ZERO).await?; // 429 when none is free
//!     download("text/csv; charset=utf-8", "numbers.csv", async move |out| {
//!         let mut after = 0;
//!         loop {
//!             let mut c = slot.connection().await?;
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

use crate::Problem;
use actix_web::HttpResponse;
use actix_web::web::Bytes;
use db::{Db, LongRead};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// `Retry-After` when no slot for a long read is free.
const RETRY_AFTER_SECS: u64 = 5;
/// Parts that are produced ahead of the client.
const MAX_BUFFERED_PARTS: usize = 2;
/// A response of up to this size is sent whole, with its length.
const MAX_WHOLE_BYTES: usize = 64 * 1024;
/// A download ends when the client reads nothing for this long.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// A slot for a long read ([`Db::long_read`]); 429 `request.busy` when none is free within `wait`.
pub async fn long_read(db: &Db, wait: Duration) -> Result<LongRead, Problem> {
    db.long_read(wait).await.ok_or_else(|| {
        let detail = "other long reads are running; try again shortly";
        Problem::too_many("request.busy", detail, RETRY_AFTER_SECS)
    })
}

/// Sends the parts of a streamed body.
pub struct BodySender(Sender<Result<Bytes, Problem>>);

#[derive(Debug, thiserror::Error)]
#[error("the client stopped reading")]
struct ClientStopped;

impl BodySender {
    /// Sends a part, after waiting until the client has read earlier ones. Errors when the client is gone; the caller
    /// then ends.
    pub async fn send(&self, part: impl Into<Bytes>) -> Result<(), Problem> {
        let part = part.into();
        if part.is_empty() {
            return Ok(());
        }
        let sent = tokio::time::timeout(STALL_TIMEOUT, self.0.send(Ok(part))).await;
        if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err(Problem::unavailable(ClientStopped)) }
    }
}

/// Responds with a file named `name`, whose parts `produce` sends.
///
/// An error within the first 64 KiB becomes the response. A later error cuts the body off, which the client recognizes
/// as an incomplete response.
pub async fn download<F>(content_type: &'static str, name: &str, produce: F) -> Result<HttpResponse, Problem>
where
    F: AsyncFnOnce(BodySender) -> Result<(), Problem> + 'static,
{
    let (sender, mut parts) = channel(MAX_BUFFERED_PARTS);
    actix_web::rt::spawn(async move {
        let failed = sender.clone();
        if let Err(problem) = produce(BodySender(sender)).await {
            // Fails when the client is gone.
            let _gone = failed.send(Err(problem)).await;
        }
    });
    let mut response = HttpResponse::Ok();
    response.content_type(content_type);
    response.insert_header(("Content-Disposition", format!("attachment; filename=\"{name}\"")));
    response.insert_header(("Cache-Control", "private, no-store"));
    let mut whole = Vec::new();
    while whole.len() < MAX_WHOLE_BYTES {
        match parts.recv().await {
            None => return Ok(response.body(whole)),
            Some(part) => whole.extend_from_slice(&part?),
        }
    }
    Ok(response.streaming(rest(whole.into(), parts)))
}

fn rest(
    first: Bytes,
    parts: Receiver<Result<Bytes, Problem>>,
) -> impl futures_util::Stream<Item = Result<Bytes, Problem>> {
    let rest = futures_util::stream::unfold(parts, async |mut parts| {
        let part = parts.recv().await?;
        if let Err(problem) = &part {
            tracing::error!(%problem, cause = problem.source_chain().unwrap_or_default(), "download aborted");
        }
        Some((part, parts))
    });
    futures_util::StreamExt::chain(futures_util::stream::once(std::future::ready(Ok(first))), rest)
}

//! The search index of this instance: its folder, how it follows the documents, and whether it answers.

use crate::app::search_documents::{self, ChangePage};
use crate::domain::search::WORDS_VERSION;
use chassis::service::BootError;
use runtime::error_chain::error_chain;
use runtime::jobs::JobError;
use runtime::telemetry::gauge_value;
use runtime::{Ctx, Env};
use search_index::{Hit, IndexError, Position, Query, SearchIndex};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

const DEFAULT_FOLDER: &str = "data/search";
/// Things of a kind in an answer.
pub(crate) const MAX_ITEMS: usize = 10;
/// Pages of changes after which a first build is made durable, so that a restart continues there.
const PAGES_PER_COMMIT: u32 = 50;

/// An index cannot answer now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SearchError {
    /// It is being built, for the first time, after damage or after a restart.
    #[error("the search index is being built")]
    Building,
    #[error("the search index failed")]
    Failed(#[source] IndexError),
    #[error("a task of the search index panicked")]
    Panicked(#[from] tokio::task::JoinError),
}

/// The index of this instance.
pub(crate) struct Search {
    index: SearchIndex,
    /// Whether it has followed all changes since the start.
    is_complete: AtomicBool,
    /// Whether a query failed since the files were opened.
    is_suspect: AtomicBool,
}

impl Search {
    /// Opens the index in `SEARCH_DIR` (`data/search` by default). Errors when another process uses the folder, or when
    /// it cannot be written.
    pub(crate) fn open(env: &Env) -> Result<Arc<Self>, BootError> {
        let folder = env.get_or("SEARCH_DIR", DEFAULT_FOLDER);
        let index = SearchIndex::open(Path::new(folder), WORDS_VERSION)
            .map_err(|error| BootError::Failed(format!("SEARCH_DIR: {}", error_chain(&error))))?;
        Ok(Arc::new(Self { index, is_complete: AtomicBool::new(false), is_suspect: AtomicBool::new(false) }))
    }

    /// Finds up to [`MAX_ITEMS`] things of each of `kinds`.
    pub(crate) async fn find(self: &Arc<Self>, query: Query, kinds: BTreeSet<u8>) -> Result<Vec<Hit>, SearchError> {
        if !self.is_complete.load(Ordering::Acquire) {
            return Err(SearchError::Building);
        }
        let started = Instant::now();
        let search = Arc::clone(self);
        let found = tokio::task::spawn_blocking(move || search.index.search(&query, &kinds, MAX_ITEMS)).await;
        metrics::histogram!("search_duration_seconds").record(started.elapsed().as_secs_f64());
        let result = found.map_err(SearchError::from).and_then(|hits| hits.map_err(SearchError::Failed));
        if result.is_err() {
            self.is_suspect.store(true, Ordering::Release);
        }
        result
    }

    /// Applies the changes since the last call. After a failure the files are checked and opened again; when they are
    /// damaged, the index is built anew.
    pub(crate) async fn follow(self: &Arc<Self>, ctx: &Ctx) -> Result<(), JobError> {
        if self.is_suspect.swap(false, Ordering::AcqRel) {
            self.reopen().await?;
        }
        let followed = self.apply_changes(ctx).await;
        if followed.is_err() {
            self.reopen().await?;
        }
        followed
    }

    async fn apply_changes(self: &Arc<Self>, ctx: &Ctx) -> Result<(), JobError> {
        let head = search_documents::find_head(&mut *ctx.db().read().await?).await?;
        let position = self.index.position()?;
        // An index is ahead of a database that was restored from a copy.
        let is_anew = position.generation != head.generation || position.change > head.change;
        let mut at = if is_anew { Position { generation: head.generation, change: 0 } } else { position };
        metrics::gauge!("search_changes_behind").set(gauge_value((head.change - at.change).max(0)));
        if is_anew {
            self.run(|index| index.clear()).await?;
        }
        // An index that answers does so until the commit of the whole new one.
        let is_first = !self.is_complete.load(Ordering::Acquire);
        let mut pages = 0;
        while at.change < head.change {
            let page = search_documents::read_changes(&mut *ctx.db().read().await?, at.change).await?;
            let Some(ChangePage { changes, last }) = page else { break };
            let are_new = is_anew && last <= head.change;
            self.run(move |index| index.stage(&changes, are_new)).await?;
            at.change = last;
            pages += 1;
            if is_first && pages % PAGES_PER_COMMIT == 0 {
                self.run(move |index| index.commit(at)).await?;
            }
        }
        if at != position {
            self.run(move |index| index.commit(at)).await?;
        }
        self.is_complete.store(true, Ordering::Release);
        metrics::gauge!("search_documents").set(gauge_value(i64::try_from(self.index.count())?));
        metrics::gauge!("search_changes_behind").set(gauge_value((head.change - at.change).max(0)));
        Ok(())
    }

    async fn reopen(self: &Arc<Self>) -> Result<(), JobError> {
        self.run(SearchIndex::reopen).await?;
        if self.index.position()? == Position::default() {
            self.is_complete.store(false, Ordering::Release);
        }
        Ok(())
    }

    /// Work on files, on a thread that may block.
    async fn run(
        self: &Arc<Self>,
        work: impl FnOnce(&SearchIndex) -> Result<(), IndexError> + Send + 'static,
    ) -> Result<(), JobError> {
        let search = Arc::clone(self);
        Ok(tokio::task::spawn_blocking(move || work(&search.index)).await??)
    }
}

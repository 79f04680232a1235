//! Scheduled jobs.

use crate::app::apply_events::{apply_events, count_ahead, release_due};
use crate::app::index_words::index_outdated;
use crate::app::open_period::continue_opening;
use crate::app::totals::carry_forward;
use crate::error::BinaryError;
use crate::state::BinaryState;
use runtime::jobs::Job;
use std::time::Duration;

/// All jobs of this service.
pub fn all(state: &BinaryState) -> Vec<Job> {
    let (for_opening, for_due_events) = (state.clone(), state.clone());
    let (for_totals, for_words) = (state.clone(), state.clone());
    vec![
        Job::every("open-period", Duration::from_secs(2), move |_| {
            let state = for_opening.clone();
            async move { Ok(open_period(&state).await?) }
        }),
        Job::every("events-ahead", Duration::from_secs(10), move |_| {
            let state = for_due_events.clone();
            async move { Ok(apply_due_events(&state).await?) }
        }),
        Job::every("pair-totals", Duration::from_secs(10), move |_| {
            let state = for_totals.clone();
            async move {
                while state.ctx.tx(async |c| carry_forward(c).await).await? {}
                Ok(())
            }
        }),
        Job::every("member-words", Duration::from_secs(60), move |_| {
            let state = for_words.clone();
            async move {
                while state.ctx.tx(async |c| index_outdated(c).await).await? {}
                Ok(())
            }
        }),
    ]
}

/// Applies the waiting events that are no longer ahead of the clock, and reports their number.
async fn apply_due_events(state: &BinaryState) -> Result<(), BinaryError> {
    let mut c = state.ctx.db().read().await?;
    let waiting = count_ahead(&mut c).await?;
    drop(c);
    metrics::gauge!("binary_events_ahead").set(runtime::telemetry::gauge_value(waiting));
    if waiting == 0 {
        return Ok(());
    }
    let (tree_store, event_table, now) = (&state.tree_store, &state.event_table, state.ctx.now());
    let batch_id = state.ctx.tx(async |c| {
        let mut batch = tree_store.begin(c).await?;
        let due = release_due(c, event_table, now).await?;
        apply_events(c, &mut batch, due, event_table, now).await?;
        batch.save(c).await
    });
    tree_store.confirm_commit(batch_id.await?).await;
    Ok(())
}

/// Finishes a period opening that is too large for the batch that started it.
async fn open_period(state: &BinaryState) -> Result<(), BinaryError> {
    loop {
        let mut c = state.ctx.db().read().await?;
        let is_opening = state.tree_store.read(&mut c).await?.tree.is_opening();
        drop(c);
        if !is_opening {
            return Ok(());
        }
        let tree_store = &state.tree_store;
        let batch_id = state.ctx.tx(async |c| {
            let mut batch = tree_store.begin(c).await?;
            continue_opening(&mut batch)?;
            batch.save(c).await
        });
        tree_store.confirm_commit(batch_id.await?).await;
    }
}

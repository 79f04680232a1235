//! What runs on a schedule.

use crate::app::absorb::{absorb, count_ahead, take_due};
use crate::app::open::open_further;
use crate::app::totals::carry_forward;
use crate::error::Failure;
use crate::state::Binary;
use chassis::jobs::Job;
use std::time::Duration;

pub fn all(app: &Binary) -> Vec<Job> {
    let (opening, ahead, adding) = (app.clone(), app.clone(), app.clone());
    vec![
        Job::every("open-period", Duration::from_secs(2), move |_| {
            let app = opening.clone();
            async move { Ok(open_period(&app).await?) }
        }),
        Job::every("events-ahead", Duration::from_secs(10), move |_| {
            let app = ahead.clone();
            async move { Ok(take_up_ahead(&app).await?) }
        }),
        Job::every("pair-totals", Duration::from_secs(10), move |_| {
            let app = adding.clone();
            async move {
                while app.ctx.tx(async |c| carry_forward(c).await).await? {}
                Ok(())
            }
        }),
    ]
}

/// Takes in events that were ahead of the clock, when their time has come.
async fn take_up_ahead(app: &Binary) -> Result<(), Failure> {
    let mut c = app.ctx.db().read().await?;
    let waiting = count_ahead(&mut c).await?;
    drop(c);
    metrics::gauge!("binary_events_ahead").set(i32::try_from(waiting).unwrap_or(i32::MAX));
    if waiting == 0 {
        return Ok(());
    }
    let (keeper, now) = (&app.keeper, app.ctx.now());
    let done = app.ctx.tx(async |c| {
        let mut batch = keeper.begin(c).await?;
        let due = take_due(c, now).await?;
        absorb(c, &mut batch, due, now).await?;
        batch.save(c).await
    });
    keeper.committed(done.await?).await;
    Ok(())
}

/// Goes on with an opening that no event carries further.
async fn open_period(app: &Binary) -> Result<(), Failure> {
    loop {
        let mut c = app.ctx.db().read().await?;
        let opening = app.keeper.read(&mut c).await?.tree.is_opening();
        drop(c);
        if !opening {
            return Ok(());
        }
        let keeper = &app.keeper;
        let step = app.ctx.tx(async |c| {
            let mut batch = keeper.begin(c).await?;
            open_further(&mut batch)?;
            batch.save(c).await
        });
        keeper.committed(step.await?).await;
    }
}

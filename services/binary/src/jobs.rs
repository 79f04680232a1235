//! What runs on a schedule.

use crate::app::open::open_further;
use crate::error::Failure;
use crate::state::Binary;
use chassis::jobs::Job;
use std::time::Duration;

pub fn all(app: &Binary) -> Vec<Job> {
    let app = app.clone();
    vec![Job::every("open-period", Duration::from_secs(2), move |_| {
        let app = app.clone();
        async move { Ok(open_period(&app).await?) }
    })]
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

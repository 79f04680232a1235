//! Long tasks: replays of the whole journal, each with a tree of its own.

use crate::app::simulate::simulate_plan;
use crate::app::verify::verify;
use domain::Plan;
use long_tasks::{TaskInput, TaskKind};
use runtime::jobs::JobError;
use serde_json::Value;

/// All kinds of long tasks of this service.
pub const KINDS: &[TaskKind] = &[TREE_VERIFICATION, PLAN_SIMULATION];

/// Comparison of the tables with the journal. No input.
pub const TREE_VERIFICATION: TaskKind = TaskKind {
    name: "tree_verification",
    busy_code: "binary.replay_running",
    in_own_process: true,
    run: |input| Box::pin(verify_tree(input)),
};

/// Simulation of a plan. The input is the plan.
pub const PLAN_SIMULATION: TaskKind = TaskKind {
    name: "plan_simulation",
    busy_code: "binary.replay_running",
    in_own_process: true,
    run: |input| Box::pin(simulate(input)),
};

async fn verify_tree(input: TaskInput<'_>) -> Result<Value, JobError> {
    // One connection for all pages, because another replica may lag behind.
    let mut c = input.long_read.connection().await?;
    Ok(serde_json::to_value(verify(&mut c, input.progress).await?)?)
}

async fn simulate(input: TaskInput<'_>) -> Result<Value, JobError> {
    let plan: Plan = serde_json::from_value(input.value)?;
    let mut c = input.long_read.connection().await?;
    Ok(serde_json::to_value(simulate_plan(&mut c, plan, input.progress).await?)?)
}

//! Long tasks: work of minutes, such as the replay of a whole journal, which a request starts and later requests ask
//! about.
//!
//! A task is a row (`store`). The job `long-tasks` of one instance runs the tasks of a service one after the other
//! (`run`), and one that needs much memory in a process of its own (`process`). A client polls the task's resource
//! (`view`).
//!
//! Invariants: a process runs one task at a time, also when a request waits for its result; a task that a shutdown or a
//! crash interrupts is run again, three times at most; a task only reads, so that running it twice changes nothing.

mod kind;
mod process;
mod run;
mod schema;
mod store;
mod view;

pub use kind::{TaskInput, TaskKind};
pub use process::{TaskProgram, run_in_this_process};
pub use run::LongTasks;
pub use store::{TaskId, delete_expired};
pub use view::{JsonOf, TaskState, TaskView};

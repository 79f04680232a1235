//! What changes the tree, and who may look at it.
//!
//! Files in reading order: [`keeper`] (the one tree of this process and its turns), [`follow`] (from rows of
//! the journal to the tree), [`batch`] (inputs applied and written in one transaction), [`announce`] (events),
//! [`facts`] (events of others, read), [`directory`] (referral chains), [`absorb`] (facts to inputs),
//! [`place`] (by hand), [`prefer`] (a side), [`publish`] (a plan version), [`open`] (the rest of a period's opening),
//! [`totals`] (sums by month); then what replays
//! the whole journal beside them, [`aside`] and [`later`]: [`simulate`] (under another plan) and [`verify`] (against the tables, row
//! by row: [`deviation`]).

pub mod absorb;
pub mod announce;
pub mod aside;
pub mod batch;
pub mod deviation;
pub mod directory;
pub mod facts;
pub mod follow;
pub mod keeper;
pub mod later;
pub mod open;
pub mod place;
pub mod prefer;
pub mod publish;
pub mod simulate;
pub mod totals;
pub mod verify;

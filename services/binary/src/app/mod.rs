//! Use cases: changes to the tree, reads of it, and replays of its journal.
//!
//! Files in reading order: [`tree_state`] (the tree of this process), [`tree_store`] (its locking), [`snapshot`] (copies
//! of the tree, from which a process starts), [`follow`] (journal rows applied to the tree), [`batch`] (inputs applied and written in one transaction), [`input_rows`] and
//! [`outgoing_events`] (the rows and events of one input), [`column`] (columns read as values of the tree),
//! [`event_reader`] (incoming events, decoded), [`referral_chain`], [`apply_events`] (incoming events to inputs),
//! [`place`] (manual placement), [`choose_side`] (preferred side), [`publish_plan`], [`withdraw_plan`],
//! [`open_period`] (the rest of a period opening), [`totals`] (sums by month), [`index_words`] and [`search`] (members by name). Replays of the whole
//! journal run in the [`background`] and handle later entries with [`journal_tail`]: [`simulate`] (under another plan)
//! and [`verify`] (against the tables; differences are a [`deviation`]).

pub mod apply_events;
pub mod background;
pub mod batch;
pub mod choose_side;
pub mod column;
pub mod deviation;
pub mod event_reader;
pub mod follow;
pub mod index_words;
pub mod input_rows;
pub mod journal_tail;
pub mod open_period;
pub mod outgoing_events;
pub mod place;
pub mod publish_plan;
pub mod referral_chain;
pub mod search;
pub mod simulate;
pub mod snapshot;
pub mod totals;
pub mod tree_state;
pub mod tree_store;
pub mod verify;
pub mod withdraw_plan;

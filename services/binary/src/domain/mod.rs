//! The binary tree as a pure function of its journal: equal inputs in equal order give equal positions, leg
//! counts and pairs on any machine.
//!
//! Files in reading order: [`rules`] (the specification, with an example and a reference tree), [`input`] (inputs and
//! their outcomes), [`node`] and [`legs`] (a node, and a value for each of its legs), [`tree`] (applies one input at a
//! time), `input_context` (the terms of an input and the pairs it makes), `engine` (the same rules for ten million
//! members, without scans), [`voidable_pairs`] (pairs that a refund may void), [`referral_bonuses`] (bonuses under a
//! plan), [`simulation`] (the same history under another plan), [`snapshot`] (copies of the tree). Reads of the API: [`subtree`] (parts of the tree),
//! [`search`] (search words of members), [`plan_state`] (past, in force or scheduled). `history` compares engine and
//! rules.

mod engine;
#[cfg(test)]
mod history;
pub mod input;
mod input_context;
pub mod legs;
pub mod node;
pub mod plan_state;
pub mod referral_bonuses;
pub mod rules;
pub mod search;
pub mod simulation;
pub mod snapshot;
pub mod subtree;
pub mod tree;
pub mod voidable_pairs;

pub use input::{Input, InputOutcome, PairMade, PlacedNode, TreeError};
pub use node::{LimitUse, NO_NODE, Node, NodeIndex, ROOT};
pub use plan_state::{PlanState, WITHDRAWAL_NOTICE_MINUTES};
pub use proto_events::vocabulary::PairStatus;
pub use tree::Tree;
pub use voidable_pairs::VoidablePairs;

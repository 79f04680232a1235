//! The binary tree as a pure function of its journal: equal inputs in equal order give equal positions, leg
//! counts and pairs on any machine.
//!
//! Terms: a member *counts* while the net amount paid is above zero. The *matching order* is the journal sequence
//! number at which a member started to count; the oldest member is matched first. A pair is *outstanding* until it is
//! voided, and uses one counting member of each leg of its earner.
//!
//! Files in reading order: [`input`] (inputs and their outcomes), [`tree`] (applies one input at a time), `engine` (the
//! nodes in memory: free slots, leg counts, pair matching, undo log), [`node_index`], [`legs`] (a value for each leg),
//! `matching_terms` and `pairs_made` (what matching is given and what it makes), [`voidable_pairs`] (pairs that a refund
//! may void), `digest`, [`referral_bonuses`] (bonuses under a plan), [`simulation`] (the same history under another
//! plan). `model` states the same rules by plain scans, and `history` compares the two.

mod digest;
mod engine;
#[cfg(test)]
mod history;
pub mod input;
pub mod legs;
mod matching_terms;
#[cfg(test)]
mod model;
pub mod node_index;
mod pairs_made;
pub mod referral_bonuses;
pub mod simulation;
pub mod tree;
pub mod voidable_pairs;

pub use engine::Arena;
pub use input::{Input, InputOutcome, PairMade, PlacedNode, TreeError};
pub use node_index::{NO_NODE, NodeIndex, ROOT};
pub use tree::Tree;
pub use voidable_pairs::VoidablePairs;

//! The binary tree as a pure function of its journal: equal inputs in equal order give equal positions, leg
//! counts and pairs on any machine.
//!
//! Terms: a member *counts* while the net amount paid is above zero. The *matching order* is the journal sequence
//! number at which a member started to count; the oldest member is matched first. A pair is *outstanding* until it is
//! voided, and uses one counting member of each leg of its earner.
//!
//! Files in reading order: [`input`] (inputs and their outcomes), [`tree`] (applies one input at a time), [`node`]
//! and [`arena`] (nodes and leg counts), [`vacancy`] (the next free slot), [`matching`] (pairs of one earner),
//! [`frontier`] and [`leg_search`] (the oldest unmatched members of a leg), [`voidable_pairs`] (pairs that a refund may
//! void), [`undo`] (rollback of a batch), [`prefetch`] (memory prefetching), [`index`] (user id to node),
//! [`referral_bonuses`] (bonuses under a plan), [`simulation`] (the same history under another plan).

pub mod arena;
mod digest;
pub mod frontier;
#[cfg(test)]
mod history;
pub mod index;
pub mod input;
pub mod leg_search;
pub mod legs;
pub mod matching;
#[cfg(test)]
mod model;
pub mod node;
pub mod prefetch;
pub mod referral_bonuses;
pub mod simulation;
pub mod tree;
pub mod undo;
pub mod vacancy;
pub mod voidable_pairs;

pub use arena::Arena;
pub use input::{Input, InputOutcome, PairMade, PlacedNode, TreeError};
pub use node::{NO_NODE, NodeIndex, ROOT};
pub use tree::Tree;
pub use voidable_pairs::VoidablePairs;

//! The tree as a pure function of its journal: the same inputs in the same order give the same positions,
//! counts and pairs, on any machine.
//!
//! Files in reading order: [`input`] (what may happen to the tree, and what comes of it), [`tree`] (one input
//! at a time, in time that never runs backwards), [`node`] and [`arena`] (nodes and leg counts), [`vacancy`] (where
//! the next member goes), [`matching`] (pairs of one earner), [`frontier`] and [`walk`] (the oldest unmatched
//! members of a leg), [`in_play`] (pairs that a refund may void), [`ahead`] (what is looked up before it is asked for),
//! [`index`] (user id to node), [`referring`] (bonuses under a plan),
//! [`simulation`] (the same history under another plan).

pub mod ahead;
pub mod arena;
mod digest;
pub mod frontier;
#[cfg(test)]
mod history;
pub mod in_play;
pub mod index;
pub mod input;
pub mod legs;
pub mod matching;
#[cfg(test)]
mod model;
pub mod node;
pub mod referring;
pub mod simulation;
pub mod tree;
pub mod undo;
pub mod vacancy;
pub mod walk;

pub use arena::Arena;
pub use in_play::InPlay;
pub use input::{Input, Outcome, PairMade, Placed, TreeError};
pub use node::{Ix, NONE, ROOT};
pub use tree::Tree;

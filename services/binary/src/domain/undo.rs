//! How to take back what a batch did to the arena: one short note a change, read backwards.
//!
//! A batch that does not commit must leave no trace in memory. Notes cost far less than copies of the nodes
//! on every path to the root; frontiers, the marks of who is at their limit and
//! where the last search ended are simply dropped, since they can be made again from the nodes.

use super::arena::Arena;
use super::matching::Account;
use super::node::Ix;
use domain::Side;

#[derive(Debug, Clone)]
pub enum Note {
    /// The last node was added, and may count since.
    Placed,
    /// The node's counting changed from this place in the matching order; zero: it did not count.
    Counted(Ix, u32),
    Labelled(Ix, bool),
    /// Whether the node was an Active Buyer.
    Active(Ix, bool),
    /// The pairs that stand, and the account.
    Earner(Ix, u32, Account),
    /// The members that had come back to a leg of an earner.
    Returned(Ix, Side, Vec<(u32, Ix)>),
}

impl Arena {
    /// From now on every change can be taken back.
    pub fn begin(&mut self) {
        self.recording = true;
        self.notes.clear();
    }

    /// What was done since [`Arena::begin`] is for good.
    pub fn keep(&mut self) {
        self.recording = false;
        self.notes.clear();
    }

    /// Takes back what was done since [`Arena::begin`].
    pub fn take_back(&mut self) {
        self.recording = false;
        self.forget_frontiers();
        // Who was at their limit may have slots again.
        self.end_spell();
        self.hint = None;
        while let Some(note) = self.notes.pop() {
            match note {
                Note::Placed => self.unplace_last(),
                Note::Counted(node, before) => self.recount(node, before),
                Note::Labelled(node, label) => self.set_label(node, label),
                Note::Active(node, active) => self.set_active_buyer(node, active),
                Note::Earner(node, live, account) => {
                    self.rung_mut(node).live.set_pairs(live);
                    *self.account_mut(node) = account;
                }
                Note::Returned(node, side, members) => self.set_returned(node, side, members),
            }
        }
    }

    pub(super) fn note(&mut self, note: Note) {
        if self.recording {
            self.notes.push(note);
        }
    }
}

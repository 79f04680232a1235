//! What changes the figures: [`learn`] is all of it.

pub mod learn;

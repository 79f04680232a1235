//! What changes the figures: [`learn`] takes facts in, `sum_up` says what each adds to the rollups, [`rebuild`] makes
//! the rollups anew.

pub mod learn;
pub mod rebuild;
mod sum_up;

//! Operations of the service: [`store_facts`] stores facts, `roll_up` computes how they change the rollups, and
//! [`rebuild`] rebuilds the rollups.

pub mod rebuild;
mod roll_up;
pub mod store_facts;

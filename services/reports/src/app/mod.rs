//! Operations of the service: [`store_facts`] stores facts, `roll_up` computes how they change the rollups, and
//! [`rebuild`] rebuilds the rollups. `search_documents` numbers the changes of what staff find and reads it for an
//! index, [`rebuild_search`] numbers all of it again, and `find` makes answers of what an index finds.

pub(crate) mod find;
pub mod rebuild;
pub mod rebuild_search;
mod roll_up;
pub(crate) mod search_documents;
pub mod store_facts;

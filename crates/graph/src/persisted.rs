//! Queries that a client sends once, and afterwards names by their SHA-256 hash.

use crate::call::problem_error;
use async_graphql::{Error, ErrorExtensions};
use http_api::Problem;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};

/// Queries that are stored; the oldest makes room.
const MAX_QUERIES: usize = 500;

#[derive(Default)]
struct Stored {
    by_hash: HashMap<String, String>,
    oldest_first: VecDeque<String>,
}

/// The stored queries of a process.
#[derive(Default)]
pub(crate) struct PersistedQueries(Mutex<Stored>);

impl PersistedQueries {
    /// The query with this hash: the one that is given, which is stored, or the stored one. Errors for a hash of another
    /// query, and with `PERSISTED_QUERY_NOT_FOUND`, upon which clients send the query, for an unknown hash.
    pub(crate) fn resolve(&self, hash: &str, query: Option<String>, request_id: &str) -> Result<String, Error> {
        let mut stored = self.0.lock();
        let Some(query) = query else {
            let found = stored.by_hash.get(hash).cloned();
            let error = || Error::new("PersistedQueryNotFound");
            return found.ok_or_else(|| error().extend_with(|_, e| e.set("code", "PERSISTED_QUERY_NOT_FOUND")));
        };
        if hex::encode(Sha256::digest(query.as_bytes())) != hash {
            let problem = Problem::unprocessable("graph.wrong_hash", "the hash is not that of the query");
            return Err(problem_error(&problem, request_id));
        }
        if stored.by_hash.insert(hash.to_owned(), query.clone()).is_none() {
            stored.oldest_first.push_back(hash.to_owned());
            if stored.oldest_first.len() > MAX_QUERIES
                && let Some(oldest) = stored.oldest_first.pop_front()
            {
                stored.by_hash.remove(&oldest);
            }
        }
        Ok(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(query: &str) -> String {
        hex::encode(Sha256::digest(query.as_bytes()))
    }

    #[test]
    fn a_stored_query_is_found_by_its_hash_until_as_many_others_came() {
        let queries = PersistedQueries::default();
        let first = hash("{ a0 }");
        assert!(queries.resolve(&first, None, "").is_err());
        assert!(queries.resolve(&first, Some("{ b }".to_owned()), "").is_err());
        for n in 0..MAX_QUERIES {
            let query = format!("{{ a{n} }}");
            assert!(queries.resolve(&hash(&query), Some(query.clone()), "").is_ok());
        }
        assert_eq!(queries.resolve(&first, None, "").expect("stored"), "{ a0 }");
        let last = "{ last }".to_owned();
        assert!(queries.resolve(&hash(&last), Some(last), "").is_ok());
        assert!(queries.resolve(&first, None, "").is_err());
    }
}

//! Queries of the index: a pass for each precision, the closest first, until enough is found.

use crate::document::{MAX_KINDS, Reference};
use crate::engine::{Engine, Fields};
use crate::newest::{Newest, kinds};
use crate::precision::{Precision, Query, allows_typo};
use crate::prefixes::cuts_beginning;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use tantivy::query::{BooleanQuery, FuzzyTermQuery, Occur, Query as Pass, RangeQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

/// A document that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    pub reference: Reference,
    pub precision: Precision,
}

/// Finds up to `limit` documents of each of `kinds`, by kind, the closest first and of equal ones the newest.
pub(crate) fn search(engine: &Engine, query: &Query, wanted: &BTreeSet<u8>, limit: usize) -> tantivy::Result<Vec<Hit>> {
    let searcher = engine.searcher();
    let mut found: BTreeMap<u8, Vec<Hit>> =
        wanted.iter().filter(|kind| **kind < MAX_KINDS).map(|kind| (*kind, Vec::new())).collect();
    for precision in Precision::ALL {
        let mut limits = [0; kinds()];
        for (kind, hits) in found.iter().filter(|(_, hits)| hits.len() < limit) {
            if let Some(of_kind) = limits.get_mut(usize::from(*kind)) {
                // A pass finds what the closer ones have found again.
                *of_kind = limit + hits.len();
            }
        }
        let is_done = limits.iter().all(|limit| *limit == 0);
        if is_done || (precision == Precision::Typo && !has_typos(query)) {
            break;
        }
        for reference in run(&searcher, engine.fields(), query, precision, limits)? {
            let Some(hits) = found.get_mut(&reference.kind) else { continue };
            if hits.len() < limit && hits.iter().all(|hit| hit.reference != reference) {
                hits.push(Hit { reference, precision });
            }
        }
    }
    Ok(found.into_values().flatten().collect())
}

fn has_typos(query: &Query) -> bool {
    query.alternatives.iter().flatten().any(|word| allows_typo(word))
}

/// The documents with words at least as close as `precision`.
fn run(
    searcher: &Searcher,
    fields: Fields,
    query: &Query,
    precision: Precision,
    limits: [usize; kinds()],
) -> tantivy::Result<Vec<Reference>> {
    let alternatives = query.alternatives.iter().filter(|words| !words.is_empty()).map(|words| {
        let all = words.iter().map(|word| (Occur::Must, pass(fields, word, precision)));
        (Occur::Should, boolean(all.collect()))
    });
    searcher.search(&boolean(alternatives.collect()), &Newest { limits })
}

fn boolean(mut clauses: Vec<(Occur, Box<dyn Pass>)>) -> Box<dyn Pass> {
    match clauses.pop() {
        Some((_, only)) if clauses.is_empty() => only,
        Some(last) => {
            clauses.push(last);
            Box::new(BooleanQuery::new(clauses))
        }
        None => Box::new(BooleanQuery::new(clauses)),
    }
}

fn pass(fields: Fields, word: &str, precision: Precision) -> Box<dyn Pass> {
    match precision {
        Precision::Exact => {
            Box::new(TermQuery::new(Term::from_field_text(fields.words, word), IndexRecordOption::Basic))
        }
        Precision::Prefix => by_beginning(fields, word),
        Precision::Typo if allows_typo(word) => {
            let typo = FuzzyTermQuery::new(Term::from_field_text(fields.names, word), 1, true);
            boolean(vec![(Occur::Should, by_beginning(fields, word)), (Occur::Should, Box::new(typo))])
        }
        Precision::Typo => by_beginning(fields, word),
    }
}

fn by_beginning(fields: Fields, word: &str) -> Box<dyn Pass> {
    match cuts_beginning(word) {
        Some(beginning) => range(fields.cuts, &beginning),
        None => range(fields.words, word),
    }
}

/// The documents with a term that begins with `beginning`.
fn range(field: Field, beginning: &str) -> Box<dyn Pass> {
    // No word contains the last character that there is.
    let end = format!("{beginning}{}", char::MAX);
    let bound = |text: &str| Term::from_field_text(field, text);
    Box::new(RangeQuery::new(Bound::Included(bound(beginning)), Bound::Excluded(bound(&end))))
}

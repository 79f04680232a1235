//! Tests of the index through its files: what is found, restarts, damage, a second process.

#![expect(clippy::unwrap_used, reason = "a failing test panics, in its helpers too; that is how it fails")]

use proptest::prelude::*;
use search_index::{Change, Document, Hit, OpenError, Position, Precision, Query, Reference, SearchIndex};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A folder that is deleted when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("search-index-{}-{}", std::process::id(), fastrand::u64(..));
        Self(std::env::temp_dir().join(name))
    }

    fn open(&self) -> SearchIndex {
        SearchIndex::open(&self.0, 1).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _deleted = std::fs::remove_dir_all(&self.0);
    }
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn query(alternatives: &[&[&str]]) -> Query {
    Query { alternatives: alternatives.iter().map(|words| set(words)).collect() }
}

fn document(kind: u8, id: u128, names: &[&str], codes: &[&str]) -> Document {
    Document { reference: Reference { kind, id }, names: set(names), codes: set(codes) }
}

fn at(generation: i64, change: i64) -> Position {
    Position { generation, change }
}

fn put(index: &SearchIndex, documents: &[Document], position: Position) {
    let changes: Vec<Change> = documents.iter().cloned().map(Change::Put).collect();
    index.stage(&changes, false).unwrap();
    index.commit(position).unwrap();
}

fn found(index: &SearchIndex, alternatives: &[&[&str]]) -> Vec<(u8, u128, Precision)> {
    let hits = index.search(&query(alternatives), &BTreeSet::from([0, 1, 2]), 10).unwrap();
    hits.into_iter().map(|Hit { reference: Reference { kind, id }, precision }| (kind, id, precision)).collect()
}

#[test]
fn closer_matches_come_first_and_then_newer_documents() {
    let folder = Folder::new();
    let index = folder.open();
    let documents = [
        document(0, 1, &["ravi", "rao"], &["ravi@example.in"]),
        document(0, 2, &["ravina"], &[]),
        document(0, 3, &["ravi"], &[]),
        document(0, 4, &["ravu"], &[]),
        document(0, 5, &["ravish"], &[]),
        document(1, 6, &[], &["ravi1"]),
    ];
    put(&index, &documents, at(1, 6));
    let expected = [
        (0, 3, Precision::Exact),
        (0, 1, Precision::Exact),
        (0, 5, Precision::Prefix),
        (0, 2, Precision::Prefix),
        (0, 4, Precision::Typo),
        (1, 6, Precision::Prefix),
    ];
    assert_eq!(found(&index, &[&["ravi"]]), expected);
    assert_eq!(found(&index, &[&["ravi", "rao"]]), [(0, 1, Precision::Exact)]);
    assert_eq!(found(&index, &[&["rva", "rao"]]), []);
    assert_eq!(found(&index, &[&["arvi", "ra"]]).len(), 2, "a typo in one word, a prefix in the other");
    let either = found(&index, &[&["ravi1"], &["ravish"]]);
    assert_eq!(either, [(0, 5, Precision::Exact), (1, 6, Precision::Exact)]);
    let only = index.search(&query(&[&["ravi"]]), &BTreeSet::from([1]), 10).unwrap();
    assert_eq!(only.len(), 1);
}

#[test]
fn each_kind_has_its_own_limit_and_the_newest_are_within_it() {
    let folder = Folder::new();
    let index = folder.open();
    for id in 1..=25 {
        // A commit for each, so that they are in several segments.
        put(&index, &[document(0, id, &["asha"], &[]), document(1, id, &["ashar"], &[])], at(1, 1));
    }
    let ids = |hits: Vec<(u8, u128, Precision)>, of: u8| -> Vec<u128> {
        hits.into_iter().filter(|(kind, ..)| *kind == of).map(|(_, id, _)| id).collect()
    };
    let newest: Vec<u128> = (16..=25).rev().collect();
    for word in ["a", "as", "asha", "asah"] {
        let hits = found(&index, &[&[word]]);
        assert_eq!(ids(hits.clone(), 0), newest, "{word}");
        if word != "asah" {
            assert_eq!(ids(hits, 1), newest, "{word}");
        }
    }
    assert_eq!(index.search(&query(&[&["asha"]]), &BTreeSet::from([0, 1]), 24).unwrap().len(), 48);
    assert_eq!(index.search(&query(&[&["asha"]]), &BTreeSet::from([0, 1]), 26).unwrap().len(), 50);
}

#[test]
fn a_replaced_document_is_found_by_its_new_words_alone_and_a_removed_one_by_none() {
    let folder = Folder::new();
    let index = folder.open();
    put(&index, &[document(0, 1, &["asha"], &["asha@example.in"]), document(1, 1, &["asha"], &[])], at(1, 1));
    put(&index, &[document(0, 1, &["erased"], &[])], at(1, 2));
    assert_eq!(found(&index, &[&["asha"]]), [(1, 1, Precision::Exact)]);
    assert_eq!(found(&index, &[&["asha@"]]), []);
    assert_eq!(found(&index, &[&["erased"]]), [(0, 1, Precision::Exact)]);
    index.stage(&[Change::Remove(Reference { kind: 0, id: 1 })], false).unwrap();
    index.commit(at(1, 3)).unwrap();
    assert_eq!(found(&index, &[&["erased"]]), []);
    assert_eq!(index.count(), 1);
}

#[test]
fn a_restart_continues_after_the_last_commit_and_forgets_what_was_staged() {
    let folder = Folder::new();
    let index = folder.open();
    assert_eq!(index.position().unwrap(), Position::default());
    put(&index, &[document(0, 1, &["asha"], &[])], at(2, 7));
    index.stage(&[Change::Put(document(0, 2, &["asha"], &[]))], false).unwrap();
    drop(index);
    let index = folder.open();
    assert_eq!(index.position().unwrap(), at(2, 7));
    assert_eq!(found(&index, &[&["asha"]]), [(0, 1, Precision::Exact)]);
}

#[test]
fn a_cleared_index_answers_until_the_commit_that_replaces_it() {
    let folder = Folder::new();
    let index = folder.open();
    put(&index, &[document(0, 1, &["asha"], &[]), document(0, 2, &["asha"], &[])], at(1, 9));
    index.clear().unwrap();
    index.stage(&[Change::Put(document(0, 2, &["asha"], &[]))], true).unwrap();
    assert_eq!(found(&index, &[&["asha"]]).len(), 2);
    index.commit(at(2, 4)).unwrap();
    assert_eq!(found(&index, &[&["asha"]]), [(0, 2, Precision::Exact)]);
    assert_eq!(index.position().unwrap(), at(2, 4));
}

#[test]
fn a_second_process_is_refused_until_the_first_ends() {
    let folder = Folder::new();
    let index = folder.open();
    let Err(error) = SearchIndex::open(&folder.0, 1) else { panic!("opened twice") };
    assert!(matches!(error, OpenError::InUse(_)), "{error}");
    drop(index);
    folder.open();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() { files.extend(self::files(&entry.path())) } else { files.push(entry.path()) }
    }
    files
}

#[test]
fn an_index_with_a_damaged_or_missing_file_is_replaced_by_an_empty_one() {
    let made = || {
        let folder = Folder::new();
        let index = folder.open();
        put(&index, &[document(0, 1, &["asha"], &["9876543210"])], at(1, 1));
        drop(index);
        folder
    };
    let names: Vec<String> = files(&made().0)
        .iter()
        .map(|path| path.extension().unwrap_or(path.file_name().unwrap()).to_string_lossy().into_owned())
        .filter(|name| !name.contains("lock"))
        .collect();
    assert!(names.len() >= 5, "{names:?}");
    type Harm = fn(&Path);
    let harms: [Harm; 3] = [
        |path| std::fs::write(path, b"not an index").unwrap(),
        |path| std::fs::remove_file(path).unwrap(),
        |path| {
            let mut bytes = std::fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 0x55;
            }
            std::fs::write(path, bytes).unwrap();
        },
    ];
    for name in &names {
        for harm in harms {
            let folder = made();
            let damaged = files(&folder.0).into_iter().find(|path| path.to_string_lossy().ends_with(name.as_str()));
            harm(&damaged.unwrap());
            let index = folder.open();
            // Some harm does not matter, such as another order of a list of files.
            let (position, count) = (index.position().unwrap(), index.count());
            assert!((position, count) == (Position::default(), 0) || (position, count) == (at(1, 1), 1), "{name}");
            put(&index, &[document(0, 1, &["asha"], &["9876543210"])], at(1, 1));
            assert_eq!(found(&index, &[&["98765"]]), [(0, 1, Precision::Prefix)], "{name}");
        }
    }
}

#[test]
fn an_index_of_another_version_is_deleted() {
    let folder = Folder::new();
    put(&folder.open(), &[document(0, 1, &["asha"], &[])], at(1, 1));
    let newer = SearchIndex::open(&folder.0, 2).unwrap();
    assert_eq!((newer.position().unwrap(), newer.count()), (Position::default(), 0));
    drop(newer);
    assert_eq!(folder.open().count(), 0);
}

#[test]
fn an_index_whose_files_are_deleted_under_it_starts_again_when_it_is_reopened() {
    let folder = Folder::new();
    let index = folder.open();
    put(&index, &[document(0, 1, &["asha"], &[])], at(1, 1));
    for file in files(&folder.0).iter().filter(|file| !file.ends_with("lock")) {
        std::fs::remove_file(file).unwrap();
    }
    index.reopen().unwrap();
    assert_eq!((index.position().unwrap(), index.count()), (Position::default(), 0));
    put(&index, &[document(0, 1, &["asha"], &[])], at(1, 1));
    assert_eq!(found(&index, &[&["asha"]]).len(), 1);
}

#[test]
fn reopening_forgets_what_is_staged_and_keeps_what_is_committed() {
    let folder = Folder::new();
    let index = folder.open();
    put(&index, &[document(0, 1, &["asha"], &[])], at(1, 1));
    index.stage(&[Change::Put(document(0, 2, &["asha"], &[]))], false).unwrap();
    index.reopen().unwrap();
    put(&index, &[document(0, 3, &["asha"], &[])], at(1, 3));
    assert_eq!(found(&index, &[&["asha"]]), [(0, 3, Precision::Exact), (0, 1, Precision::Exact)]);
}

/// What a scan of all documents finds.
fn scan(documents: &BTreeMap<Reference, Document>, query: &Query, limit: usize) -> Vec<Hit> {
    let mut hits: Vec<Hit> = documents
        .values()
        .filter_map(|document| {
            let precision = query.precision(&document.names, &document.codes)?;
            Some(Hit { reference: document.reference, precision })
        })
        .collect();
    hits.sort_by_key(|hit| (hit.reference.kind, hit.precision, Reverse(hit.reference.id)));
    let mut count = BTreeMap::new();
    hits.retain(|hit| {
        let of_kind: &mut usize = count.entry(hit.reference.kind).or_default();
        *of_kind += 1;
        *of_kind <= limit
    });
    hits
}

/// Words of few characters, so that they are near each other.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{1,6}", "[aअश]{1,5}", "[ab]{4}[अा]{0,3}"]
}

fn code() -> impl Strategy<Value = String> {
    prop_oneof!["[12]{1,5}", "[a1]{2,16}", "ev26[12]{0,12}"]
}

fn any_document() -> impl Strategy<Value = Document> {
    let words = (prop::collection::btree_set(name(), 0..4), prop::collection::btree_set(code(), 0..3));
    (0..3_u8, 0..20_u128, words).prop_map(|(kind, id, (names, codes))| Document {
        reference: Reference { kind, id },
        names,
        codes,
    })
}

fn any_query() -> impl Strategy<Value = Query> {
    let words = prop::collection::btree_set(prop_oneof![name(), code()], 1..3);
    prop::collection::btree_set(words, 1..3).prop_map(|alternatives| Query { alternatives })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_what_a_scan_finds(
        commits in prop::collection::vec(prop::collection::vec((any_document(), any::<bool>()), 1..12), 1..5),
        queries in prop::collection::vec(any_query(), 12),
        limit in 1..4_usize,
    ) {
        let folder = Folder::new();
        let index = folder.open();
        let mut documents = BTreeMap::new();
        for (change, commit) in (1..).zip(&commits) {
            let changes: Vec<Change> = commit.iter().map(|(document, is_removed)| {
                if *is_removed { Change::Remove(document.reference) } else { Change::Put(document.clone()) }
            }).collect();
            for (document, is_removed) in commit {
                documents.remove(&document.reference);
                if !is_removed {
                    documents.insert(document.reference, document.clone());
                }
            }
            index.stage(&changes, false).unwrap();
            index.commit(at(1, change)).unwrap();
        }
        for query in &queries {
            let hits = index.search(query, &BTreeSet::from([0, 1, 2]), limit).unwrap();
            prop_assert_eq!(hits, scan(&documents, query, limit), "{:?}", query);
        }
    }
}

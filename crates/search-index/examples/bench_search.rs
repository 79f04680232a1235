//! Benchmark of the search: `cargo run --release -p search-index --example bench_search [DOCUMENTS]`.
//!
//! Builds an index of people, bookings, payments and payouts, then asks a mix of queries, and the same prefixes of
//! SQLite by `LIKE`, with an index on the words, in the same run.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a benchmark stops at the first surprise"
)]
#![expect(clippy::print_stdout, reason = "it prints its figures")]

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use search_index::{Change, Document, Position, Query, Reference, SearchIndex};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

const DOCUMENTS: u64 = 1_000_000;
const QUERIES: usize = 4_000;
const PAGE_DOCUMENTS: u64 = 1_000;
const MAX_ITEMS: usize = 10;

const SYLLABLES: [&str; 24] = [
    "ra", "vi", "ku", "mar", "a", "sha", "de", "vi", "su", "ni", "ta", "la", "ksh", "mi", "pra", "ka", "sh", "an",
    "jay", "po", "oja", "gan", "ga", "ram",
];
const INDIC: [&str; 12] = ["आ", "शा", "र", "वि", "कु", "मार", "दे", "वी", "மு", "ரு", "கன்", "செல்"];

fn word(random: &mut fastrand::Rng) -> String {
    let parts: &[&str] = if random.u8(..10) == 0 { &INDIC } else { &SYLLABLES };
    (0..random.usize(2..5)).map(|_| parts[random.usize(..parts.len())]).collect()
}

/// A document as the reports service makes them: six of ten are people.
fn document(n: u64, random: &mut fastrand::Rng) -> Document {
    let id = (u128::from(1_750_000_000_000 + n) << 80) | (random.u128(..) >> 48);
    let code = |random: &mut fastrand::Rng, length: usize| -> String {
        (0..length).map(|_| char::from(b"23456789abcdefghjkmnpqrstuvwxyz"[random.usize(..31)])).collect()
    };
    let day = format!("26{:02}{:02}", 1 + n / 28 % 12, 1 + n % 28);
    let (kind, names, codes): (u8, Vec<String>, Vec<String>) = match n % 10 {
        0..=5 => {
            let names = vec![word(random), word(random)];
            let mobile = format!("{}{:09}", random.u8(6..10), random.u32(..1_000_000_000));
            let local = format!("{}.{}{}", names[0], names[1], random.u32(..10_000));
            let email = format!("{local}@example.in");
            let mut codes = vec![email, format!("91{mobile}"), mobile, code(random, 8)];
            codes.extend(local.split('.').map(str::to_owned));
            (0, names, codes)
        }
        6 | 7 => {
            let part = code(random, 8);
            (1, vec![], vec![format!("ev{day}{part}"), day, part])
        }
        8 => {
            let number = format!("{:06}", n / 10);
            (2, vec![], vec![format!("202627{number}"), number, format!("pay{}", code(random, 14))])
        }
        _ => (3, vec![], vec![format!("hdfcn520{day}{:08}", random.u32(..100_000_000))]),
    };
    Document {
        reference: Reference { kind, id },
        names: names.into_iter().collect(),
        codes: codes.into_iter().collect(),
    }
}

/// The beginning of a word, of `length` characters.
fn beginning(word: &str, length: usize) -> String {
    word.chars().take(length).collect()
}

fn typo(word: &str, random: &mut fastrand::Rng) -> String {
    let mut chars: Vec<char> = word.chars().collect();
    let at = random.usize(..chars.len() - 1);
    chars.swap(at, at + 1);
    chars.into_iter().collect()
}

fn one(words: &[String]) -> Query {
    Query { alternatives: BTreeSet::from([words.iter().cloned().collect()]) }
}

/// Names of the queries with how each is made of a person's document and of a number.
type Maker = fn(&Document, &Document, &mut fastrand::Rng) -> Query;
const MIX: [(&str, Maker); 8] = [
    ("name", |person, _, _| one(&[person.names.first().unwrap().clone()])),
    ("two letters", |person, _, _| one(&[beginning(person.names.first().unwrap(), 2)])),
    ("beginning of a name", |person, _, _| one(&[beginning(person.names.first().unwrap(), 4)])),
    ("name with a typo", |person, _, random| one(&[typo(person.names.last().unwrap(), random)])),
    ("two names, one begun", |person, _, _| {
        one(&[person.names.first().unwrap().clone(), beginning(person.names.last().unwrap(), 3)])
    }),
    ("mobile", |person, _, random| {
        let mobile = person.codes.iter().find(|code| code.len() == 10 && code.parse::<u64>().is_ok()).unwrap();
        one(&[beginning(mobile, random.usize(2..11))])
    }),
    ("number", |_, number, _| one(&[number.codes.iter().max_by_key(|code| code.len()).unwrap().clone()])),
    ("beginning of a number", |_, number, random| {
        let code = number.codes.iter().max_by_key(|code| code.len()).unwrap();
        one(&[beginning(code, random.usize(2..code.len()))])
    }),
];

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    _id: i64,
}

fn percentile(sorted: &[Duration], hundredths: usize) -> Duration {
    sorted[(sorted.len() * hundredths / 100).min(sorted.len() - 1)]
}

/// `part / whole` with two decimal places.
fn ratio(part: Duration, whole: Duration) -> String {
    let hundredths = part.as_nanos() * 100 / whole.as_nanos().max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|e| if e.path().is_dir() { bytes_below(&e.path()) } else { e.metadata().unwrap().len() }).sum()
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("RssAnon")).unwrap_or_default().to_owned();
    line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

fn build(index: &SearchIndex, count: u64, people: &mut Vec<Document>, numbers: &mut Vec<Document>) -> Duration {
    let mut random = fastrand::Rng::with_seed(1);
    let mut took = Duration::ZERO;
    let step = (count / QUERIES as u64).max(1);
    for first in (0..count).step_by(PAGE_DOCUMENTS as usize) {
        let page: Vec<Document> =
            (first..count.min(first + PAGE_DOCUMENTS)).map(|n| document(n, &mut random)).collect();
        for (n, document) in (first..).zip(&page).filter(|(n, _)| n % step < 10) {
            if n % 10 < 6 { people.push(document.clone()) } else { numbers.push(document.clone()) }
        }
        let started = Instant::now();
        let changes: Vec<Change> = page.into_iter().map(Change::Put).collect();
        index.stage(&changes, true).unwrap();
        took += started.elapsed();
    }
    let started = Instant::now();
    index.commit(Position { generation: 1, change: count as i64 }).unwrap();
    took + started.elapsed()
}

fn main() {
    let count = std::env::args().nth(1).map_or(DOCUMENTS, |text| text.parse().unwrap());
    let folder = std::env::temp_dir().join(format!("bench-search-{}", std::process::id()));
    let index = SearchIndex::open(&folder, 1).unwrap();
    let (mut people, mut numbers) = (Vec::new(), Vec::new());
    let took = build(&index, count, &mut people, &mut numbers);
    println!(
        "search: {count} documents indexed in {:.1} s, {} MB of files, {} of memory that is not mapped",
        took.as_secs_f32(),
        bytes_below(&folder) / 1_000_000,
        peak_memory()
    );
    let started = Instant::now();
    for n in 0..100_u64 {
        let mut random = fastrand::Rng::with_seed(n);
        index.stage(&[Change::Put(document(n * 10, &mut random))], false).unwrap();
        index.commit(Position { generation: 1, change: (count + n) as i64 }).unwrap();
    }
    println!("search: a change alone is made durable in {} µs", started.elapsed().as_micros() / 100);

    let mut random = fastrand::Rng::with_seed(2);
    let kinds = BTreeSet::from([0, 1, 2, 3]);
    let (mut all, mut hits) = (Vec::new(), 0);
    let mut by_kind: Vec<Vec<Duration>> = vec![Vec::new(); MIX.len()];
    for n in 0..QUERIES {
        let which = n % MIX.len();
        let (person, number) = (&people[random.usize(..people.len())], &numbers[random.usize(..numbers.len())]);
        let query = MIX[which].1(person, number, &mut random);
        let started = Instant::now();
        hits += index.search(&query, &kinds, MAX_ITEMS).unwrap().len();
        by_kind[which].push(started.elapsed());
        all.push(started.elapsed());
    }
    all.sort_unstable();
    for ((name, _), times) in MIX.iter().zip(&mut by_kind) {
        times.sort_unstable();
        let (p50, p99) = (percentile(times, 50).as_micros(), percentile(times, 99).as_micros());
        println!("search: {name:<22} p50 {p50:>6} µs   p99 {p99:>6} µs");
    }
    let like = like_baseline(count, &people);
    let (p50, p99) = (percentile(&all, 50), percentile(&all, 99));
    println!("search: all {QUERIES}, {hits} hits     p50 {:>6} µs   p99 {:>6} µs", p50.as_micros(), p99.as_micros());
    println!(
        "search: p50 {} and p99 {} of a LIKE prefix of four letters in SQLite (p50 {} µs, p99 {} µs)",
        ratio(p50, percentile(&like, 50)),
        ratio(p99, percentile(&like, 99)),
        percentile(&like, 50).as_micros(),
        percentile(&like, 99).as_micros(),
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The same words in a table of SQLite: the newest ten documents with a word that begins with four letters.
fn like_baseline(count: u64, people: &[Document]) -> Vec<Duration> {
    let mut c = SqliteConnection::establish(":memory:").unwrap();
    c.batch_execute(
        "CREATE TABLE words (word TEXT NOT NULL, id INTEGER NOT NULL); PRAGMA case_sensitive_like = ON; BEGIN",
    )
    .unwrap();
    let mut random = fastrand::Rng::with_seed(1);
    for n in 0..count {
        let document = document(n, &mut random);
        for word in document.names.union(&document.codes) {
            sql_query("INSERT INTO words VALUES (?, ?)")
                .bind::<Text, _>(word)
                .bind::<BigInt, _>(n as i64)
                .execute(&mut c)
                .unwrap();
        }
    }
    c.batch_execute("COMMIT; CREATE INDEX words_by_word ON words (word)").unwrap();
    let mut times: Vec<Duration> = people
        .iter()
        .take(QUERIES / 4)
        .map(|person| {
            let pattern = beginning(person.names.first().unwrap(), 4);
            let sql =
                format!("SELECT DISTINCT id AS _id FROM words WHERE word LIKE '{pattern}%' ORDER BY id DESC LIMIT 10");
            let started = Instant::now();
            let rows: Vec<Id> = sql_query(sql).load(&mut c).unwrap();
            assert!(!rows.is_empty());
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}

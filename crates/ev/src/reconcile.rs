//! `ev reconcile`: comparison of the records that several services store.
//!
//! Every service lists its records page by page, and all others that store the same kind are asked for them, so a
//! record that is missing anywhere is found. The platform may run: a record that differs is read again until it agrees
//! or the time for events in transit has passed. It changes nothing.

use crate::service_databases::{self, UnusableDatabase};
use db::records::{Record, RecordKey, RecordSource};
use db::{Db, DbError};
use runtime::Env;
use runtime::config::ConfigError;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Records read at once.
const PAGE_RECORDS: i64 = 1_000;
/// Records looked up at once.
const LOOKUP_RECORDS: usize = 250;
/// Differing records of one kind that are read again and listed; the rest are only counted.
const MAX_SUSPECTS: usize = 1_000;
/// Time between two reads of the records that differ.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Why the databases cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{service}")]
    Unusable { service: &'static str, source: UnusableDatabase },
    #[error("{service}: {kind}")]
    Read { service: &'static str, kind: &'static str, source: DbError },
}

/// Outcome of a comparison.
#[derive(Debug, Serialize)]
pub struct Reconciliation {
    /// Whether all services agree.
    pub ok: bool,
    pub kinds: Vec<KindResult>,
}

impl Reconciliation {
    /// A line for each difference: kind, id, and what each service stores.
    pub fn difference_lines(&self) -> impl Iterator<Item = String> + '_ {
        self.kinds.iter().flat_map(|result| {
            let line = |difference: &Difference| format!("{} {}: {}", result.kind, difference.id, difference.sides());
            result.differences.iter().map(line)
        })
    }
}

/// Outcome for one kind of record.
#[derive(Debug, Serialize)]
pub struct KindResult {
    pub kind: &'static str,
    /// Number of records of each service that stores them.
    pub records: BTreeMap<&'static str, u64>,
    /// Number of records that differ.
    pub differing: usize,
    /// At most 1,000.
    pub differences: Vec<Difference>,
}

/// A record on which the services do not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub id: Uuid,
    /// What each service stores; `None` where the record is missing.
    pub services: BTreeMap<&'static str, Option<BTreeMap<&'static str, String>>>,
}

impl Difference {
    fn sides(&self) -> String {
        let sides = self.services.iter().map(|(service, fields)| match fields {
            None => format!("{service} has none"),
            Some(fields) => {
                let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
                format!("{service} {}", fields.join(", ")).trim_end().to_owned()
            }
        });
        sides.collect::<Vec<_>>().join("; ")
    }
}

/// The source of one kind in one service.
struct Side {
    service: &'static str,
    db: Db,
    source: &'static RecordSource,
}

impl Side {
    fn error(&self) -> impl FnOnce(DbError) -> ReconcileError {
        let (service, kind) = (self.service, self.source.kind);
        move |source| ReconcileError::Read { service, kind, source }
    }

    async fn list(&self, after: u128) -> Result<db::records::RecordPage, ReconcileError> {
        let read = async {
            let mut c = self.db.read().await?;
            Ok((self.source.list)(&mut c, after, PAGE_RECORDS).await?)
        };
        read.await.map_err(self.error())
    }

    /// The records with these keys; `None` for a key by which this service cannot find one.
    async fn find(&self, keys: &[RecordKey]) -> Result<BTreeMap<Uuid, Option<Record>>, ReconcileError> {
        let mut found = BTreeMap::new();
        let keys: Vec<RecordKey> = keys.iter().filter(|key| self.can_find(key)).copied().collect();
        for chunk in keys.chunks(LOOKUP_RECORDS) {
            let read = async {
                let mut c = self.db.read().await?;
                Ok((self.source.find)(&mut c, chunk).await?)
            };
            found.extend(chunk.iter().map(|key| (key.id, None)));
            found.extend(read.await.map_err(self.error())?.into_iter().map(|record| (record.key.id, Some(record))));
        }
        Ok(found)
    }

    fn can_find(&self, key: &RecordKey) -> bool {
        !self.source.has_derived_ids || key.derived_from.is_some()
    }
}

/// Compares the databases that the environment names, or those in the data folder. A difference counts when it still
/// exists after `settle`.
pub async fn run(env: &Env, data: &Path, settle: Duration) -> Result<Reconciliation, ReconcileError> {
    let mut kinds: BTreeMap<&'static str, Vec<Side>> = BTreeMap::new();
    for service in crate::services() {
        if service.records.is_empty() {
            continue;
        }
        let name = service.name;
        let database = service_databases::config(env, data, name)?;
        let db = service_databases::connect(&database, &service).await;
        let db = db.map_err(|source| ReconcileError::Unusable { service: name, source })?;
        for source in service.records {
            kinds.entry(source.kind).or_default().push(Side { service: name, db: db.clone(), source });
        }
    }
    let mut results = Vec::new();
    let mut suspects = Vec::new();
    for (kind, sides) in &kinds {
        let mut result = KindResult { kind, records: BTreeMap::new(), differing: 0, differences: Vec::new() };
        suspects.push(compare_all(sides, &mut result).await?);
        results.push(result);
    }
    let deadline = Instant::now() + settle;
    loop {
        for ((sides, suspects), result) in kinds.values().zip(&mut suspects).zip(&mut results) {
            recheck(sides, suspects, result).await?;
        }
        if suspects.iter().all(BTreeSet::is_empty) || Instant::now() >= deadline {
            break;
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
    Ok(Reconciliation { ok: results.iter().all(|result| result.differing == 0), kinds: results })
}

/// Compares all records of a kind and returns the keys of those that differ.
async fn compare_all(sides: &[Side], result: &mut KindResult) -> Result<BTreeSet<RecordKey>, ReconcileError> {
    let mut suspects = BTreeSet::new();
    for (index, side) in sides.iter().enumerate() {
        let mut after = Some(0);
        let mut count = 0;
        while let Some(position) = after {
            let page = side.list(position).await?;
            count += u64::try_from(page.records.len()).unwrap_or(u64::MAX);
            let keys: Vec<RecordKey> = page.records.iter().map(|record| record.key).collect();
            for (_, other) in sides.iter().enumerate().filter(|(other, _)| *other != index) {
                let found = other.find(&keys).await?;
                let differs =
                    |record: &&Record| found.get(&record.key.id).is_some_and(|other| !agrees(record, other.as_ref()));
                suspects.extend(page.records.iter().filter(differs).map(|record| record.key));
            }
            after = page.next;
        }
        result.records.insert(side.service, count);
    }
    Ok(suspects)
}

/// Whether another service has the record too, with the same values in the fields that both have.
fn agrees(record: &Record, other: Option<&Record>) -> bool {
    let Some(other) = other else { return false };
    let value = |name: &str| other.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value);
    record.fields.iter().all(|(name, expected)| value(name).is_none_or(|found| found == expected))
}

/// Reads the differing records again and keeps those that still differ.
async fn recheck(
    sides: &[Side],
    suspects: &mut BTreeSet<RecordKey>,
    result: &mut KindResult,
) -> Result<(), ReconcileError> {
    let omitted = suspects.len().saturating_sub(MAX_SUSPECTS);
    let keys: Vec<RecordKey> = suspects.iter().take(MAX_SUSPECTS).copied().collect();
    let mut found = Vec::new();
    for side in sides {
        found.push((side.service, side.find(&keys).await?));
    }
    result.differences.clear();
    for key in keys {
        let of_key: Vec<_> =
            found.iter().filter_map(|(service, records)| Some((*service, records.get(&key.id)?.as_ref()))).collect();
        let differs = of_key.iter().enumerate().any(|(index, (_, record))| {
            let others = of_key.iter().skip(index + 1);
            others.clone().any(|(_, other)| match (record, other) {
                (Some(record), other) => !agrees(record, *other),
                (None, other) => other.is_some(),
            })
        });
        if differs {
            let fields = |record: &Record| record.fields.iter().cloned().collect();
            let services = of_key.into_iter().map(|(service, record)| (service, record.map(fields))).collect();
            result.differences.push(Difference { id: key.id, services });
        } else {
            suspects.remove(&key);
        }
    }
    result.differing = result.differences.len() + omitted;
    Ok(())
}

/// The outcome as a table for people, and a line for each difference.
pub fn text(outcome: &Reconciliation) -> String {
    let mut text = format!("{:<22}{:>10}  records\n", "kind", "differing");
    for KindResult { kind, records, differing, .. } in &outcome.kinds {
        let counts: Vec<String> = records.iter().map(|(service, count)| format!("{service} {count}")).collect();
        // Writing to a String cannot fail.
        let _written = writeln!(text, "{kind:<22}{differing:>10}  {}", counts.join(", "));
    }
    for line in outcome.difference_lines() {
        let _written = writeln!(text, "DIFFERENCE {line}");
    }
    text + if outcome.ok { "ok" } else { "not ok" }
}

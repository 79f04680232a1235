//! Export of the audit log as CSV or JSON Lines, with the seals of its hash chain.

use super::Subject;
use super::audit::{AuditFilter, changes_of, query_of};
use crate::ComplianceState;
use crate::domain::audit::AuditChange;
use crate::store::audit_log::{self, AuditEntry, AuditEntryId};
use crate::store::audit_seals::{self, AuditSeal};
use actix_web::web;
use chassis::audit;
use chrono::TimeDelta;
use db::SortOrder;
use domain::{Role, Timestamp, UserId};
use http_api::{BodySender, Caller, Download, FileTypes, Problem, Query, csv_cell, download, long_read, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Entries in memory at a time.
const PAGE_ENTRIES: i64 = 500;
const COLUMNS: [&str; 15] = [
    "id",
    "acted_at",
    "actor_id",
    "role",
    "service",
    "action",
    "subject_type",
    "subject_id",
    "subject_user_id",
    "detail",
    "changes",
    "request_id",
    "address",
    "seal",
    "hash",
];

/// Content types of an export.
pub(super) struct AuditFile;

impl FileTypes for AuditFile {
    const CONTENT_TYPES: &'static [&'static str] = &["text/csv", "application/jsonl"];
}

domain::text_enum! {
    /// Format of an export.
    pub(super) enum AuditFormat {
        Csv = "csv",
        /// A JSON object a line.
        JsonLines = "jsonl",
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AuditExportFilter {
    /// `csv` by default.
    format: Option<AuditFormat>,
    /// The staff member who acted.
    actor: Option<UserId>,
    /// Id of the object acted on, or of the user it belongs to.
    subject: Option<String>,
    /// Type of the object acted on, such as `payout`.
    subject_type: Option<String>,
    /// Such as `payout.approve`.
    action: Option<String>,
    /// The service that the action belongs to.
    service: Option<String>,
    /// Role of the staff member at the time.
    role: Option<Role>,
    /// First day or time, inclusive.
    from: Option<String>,
    /// Last day or time, inclusive.
    to: Option<String>,
}

/// A line of an export.
#[derive(Serialize)]
struct AuditLine<'a> {
    id: AuditEntryId,
    acted_at: Timestamp,
    actor_id: UserId,
    role: Role,
    service: &'a str,
    action: &'a str,
    subject_type: &'a str,
    subject_id: &'a str,
    subject_user_id: Option<UserId>,
    detail: &'a str,
    changes: Vec<AuditChange>,
    request_id: &'a str,
    address: &'a str,
    /// Number in the hash chain; null until it is sealed.
    seal: Option<i64>,
    hash: Option<String>,
}

/// Export the actions of staff, oldest first, as CSV or JSON Lines.
///
/// Each entry up to now has its number and hash in the chain over the log. Every export is in the log itself. 422 when
/// `from` is after `to`, 429 while other long reads run.
#[operation]
pub(super) async fn export(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Query(filter): Query<AuditExportFilter>,
) -> Result<Download<AuditFile>, Problem> {
    let format = filter.format.unwrap_or(AuditFormat::Csv);
    let subject_types = filter.subject_type.clone().map(|subject_type| vec![subject_type]);
    let AuditExportFilter { actor, subject, subject_type, action, service, role, from, to, .. } = filter;
    let filter = AuditFilter { actor, subject, subject_type, action, service, role, from, to };
    let mut query = query_of(filter, subject_types)?;
    (query.order, query.limit) = (SortOrder::Ascending, PAGE_ENTRIES);
    let long_read = long_read(state.ctx.db(), Duration::ZERO).await?;
    let (content_type, name) = match format {
        AuditFormat::Csv => ("text/csv; charset=utf-8", "audit-log.csv"),
        AuditFormat::JsonLines => ("application/jsonl", "audit-log.jsonl"),
    };
    let now = state.ctx.now();
    // Without the entry of this export, which may arrive while it runs.
    let before = now.minus(TimeDelta::microseconds(1));
    query.until = Some(query.until.map_or(before, |until| until.min(before)));
    let produce = async move |out: BodySender| {
        state
            .ctx
            .tx(async |c| audit::record(c, &caller, now, "audit.export", Subject::AuditLog, format.as_str()).await)
            .await?;
        let mut is_first = true;
        loop {
            let mut c = long_read.connection().await?;
            let page = audit_log::list(&mut c, &query).await?;
            let ids: Vec<AuditEntryId> = page.iter().map(|entry| entry.id).collect();
            let seals = audit_seals::find_of(&mut c, &ids).await?;
            drop(c);
            let seals: BTreeMap<AuditEntryId, AuditSeal> = seals.into_iter().map(|s| (s.entry_id, s)).collect();
            let lines = page.iter().map(|entry| line(entry, seals.get(&entry.id)));
            let text = match format {
                AuditFormat::Csv => csv_text(is_first, lines)?,
                AuditFormat::JsonLines => json_text(lines)?,
            };
            out.send(text).await?;
            is_first = false;
            let is_last = i64::try_from(page.len()) != Ok(PAGE_ENTRIES);
            query.after = page.last().map(|entry| (entry.acted_at, entry.id));
            if is_last {
                return Ok(());
            }
        }
    };
    Ok(Download::new(download(content_type, name, produce).await?))
}

fn line<'a>(entry: &'a AuditEntry, seal: Option<&AuditSeal>) -> AuditLine<'a> {
    AuditLine {
        id: entry.id,
        acted_at: entry.acted_at,
        actor_id: entry.actor_id,
        role: entry.role,
        service: &entry.service,
        action: &entry.action,
        subject_type: &entry.subject_type,
        subject_id: &entry.subject_id,
        subject_user_id: entry.subject_user_id,
        detail: &entry.detail,
        changes: changes_of(entry),
        request_id: &entry.request_id,
        address: &entry.address,
        seal: seal.map(|seal| seal.number),
        hash: seal.map(|seal| hex::encode(&seal.hash)),
    }
}

fn json_text<'a>(lines: impl Iterator<Item = AuditLine<'a>>) -> Result<Vec<u8>, Problem> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, &line).map_err(Problem::internal)?;
        text.push(b'\n');
    }
    Ok(text)
}

fn csv_text<'a>(has_head: bool, lines: impl Iterator<Item = AuditLine<'a>>) -> Result<Vec<u8>, Problem> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    if has_head {
        csv.write_record(COLUMNS).map_err(Problem::internal)?;
    }
    for line in lines {
        let change = |c: &AuditChange| format!("{}: {} > {}", c.field, c.before, c.after);
        let changes = line.changes.iter().map(change).collect::<Vec<_>>().join("; ");
        let record = [
            line.id.to_string(),
            line.acted_at.to_string(),
            line.actor_id.to_string(),
            line.role.to_string(),
            csv_cell(line.service),
            csv_cell(line.action),
            csv_cell(line.subject_type),
            csv_cell(line.subject_id),
            line.subject_user_id.map(|user| user.to_string()).unwrap_or_default(),
            csv_cell(line.detail),
            csv_cell(&changes),
            csv_cell(line.request_id),
            csv_cell(line.address),
            line.seal.map(|number| number.to_string()).unwrap_or_default(),
            line.hash.unwrap_or_default(),
        ];
        csv.write_record(record).map_err(Problem::internal)?;
    }
    csv.into_inner().map_err(|error| Problem::internal(error.into_error()))
}

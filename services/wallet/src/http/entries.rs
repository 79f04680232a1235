//! Journal entries, for staff and auditors.

use super::explain::{CauseView, EntryView, PersonView, PostingView, RuleView, StepView, list_causes, list_people};
use super::ledger::{account_name, parse_account};
use super::reference::ReferenceView;
use crate::WalletState;
use crate::app::{derivation, ids};
use crate::domain::{Account, EntryId, EntryKind, TransactionId, TransactionType};
use crate::error::WalletError;
use crate::store::entries::{EntryRow, PostingRow};
use crate::store::journal::{self, JournalRow, PostedRange};
use crate::store::{entries, members};
use actix_web::web;
use db::DbConnection;
use domain::{Money, Plan, Timestamp, UserId};
use http_api::{Cursor, Json, Listing, Page, Path, Problem, Query, StaffPage, TimeRange, bad_cursor, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The query of the list of entries.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct EntriesFilter {
    /// Entries with a posting to this account, such as `company:bank`; an account of members needs `user_id`.
    account: Option<String>,
    /// Entries of this member.
    #[schemars(with = "Option<String>")]
    user_id: Option<UserId>,
    /// Entries of this kind; together with `account` it needs `user_id`.
    kind: Option<EntryKind>,
    /// Posted from this day or time on.
    from: Option<String>,
    /// Posted until this day or time, inclusive.
    to: Option<String>,
}

/// An entry with the sums of its postings.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "JournalEntry")]
pub(crate) struct JournalEntryView {
    #[serde(flatten)]
    entry: EntryView,
    /// The name of the member; null when their registration has not arrived.
    member_name: Option<String>,
    reference: ReferenceView,
    /// The sum of the postings to each account.
    sums: Vec<PostingView>,
    total_debit: Money,
    /// Equal to `total_debit`.
    total_credit: Money,
}

impl JournalEntryView {
    /// Errors when a sum overflows.
    fn new(row: EntryRow, lines: &[PostingRow], member_name: Option<String>) -> Result<Self, WalletError> {
        let mut sums: BTreeMap<Account, Money> = BTreeMap::new();
        for line in lines {
            let sum = sums.entry(line.account).or_default();
            *sum = sum.add(line.amount_paise)?;
        }
        let amounts = || lines.iter().map(|line| line.amount_paise);
        let owner = row.member_id;
        let sum = |(account, amount)| PostingView { account: account_name(account, owner), amount };
        Ok(Self {
            reference: ReferenceView::of_stored(row.kind, row.cause_id, &row.inputs),
            entry: row.into(),
            member_name,
            sums: sums.into_iter().map(sum).collect(),
            total_debit: Money::total(amounts().filter(|amount| amount.is_negative()))?.neg()?,
            total_credit: Money::total(amounts().filter(|amount| amount.is_positive()))?,
        })
    }
}

/// List journal entries.
///
/// 422 `wallet.bad_filter` for an unknown account, an invalid date or time, and filters that need `user_id`.
#[operation]
pub(super) async fn list(
    state: web::Data<WalletState>,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<EntriesFilter>,
) -> Result<Json<Listing<JournalEntryView>>, Problem> {
    let account = filter.account.as_deref().map(parse_account).transpose()?;
    let TimeRange { from, until } =
        TimeRange::parse(filter.from.as_deref(), filter.to.as_deref(), "wallet.bad_filter")?;
    let range = PostedRange { from, until, order, after: after(&page)? };
    let mut c = state.ctx.db().read().await?;
    let c = &mut c;
    let rows = match (filter.user_id, account, filter.kind) {
        (Some(member), account, kind) => {
            journal::list_of_member(c, member, kind, account, range, page.fetch_limit()).await?
        }
        (None, None, kind) => journal::list(c, kind, range, page.fetch_limit()).await?,
        (None, Some(account), None) if !account.is_member_account() => {
            journal::list_of_company_account(c, account, range, page.fetch_limit()).await?
        }
        (None, Some(_), Some(_) | None) => {
            let detail = "an account of members, and an account together with a kind, need `user_id`";
            return Err(Problem::unprocessable("wallet.bad_filter", detail));
        }
    };
    let views = views(c, rows).await?;
    let cursor =
        |(at, position, _): &(Timestamp, i64, _)| Cursor::Row { micros: at.micros(), key: position.to_string() };
    Ok(Json::new(page.listing(views, cursor, |(_, _, view)| view)))
}

/// The posting time and the position that the page starts after.
fn after(page: &Page) -> Result<Option<(Timestamp, i64)>, Problem> {
    let Some((micros, key)) = page.after_row()? else { return Ok(None) };
    let position = key.parse().map_err(|_| bad_cursor())?;
    Ok(Some((Timestamp::from_micros(micros).ok_or_else(bad_cursor)?, position)))
}

async fn views(
    c: &mut DbConnection,
    rows: Vec<JournalRow>,
) -> Result<Vec<(Timestamp, i64, JournalEntryView)>, WalletError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<EntryId> = rows.iter().map(|(_, row)| row.id).collect();
    let members: Vec<UserId> = rows.iter().map(|(_, row)| row.member_id).collect();
    let lines = entries::list_lines_by_entry(c, &ids).await?;
    let names = members::list_names(c, &members).await?;
    let view = |(position, row): JournalRow| {
        let (posted_at, name) = (row.posted_at, names.get(&row.member_id).cloned());
        let of_entry = lines.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        Ok((posted_at, position, JournalEntryView::new(row, of_entry, name)?))
    };
    rows.into_iter().map(view).collect()
}

/// How the amount of a line that the member sees was calculated.
#[derive(Serialize, JsonSchema)]
pub(crate) struct LineExplanationView {
    transaction_id: TransactionId,
    #[serde(rename = "type")]
    kind: TransactionType,
    amount: Money,
    description: String,
    /// As in the explanation of the transaction.
    rules: Vec<RuleView>,
    /// As in the explanation of the transaction.
    steps: Vec<StepView>,
}

/// An entry with its postings and its explanation.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "JournalEntryDetail")]
pub(crate) struct JournalEntryDetailView {
    #[serde(flatten)]
    entry: EntryView,
    reference: ReferenceView,
    postings: Vec<PostingView>,
    causes: Vec<CauseView>,
    people: Vec<PersonView>,
    /// The inputs of the rule, as they were sent.
    inputs: serde_json::Value,
    plan: Option<Plan>,
    /// The lines that the member sees; none for an entry that moves only money of the company, or between the member's
    /// own accounts.
    lines: Vec<LineExplanationView>,
}

/// A journal entry with its postings and its explanation.
///
/// 404 when it does not exist.
#[operation]
pub(super) async fn get(
    state: web::Data<WalletState>,
    Path(id): Path<EntryId>,
) -> Result<Json<JournalEntryDetailView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let entry = entries::find(&mut c, id).await?.ok_or_else(Problem::not_found)?;
    let stored = derivation::load_entry(&mut c, entry).await?;
    let people = list_people(&mut c, &stored.cause).await?;
    let mut lines = Vec::new();
    for line in &stored.lines {
        let Some(kind) = line.transaction_type else { continue };
        let derived = stored.explain(line)?;
        lines.push(LineExplanationView {
            transaction_id: ids::transaction(id, line.line).map_err(Problem::internal)?,
            kind,
            amount: line.amount_paise,
            description: line.description.clone().unwrap_or_default(),
            rules: derived.rules.into_iter().map(RuleView::from).collect(),
            steps: derived.steps.into_iter().map(StepView::from).collect(),
        });
    }
    Ok(Json::new(JournalEntryDetailView {
        reference: ReferenceView::of(&stored.cause.command),
        postings: stored.lines.iter().map(PostingView::from).collect(),
        causes: list_causes(stored.entry.event_id, &stored.cause),
        people,
        inputs: serde_json::from_str(&stored.entry.inputs).map_err(Problem::internal)?,
        plan: stored.cause.plan,
        lines,
        entry: stored.entry.into(),
    }))
}

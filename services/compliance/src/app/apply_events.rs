//! Application of events: TDS records of payouts, audit entries of staff actions, members' bookings and payouts, roles
//! and languages. A repeated event changes nothing.

use crate::domain::audit::AuditChange;
use crate::store::audit_log::{self, AuditEntry};
use crate::store::member_records;
use crate::store::members::{self, Member};
use crate::store::tds_records::{self, TdsRecord};
use db::DbConnection;
use domain::{MoneyError, UserId};
use issued_documents::Languages;
use messaging::newest::insert_newer;
use messaging::{HandleError, decode};
use proto_events::auth::v1::User;
use proto_events::payout::v1::{Payout, PayoutCompleted, PayoutReversed, TaxLine};
use proto_events::platform::v1::{FieldChange, StaffActed};
use runtime::id;
use std::collections::BTreeMap;

pub use crate::store::member_records::{MemberRecord, RecordKind};

/// The newest roles and languages of members and staff in a batch of events.
#[derive(Debug, Default)]
pub struct Users {
    members: BTreeMap<UserId, Member>,
    languages: Languages,
}

impl Users {
    /// Adds what an event says of a user.
    pub fn add(&mut self, user: &Option<User>) -> Result<(), HandleError> {
        let user = decode::required("user", user)?;
        let member = Member {
            user_id: decode::id("user_id", &user.user_id)?,
            version: decode::version(user.version)?,
            role: decode::word("role", &user.role)?,
            is_active: user.is_active,
            erased_at: None,
        };
        self.languages.add(user)?;
        insert_newer(&mut self.members, member.user_id, member, |member| member.version);
        Ok(())
    }

    /// Saves what is newer than stored.
    pub async fn save(self, c: &mut DbConnection) -> Result<(), HandleError> {
        self.languages.save(c).await?;
        if self.members.is_empty() {
            return Ok(());
        }
        Ok(members::save_newer(c, self.members.into_values().collect()).await?)
    }
}

/// A booking or payout, and whose it is.
pub fn member_record(kind: RecordKind, id: &[u8], user: &[u8]) -> Result<MemberRecord, HandleError> {
    Ok(MemberRecord { id: decode::id("id", id)?, kind, user_id: decode::id("user_id", user)? })
}

/// Inserts bookings and payouts with their members. Skips those that are there, since neither changes its member.
pub async fn apply_records(c: &mut DbConnection, mut records: Vec<MemberRecord>) -> Result<(), HandleError> {
    records.sort_by_key(|record| record.id);
    records.dedup_by_key(|record| record.id);
    Ok(member_records::insert_new(c, &records).await?)
}

/// An event about the tax of a payout.
#[derive(Debug)]
pub enum TaxEvent {
    Deducted(PayoutCompleted),
    Reversed(PayoutReversed),
}

/// Inserts deductions and reversals. Skips those that their payout already has.
pub async fn apply_tax(c: &mut DbConnection, events: &[TaxEvent]) -> Result<(), HandleError> {
    let records: Vec<TdsRecord> = events.iter().map(tds_record).collect::<Result<_, _>>()?;
    Ok(tds_records::insert_new(c, &records).await?)
}

/// Inserts entries of the audit log. Skips those whose id is there already.
pub async fn apply_staff_actions(c: &mut DbConnection, events: &[StaffActed]) -> Result<(), HandleError> {
    let entries: Vec<AuditEntry> = events.iter().map(audit_entry).collect::<Result<_, _>>()?;
    Ok(audit_log::insert_new(c, &entries).await?)
}

fn tds_record(event: &TaxEvent) -> Result<TdsRecord, HandleError> {
    match event {
        TaxEvent::Deducted(e) => deduction(&e.payout, &e.tax),
        TaxEvent::Reversed(e) => reversal(e),
    }
}

/// The deduction with negative amounts at the time of the return, so that the statement of an earlier quarter does not
/// change. It does not depend on the deduction's row, so either may arrive first.
fn reversal(e: &PayoutReversed) -> Result<TdsRecord, HandleError> {
    let deduction = deduction(&e.payout, &e.tax)?;
    let returned_at = decode::time("changed_at", decode::required("payout", &e.payout)?.changed_at)?;
    let out_of_range = |e: MoneyError| HandleError::poison(e.to_string());
    Ok(TdsRecord {
        reversal: true,
        financial_year: returned_at.financial_year(),
        quarter: returned_at.quarter(),
        gross_paise: deduction.gross_paise.neg().map_err(out_of_range)?,
        tds_paise: deduction.tds_paise.neg().map_err(out_of_range)?,
        deducted_at: returned_at,
        reverses_at: Some(deduction.deducted_at),
        ..deduction
    })
}

/// The deduction of a payout. Poisons an event without payout or tax, or with an unknown id, year or quarter.
fn deduction(payout: &Option<Payout>, tax: &Option<TaxLine>) -> Result<TdsRecord, HandleError> {
    let (payout, tax) = (decode::required("payout", payout)?, decode::required("tax", tax)?);
    Ok(TdsRecord {
        id: id::fresh(),
        payout_id: decode::id("payout_id", &payout.payout_id)?,
        reversal: false,
        user_id: decode::id("user_id", &payout.user_id)?,
        financial_year: decode::parse("financial_year", &tax.financial_year)?,
        quarter: decode::parse("quarter", &tax.quarter)?,
        rule_id: tax.rule_id.clone(),
        section: tax.section.clone(),
        rate: tax.rate.clone(),
        gross_paise: decode::money(tax.gross_paise),
        paid_before_paise: decode::money(tax.paid_before_paise),
        tds_paise: decode::money(tax.tds_paise),
        pan_sealed: tax.pan_sealed.clone(),
        pan_index: tax.pan_index.clone(),
        pan_mask: tax.pan_mask.clone(),
        holder_name: tax.holder_name.chars().take(120).collect(),
        deducted_at: decode::time("deducted_at", tax.deducted_at)?,
        reverses_at: None,
    })
}

fn audit_entry(e: &StaffActed) -> Result<AuditEntry, HandleError> {
    Ok(AuditEntry {
        id: decode::id("action_id", &e.action_id)?,
        actor_id: decode::id("actor_id", &e.actor_id)?,
        role: decode::word("role", &e.role)?,
        service: e.service.clone(),
        action: e.action.clone(),
        subject_type: e.subject_type.clone(),
        subject_id: e.subject_id.clone(),
        subject_user_id: decode::optional_id("subject_user_id", e.subject_user_id.as_deref())?,
        detail: e.detail.chars().take(1_000).collect(),
        request_id: e.request_id.clone(),
        address: e.address.clone(),
        acted_at: decode::time("acted_at", e.acted_at)?,
        changes: changes_text(&e.changes).map_err(|error| HandleError::poison(error.to_string()))?,
    })
}

fn change(change: &FieldChange) -> AuditChange {
    AuditChange::new(&change.field, &change.before, &change.after)
}

/// The changes as the log stores them; `None` for an action that changed no field.
fn changes_text(changes: &[FieldChange]) -> Result<Option<String>, serde_json::Error> {
    if changes.is_empty() {
        return Ok(None);
    }
    let changes: Vec<AuditChange> = changes.iter().map(change).collect();
    serde_json::to_string(&changes).map(Some)
}

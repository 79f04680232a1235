//! Issue of a document: its snapshot is stored once for each state of its subject.

use crate::settings::DocumentSettings;
use crate::store::{self, IssueRow};
use db::DbConnection;
use documents::model::Proof;
use documents::verification::{Code, Issuer, Stated, initials};
use domain::{Day, Money, Timestamp, UserId};
use http_api::Problem;
use runtime::id;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A document that is to be issued.
#[derive(Debug, Clone)]
pub struct NewIssue<'a, T> {
    /// The service.
    pub issuer: Issuer,
    /// Kind of the document, such as `receipt`.
    pub kind: &'static str,
    /// What it is about, such as the id of a payment.
    pub subject: String,
    /// The state of the subject that it shows; a subject whose state changed is issued anew.
    pub state: String,
    /// Its number.
    pub number: String,
    /// The member that it is for, if any.
    pub owner_id: Option<UserId>,
    /// The member's name, for the initials.
    pub name: &'a str,
    /// The day of issue.
    pub issued_on: Day,
    /// The amount that it states.
    pub amount: Money,
    /// What is printed.
    pub snapshot: T,
    /// Now.
    pub at: Timestamp,
}

/// A document as it was issued.
#[derive(Debug, Clone)]
pub struct Issued<T> {
    /// What is printed.
    pub snapshot: T,
    /// Its verification code.
    pub proof: Proof,
}

/// Issues the document, or returns it as it was issued for this state before.
pub async fn issue<T: Serialize + DeserializeOwned>(
    c: &mut DbConnection,
    settings: &DocumentSettings,
    new: NewIssue<'_, T>,
) -> Result<Issued<T>, Problem> {
    if let Some(row) = store::find(c, new.kind, &new.subject, &new.state).await? {
        return read(settings, &row);
    }
    let revision = store::count(c, new.kind, &new.subject).await? + 1;
    let stated = Stated {
        kind: new.kind.to_owned(),
        number: new.number,
        revision: u32::try_from(revision).unwrap_or(u32::MAX),
        date: new.issued_on,
        amount: new.amount,
        initials: initials(new.name),
    };
    let code = settings.keys.code(new.issuer, &stated);
    let row = IssueRow {
        id: id::fresh(),
        code: code.as_str().to_owned(),
        kind: stated.kind,
        subject: new.subject,
        state: new.state,
        revision,
        number: stated.number,
        owner_id: new.owner_id,
        issued_on: stated.date,
        amount_paise: stated.amount,
        initials: stated.initials,
        snapshot: serde_json::to_string(&new.snapshot).map_err(Problem::internal)?,
        issued_at: new.at,
    };
    if store::insert(c, &row).await? {
        return read(settings, &row);
    }
    // Another request issued it in between; a transaction reads what others have committed.
    let row = store::find(c, new.kind, &row.subject, &row.state).await?;
    row.map_or_else(|| Err(Problem::unavailable("the document is being issued")), |row| read(settings, &row))
}

fn read<T: DeserializeOwned>(settings: &DocumentSettings, row: &IssueRow) -> Result<Issued<T>, Problem> {
    let code: Code = row.code.parse().map_err(Problem::internal)?;
    let snapshot = serde_json::from_str(&row.snapshot).map_err(Problem::internal)?;
    Ok(Issued { snapshot, proof: settings.proof(&code) })
}

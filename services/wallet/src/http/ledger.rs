//! The books as staff and auditors see them.

use super::transactions::instant;
use super::wallets::require_member;
use crate::Wallet;
use crate::app::{close, rollup};
use crate::domain::Account;
use crate::store::closings::Totals;
use crate::store::entries;
use crate::verification;
use actix_web::{HttpResponse, web};
use chassis::http::{Cursor, Listing, Page, Problem, Query, long_read, ok};
use db::Db;
use domain::{Money, Timestamp, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) use crate::verification::Verification;

/// `company:bank`, or `members:available` for all members' accounts of a kind together.
fn control_account(account: Account) -> String {
    if account.is_members() { format!("members:{account}") } else { format!("company:{account}") }
}

/// What every account came to, of everything posted until `until`, or by now.
async fn totals(db: &Db, until: Option<Timestamp>) -> Result<Totals, Problem> {
    let Some(until) = until else { return Ok(rollup::totals(&mut *db.read().await?).await?) };
    let mut closing = close::begin_at(&mut *db.read().await?, until).await?;
    // Between two bounded steps others have the connection and, on SQLite, the thread.
    while close::add(&mut *db.read().await?, &mut closing).await? {
        tokio::task::yield_now().await;
    }
    Ok(closing.into_totals())
}

fn moment(as_of: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    as_of.map(|text| instant("as_of", text, true)).transpose()
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Of {
    /// One member's five accounts; without it, the company's and the members' together.
    #[schemars(with = "Option<String>")]
    user_id: Option<UserId>,
    /// Everything posted until the end of this day, or until this time; now by default.
    as_of: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct AccountView {
    account: String,
    /// Positive where the company owes, negative where it is owed or has spent.
    balance: Money,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Accounts {
    as_of: Timestamp,
    #[serde(flatten)]
    list: Listing<AccountView>,
}

pub(super) async fn accounts(app: web::Data<Wallet>, of: Query<Of>, page: Page) -> Result<HttpResponse, Problem> {
    let after = page.after_number()?.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let until = moment(of.0.as_of.as_deref())?;
    let as_of = until.unwrap_or_else(|| app.ctx.now());
    if let Some(member) = of.0.user_id {
        require_member(&app, member).await?;
    }
    let items = match of.0.user_id {
        Some(member) => {
            let mut c = app.ctx.db().read().await?;
            let mut items = Vec::new();
            for account in Account::ALL.iter().filter(|a| a.is_members()) {
                let balance = entries::balance_at(&mut c, member, *account, as_of).await?;
                let account = format!("member:{member}:{account}");
                items.push(AccountView { account, balance: balance.unwrap_or_default() });
            }
            items
        }
        None => {
            let totals = totals(app.ctx.db(), until).await?;
            let view = |account: &Account| AccountView {
                account: control_account(*account),
                balance: totals.get(account).copied().unwrap_or_default(),
            };
            Account::ALL.iter().map(view).collect()
        }
    };
    let rows: Vec<(i64, AccountView)> = (1..).zip(items).skip(after).collect();
    let list = page.listing(rows, |(number, _)| Cursor::Number(*number), |(_, view)| view);
    Ok(ok(&Accounts { as_of, list }))
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct AsOf {
    /// Everything posted until the end of this day, or until this time; now by default.
    as_of: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct TrialLine {
    account: String,
    debit: Money,
    credit: Money,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct TrialBalance {
    as_of: Timestamp,
    accounts: Vec<TrialLine>,
    total_debit: Money,
    total_credit: Money,
    /// Always 0.00.
    difference: Money,
}

pub(super) async fn trial_balance(app: web::Data<Wallet>, asked: Query<AsOf>) -> Result<HttpResponse, Problem> {
    let until = moment(asked.0.as_of.as_deref())?;
    let as_of = until.unwrap_or_else(|| app.ctx.now());
    let totals = totals(app.ctx.db(), until).await?;
    let balance = balance(as_of, &totals).map_err(Problem::internal)?;
    Ok(ok(&balance))
}

fn balance(as_of: Timestamp, totals: &BTreeMap<Account, Money>) -> Result<TrialBalance, domain::MoneyError> {
    let mut accounts = Vec::with_capacity(Account::ALL.len());
    for account in Account::ALL {
        let sum = totals.get(account).copied().unwrap_or_default();
        let (debit, credit) = if sum.is_negative() { (sum.neg()?, Money::ZERO) } else { (Money::ZERO, sum) };
        accounts.push(TrialLine { account: control_account(*account), debit, credit });
    }
    let total_debit = Money::total(accounts.iter().map(|a| a.debit))?;
    let total_credit = Money::total(accounts.iter().map(|a| a.credit))?;
    Ok(TrialBalance { as_of, difference: total_credit.sub(total_debit)?, accounts, total_debit, total_credit })
}

/// One at a time, on a connection that no other request needs.
pub(super) async fn verify(app: web::Data<Wallet>) -> Result<HttpResponse, Problem> {
    let _only = app.verifications.begin()?;
    let turn = long_read(app.ctx.db(), Duration::ZERO).await?;
    Ok(ok(&verification::verify(app.ctx.db(), &turn).await?))
}

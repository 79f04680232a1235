//! Accounts, trial balance and verification of the ledger, for staff and auditors.

use super::transactions::parse_time;
use super::wallets::require_member;
use crate::WalletState;
use crate::app::{close, rollup};
use crate::domain::Account;
use crate::store::closings::Totals;
use crate::store::entries;
use actix_web::web;
use db::Db;
use domain::{Money, Timestamp, UserId};
use http_api::{Cursor, Json, Listing, Page, Problem, Query, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of an account in a list: `company:bank`, or `members:available` for that account of all members together.
pub(super) fn control_account(account: Account) -> String {
    if account.is_member_account() { format!("members:{account}") } else { format!("company:{account}") }
}

/// The name of an account of the company, or of one member, such as `member:…:available`.
pub(super) fn account_name(account: Account, owner: UserId) -> String {
    if account.is_member_account() { format!("member:{owner}:{account}") } else { control_account(account) }
}

/// Parses the name of an account of the chart of accounts: `bank` or `company:bank`, `available` or
/// `members:available`. Errors with 422 `wallet.bad_filter`.
pub(super) fn parse_account(name: &str) -> Result<Account, Problem> {
    let found = Account::ALL.iter().find(|account| account.as_str() == name || control_account(**account) == name);
    found.copied().ok_or_else(|| {
        Problem::unprocessable("wallet.bad_filter", "account: write a name such as company:bank or members:available")
    })
}

/// The total of every account from the postings until `until`, or from all postings.
async fn totals(db: &Db, until: Option<Timestamp>) -> Result<Totals, Problem> {
    let Some(until) = until else { return Ok(rollup::current_totals(&mut *db.read().await?).await?) };
    let mut closing = close::begin_as_of(&mut *db.read().await?, until).await?;
    // Between two bounded steps, other requests can use the connection and, on SQLite, the thread.
    while close::add_next_postings(&mut *db.read().await?, &mut closing).await? {
        tokio::task::yield_now().await;
    }
    Ok(closing.into_totals())
}

/// Parses `as_of`; a date means its end.
fn parse_as_of(as_of: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    as_of.map(|text| parse_time("as_of", text, true)).transpose()
}

/// The query of the list of accounts.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AccountsFilter {
    /// Lists the five accounts of this member; by default, the accounts of the company and of all members together.
    #[schemars(with = "Option<String>")]
    user_id: Option<UserId>,
    /// Counts postings until the end of this day, or until this time; by default all postings.
    as_of: Option<String>,
}

/// An account with its balance.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AccountView {
    account: String,
    /// A positive balance is a credit: the company owes it. A negative balance is a debit: an asset or an expense.
    balance: Money,
}

/// The list of accounts at a time.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Accounts")]
pub(crate) struct AccountsView {
    as_of: Timestamp,
    #[serde(flatten)]
    list: Listing<AccountView>,
}

/// Accounts of the company and of all members together, or of one member.
///
/// 404 for an unknown member, 422 `wallet.bad_filter` for an invalid date or time.
#[operation]
pub(super) async fn list_accounts(
    state: web::Data<WalletState>,
    Query(filter): Query<AccountsFilter>,
    page: Page,
) -> Result<Json<AccountsView>, Problem> {
    let after = page.after_number()?.unwrap_or(0);
    let until = parse_as_of(filter.as_of.as_deref())?;
    let as_of = until.unwrap_or_else(|| state.ctx.now());
    if let Some(member) = filter.user_id {
        require_member(&state, member).await?;
    }
    let items = match filter.user_id {
        Some(member) => {
            let mut c = state.ctx.db().read().await?;
            let mut items = Vec::new();
            for account in Account::ALL.iter().filter(|a| a.is_member_account()) {
                let balance = entries::find_balance_at(&mut c, member, *account, as_of).await?;
                let balance = balance.unwrap_or_default();
                items.push(AccountView { account: account_name(*account, member), balance });
            }
            items
        }
        None => {
            let totals = totals(state.ctx.db(), until).await?;
            let view = |account: &Account| AccountView {
                account: control_account(*account),
                balance: totals.get(account).copied().unwrap_or_default(),
            };
            Account::ALL.iter().map(view).collect()
        }
    };
    let rows: Vec<(i64, AccountView)> = (1..).zip(items).filter(|(number, _)| *number > after).collect();
    let list = page.listing(rows, |(number, _)| Cursor::Number(*number), |(_, view)| view);
    Ok(Json::new(AccountsView { as_of, list }))
}

/// The query of the trial balance.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct TrialBalanceFilter {
    /// Counts postings until the end of this day, or until this time; by default all postings.
    as_of: Option<String>,
}

/// An account of the trial balance.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrialBalanceLine")]
pub(crate) struct TrialBalanceLineView {
    account: String,
    debit: Money,
    credit: Money,
}

/// Debits and credits of all accounts at a time.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrialBalance")]
pub(crate) struct TrialBalanceView {
    as_of: Timestamp,
    accounts: Vec<TrialBalanceLineView>,
    total_debit: Money,
    total_credit: Money,
    /// Always 0.00.
    difference: Money,
}

/// Debits and credits by account.
///
/// 422 `wallet.bad_filter` for an invalid date or time.
#[operation]
pub(super) async fn get_trial_balance(
    state: web::Data<WalletState>,
    Query(filter): Query<TrialBalanceFilter>,
) -> Result<Json<TrialBalanceView>, Problem> {
    let until = parse_as_of(filter.as_of.as_deref())?;
    let as_of = until.unwrap_or_else(|| state.ctx.now());
    let totals = totals(state.ctx.db(), until).await?;
    Ok(Json::new(trial_balance(as_of, &totals).map_err(Problem::internal)?))
}

fn trial_balance(as_of: Timestamp, totals: &BTreeMap<Account, Money>) -> Result<TrialBalanceView, domain::MoneyError> {
    let mut accounts = Vec::with_capacity(Account::ALL.len());
    for account in Account::ALL {
        let sum = totals.get(account).copied().unwrap_or_default();
        let (debit, credit) = if sum.is_negative() { (sum.neg()?, Money::ZERO) } else { (Money::ZERO, sum) };
        accounts.push(TrialBalanceLineView { account: control_account(*account), debit, credit });
    }
    let total_debit = Money::total(accounts.iter().map(|a| a.debit))?;
    let total_credit = Money::total(accounts.iter().map(|a| a.credit))?;
    Ok(TrialBalanceView { as_of, difference: total_credit.sub(total_debit)?, accounts, total_debit, total_credit })
}

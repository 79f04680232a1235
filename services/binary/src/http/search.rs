//! Search of members.

use super::scope::load_own_top;
use crate::app::search::{FoundMember, search};
use crate::domain::search::query_prefixes;
use crate::state::BinaryState;
use actix_web::web;
use domain::{Side, UserId};
use http_api::{Caller, Json, Problem, Query, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MAX_LIMIT: usize = 20;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SearchFilter {
    /// Prefixes of words of the name, or of the referral code, in any case. All of them have to match.
    q: String,
    /// 1 to 20, 20 by default.
    #[serde(default)]
    limit: Option<usize>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SearchView {
    /// By name.
    items: Vec<FoundMemberView>,
    /// Whether there may be more members that match.
    has_more: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FoundMemberView {
    user_id: UserId,
    name: String,
    /// Referral code; null when it is not known here yet.
    code: Option<String>,
    /// 1 directly under the company.
    depth: i64,
    /// The legs from yourself, or from the company for staff, down to the member: `L` or `R` for each step.
    path: String,
    sponsor_id: Option<UserId>,
}

impl From<FoundMember> for FoundMemberView {
    fn from(found: FoundMember) -> Self {
        let FoundMember { user_id, name, referral_code, sponsor_id, depth, path } = found;
        let path = path.into_iter().map(side_letter).collect();
        Self { user_id, name, code: referral_code, depth, path, sponsor_id }
    }
}

/// `L` or `R`.
pub(super) const fn side_letter(side: Side) -> char {
    match side {
        Side::Left => 'L',
        Side::Right => 'R',
    }
}

/// Search the members of my part of the tree by name or referral code.
///
/// Staff search the whole tree. Only placed members are found; a new name or code is found once its event has arrived.
/// 404 with `binary.not_placed` before the caller's first completed payment. 422 with `binary.empty_search` for a query
/// without a letter or digit, and with `request.bad_limit` for a limit that is not from 1 to 20.
#[operation]
pub(super) async fn list(
    state: web::Data<BinaryState>,
    caller: Caller,
    Query(filter): Query<SearchFilter>,
) -> Result<Json<SearchView>, Problem> {
    let prefixes = query_prefixes(&filter.q);
    if prefixes.is_empty() {
        return Err(Problem::unprocessable("binary.empty_search", "q must have a letter or digit"));
    }
    let limit = filter.limit.unwrap_or(MAX_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let detail = format!("limit must be a number from 1 to {MAX_LIMIT}");
        return Err(Problem::unprocessable("request.bad_limit", detail));
    }
    let mut c = state.ctx.db().read().await?;
    let top = load_own_top(&state.tree_store.read(&mut c).await?.tree, &caller)?;
    let result = search(&mut c, &state.tree_store, top, &prefixes, limit).await?;
    Ok(Json::new(SearchView { items: result.members.into_iter().map(Into::into).collect(), has_more: result.has_more }))
}

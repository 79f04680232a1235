//! Search of people, bookings, payments and payouts.

use crate::ReportsState;
use crate::app::find::{self, Item};
use crate::domain::search::{QueryError, SearchField, SearchKind, parse_query};
use crate::search::SearchError;
use crate::store::search_documents::FoundId;
use actix_web::web;
use domain::{Money, UserId};
use http_api::{CommaSeparated, Json, Problem, Query, operation};
use schemars::JsonSchema;
use search_index::Precision;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// `Retry-After` while the index is built.
const RETRY_AFTER: Duration = Duration::from_secs(2);

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SearchQuery {
    /// Words that all have to match: 2 to 100 characters, at most eight words.
    q: String,
    /// Kinds to find: `person`, `booking`, `payment`, `payout`, separated by commas; all by default.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    types: Option<CommaSeparated<SearchKind>>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SearchView {
    /// Up to ten of each type: by type, then the closest first, then the newest.
    items: Vec<FoundView>,
}

/// Something that is found.
#[derive(Debug, Serialize, JsonSchema)]
struct FoundView {
    r#type: SearchKind,
    /// Id of the user, booking, payment or payout.
    id: FoundId,
    /// Name of a person, number of a booking or receipt, or the bank's number of a payout.
    title: String,
    /// A person's address and referral code; else the name of the person, and the vehicle or further numbers.
    subtitle: String,
    /// The person, or whose booking, payment or payout it is.
    user_id: UserId,
    /// Of a payment; of a payout, what was paid. Null for others.
    amount: Option<Money>,
    /// The field with the closest word.
    matched: SearchField,
    precision: PrecisionView,
}

/// How closely all words match.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum PrecisionView {
    /// Each is a word.
    Exact,
    /// Each begins one.
    Prefix,
    /// With a typo in some word of a name.
    Typo,
}

impl From<Item> for FoundView {
    fn from(item: Item) -> Self {
        let Item { kind, id, title, subtitle, user_id, amount, matched, precision } = item;
        let precision = match precision {
            Precision::Exact => PrecisionView::Exact,
            Precision::Prefix => PrecisionView::Prefix,
            Precision::Typo => PrecisionView::Typo,
        };
        Self { r#type: kind, id, title, subtitle, user_id, amount, matched, precision }
    }
}

/// Search people, bookings, payments and payouts.
///
/// People are found by name, in any script, and by e-mail address, mobile number and referral code; bookings by their
/// number; payments by the number of their receipt, by the gateway's id and by the number of a bank transfer or cash
/// receipt; payouts by the bank's number (UTR). A word of the query has to begin a word; one of at least four letters
/// may differ from a name by one letter, or have two neighbours swapped. Numbers are found with and without their
/// separators. What changed is found after about a second. 422 with `reports.query_too_short` or
/// `reports.query_too_long`; 503 with `reports.search_building` and `Retry-After` while this instance builds its index.
#[operation]
pub(super) async fn list(
    state: web::Data<ReportsState>,
    Query(query): Query<SearchQuery>,
) -> Result<Json<SearchView>, Problem> {
    let words = parse_query(&query.q).map_err(refuse)?;
    let kinds: BTreeSet<SearchKind> =
        query.types.map_or_else(|| SearchKind::ALL.iter().copied().collect(), |CommaSeparated(kinds)| kinds);
    let query = search_index::Query { alternatives: words.clone() };
    let hits = state.search.find(query, find::kind_numbers(&kinds)).await.map_err(unavailable)?;
    let items = find::describe(&mut *state.ctx.db().read().await?, &words, &hits).await?;
    Ok(Json::new(SearchView { items: items.into_iter().map(Into::into).collect() }))
}

fn refuse(error: QueryError) -> Problem {
    let code = match error {
        QueryError::TooShort => "reports.query_too_short",
        QueryError::TooLong => "reports.query_too_long",
    };
    Problem::unprocessable(code, error.to_string())
}

fn unavailable(error: SearchError) -> Problem {
    if !matches!(error, SearchError::Building) {
        tracing::error!(error = runtime::error_chain::error_chain(&error), "a search failed; the index is checked");
    }
    let detail = "the search index is being built; try again shortly";
    Problem::new(actix_web::http::StatusCode::SERVICE_UNAVAILABLE, "reports.search_building", detail)
        .with_retry_after(RETRY_AFTER)
}

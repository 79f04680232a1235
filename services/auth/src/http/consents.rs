//! HTTP handlers of the acceptances of terms by the caller.

use super::terms::parse_hash;
use crate::app::accept_terms::{Acceptance, accept_terms};
use crate::domain::terms::TermsKind;
use crate::state::AuthState;
use crate::store::terms::{self, AcceptanceRow};
use actix_web::web;
use domain::Timestamp;
use http_api::{Caller, Created, Cursor, FieldErrors, Idempotent, Json, Listing, Page, Problem, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Terms that a user accepted.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TermsAcceptance")]
pub(crate) struct AcceptanceView {
    kind: TermsKind,
    version: i64,
    hash: String,
    accepted_at: Timestamp,
    /// When the user last proved a one-time code before that.
    proved_at: Timestamp,
    /// Client address.
    address: String,
}

impl From<AcceptanceRow> for AcceptanceView {
    fn from(row: AcceptanceRow) -> Self {
        Self {
            kind: row.kind,
            version: row.version,
            hash: hex::encode(row.hash),
            accepted_at: row.accepted_at,
            proved_at: row.proved_at,
            address: row.address,
        }
    }
}

/// Acceptance of terms. Those of distributors are accepted with an application.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ConsentInput {
    /// `service` or `privacy`.
    kind: TermsKind,
    /// Content hash of the terms that the user has read and accepts: `hash` of `GET /terms/{kind}`.
    terms_hash: String,
}

/// Reads the hash of accepted terms.
pub(super) fn read_hash(text: &str) -> Result<[u8; 32], Problem> {
    let hash = parse_hash(text);
    let mut errors = FieldErrors::new();
    errors.require("terms_hash", hash.is_some(), "format", "64 hexadecimal digits");
    errors.finish("auth.terms_unknown")?;
    hash.ok_or_else(|| Problem::unprocessable("auth.terms_unknown", "not a hash"))
}

/// The acceptance of a version by the caller.
pub(super) fn acceptance_of(caller: &Caller, hash: [u8; 32]) -> Acceptance {
    let proved_at = Timestamp::UNIX_EPOCH.plus_secs(caller.proved_at_secs.unwrap_or_default());
    Acceptance { hash, proved_at, address: caller.address.clone() }
}

/// Accept terms.
///
/// The acceptance of the current terms of the service or of privacy is kept without limit, with its time and address.
/// 409 `auth.terms_outdated` when there is a later version, 422 `auth.terms_unknown`, and
/// `auth.terms_need_application` for those of distributors, which an application accepts.
#[operation]
pub(crate) async fn create(
    state: web::Data<AuthState>,
    caller: Caller,
    request: Idempotent<ConsentInput>,
) -> Result<Created<AcceptanceView>, Problem> {
    let (input, request) = request.read().await?;
    if input.kind == TermsKind::Distributor {
        let detail = "apply to become a distributor to accept these terms";
        return Err(Problem::unprocessable("auth.terms_need_application", detail));
    }
    let acceptance = acceptance_of(&caller, read_hash(&input.terms_hash)?);
    let now = state.ctx.now();
    request
        .run(&state.ctx, async |c| Ok(accept_terms(c, caller.user_id, input.kind, &acceptance, now).await?.into()))
        .await
}

/// List the terms that I accepted, newest first.
#[operation]
pub(crate) async fn list(
    state: web::Data<AuthState>,
    caller: Caller,
    page: Page,
) -> Result<Json<Listing<AcceptanceView>>, Problem> {
    let c = &mut *state.ctx.db().read().await?;
    let rows = terms::list_acceptances(c, caller.user_id, page.after_id()?, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Id(row.id.uuid()), AcceptanceView::from)))
}

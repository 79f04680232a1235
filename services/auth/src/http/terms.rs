//! HTTP handlers of terms: their versions, for everyone, and their publication by administrators.

use super::Subject;
use super::input;
use crate::app::publish_terms;
use crate::domain::terms::{MAX_TEXT_CHARS, MAX_TITLE_CHARS, TermsContent, TermsKind};
use crate::state::AuthState;
use crate::store::terms::{self, TermsRow, TermsVersionRow};
use actix_web::web;
use chassis::audit;
use domain::bounded_text::Paragraphs;
use domain::{Line, Timestamp, Unvalidated};
use http_api::{
    Caller, Created, Cursor, FieldErrors, Idempotent, Json, Listing, Page, Path, Problem, Query, operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text of terms in a request.
type TermsText = Paragraphs<MAX_TEXT_CHARS>;

/// Terms in another language than English.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TermsTranslation")]
pub(crate) struct TranslationView {
    title: String,
    text: String,
}

/// A version of terms. It never changes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Terms")]
pub(crate) struct TermsView {
    kind: TermsKind,
    version: i64,
    /// SHA-256, as 64 hexadecimal digits, of `title` and `text`, then those in Hindi if there are any, in UTF-8 and
    /// separated by zero bytes.
    hash: String,
    title: String,
    /// Paragraphs, separated by blank lines.
    text: String,
    hindi: Option<TranslationView>,
    published_at: Timestamp,
    /// Whether no later version is there. Only the current one can be accepted.
    is_current: bool,
}

impl TermsView {
    fn new(row: TermsRow, newest: Option<i64>) -> Self {
        let hindi = row.content().hindi.map(|(title, text)| TranslationView { title, text });
        Self {
            kind: row.kind,
            version: row.version,
            hash: hex::encode(&row.hash),
            title: row.title,
            text: row.text,
            hindi,
            published_at: row.published_at,
            is_current: Some(row.version) == newest,
        }
    }
}

/// A version of terms, without its text.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TermsVersion")]
pub(crate) struct TermsVersionView {
    version: i64,
    hash: String,
    title: String,
    published_at: Timestamp,
}

impl From<TermsVersionRow> for TermsVersionView {
    fn from(row: TermsVersionRow) -> Self {
        let TermsVersionRow { version, hash, title, published_at } = row;
        Self { version, hash: hex::encode(hash), title, published_at }
    }
}

/// Which version of terms to read. Without a field: the current one.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct TermsFilter {
    version: Option<i64>,
    /// The content hash, as 64 hexadecimal digits.
    hash: Option<String>,
}

/// Terms to publish in Hindi.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct TranslationInput {
    title: Unvalidated<Line<MAX_TITLE_CHARS>>,
    text: Unvalidated<TermsText>,
}

/// Terms to publish.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct PublishTermsInput {
    title: Unvalidated<Line<MAX_TITLE_CHARS>>,
    /// Paragraphs, separated by blank lines.
    text: Unvalidated<TermsText>,
    hindi: Option<TranslationInput>,
}

/// Reads a content hash: 64 hexadecimal digits.
pub(super) fn parse_hash(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text.trim(), &mut hash).ok()?;
    Some(hash)
}

/// Get terms.
///
/// The current version, or the one with the number `version` or the content hash `hash`. 404 when there is none, 422 for
/// a hash that is malformed, or with both.
#[operation]
pub(crate) async fn get(
    state: web::Data<AuthState>,
    Path(kind): Path<TermsKind>,
    Query(filter): Query<TermsFilter>,
) -> Result<Json<TermsView>, Problem> {
    let bad = |detail: &str| Problem::unprocessable("request.bad_query", detail);
    let hash = filter.hash.as_deref().map(|text| parse_hash(text).ok_or_else(|| bad("hash: not a SHA-256 hash")));
    let c = &mut *state.ctx.db().read().await?;
    let row = match (filter.version, hash.transpose()?) {
        (Some(_), Some(_)) => return Err(bad("either version or hash")),
        (Some(version), None) => terms::find(c, kind, version).await?,
        (None, Some(hash)) => terms::find_by_hash(c, kind, &hash).await?,
        (None, None) => terms::find_newest(c, kind).await?,
    };
    let row = row.ok_or_else(Problem::not_found)?;
    Ok(Json::new(TermsView::new(row, terms::find_newest_version(c, kind).await?)))
}

/// List the versions of terms, newest first.
#[operation]
pub(crate) async fn list(
    state: web::Data<AuthState>,
    Path(kind): Path<TermsKind>,
    page: Page,
) -> Result<Json<Listing<TermsVersionView>>, Problem> {
    let after = page.after_number()?;
    let rows = terms::list(&mut *state.ctx.db().read().await?, kind, after, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Number(row.version), TermsVersionView::from)))
}

/// Publish a version of terms.
///
/// It is the current one from then on, and never changes. 409 `auth.terms_published` when there is a version with this
/// content.
#[operation]
pub(crate) async fn publish(
    state: web::Data<AuthState>,
    caller: Caller,
    Path(kind): Path<TermsKind>,
    request: Idempotent<PublishTermsInput>,
) -> Result<Created<TermsView>, Problem> {
    let (input, request) = request.read_with_code("auth.terms_invalid").await?;
    let content = validate(&input)?;
    let now = state.ctx.now();
    request
        .run(&state.ctx, async |c| {
            let row = publish_terms::publish_terms(c, kind, &content, caller.user_id, now).await?;
            let subject = Subject::Terms(kind, row.version);
            audit::record(c, &caller, now, "auth.terms.publish", subject, &hex::encode(&row.hash)).await?;
            let version = row.version;
            Ok(TermsView::new(row, Some(version)))
        })
        .await
}

fn validate(input: &PublishTermsInput) -> Result<TermsContent, Problem> {
    let mut errors = FieldErrors::new();
    let title = input::validate_line(&mut errors, "title", &input.title);
    let text = validate_text(&mut errors, "text", &input.text);
    let hindi = input.hindi.as_ref().map(|hindi| {
        let title = input::validate_line(&mut errors, "hindi.title", &hindi.title);
        (title, validate_text(&mut errors, "hindi.text", &hindi.text))
    });
    errors.finish("auth.terms_invalid")?;
    Ok(TermsContent { title, text, hindi })
}

fn validate_text(errors: &mut FieldErrors, field: &str, text: &Unvalidated<TermsText>) -> String {
    let text = text.validate();
    errors.require(field, text.is_ok(), "length", format!("1 to {MAX_TEXT_CHARS} characters"));
    text.map(TermsText::into_string).unwrap_or_default()
}

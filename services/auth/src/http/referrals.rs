//! HTTP handlers of one's own referrals and referral link, and of the look-up of a referral code.

use super::sign_in::client_address;
use crate::domain::referral::ReferralCode;
use crate::domain::user as rules;
use crate::referral_lookups;
use crate::state::AuthState;
use crate::store::users;
use actix_web::{HttpRequest, web};
use domain::{Timestamp, UserId};
use http_api::{Caller, Cursor, Json, Listing, Page, Path, Problem, operation};
use qrcode::QrCode;
use qrcode::render::svg;
use schemars::JsonSchema;
use serde::Serialize;

/// A user whom the caller referred.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Referral")]
pub(crate) struct ReferralView {
    user_id: UserId,
    name: String,
    joined_at: Timestamp,
    is_active_buyer: bool,
    placed: bool,
}

/// The caller's referral code and link.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReferralLink")]
pub(crate) struct ReferralLinkView {
    code: String,
    url: String,
    /// An SVG image of the link as a QR code.
    qr_svg: String,
}

/// The referrer of a sign-up, as everyone sees them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReferrerName")]
pub(crate) struct ReferrerNameView {
    /// First name and initial of the last name.
    display_name: String,
}

/// A referral code that a sign-up can name.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReferralCode")]
pub(crate) struct ReferralCodeView {
    code: String,
    referrer: ReferrerNameView,
    /// Whether a sign-up with this code may name a preferred side.
    accepts_side: bool,
}

/// Look up a referral code.
///
/// In any case of letters. 404 for a code that is unknown or whose owner is not active, 429
/// `auth.referral_lookup_limit` after 20 look-ups a minute from one address, 503 when look-ups cannot be counted.
#[operation]
pub(crate) async fn get_code(
    state: web::Data<AuthState>,
    request: HttpRequest,
    Path(text): Path<String>,
) -> Result<Json<ReferralCodeView>, Problem> {
    referral_lookups::count(&state, client_address(&request)).await?;
    let code = ReferralCode::try_new(&text).ok_or_else(Problem::not_found)?;
    let owner = users::find_by_referral_code(&mut *state.ctx.db().read().await?, code.as_str()).await?;
    let owner = owner.filter(|owner| owner.is_active).ok_or_else(Problem::not_found)?;
    let referrer = ReferrerNameView { display_name: rules::short_name(&owner.name) };
    Ok(Json::new(ReferralCodeView { code: owner.referral_code, referrer, accepts_side: true }))
}

/// List the users I referred.
///
/// The newest comes first.
#[operation]
pub(crate) async fn list(
    state: web::Data<AuthState>,
    caller: Caller,
    page: Page,
) -> Result<Json<Listing<ReferralView>>, Problem> {
    let after = page.after_id()?;
    let c = &mut *state.ctx.db().read().await?;
    let rows = users::list_referred_by(c, caller.user_id, after, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(
        rows,
        |row| Cursor::Id(row.id.uuid()),
        |row| ReferralView {
            user_id: row.id,
            name: row.name,
            joined_at: row.created_at,
            is_active_buyer: row.is_active_buyer,
            placed: row.placed,
        },
    )))
}

/// Get my referral link.
///
/// The response has the referral code, and the link as text and as a QR code.
#[operation]
pub(crate) async fn get_link(state: web::Data<AuthState>, caller: Caller) -> Result<Json<ReferralLinkView>, Problem> {
    let c = &mut *state.ctx.db().read().await?;
    let code = users::find(c, caller.user_id).await?.ok_or_else(Problem::not_found)?.referral_code;
    let url = format!("{}/join/{code}", state.public_url);
    let image = QrCode::new(&url).map_err(Problem::internal)?;
    let qr_svg = image.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    Ok(Json::new(ReferralLinkView { code, url, qr_svg }))
}

//! HTTP handlers of one's own referrals and referral link.

use crate::state::AuthState;
use crate::store::users;
use actix_web::web;
use domain::{Timestamp, UserId};
use http_api::{Caller, Cursor, Json, Listing, Page, Problem, operation};
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
    let url = format!("{}/?ref={code}", state.public_url);
    let image = QrCode::new(&url).map_err(Problem::internal)?;
    let qr_svg = image.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    Ok(Json::new(ReferralLinkView { code, url, qr_svg }))
}

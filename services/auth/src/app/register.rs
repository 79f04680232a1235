//! Makes a person known.

use super::{index_words, publish_user};
use crate::domain::identifier::Identifier;
use crate::domain::person;
use crate::domain::referral::ReferralCode;
use crate::domain::search;
use crate::error::AuthError;
use crate::secrets;
use crate::store::users::{self, User};
use chassis::id;
use db::DbConnection;
use domain::{KycStatus, Role, Side, Timestamp, UserId};

/// With 31^8 codes, a second collision in a row says that something else is wrong.
const DRAWS: usize = 8;

pub(crate) struct Newcomer {
    pub(crate) email: Option<Identifier>,
    pub(crate) mobile: Option<Identifier>,
    /// Named after the referral code when nothing is given.
    pub(crate) name: Option<String>,
    pub(crate) role: Role,
    pub(crate) referrer_id: Option<UserId>,
    pub(crate) preferred_side: Option<Side>,
}

/// Who gave this code to a newcomer. A code that is malformed is nobody's.
pub(crate) async fn referrer(c: &mut DbConnection, code: Option<&str>) -> Result<Option<UserId>, AuthError> {
    let Some(text) = code.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let code = ReferralCode::try_new(text).ok_or(AuthError::ReferralCodeUnknown)?;
    let referrer = users::find_by_referral_code(c, code.as_str()).await?;
    referrer.map(|user| Some(user.id)).ok_or(AuthError::ReferralCodeUnknown)
}

pub(crate) async fn register(c: &mut DbConnection, newcomer: &Newcomer, now: Timestamp) -> Result<User, AuthError> {
    for _ in 0..DRAWS {
        let code = secrets::new_referral_code();
        let name = newcomer.name.clone().unwrap_or_else(|| format!("Member {}", code.as_str()));
        let user = User {
            id: id::fresh(),
            version: 1,
            email: newcomer.email.as_ref().map(ToString::to_string),
            mobile: newcomer.mobile.as_ref().map(ToString::to_string),
            name_folded: person::folded(&name),
            name,
            role: newcomer.role,
            is_distributor: false,
            is_active: true,
            is_active_buyer: false,
            standing_version: 0,
            placed: false,
            preferred_side: newcomer.preferred_side,
            referral_code: code.as_str().to_owned(),
            referrer_id: newcomer.referrer_id,
            kyc_status: KycStatus::None,
            kyc_version: 0,
            created_at: now,
            side_used: false,
            words_version: search::WORDS_VERSION,
        };
        if users::insert(c, &user).await? {
            index_words::first(c, &user).await?;
            publish_user::registered(c, &user).await?;
            return Ok(user);
        }
        refuse_taken(c, newcomer).await?;
    }
    Err(AuthError::NoReferralCode)
}

/// Which of the unique columns was taken; none of these, when it was the referral code.
async fn refuse_taken(c: &mut DbConnection, newcomer: &Newcomer) -> Result<(), AuthError> {
    if let Some(email) = &newcomer.email
        && users::find_by_identifier(c, email).await?.is_some()
    {
        return Err(AuthError::EmailTaken);
    }
    if let Some(mobile) = &newcomer.mobile
        && users::find_by_identifier(c, mobile).await?.is_some()
    {
        return Err(AuthError::MobileTaken);
    }
    Ok(())
}

//! Registration of a user.

use super::{index_search_words, publish_user};
use crate::domain::identifier::Identifier;
use crate::domain::referral::ReferralCode;
use crate::domain::search;
use crate::domain::user::{self as user_rules, Locale};
use crate::error::AuthError;
use crate::secrets;
use crate::store::users::{self, User};
use db::{DbConnection, Version};
use domain::{KycStatus, Role, Side, Timestamp, UserId};
use runtime::id;

/// Attempts to find an unused referral code. With 31^8 codes, repeated collisions indicate another error.
const MAX_CODE_ATTEMPTS: usize = 8;

/// Data of a user to register. At least one of `email` and `mobile` is required.
pub(crate) struct NewUser {
    pub(crate) email: Option<Identifier>,
    pub(crate) mobile: Option<Identifier>,
    /// Default: "Member" and the referral code.
    pub(crate) name: Option<String>,
    pub(crate) role: Role,
    pub(crate) referrer_id: Option<UserId>,
    pub(crate) preferred_side: Option<Side>,
    pub(crate) locale: Locale,
    /// City of the address in the profile.
    pub(crate) city: Option<String>,
}

/// Finds the owner of a referral code; `None` when no code is given.
///
/// Errors with `ReferralCodeUnknown` when the code is malformed or does not exist.
pub(crate) async fn find_referrer(c: &mut DbConnection, code: Option<&str>) -> Result<Option<UserId>, AuthError> {
    let Some(text) = code.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let code = ReferralCode::try_new(text).ok_or(AuthError::ReferralCodeUnknown)?;
    let referrer = users::find_by_referral_code(c, code.as_str()).await?;
    referrer.map(|user| Some(user.id)).ok_or(AuthError::ReferralCodeUnknown)
}

/// Inserts a user with a new referral code, indexes the search words and publishes `UserRegistered`.
///
/// Errors with `EmailTaken` or `MobileTaken` when another user has the address.
pub(crate) async fn register(c: &mut DbConnection, new_user: &NewUser, now: Timestamp) -> Result<User, AuthError> {
    for _ in 0..MAX_CODE_ATTEMPTS {
        let code = secrets::new_referral_code();
        let name = new_user.name.clone().unwrap_or_else(|| format!("Member {}", code.as_str()));
        let user = User {
            id: id::fresh(),
            version: Version::new(1),
            email: new_user.email.as_ref().map(ToString::to_string),
            mobile: new_user.mobile.as_ref().map(ToString::to_string),
            name_folded: user_rules::fold_name(&name),
            name,
            role: new_user.role,
            is_distributor: false,
            is_active: true,
            is_active_buyer: false,
            standing_version: 0,
            placed: false,
            preferred_side: new_user.preferred_side,
            referral_code: code.as_str().to_owned(),
            referrer_id: new_user.referrer_id,
            kyc_status: KycStatus::None,
            kyc_version: Version::default(),
            created_at: now,
            words_version: search::WORDS_VERSION,
            locale: new_user.locale,
            city: new_user.city.clone(),
        };
        if users::insert(c, &user).await? {
            index_search_words::insert(c, &user).await?;
            publish_user::publish_registered(c, &user).await?;
            return Ok(user);
        }
        check_contacts_unused(c, new_user).await?;
    }
    Err(AuthError::NoReferralCode)
}

/// Errors when another user has the e-mail address or the mobile number. Otherwise the referral code caused the
/// conflict.
async fn check_contacts_unused(c: &mut DbConnection, new_user: &NewUser) -> Result<(), AuthError> {
    if let Some(email) = &new_user.email
        && users::find_by_identifier(c, email).await?.is_some()
    {
        return Err(AuthError::EmailTaken);
    }
    if let Some(mobile) = &new_user.mobile
        && users::find_by_identifier(c, mobile).await?.is_some()
    {
        return Err(AuthError::MobileTaken);
    }
    Ok(())
}

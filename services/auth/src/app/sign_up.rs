//! Sign-up with a full profile: the user is created after both addresses are verified.

use super::announce_session::announce_session;
use super::open_session::{Device, open_session};
use super::record_sign_in_address::record_sign_in_address;
use super::register::{self, NewUser};
use super::send_code::send_code;
use super::sign_in::SignedIn;
use super::{index_search_words, publish_user};
use crate::codes::IssuedCode;
use crate::domain::address::ClientAddress;
use crate::domain::identifier::Identifier;
use crate::domain::otp::CodeId;
use crate::domain::user::{Gender, Locale};
use crate::error::AuthError;
use crate::secrets::{self, Secrets};
use crate::store::profiles::{self, Profile};
use crate::store::signups::{self, SignupRow};
use crate::store::users::{self, User};
use db::DbConnection;
use domain::{Day, Role, Side, Timestamp, UserId};
use runtime::id;
use serde::{Deserialize, Serialize};

/// Profile of a sign-up, stored encrypted until both codes are verified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SignUpProfile {
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) gender: Option<Gender>,
    pub(crate) date_of_birth: Option<Day>,
    pub(crate) line1: Option<String>,
    pub(crate) line2: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) pincode: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) referral_code: Option<String>,
    pub(crate) preferred_side: Option<Side>,
    /// Absent in a sign-up that an older version began.
    #[serde(default)]
    pub(crate) locale: Option<Locale>,
}

/// Ids of the two codes of a sign-up: e-mail and mobile. They are derived from its token, so that codes of another
/// sign-up are refused.
pub(crate) fn code_ids(token: &str) -> (CodeId, CodeId) {
    let hash = secrets::token_hash(token);
    (id::derived(&[&hash, b"email"]), id::derived(&[&hash, b"mobile"]))
}

/// Stores the profile until its codes are verified, and queues both messages.
///
/// Does the same for known and unknown addresses, so that the response does not reveal who is registered.
pub(crate) async fn begin(
    c: &mut DbConnection,
    secrets: &Secrets,
    token: &str,
    (email, mobile): (&Identifier, &Identifier),
    (email_code, mobile_code): (&IssuedCode, &IssuedCode),
    profile: &SignUpProfile,
    now: Timestamp,
) -> Result<(), AuthError> {
    send_code(c, secrets, email_code, email, now).await?;
    send_code(c, secrets, mobile_code, mobile, now).await?;
    let signup = SignupRow {
        token_hash: secrets::token_hash(token).to_vec(),
        email: email.to_string(),
        mobile: mobile.to_string(),
        sealed: secrets.seal_signup(profile)?,
        expires_at: email_code.expires_at,
    };
    signups::insert(c, &signup).await?;
    Ok(())
}

/// Data of the second step of a sign-up.
pub(crate) struct FinishSignUp {
    pub(crate) signup_token: String,
    pub(crate) address: ClientAddress,
    pub(crate) device: Device,
}

/// Creates the user, or adds the missing address to an existing one, and starts a session.
///
/// `code` is the first of the two verified and claimed codes. `None` when the sign-up has expired or is finished.
/// Errors with `ContactsDiffer` when the addresses belong to different users; the caller then releases the codes.
pub(crate) async fn finish(
    c: &mut DbConnection,
    secrets: &Secrets,
    request: &FinishSignUp,
    code: Option<CodeId>,
    now: Timestamp,
) -> Result<Option<SignedIn>, AuthError> {
    let token_hash = secrets::token_hash(&request.signup_token);
    let Some(signup) = signups::lock(c, &token_hash).await?.filter(|s| now < s.expires_at) else {
        return Ok(None);
    };
    signups::delete(c, &token_hash).await?;
    let profile: SignUpProfile = secrets.open_signup(&signup.sealed)?;
    let (email, mobile) = (Identifier::Email(signup.email), Identifier::Mobile(signup.mobile));
    let user_by_email = users::find_by_identifier(c, &email).await?;
    let user_by_mobile = users::find_by_identifier(c, &mobile).await?;
    let (user, is_new) = match (user_by_email, user_by_mobile) {
        (None, None) => (create_user(c, (email.clone(), mobile.clone()), &profile, now).await?, true),
        (Some(by_email), Some(by_mobile)) if by_email.id != by_mobile.id => return Err(AuthError::ContactsDiffer),
        (Some(user), _) | (None, Some(user)) => (add_missing_contact(c, user.id, &email, &mobile, now).await?, false),
    };
    let opened = open_session(c, user, &request.device, code, now).await?;
    announce_session(c, &opened, &request.device, is_new, now).await?;
    for identifier in [&email, &mobile] {
        record_sign_in_address(c, identifier, request.address, now).await?;
    }
    Ok(Some(SignedIn { opened, is_new }))
}

async fn create_user(
    c: &mut DbConnection,
    (email, mobile): (Identifier, Identifier),
    profile: &SignUpProfile,
    now: Timestamp,
) -> Result<User, AuthError> {
    let new_user = NewUser {
        email: Some(email),
        mobile: Some(mobile),
        name: Some(format!("{} {}", profile.first_name, profile.last_name)),
        role: Role::User,
        referrer_id: register::find_referrer(c, profile.referral_code.as_deref()).await?,
        preferred_side: profile.preferred_side,
        locale: profile.locale.unwrap_or_default(),
        city: profile.city.clone(),
    };
    let user = register::register(c, &new_user, now).await?;
    let given = profile.clone();
    let profile = Profile {
        user_id: user.id,
        first_name: Some(given.first_name),
        last_name: Some(given.last_name),
        gender: given.gender,
        date_of_birth: given.date_of_birth,
        line1: given.line1,
        line2: given.line2,
        city: given.city,
        state: given.state,
        pincode: given.pincode,
        country: given.country,
    };
    profiles::save(c, &profile).await?;
    Ok(user)
}

/// Adds the other verified address to a user who has one of the two.
///
/// Ignores the rest of the profile, as a sign-up does not change an existing one. Errors with `ContactsDiffer` when the
/// user has a different e-mail address or mobile number.
async fn add_missing_contact(
    c: &mut DbConnection,
    id: UserId,
    email: &Identifier,
    mobile: &Identifier,
    now: Timestamp,
) -> Result<User, AuthError> {
    let mut user = users::lock(c, id).await?.ok_or(AuthError::NotFound)?;
    let is_incomplete = user.email.is_none() || user.mobile.is_none();
    user.email.get_or_insert_with(|| email.to_string());
    user.mobile.get_or_insert_with(|| mobile.to_string());
    if user.email.as_deref() != Some(email.as_str()) || user.mobile.as_deref() != Some(mobile.as_str()) {
        return Err(AuthError::ContactsDiffer);
    }
    if is_incomplete {
        index_search_words::update(c, &user).await?;
        publish_user::save_and_publish(c, &mut user, now).await?;
    }
    Ok(user)
}

//! Registration with a whole profile: both addresses are proven before anything is made.

use super::know_address::know_address;
use super::open_session::{Device, open_session};
use super::register::{self, Newcomer};
use super::send_code::send_code;
use super::sign_in::SignedIn;
use super::{index_words, publish_user};
use crate::codes::Issued;
use crate::domain::address::ClientAddress;
use crate::domain::identifier::Identifier;
use crate::domain::otp::CodeId;
use crate::domain::person::Gender;
use crate::error::AuthError;
use crate::secrets::{self, Secrets};
use crate::store::profiles::{self, Profile};
use crate::store::signups::{self, Signup};
use crate::store::users::{self, User};
use chassis::id;
use db::DbConnection;
use domain::{Day, Role, Side, Timestamp};
use serde::{Deserialize, Serialize};

/// What a newcomer tells; kept sealed until the codes come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
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
}

/// The two codes of a sign-up. Their ids come from its token, so that they belong to it and to no other.
pub(crate) fn code_ids(token: &str) -> (CodeId, CodeId) {
    let hash = secrets::token_hash(token);
    (id::derived(&[&hash, b"email"]), id::derived(&[&hash, b"mobile"]))
}

/// Keeps the profile until its codes come, and queues both messages.
///
/// The answer is the same whether or not the addresses are known.
pub(crate) async fn begin(
    c: &mut DbConnection,
    secrets: &Secrets,
    token: &str,
    (email, mobile): (&Identifier, &Identifier),
    (email_code, mobile_code): (&Issued, &Issued),
    told: &Told,
    now: Timestamp,
) -> Result<(), AuthError> {
    send_code(c, secrets, email_code, email, now).await?;
    send_code(c, secrets, mobile_code, mobile, now).await?;
    let signup = Signup {
        token_hash: secrets::token_hash(token).to_vec(),
        email: email.to_string(),
        mobile: mobile.to_string(),
        sealed: secrets.seal_signup(told)?,
        expires_at: email_code.expires_at,
    };
    signups::insert(c, &signup).await?;
    Ok(())
}

pub(crate) struct Finish {
    pub(crate) signup_token: String,
    pub(crate) address: ClientAddress,
    pub(crate) device: Device,
}

/// Both codes were proved and are claimed; an error leaves them as they were. `None` where the sign-up has expired or is
/// finished.
pub(crate) async fn finish(
    c: &mut DbConnection,
    secrets: &Secrets,
    input: &Finish,
    code: Option<CodeId>,
    now: Timestamp,
) -> Result<Option<SignedIn>, AuthError> {
    let token_hash = secrets::token_hash(&input.signup_token);
    let Some(signup) = signups::lock(c, &token_hash).await?.filter(|s| now < s.expires_at) else {
        return Ok(None);
    };
    signups::delete(c, &token_hash).await?;
    let told: Told = secrets.open_signup(&signup.sealed)?;
    let (email, mobile) = (Identifier::Email(signup.email), Identifier::Mobile(signup.mobile));
    let known_email = users::find_by_identifier(c, &email).await?;
    let known_mobile = users::find_by_identifier(c, &mobile).await?;
    let (user, is_new) = match (known_email, known_mobile) {
        (None, None) => (create(c, (email.clone(), mobile.clone()), &told, now).await?, true),
        (Some(one), Some(other)) if one.id != other.id => return Err(AuthError::ContactsDiffer),
        (Some(known), _) | (None, Some(known)) => (complete(c, known, &email, &mobile, now).await?, false),
    };
    let opened = open_session(c, user, &input.device, code, now).await?;
    for identifier in [&email, &mobile] {
        know_address(c, identifier, input.address, now).await?;
    }
    Ok(Some(SignedIn { opened, is_new }))
}

async fn create(
    c: &mut DbConnection,
    (email, mobile): (Identifier, Identifier),
    told: &Told,
    now: Timestamp,
) -> Result<User, AuthError> {
    let newcomer = Newcomer {
        email: Some(email),
        mobile: Some(mobile),
        name: Some(format!("{} {}", told.first_name, told.last_name)),
        role: Role::User,
        referrer_id: register::referrer(c, told.referral_code.as_deref()).await?,
        preferred_side: told.preferred_side,
    };
    let user = register::register(c, &newcomer, now).await?;
    let told = told.clone();
    let profile = Profile {
        user_id: user.id,
        first_name: Some(told.first_name),
        last_name: Some(told.last_name),
        gender: told.gender,
        date_of_birth: told.date_of_birth,
        line1: told.line1,
        line2: told.line2,
        city: told.city,
        state: told.state,
        pincode: told.pincode,
        country: told.country,
    };
    profiles::save(c, &profile).await?;
    Ok(user)
}

/// Somebody known by one of the addresses has just proven the other one too; the rest of what they told is
/// left aside, for a sign-up is not the place to change a profile.
async fn complete(
    c: &mut DbConnection,
    known: User,
    email: &Identifier,
    mobile: &Identifier,
    now: Timestamp,
) -> Result<User, AuthError> {
    let mut user = users::lock(c, known.id).await?.ok_or(AuthError::NotFound)?;
    let missing = user.email.is_none() || user.mobile.is_none();
    user.email.get_or_insert_with(|| email.to_string());
    user.mobile.get_or_insert_with(|| mobile.to_string());
    if user.email.as_deref() != Some(email.as_str()) || user.mobile.as_deref() != Some(mobile.as_str()) {
        return Err(AuthError::ContactsDiffer);
    }
    if missing {
        index_words::index(c, &user).await?;
        publish_user::updated(c, &mut user, now).await?;
    }
    Ok(user)
}

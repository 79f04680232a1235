//! Signs a person in by a one-time code, and makes them known when they are new.

use super::check_code::check_codes;
use super::open_session::{Device, Opened, open_session};
use super::register::{self, Newcomer};
use crate::domain::identifier::Identifier;
use crate::domain::otp::Purpose;
use crate::error::AuthError;
use crate::secrets::Secrets;
use crate::store::users;
use db::DbConnection;
use domain::{Role, Side, Timestamp};

pub(crate) struct SignIn {
    pub(crate) identifier: Identifier,
    pub(crate) code: String,
    /// For a newcomer alone, like what follows.
    pub(crate) referral_code: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) preferred_side: Option<Side>,
    pub(crate) device: Device,
}

/// What a try to sign in comes to. Both are committed: a wrong try counts.
pub(crate) enum SignedIn {
    Refused,
    In { opened: Box<Opened>, is_new: bool },
}

/// An error leaves the code as it was.
pub(crate) async fn sign_in(
    c: &mut DbConnection,
    secrets: &Secrets,
    input: &SignIn,
    now: Timestamp,
) -> Result<SignedIn, AuthError> {
    let tries = [(&input.identifier, input.code.as_str())];
    if !check_codes(c, secrets, Purpose::SignIn, &tries, now).await? {
        return Ok(SignedIn::Refused);
    }
    let known = users::find_by_identifier(c, &input.identifier).await?;
    let (user, is_new) = match known {
        Some(user) => (users::lock(c, user.id).await?.ok_or(AuthError::NotFound)?, false),
        None => {
            let referrer_id = register::referrer(c, input.referral_code.as_deref()).await?;
            let (email, mobile) = match &input.identifier {
                email @ Identifier::Email(_) => (Some(email.clone()), None),
                mobile @ Identifier::Mobile(_) => (None, Some(mobile.clone())),
            };
            let newcomer = Newcomer {
                email,
                mobile,
                name: input.name.clone(),
                role: Role::User,
                referrer_id,
                preferred_side: input.preferred_side,
            };
            (register::register(c, &newcomer, now).await?, true)
        }
    };
    let opened = Box::new(open_session(c, user, &input.device, now).await?);
    Ok(SignedIn::In { opened, is_new })
}

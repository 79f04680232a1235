//! Signs a person in by a one-time code, and makes them known when they are new.

use super::know_address::know_address;
use super::open_session::{Device, Opened, open_session};
use super::register::{self, Newcomer};
use crate::domain::address::ClientAddress;
use crate::domain::identifier::Identifier;
use crate::domain::otp::CodeId;
use crate::error::AuthError;
use crate::store::users;
use db::DbConnection;
use domain::{Role, Side, Timestamp};

pub(crate) struct SignIn {
    pub(crate) identifier: Identifier,
    pub(crate) address: ClientAddress,
    /// For a newcomer alone, like what follows.
    pub(crate) referral_code: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) preferred_side: Option<Side>,
    pub(crate) device: Device,
}

/// A session, and whether its owner has just registered.
pub(crate) struct SignedIn {
    pub(crate) opened: Opened,
    pub(crate) is_new: bool,
}

/// `code` was proved and is claimed; an error leaves it as it was.
pub(crate) async fn sign_in(
    c: &mut DbConnection,
    input: &SignIn,
    code: Option<CodeId>,
    now: Timestamp,
) -> Result<SignedIn, AuthError> {
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
    let opened = open_session(c, user, &input.device, code, now).await?;
    know_address(c, &input.identifier, input.address, now).await?;
    Ok(SignedIn { opened, is_new })
}

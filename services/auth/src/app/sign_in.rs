//! Sign-in by a one-time code, with registration on first use.

use super::announce_session::announce_session;
use super::open_session::{Device, OpenedSession, open_session};
use super::record_sign_in_address::record_sign_in_address;
use super::register::{self, NewUser};
use crate::domain::address::ClientAddress;
use crate::domain::identifier::Identifier;
use crate::domain::otp::CodeId;
use crate::domain::user::Locale;
use crate::error::AuthError;
use crate::store::users;
use db::DbConnection;
use domain::{Role, Side, Timestamp};

/// Data of a sign-in.
pub(crate) struct SignInRequest {
    pub(crate) identifier: Identifier,
    pub(crate) address: ClientAddress,
    /// Used for a new user only, like `name`, `preferred_side` and `locale`.
    pub(crate) referral_code: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) preferred_side: Option<Side>,
    pub(crate) locale: Option<Locale>,
    pub(crate) device: Device,
}

/// A started session, and whether its owner was registered by this sign-in.
pub(crate) struct SignedIn {
    pub(crate) opened: OpenedSession,
    pub(crate) is_new: bool,
}

/// Registers the user of an unknown identifier, and starts a session.
///
/// `code` is the verified and claimed code. Errors with `ReferralCodeUnknown`, `Inactive` or `CodeUsed`; the caller
/// then releases the code.
pub(crate) async fn sign_in(
    c: &mut DbConnection,
    request: &SignInRequest,
    code: Option<CodeId>,
    now: Timestamp,
) -> Result<SignedIn, AuthError> {
    let existing = users::find_by_identifier(c, &request.identifier).await?;
    let (user, is_new) = match existing {
        Some(user) => (users::lock(c, user.id).await?.ok_or(AuthError::NotFound)?, false),
        None => {
            let referrer_id = register::find_referrer(c, request.referral_code.as_deref()).await?;
            let (email, mobile) = match &request.identifier {
                email @ Identifier::Email(_) => (Some(email.clone()), None),
                mobile @ Identifier::Mobile(_) => (None, Some(mobile.clone())),
            };
            let new_user = NewUser {
                email,
                mobile,
                name: request.name.clone(),
                role: Role::User,
                referrer_id,
                preferred_side: request.preferred_side,
                locale: request.locale.unwrap_or_default(),
                city: None,
            };
            (register::register(c, &new_user, now).await?, true)
        }
    };
    let opened = open_session(c, user, &request.device, code, now).await?;
    announce_session(c, &opened, &request.device, is_new, now).await?;
    record_sign_in_address(c, &request.identifier, request.address, now).await?;
    Ok(SignedIn { opened, is_new })
}

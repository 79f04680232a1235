//! Why auth refuses, and how that is answered.

use crate::domain::kyc::KycRefused;
use crate::domain::person::PersonRefused;
use crate::secrets::Unreadable;
use actix_web::http::StatusCode;
use chassis::cache::CacheDown;
use chassis::events::HandleError;
use chassis::http::Problem;
use db::{DbError, TxError};
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthError {
    #[error("a code was sent a moment ago")]
    CodeTooSoon { retry_after: Duration },
    #[error("too many codes were asked for")]
    CodeLimit { retry_after: Duration },
    #[error("the code has opened a session before")]
    CodeUsed,
    #[error(transparent)]
    Cache(#[from] CacheDown),
    #[error("nobody has this referral code")]
    ReferralCodeUnknown,
    #[error("somebody has this e-mail address")]
    EmailTaken,
    #[error("somebody has this mobile number")]
    MobileTaken,
    #[error("the e-mail address and the mobile number belong to different people")]
    ContactsDiffer,
    #[error("the account is not active")]
    Inactive,
    #[error("there is no such thing")]
    NotFound,
    #[error(transparent)]
    Person(#[from] PersonRefused),
    #[error(transparent)]
    Kyc(#[from] KycRefused),
    #[error("what is stored cannot be read")]
    Unreadable(#[from] Unreadable),
    #[error("eight referral codes in a row were taken")]
    NoReferralCode,
    #[error("there is no signing key")]
    NoSigningKey,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for AuthError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl TxError for AuthError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let text = error.to_string();
        match error {
            AuthError::CodeTooSoon { retry_after } => too_many("auth.otp_too_soon", text, retry_after),
            AuthError::CodeLimit { retry_after } => too_many("auth.otp_limit", text, retry_after),
            AuthError::CodeUsed => code_invalid(),
            AuthError::Cache(down) => Self::unavailable(down),
            AuthError::ReferralCodeUnknown => Self::unprocessable("auth.referral_code_unknown", text),
            AuthError::EmailTaken => Self::conflict("auth.email_taken", text),
            AuthError::MobileTaken => Self::conflict("auth.mobile_taken", text),
            AuthError::ContactsDiffer => Self::conflict("auth.contacts_differ", text),
            AuthError::Inactive => Self::new(StatusCode::FORBIDDEN, "auth.user_inactive", text),
            AuthError::NotFound => Self::not_found(),
            AuthError::Person(refused) => person(refused),
            AuthError::Kyc(refused) => kyc(refused),
            error @ (AuthError::Unreadable(_) | AuthError::NoReferralCode | AuthError::NoSigningKey) => {
                Self::internal(error)
            }
            AuthError::Db(error) => error.into(),
        }
    }
}

fn too_many(code: &'static str, text: String, retry_after: Duration) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code, text).with_retry_after(retry_after)
}

fn person(refused: PersonRefused) -> Problem {
    match refused {
        PersonRefused::OwnRights => own(refused.to_string()),
        PersonRefused::NoLongerAdmin => Problem::forbidden(),
    }
}

/// 403 for members of staff who act on themselves.
fn own(detail: String) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "auth.own", detail)
}

fn kyc(refused: KycRefused) -> Problem {
    let text = refused.to_string();
    match refused {
        KycRefused::Pending => Problem::conflict("auth.kyc_pending", text),
        KycRefused::Approved => Problem::conflict("auth.kyc_approved", text),
        KycRefused::Decided => Problem::conflict("auth.kyc_decided", text),
        KycRefused::Own => own(text),
        KycRefused::PanTaken => Problem::conflict("auth.pan_taken", text),
        KycRefused::UnknownDocument => Problem::unprocessable("auth.document_unknown", text),
    }
}

/// 401 for a code that is wrong, used, expired, tried too often, or was never sent: one answer for all.
pub(crate) fn code_invalid() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "auth.otp_invalid", "the code is wrong, used or expired")
}

impl From<AuthError> for HandleError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Db(error) => Self::Db(error),
            AuthError::NotFound => Self::poison("nobody has this user id"),
            error @ (AuthError::CodeTooSoon { .. }
            | AuthError::CodeLimit { .. }
            | AuthError::CodeUsed
            | AuthError::Cache(_)
            | AuthError::ReferralCodeUnknown
            | AuthError::EmailTaken
            | AuthError::MobileTaken
            | AuthError::ContactsDiffer
            | AuthError::Inactive
            | AuthError::Person(_)
            | AuthError::Kyc(_)
            | AuthError::Unreadable(_)
            | AuthError::NoReferralCode
            | AuthError::NoSigningKey) => Self::poison(error.to_string()),
        }
    }
}

//! Errors of the auth service and their mapping to HTTP problems and to event retries.

use crate::domain::distributor::ApplicationRefusal;
use crate::domain::erasure::ErasureRefusal;
use crate::domain::kyc::KycRefusal;
use crate::domain::terms::TermsRefusal;
use crate::domain::user::RightsRefusal;
use crate::secrets::UnreadableValue;
use actix_web::http::StatusCode;
use db::DbError;
use http_api::Problem;
use messaging::HandleError;
use runtime::cache::CacheDown;
use std::time::Duration;

/// An error of any use case of the service.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthError {
    #[error("a code was sent recently; wait before requesting another")]
    CodeTooSoon { retry_after: Duration },
    #[error("too many codes were requested")]
    CodeLimit { retry_after: Duration },
    #[error("too many referral codes were looked up")]
    ReferralLookupLimit { retry_after: Duration },
    #[error("the code was already used")]
    CodeUsed,
    #[error(transparent)]
    Cache(#[from] CacheDown),
    #[error("the referral code does not exist")]
    ReferralCodeUnknown,
    #[error("the e-mail address is already registered")]
    EmailTaken,
    #[error("the mobile number is already registered")]
    MobileTaken,
    #[error("the e-mail address and the mobile number belong to different users")]
    ContactsDiffer,
    #[error("the account is not active")]
    Inactive,
    #[error("not found")]
    NotFound,
    #[error("user not found")]
    UnknownMember,
    #[error(transparent)]
    Rights(#[from] RightsRefusal),
    #[error(transparent)]
    Kyc(#[from] KycRefusal),
    #[error(transparent)]
    Terms(#[from] TermsRefusal),
    #[error("another version of these terms was published in the meantime")]
    TermsChanged,
    #[error(transparent)]
    Application(#[from] ApplicationRefusal),
    #[error(transparent)]
    Erasure(#[from] ErasureRefusal),
    #[error("a stored value cannot be read")]
    Unreadable(#[from] UnreadableValue),
    #[error("no unused referral code was found in eight attempts")]
    NoReferralCode,
    #[error("there is no signing key")]
    NoSigningKey,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl AuthError {
    /// Whether the refusal may come from an event of another service that is not applied yet.
    pub(crate) fn may_be_stale(&self) -> bool {
        matches!(self, Self::Kyc(KycRefusal::UnknownDocument))
    }
}

db::tx_error!(AuthError);

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let (text, may_be_stale) = (error.to_string(), error.may_be_stale());
        let problem = match error {
            AuthError::CodeTooSoon { retry_after } => too_many("auth.otp_too_soon", text, retry_after),
            AuthError::CodeLimit { retry_after } => too_many("auth.otp_limit", text, retry_after),
            AuthError::ReferralLookupLimit { retry_after } => too_many("auth.referral_lookup_limit", text, retry_after),
            AuthError::CodeUsed => code_invalid(),
            AuthError::Cache(down) => Self::unavailable(down),
            AuthError::ReferralCodeUnknown => Self::unprocessable("auth.referral_code_unknown", text),
            AuthError::EmailTaken => Self::conflict("auth.email_taken", text),
            AuthError::MobileTaken => Self::conflict("auth.mobile_taken", text),
            AuthError::ContactsDiffer => Self::conflict("auth.contacts_differ", text),
            AuthError::Inactive => Self::new(StatusCode::FORBIDDEN, "auth.user_inactive", text),
            AuthError::NotFound | AuthError::UnknownMember => Self::not_found(),
            AuthError::Rights(refused) => rights_problem(refused),
            AuthError::Kyc(refused) => kyc_problem(refused),
            AuthError::Terms(refused) => terms_problem(refused),
            AuthError::TermsChanged => Self::conflict("auth.terms_changed", text),
            AuthError::Application(refused) => application_problem(refused),
            AuthError::Erasure(refused) => erasure_problem(refused),
            error @ (AuthError::Unreadable(_) | AuthError::NoReferralCode | AuthError::NoSigningKey) => {
                Self::internal(error)
            }
            AuthError::Db(error) => error.into(),
        };
        problem.stale_if(may_be_stale)
    }
}

fn too_many(code: &'static str, text: String, retry_after: Duration) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code, text).with_retry_after(retry_after)
}

fn rights_problem(refused: RightsRefusal) -> Problem {
    match refused {
        RightsRefusal::OwnRights => own_account(refused.to_string()),
        RightsRefusal::ActorNotAdmin => Problem::forbidden(),
    }
}

/// 403 `auth.own`: a staff member or administrator acted on their own account.
fn own_account(detail: String) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "auth.own", detail)
}

fn kyc_problem(refused: KycRefusal) -> Problem {
    let text = refused.to_string();
    match refused {
        KycRefusal::Pending => Problem::conflict("auth.kyc_pending", text),
        KycRefusal::Approved => Problem::conflict("auth.kyc_approved", text),
        KycRefusal::DecidedDifferently => Problem::conflict("auth.kyc_decided", text),
        KycRefusal::OwnApplication => own_account(text),
        KycRefusal::PanTaken => Problem::conflict("auth.pan_taken", text),
        KycRefusal::UnknownDocument => Problem::unprocessable("auth.document_unknown", text),
    }
}

fn terms_problem(refused: TermsRefusal) -> Problem {
    let text = refused.to_string();
    match refused {
        TermsRefusal::AlreadyPublished(_) => Problem::conflict("auth.terms_published", text),
        TermsRefusal::UnknownHash => Problem::unprocessable("auth.terms_unknown", text),
        TermsRefusal::Outdated => Problem::conflict("auth.terms_outdated", text),
    }
}

fn application_problem(refused: ApplicationRefusal) -> Problem {
    let text = refused.to_string();
    match refused {
        ApplicationRefusal::Pending => Problem::conflict("auth.application_pending", text),
        ApplicationRefusal::AlreadyDistributor => Problem::conflict("auth.distributor_already", text),
        ApplicationRefusal::NotMember => Problem::conflict("auth.members_only", text),
        ApplicationRefusal::DecidedDifferently => Problem::conflict("auth.application_decided", text),
        ApplicationRefusal::OwnApplication => own_account(text),
    }
}

fn erasure_problem(refused: ErasureRefusal) -> Problem {
    let text = refused.to_string();
    match refused {
        ErasureRefusal::Pending => Problem::conflict("auth.erasure_pending", text),
        ErasureRefusal::NotMember => Problem::conflict("auth.members_only", text),
        ErasureRefusal::DecidedDifferently => Problem::conflict("auth.erasure_decided", text),
        ErasureRefusal::OwnRequest => own_account(text),
    }
}

/// 401 `auth.otp_invalid`: the same answer for a code that is wrong, used, expired, attempted too often or never sent,
/// so that it reveals nothing.
pub(crate) fn code_invalid() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "auth.otp_invalid", "the code is wrong, used or expired")
}

impl From<AuthError> for HandleError {
    fn from(error: AuthError) -> Self {
        if let AuthError::Db(error) = error { Self::Db(error) } else { Self::poison(error.to_string()) }
    }
}

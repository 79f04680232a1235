//! Caller of a request, and access rules of routes.

use crate::Problem;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use domain::{Role, Timestamp, UserId};
use std::future::{Ready, ready};
use uuid::Uuid;

/// Who may call a route. Checked before the body is read and the handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without a token.
    Public,
    /// Any signed-in person. The handler checks ownership.
    User,
    /// Staff and administrators.
    Staff,
    /// Administrators.
    Admin,
}

impl Access {
    /// Whether a caller with `role` may call the route.
    pub fn admits(self, role: Role) -> bool {
        match self {
            Self::Public | Self::User => true,
            Self::Staff => role.is_staff(),
            Self::Admin => role == Role::Admin,
        }
    }
}

/// A verified caller. An extractor for every route that is not public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub user_id: UserId,
    pub role: Role,
    /// The sponsor of the member.
    pub referrer: Option<UserId>,
    pub session_id: Uuid,
    /// When the access token expires, in seconds since 1970.
    pub expires_at_secs: i64,
    /// When the caller last proved a one-time code, in seconds since 1970.
    pub proved_at_secs: Option<i64>,
    pub request_id: String,
    /// The client's IP address; forwarded addresses count only from trusted proxies.
    pub address: String,
}

/// A proof of a one-time code is recent for so many seconds.
pub const STEP_UP_SECS: i64 = 300;

impl Caller {
    /// Errors with 403 `auth.step_up_required` unless the caller proved a one-time code in the last five minutes. For
    /// what must not be done with a stolen token.
    pub fn require_recent_proof(&self, now: Timestamp) -> Result<(), Problem> {
        let now_secs = now.micros().div_euclid(1_000_000);
        if self.proved_at_secs.is_some_and(|at| now_secs - at <= STEP_UP_SECS) {
            return Ok(());
        }
        let detail = "prove a new one-time code first: POST /auth/step-up";
        Err(Problem::new(StatusCode::FORBIDDEN, "auth.step_up_required", detail))
    }
    /// Whether the caller may see the resources of `owner`: as the owner or as staff.
    pub fn may_see(&self, owner: UserId) -> bool {
        self.role.is_staff() || self.user_id == owner
    }
    /// Errors with 404 unless the caller is `owner` or staff, as if the resource did not exist.
    pub fn require_may_see(&self, owner: UserId) -> Result<(), Problem> {
        if self.may_see(owner) { Ok(()) } else { Err(Problem::not_found()) }
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Self>().cloned();
        ready(caller.ok_or_else(Problem::unauthorized))
    }
}

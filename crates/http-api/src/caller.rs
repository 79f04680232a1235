//! Caller of a request, and access rules of routes.

use crate::Problem;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use domain::{Role, UserId};
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
    pub request_id: String,
    /// The client's IP address; forwarded addresses count only from trusted proxies.
    pub address: String,
}

impl Caller {
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

//! The person a request comes from, and who may call a route.

use crate::http::Problem;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use domain::{Role, UserId};
use std::future::{Ready, ready};
use uuid::Uuid;

/// Who may call a route; decided before the handler runs and before the body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without a token.
    Public,
    /// Any signed-in person. What is theirs is the handler's to check.
    User,
    /// Staff and administrators.
    Staff,
    Admin,
}

impl Access {
    pub fn admits(self, role: Role) -> bool {
        match self {
            Self::Public | Self::User => true,
            Self::Staff => role.is_staff(),
            Self::Admin => role == Role::Admin,
        }
    }
}

/// A verified caller. An extractor on every route that is not public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub user_id: UserId,
    pub role: Role,
    pub referrer: Option<UserId>,
    pub session_id: Uuid,
    /// When the access token stops working, in seconds since 1970.
    pub expires_at_secs: i64,
    pub request_id: String,
    /// The client's address, through trusted proxies only.
    pub address: String,
}

impl Caller {
    /// Whether the caller may see what belongs to `owner`.
    pub fn may_see(&self, owner: UserId) -> bool {
        self.role.is_staff() || self.user_id == owner
    }
    /// 404 unless the caller owns it or is staff: the same answer as for what is not there.
    pub fn require_sight_of(&self, owner: UserId) -> Result<(), Problem> {
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

//! Response bodies used by several handlers: users, profiles and tokens.

use crate::app::open_session::OpenedSession;
use crate::domain::user::{Gender, Locale};
use crate::state;
use crate::store::profiles::Profile;
use crate::store::users::User;
use auth_token::SigningKey;
use auth_token::token::ACCESS_TTL_SECS;
use domain::{Day, KycStatus, Role, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Serialize;

/// A user.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub(crate) struct UserView {
    id: UserId,
    email: Option<String>,
    mobile: Option<String>,
    name: String,
    role: Role,
    is_distributor: bool,
    is_active: bool,
    is_active_buyer: bool,
    placed: bool,
    referral_code: String,
    referrer_id: Option<UserId>,
    kyc_status: KycStatus,
    created_at: Timestamp,
}

impl From<User> for UserView {
    fn from(row: User) -> Self {
        Self {
            id: row.id,
            email: row.email,
            mobile: row.mobile,
            name: row.name,
            role: row.role,
            is_distributor: row.is_distributor,
            is_active: row.is_active,
            is_active_buyer: row.is_active_buyer,
            placed: row.placed,
            referral_code: row.referral_code,
            referrer_id: row.referrer_id,
            kyc_status: row.kyc_status,
            created_at: row.created_at,
        }
    }
}

/// A postal address.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Address")]
pub(crate) struct AddressView {
    pub(crate) line1: String,
    pub(crate) line2: Option<String>,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) pincode: String,
    pub(crate) country: String,
}

/// A user with their personal details.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Profile")]
pub(crate) struct ProfileView {
    #[serde(flatten)]
    user: UserView,
    locale: Locale,
    /// The whole name for staff, else the first name and the initial of the last.
    referrer_name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    gender: Option<Gender>,
    date_of_birth: Option<Day>,
    address: Option<AddressView>,
}

impl ProfileView {
    pub(crate) fn new(user: User, row: Profile, referrer_name: Option<String>) -> Self {
        let address = match (row.line1, row.city, row.state, row.pincode, row.country) {
            (Some(line1), Some(city), Some(state), Some(pincode), Some(country)) => {
                Some(AddressView { line1, line2: row.line2, city, state, pincode, country })
            }
            _ => None,
        };
        Self {
            locale: user.locale,
            user: user.into(),
            referrer_name,
            first_name: row.first_name,
            last_name: row.last_name,
            gender: row.gender,
            date_of_birth: row.date_of_birth,
            address,
        }
    }
}

/// A new access token of a session.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AccessToken")]
pub(crate) struct AccessTokenView {
    pub(crate) access_token: String,
    pub(crate) token_type: &'static str,
    /// Lifetime of the access token, in seconds.
    pub(crate) expires_in: i64,
}

/// Tokens of a session and its user.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Tokens")]
pub(crate) struct TokensView {
    user: UserView,
    access_token: String,
    /// Valid once.
    refresh_token: String,
    token_type: &'static str,
    /// Lifetime of the access token, in seconds.
    expires_in: i64,
    /// Whether this sign-in registered the user.
    is_new: bool,
}

impl TokensView {
    /// Signs an access token for the session.
    pub(crate) fn new(key: &SigningKey, opened: OpenedSession, is_new: bool, now: Timestamp) -> Self {
        let session = (&opened.user, opened.session_id, opened.proved_at);
        let access_token = state::sign_access_token(key, session, now);
        let OpenedSession { user, refresh_token, .. } = opened;
        Self {
            access_token,
            refresh_token,
            user: user.into(),
            token_type: "Bearer",
            expires_in: ACCESS_TTL_SECS,
            is_new,
        }
    }
}

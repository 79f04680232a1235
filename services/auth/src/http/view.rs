//! People and their tokens, as clients see them.

use crate::app::open_session::Opened;
use crate::domain::person::Gender;
use crate::state;
use crate::store::profiles::Profile as ProfileRow;
use crate::store::users::User as UserRow;
use chassis::auth::SigningKey;
use chassis::auth::token::ACCESS_TTL_SECS;
use domain::{Day, KycStatus, Role, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct User {
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

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
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
pub(crate) struct Address {
    pub(crate) line1: String,
    pub(crate) line2: Option<String>,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) pincode: String,
    pub(crate) country: String,
}

/// A person with what they told of themself.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Profile {
    #[serde(flatten)]
    user: User,
    first_name: Option<String>,
    last_name: Option<String>,
    gender: Option<Gender>,
    date_of_birth: Option<Day>,
    address: Option<Address>,
}

impl From<(UserRow, ProfileRow)> for Profile {
    fn from((user, row): (UserRow, ProfileRow)) -> Self {
        let address = match (row.line1, row.city, row.state, row.pincode, row.country) {
            (Some(line1), Some(city), Some(state), Some(pincode), Some(country)) => {
                Some(Address { line1, line2: row.line2, city, state, pincode, country })
            }
            _ => None,
        };
        Self {
            user: user.into(),
            first_name: row.first_name,
            last_name: row.last_name,
            gender: row.gender,
            date_of_birth: row.date_of_birth,
            address,
        }
    }
}

/// What a client is signed in with.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Tokens {
    user: User,
    access_token: String,
    /// Good once.
    refresh_token: String,
    token_type: &'static str,
    /// Of the access token, in seconds.
    expires_in: i64,
    is_new: bool,
}

impl Tokens {
    pub(crate) fn new(key: &SigningKey, opened: Opened, is_new: bool, now: Timestamp) -> Self {
        let access_token = state::access_token(key, &opened, now);
        let Opened { user, refresh_token, .. } = opened;
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

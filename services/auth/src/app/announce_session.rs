//! Event of a started session, with what is known of its device.

use super::open_session::{Device, OpenedSession};
use crate::domain::address::ClientAddress;
use crate::domain::device::{DeviceName, decide_new_device};
use crate::error::AuthError;
use crate::store::{known_devices, sessions};
use db::{DbConnection, SortOrder};
use domain::Timestamp;
use messaging::outbox;
use proto_events::auth::v1::SessionStarted;

/// Sessions that are compared with a new one.
const MAX_OLDER_SESSIONS: i64 = 50;

/// Publishes the start of a session, and records its device as known. The user has to be locked.
pub(crate) async fn announce_session(
    c: &mut DbConnection,
    opened: &OpenedSession,
    device: &Device,
    is_registration: bool,
    now: Timestamp,
) -> Result<(), AuthError> {
    let user = opened.user.id;
    let name = DeviceName::from_user_agent(&device.user_agent);
    let network = ClientAddress::new(&device.address).network();
    let last = match known_devices::find_last_sign_in(c, user, &name.family, &network).await? {
        Some(last) => Some(last),
        None if is_registration => None,
        None => find_older_session(c, opened, (&name.family, &network), now).await?,
    };
    known_devices::save(c, user, &name.family, &network, now).await?;
    let event = SessionStarted {
        session_id: opened.session_id.into(),
        user_id: user.into(),
        device_label: name.label(),
        new_device: decide_new_device(is_registration, last, now),
        address_prefix: network,
        started_at: now.micros(),
    };
    outbox::publish(c, opened.session_id, now, &event).await?;
    Ok(())
}

/// Start of the newest other session of the user by the same device, which an older version did not record as known.
async fn find_older_session(
    c: &mut DbConnection,
    opened: &OpenedSession,
    (family, network): (&str, &str),
    now: Timestamp,
) -> Result<Option<Timestamp>, AuthError> {
    let live = sessions::list_live(c, opened.user.id, now, SortOrder::Descending, None, MAX_OLDER_SESSIONS).await?;
    let same = live.iter().filter(|session| session.id != opened.session_id).find(|session| {
        DeviceName::from_user_agent(&session.user_agent).family == family
            && ClientAddress::new(&session.address).network() == network
    });
    Ok(same.map(|session| session.created_at))
}

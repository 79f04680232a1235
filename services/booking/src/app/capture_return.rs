//! Ids of returns of captured money to the wallet.

use crate::store::captures::Capture;
use runtime::id;
use uuid::Uuid;

/// The id under which a capture's money is returned to the wallet; the same for the same capture.
pub(super) fn return_id(capture: &Capture) -> Uuid {
    id::derived(&[b"capture", capture.gateway.as_str().as_bytes(), capture.gateway_payment_id.as_bytes()])
}

//! Ids of returns of captured money to the wallet.

use crate::store::captures::Capture;
use chassis::id;

/// The id under which a capture's money is returned to the wallet; the same for the same capture.
pub(super) fn return_id(capture: &Capture) -> Vec<u8> {
    let parts: [&[u8]; 3] = [b"capture", capture.gateway.as_str().as_bytes(), capture.gateway_payment_id.as_bytes()];
    id::derived::<uuid::Uuid>(&parts).as_bytes().to_vec()
}

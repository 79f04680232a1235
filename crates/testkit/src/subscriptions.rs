//! Comparison of a service's table of events with its subscription.

use proto_events::Event;
use proto_events::auth::v1::SessionRevoked;
use proto_events::subscriptions;

/// Panics unless `handled` has each event type that `service` is subscribed to, once, and no other. The framework
/// handles revoked sessions.
#[track_caller]
pub fn assert_complete(service: &str, mut handled: Vec<String>) {
    let mut subscribed = subscriptions::for_service(service).to_vec();
    let revoked = SessionRevoked::event_type();
    if subscribed.iter().any(|event_type| *event_type == revoked) {
        handled.push(revoked);
    }
    handled.sort_unstable();
    subscribed.sort_unstable();
    assert_eq!(handled, subscribed);
}

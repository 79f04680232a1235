//! Active Buyer status and placement of a member, from events of other services.

use domain::Timestamp;

/// Columns of a user's row that these events change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemberState {
    /// Standing version of the payment or refund that decided `is_active_buyer`.
    pub(crate) version: i64,
    pub(crate) is_active_buyer: bool,
    pub(crate) placed: bool,
}

/// Change to a member that one event reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberEvent {
    /// A payment was completed or refunded.
    BuyerStatusChanged { version: i64, is_active_buyer: bool, at: Timestamp },
    /// The member was placed in the tree.
    Placed,
}

impl MemberState {
    /// Applies `events` in any order: the event with the highest version decides `is_active_buyer`, and a placement is
    /// permanent. Returns the new state, and the time at which `is_active_buyer` changed if it differs from before.
    pub(crate) fn apply(self, events: &[MemberEvent]) -> (Self, Option<Timestamp>) {
        let mut after = self;
        let mut decided_at = None;
        for event in events {
            match *event {
                MemberEvent::Placed => after.placed = true,
                MemberEvent::BuyerStatusChanged { version, is_active_buyer, at } => {
                    if version > after.version {
                        (after.version, after.is_active_buyer) = (version, is_active_buyer);
                        decided_at = Some(at);
                    }
                }
            }
        }
        (after, decided_at.filter(|_| after.is_active_buyer != self.is_active_buyer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: MemberState = MemberState { version: 0, is_active_buyer: false, placed: false };

    fn paid(version: i64, is_active_buyer: bool) -> MemberEvent {
        MemberEvent::BuyerStatusChanged { version, is_active_buyer, at: Timestamp::UNIX_EPOCH.plus_secs(version) }
    }

    #[test]
    fn the_highest_version_decides_in_any_order() {
        let events = [paid(1, false), paid(3, true), paid(2, false), MemberEvent::Placed];
        let (after, changed_at) = NEW.apply(&events);
        assert_eq!(after, MemberState { version: 3, is_active_buyer: true, placed: true });
        assert_eq!(changed_at, Some(Timestamp::UNIX_EPOCH.plus_secs(3)));
        let mut reversed = events;
        reversed.reverse();
        assert_eq!(NEW.apply(&reversed), (after, changed_at));
        let one_by_one = events.iter().fold(NEW, |state, event| state.apply(&[*event]).0);
        assert_eq!(one_by_one, after);
    }

    #[test]
    fn old_and_repeated_events_change_nothing() {
        let (current, _) = NEW.apply(&[paid(3, true), MemberEvent::Placed]);
        assert_eq!(current.apply(&[paid(3, false), paid(2, false), MemberEvent::Placed]), (current, None));
        assert_eq!(current.apply(&[]), (current, None));
        // A status that changes and changes back within one batch is not published.
        let (after, changed_at) = current.apply(&[paid(4, false), paid(5, true)]);
        assert_eq!((after.version, changed_at), (5, None));
    }
}

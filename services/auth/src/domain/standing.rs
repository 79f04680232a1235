//! What auth keeps of a member's payments and place, as other services report them.

use domain::Timestamp;

/// Part of a user's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Of the payment or refund that decided `is_active_buyer`.
    pub(crate) version: i64,
    pub(crate) is_active_buyer: bool,
    pub(crate) placed: bool,
}

/// What one event says of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    /// A payment was made or refunded.
    Paid {
        version: i64,
        is_active_buyer: bool,
        at: Timestamp,
    },
    Placed,
}

impl Standing {
    /// The standing after all of `facts`, whatever their order: the highest version decides who is an Active Buyer, and a
    /// place stays. With it, when the member became or ceased to be an Active Buyer, if that changes.
    pub(crate) fn after(self, facts: &[Fact]) -> (Self, Option<Timestamp>) {
        let mut after = self;
        let mut decided_at = None;
        for fact in facts {
            match *fact {
                Fact::Placed => after.placed = true,
                Fact::Paid { version, is_active_buyer, at } => {
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

    const NEW: Standing = Standing { version: 0, is_active_buyer: false, placed: false };

    fn paid(version: i64, is_active_buyer: bool) -> Fact {
        Fact::Paid { version, is_active_buyer, at: Timestamp::UNIX_EPOCH.plus_secs(version) }
    }

    #[test]
    fn the_highest_version_decides_in_any_order() {
        let facts = [paid(1, false), paid(3, true), paid(2, false), Fact::Placed];
        let (after, changed_at) = NEW.after(&facts);
        assert_eq!(after, Standing { version: 3, is_active_buyer: true, placed: true });
        assert_eq!(changed_at, Some(Timestamp::UNIX_EPOCH.plus_secs(3)));
        let mut reversed = facts;
        reversed.reverse();
        assert_eq!(NEW.after(&reversed), (after, changed_at));
        let one_by_one = facts.iter().fold(NEW, |standing, fact| standing.after(&[*fact]).0);
        assert_eq!(one_by_one, after);
    }

    #[test]
    fn what_is_old_or_known_changes_nothing() {
        let (known, _) = NEW.after(&[paid(3, true), Fact::Placed]);
        assert_eq!(known.after(&[paid(3, false), paid(2, false), Fact::Placed]), (known, None));
        assert_eq!(known.after(&[]), (known, None));
        // A status that comes and goes within one batch is no change to tell others of.
        let (after, changed_at) = known.after(&[paid(4, false), paid(5, true)]);
        assert_eq!((after.version, changed_at), (5, None));
    }
}

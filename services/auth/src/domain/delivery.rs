//! Delivery of an SMS that its provider accepted.

domain::text_enum! {
    /// State of an SMS.
    pub enum DeliveryState {
        /// The provider has taken it.
        Accepted = "accepted",
        /// The provider has given it to the network.
        Sent = "sent",
        Delivered = "delivered",
        Failed = "failed",
    }
}

impl DeliveryState {
    /// A state replaces those of a lower rank, so receipts have the same effect in any order and at a repetition. A
    /// delivery counts more than a failure: the failure may be that of one attempt.
    const fn rank(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Sent => 1,
            Self::Failed => 2,
            Self::Delivered => 3,
        }
    }
}

/// Decides whether a reported state replaces the known one; `None` when nothing is known.
pub(crate) fn replaces(reported: DeliveryState, known: Option<DeliveryState>) -> bool {
    known.is_none_or(|known| reported.rank() > known.rank())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_the_same_in_any_order_and_at_any_repetition() {
        let after = |reports: &[DeliveryState]| {
            reports.iter().fold(None, |known, report| if replaces(*report, known) { Some(*report) } else { known })
        };
        for first in DeliveryState::ALL {
            for second in DeliveryState::ALL {
                assert_eq!(after(&[*first, *second]), after(&[*second, *first, *second]));
            }
        }
        use DeliveryState::{Accepted, Delivered, Failed, Sent};
        assert_eq!(after(&[Delivered, Sent, Accepted]), Some(Delivered));
        assert_eq!(after(&[Failed, Sent]), Some(Failed));
        assert_eq!(after(&[Failed, Delivered, Failed]), Some(Delivered));
    }
}

//! Payment state machine.

use domain::PaymentMethod;

domain::text_enum! {
    /// Status of a payment.
    pub enum PaymentStatus {
        Pending = "pending",
        Completed = "completed",
        Failed = "failed",
        /// An online order replaced by a newer one, or closed because its booking was cancelled.
        Superseded = "superseded",
        Refunded = "refunded",
    }
}

/// Maximal number of online orders of a booking in 24 hours, of any status: each costs a call to the gateway.
pub const MAX_ORDERS_PER_DAY: u8 = 20;
/// Maximal number of payments of a booking that wait for staff or the wallet.
pub const MAX_PENDING_PAYMENTS: usize = 20;

/// Change of a payment's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentCommand {
    /// The gateway captured the money.
    Capture,
    /// Staff received the money, or the wallet was debited.
    Confirm,
    Fail,
    Supersede,
    Refund,
}

/// Effect of a command. A command that was applied before is `Unchanged`, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentTransition {
    To(PaymentStatus),
    Unchanged,
}

/// The payment's status does not allow the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a payment that is {status} does not allow this change")]
pub struct PaymentRefusal {
    pub status: PaymentStatus,
}

/// Decides the payment's next status; the only function that does. Errors when the status does not allow the command.
///
/// A failed payment can still be captured: a gateway reports that one attempt failed, and a later attempt on the same
/// order may succeed. A superseded payment cannot.
pub fn decide_transition(status: PaymentStatus, command: PaymentCommand) -> Result<PaymentTransition, PaymentRefusal> {
    use PaymentCommand::{Capture, Confirm, Fail, Refund, Supersede};
    use PaymentStatus::{Completed, Failed, Pending, Refunded, Superseded};
    match (status, command) {
        (Pending | Failed, Capture) | (Pending, Confirm) => Ok(PaymentTransition::To(Completed)),
        (Pending, Fail) => Ok(PaymentTransition::To(Failed)),
        (Pending, Supersede) => Ok(PaymentTransition::To(Superseded)),
        (Completed, Refund) => Ok(PaymentTransition::To(Refunded)),
        (Completed, Confirm) | (Failed, Fail) | (Superseded, Supersede) | (Refunded, Refund) => {
            Ok(PaymentTransition::Unchanged)
        }
        (Completed | Superseded | Refunded, Capture | Fail)
        | (Failed | Superseded | Refunded, Confirm)
        | (Completed | Failed | Refunded, Supersede)
        | (Pending | Failed | Superseded, Refund) => Err(PaymentRefusal { status }),
    }
}

/// Whether a client may choose this method. EMI deductions are made by the platform only.
pub const fn is_client_method(method: PaymentMethod) -> bool {
    !matches!(method, PaymentMethod::EmiDeduction)
}

/// Methods of which staff confirm the payments.
pub const CONFIRMED_BY_STAFF: [PaymentMethod; 2] = [PaymentMethod::Cash, PaymentMethod::BankTransfer];

/// Whether staff confirm payments of this method.
pub fn is_confirmed_by_staff(method: PaymentMethod) -> bool {
    CONFIRMED_BY_STAFF.contains(&method)
}

#[cfg(test)]
mod tests {
    use super::PaymentCommand::{Capture, Confirm, Fail, Refund, Supersede};
    use super::PaymentStatus::{Completed, Failed, Pending, Refunded, Superseded};
    use super::*;

    #[test]
    fn every_command_is_decided_in_every_status() {
        let open = [(Pending, Capture, Completed), (Pending, Confirm, Completed), (Pending, Fail, Failed)];
        let more = [(Pending, Supersede, Superseded), (Failed, Capture, Completed), (Completed, Refund, Refunded)];
        let moves: Vec<_> = open.into_iter().chain(more).collect();
        let stays = [(Completed, Confirm), (Failed, Fail), (Superseded, Supersede), (Refunded, Refund)];
        for &status in PaymentStatus::ALL {
            for command in [Capture, Confirm, Fail, Supersede, Refund] {
                let moved = moves.iter().find(|(s, c, _)| (*s, *c) == (status, command));
                let expected = match moved {
                    Some((_, _, next)) => Ok(PaymentTransition::To(*next)),
                    None if stays.contains(&(status, command)) => Ok(PaymentTransition::Unchanged),
                    None => Err(PaymentRefusal { status }),
                };
                assert_eq!(decide_transition(status, command), expected, "{status} {command:?}");
            }
        }
    }
}

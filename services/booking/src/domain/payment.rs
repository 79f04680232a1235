//! A payment: its one transition function.

use domain::PaymentMethod;

domain::text_enum! {
    pub enum PaymentStatus {
        Pending = "pending",
        Completed = "completed",
        Failed = "failed",
        /// An online order given up for a newer one, or for its booking's cancellation.
        Superseded = "superseded",
        Refunded = "refunded",
    }
}

/// Most online orders of a booking within a day, whatever became of them: each costs its gateway and us a call.
pub const MAX_ORDERS_A_DAY: i64 = 20;
/// Most payments of a booking that wait for staff or the wallet at once.
pub const MAX_PENDING: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentCommand {
    /// A verified capture by the gateway.
    Capture,
    /// Staff have the money, or the wallet has been debited.
    Confirm,
    Fail,
    Supersede,
    Refund,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    To(PaymentStatus),
    /// It is so already.
    Stay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a payment that is {status} cannot take this step")]
pub struct PaymentRefusal {
    pub status: PaymentStatus,
}

/// The only place a payment's status comes from.
///
/// A gateway reports that an attempt failed, not that its order is closed: a later attempt on the same order
/// may succeed, so a failed payment can still be captured. A superseded one cannot.
pub fn step(status: PaymentStatus, command: PaymentCommand) -> Result<Step, PaymentRefusal> {
    use PaymentCommand::{Capture, Confirm, Fail, Refund, Supersede};
    use PaymentStatus::{Completed, Failed, Pending, Refunded, Superseded};
    match (status, command) {
        (Pending | Failed, Capture) | (Pending, Confirm) => Ok(Step::To(Completed)),
        (Pending, Fail) => Ok(Step::To(Failed)),
        (Pending, Supersede) => Ok(Step::To(Superseded)),
        (Completed, Refund) => Ok(Step::To(Refunded)),
        (Completed, Confirm) | (Failed, Fail) | (Superseded, Supersede) | (Refunded, Refund) => Ok(Step::Stay),
        (Completed | Superseded | Refunded, Capture | Fail)
        | (Failed | Superseded | Refunded, Confirm)
        | (Completed | Failed | Refunded, Supersede)
        | (Pending | Failed | Superseded, Refund) => Err(PaymentRefusal { status }),
    }
}

/// Whether a client may ask for this method; deductions are the platform's own.
pub const fn may_be_chosen(method: PaymentMethod) -> bool {
    !matches!(method, PaymentMethod::EmiDeduction)
}

/// Whether staff decide about payments of this method.
pub const fn is_confirmed_by_staff(method: PaymentMethod) -> bool {
    matches!(method, PaymentMethod::Cash | PaymentMethod::BankTransfer)
}

#[cfg(test)]
mod tests {
    use super::PaymentCommand::{Capture, Confirm, Fail, Refund, Supersede};
    use super::PaymentStatus::{Completed, Failed, Pending, Refunded, Superseded};
    use super::*;

    #[test]
    fn every_step_of_a_payment_is_decided() {
        let open = [(Pending, Capture, Completed), (Pending, Confirm, Completed), (Pending, Fail, Failed)];
        let more = [(Pending, Supersede, Superseded), (Failed, Capture, Completed), (Completed, Refund, Refunded)];
        let moves: Vec<_> = open.into_iter().chain(more).collect();
        let stays = [(Completed, Confirm), (Failed, Fail), (Superseded, Supersede), (Refunded, Refund)];
        for &status in PaymentStatus::ALL {
            for command in [Capture, Confirm, Fail, Supersede, Refund] {
                let moved = moves.iter().find(|(s, c, _)| (*s, *c) == (status, command));
                let expected = match moved {
                    Some((_, _, next)) => Ok(Step::To(*next)),
                    None if stays.contains(&(status, command)) => Ok(Step::Stay),
                    None => Err(PaymentRefusal { status }),
                };
                assert_eq!(step(status, command), expected, "{status} {command:?}");
            }
        }
    }
}

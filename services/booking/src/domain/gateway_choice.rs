//! Choice of the gateway of a new payment.

use super::GatewayName;
use domain::PaymentMethod;

/// Why a choice is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GatewayRefusal {
    #[error("only an online payment has a gateway")]
    NotOnline,
    #[error("several gateways are available: choose one")]
    NotChosen,
    #[error("this gateway is not available")]
    NotAvailable,
}

impl GatewayRefusal {
    /// Name of the violated rule.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::NotOnline => "not_online",
            Self::NotChosen => "required",
            Self::NotAvailable => "not_available",
        }
    }
}

/// Decides the gateway of a new payment. The only available one needs no choice; with none the payment has no gateway.
pub fn decide_gateway(
    method: PaymentMethod,
    chosen: Option<GatewayName>,
    available: &[GatewayName],
) -> Result<Option<GatewayName>, GatewayRefusal> {
    match (method, chosen) {
        (PaymentMethod::Online, Some(chosen)) if available.contains(&chosen) => Ok(Some(chosen)),
        (PaymentMethod::Online, Some(_)) => Err(GatewayRefusal::NotAvailable),
        (PaymentMethod::Online, None) => match available {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            _ => Err(GatewayRefusal::NotChosen),
        },
        (_, Some(_)) => Err(GatewayRefusal::NotOnline),
        (_, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::GatewayName::{Razorpay, Sandbox, Stripe};
    use super::GatewayRefusal::{NotAvailable, NotChosen, NotOnline};
    use super::*;

    #[test]
    fn a_gateway_is_chosen_when_there_are_several() {
        for (chosen, available, decided) in [
            (None, &[][..], Ok(None)),
            (None, &[Stripe][..], Ok(Some(Stripe))),
            (None, &[Razorpay, Stripe][..], Err(NotChosen)),
            (Some(Stripe), &[Razorpay, Stripe][..], Ok(Some(Stripe))),
            (Some(Sandbox), &[Razorpay, Stripe][..], Err(NotAvailable)),
            (Some(Stripe), &[][..], Err(NotAvailable)),
        ] {
            assert_eq!(decide_gateway(PaymentMethod::Online, chosen, available), decided, "{chosen:?} {available:?}");
        }
        for &method in PaymentMethod::ALL.iter().filter(|method| **method != PaymentMethod::Online) {
            assert_eq!(decide_gateway(method, None, &[Razorpay, Stripe]), Ok(None), "{method}");
            assert_eq!(decide_gateway(method, Some(Stripe), &[Stripe]), Err(NotOnline), "{method}");
        }
    }
}

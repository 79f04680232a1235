//! Where the money of a refund goes.

use domain::PaymentMethod;

domain::text_enum! {
    pub enum RefundTo {
        Wallet = "wallet",
        /// Back through the gateway it came from.
        Source = "source",
        EmiReserve = "emi_reserve",
    }
}

domain::text_enum! {
    pub enum RefundStatus {
        /// The consequences are told; the gateway has not answered yet.
        Requested = "requested",
        Done = "done",
        /// The gateway refused: the money went to the wallet instead.
        Failed = "failed",
    }
}

/// What the person who refunds may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Wallet,
    Source,
}

/// To where it came from. Only a gateway can give back at the source; cash and transfers go to the wallet.
pub const fn destination(method: PaymentMethod, wish: Wish, gateway_gives_back: bool) -> RefundTo {
    match (method, wish) {
        (PaymentMethod::EmiDeduction, Wish::Wallet | Wish::Source) => RefundTo::EmiReserve,
        (PaymentMethod::Online, Wish::Source) if gateway_gives_back => RefundTo::Source,
        (
            PaymentMethod::Online | PaymentMethod::BankTransfer | PaymentMethod::Cash | PaymentMethod::Wallet,
            Wish::Wallet | Wish::Source,
        ) => RefundTo::Wallet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_goes_back_to_where_it_came_from() {
        use PaymentMethod as M;
        for (method, wish, gives_back, to) in [
            (M::Online, Wish::Source, true, RefundTo::Source),
            (M::Online, Wish::Source, false, RefundTo::Wallet),
            (M::Online, Wish::Wallet, true, RefundTo::Wallet),
            (M::Cash, Wish::Source, true, RefundTo::Wallet),
            (M::BankTransfer, Wish::Source, true, RefundTo::Wallet),
            (M::Wallet, Wish::Source, true, RefundTo::Wallet),
            (M::EmiDeduction, Wish::Wallet, true, RefundTo::EmiReserve),
            (M::EmiDeduction, Wish::Source, true, RefundTo::EmiReserve),
        ] {
            assert_eq!(destination(method, wish, gives_back), to, "{method} {wish:?} {gives_back}");
        }
    }
}

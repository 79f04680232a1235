//! Handlers of the methods of payment, and of the instructions for payments outside gateways.

use crate::BookingState;
use crate::config::{BankTransferConfig, InstructionConfig};
use crate::domain::GatewayName;
use crate::domain::payment::is_client_method;
use actix_web::web;
use domain::PaymentMethod;
use http_api::{Json, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;

/// A method that a member can choose.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MethodView {
    method: PaymentMethod,
    /// The gateway of a new online payment.
    gateway: Option<GatewayName>,
    /// Name of the method in English.
    label: &'static str,
}

/// The methods of payment.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MethodsView {
    items: Vec<MethodView>,
}

/// List the methods in which a payment can be started, with an item for each gateway.
#[operation]
pub(crate) async fn list(state: web::Data<BookingState>) -> Result<Json<MethodsView>, Problem> {
    let gateways = state.gateways.names();
    let offers = |method: PaymentMethod| -> Vec<Option<GatewayName>> {
        match method {
            PaymentMethod::Online => gateways.iter().copied().map(Some).collect(),
            PaymentMethod::BankTransfer | PaymentMethod::Cash | PaymentMethod::Wallet | PaymentMethod::EmiDeduction => {
                vec![None]
            }
        }
    };
    let methods = PaymentMethod::ALL.iter().copied().filter(|method| is_client_method(*method));
    let items = methods
        .flat_map(|method| offers(method).into_iter().map(move |gateway| (method, gateway)))
        .map(|(method, gateway)| MethodView { method, gateway, label: label(method, gateway) })
        .collect();
    Ok(Json::new(MethodsView { items }))
}

const fn label(method: PaymentMethod, gateway: Option<GatewayName>) -> &'static str {
    match (method, gateway) {
        (PaymentMethod::Online, Some(GatewayName::Sandbox)) => "Online payment (test)",
        (PaymentMethod::Online, Some(GatewayName::Razorpay)) => "Online payment (Razorpay)",
        (PaymentMethod::Online, Some(GatewayName::Stripe)) => "Online payment (Stripe)",
        (PaymentMethod::Online, None) => "Online payment",
        (PaymentMethod::BankTransfer, _) => "Bank transfer",
        (PaymentMethod::Cash, _) => "Cash",
        (PaymentMethod::Wallet, _) => "Wallet",
        (PaymentMethod::EmiDeduction, _) => "EMI deduction",
    }
}

/// The account that receives bank transfers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BankTransferView {
    account_name: String,
    account_number: String,
    ifsc: String,
    /// UPI address of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    upi: Option<String>,
}

impl From<&BankTransferConfig> for BankTransferView {
    fn from(config: &BankTransferConfig) -> Self {
        Self {
            account_name: config.account_name.as_str().to_owned(),
            account_number: config.account_number.reveal().to_owned(),
            ifsc: config.ifsc.as_str().to_owned(),
            upi: config.upi.clone(),
        }
    }
}

/// Where cash is received.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CashView {
    address: String,
}

/// Instructions for payments that staff confirm; null when they are not configured.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InstructionsView {
    bank_transfer: Option<BankTransferView>,
    cash: Option<CashView>,
}

impl From<&InstructionConfig> for InstructionsView {
    fn from(config: &InstructionConfig) -> Self {
        let cash = config.cash_address.as_ref().map(|address| CashView { address: address.as_str().to_owned() });
        Self { bank_transfer: config.bank_transfer.as_ref().map(BankTransferView::from), cash }
    }
}

/// Read the instructions for bank transfers and cash payments.
#[operation]
pub(crate) async fn get_instructions(state: web::Data<BookingState>) -> Result<Json<InstructionsView>, Problem> {
    Ok(Json::new(InstructionsView::from(&state.config.instructions)))
}

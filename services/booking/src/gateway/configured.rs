//! The gateways that have settings.

use super::{Checkout, GatewayError, PaymentGateway, razorpay, sandbox, stripe};
use crate::config::Config;
use crate::domain::GatewayName;
use domain::{Money, PaymentId};
use runtime::Ctx;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The gateways that are configured.
#[derive(Clone, Default)]
pub struct Gateways(Vec<Arc<dyn PaymentGateway>>);

impl Gateways {
    /// Wraps the given gateways.
    pub fn new(gateways: Vec<Arc<dyn PaymentGateway>>) -> Self {
        Self(gateways)
    }
    /// The gateways with settings, real ones first, because clients list them in this order. Errors when the HTTP client
    /// cannot be built.
    pub fn from_config(config: &Config, ctx: &Ctx) -> Result<Self, GatewayError> {
        let mut gateways: Vec<Arc<dyn PaymentGateway>> = Vec::new();
        if let Some(razorpay) = &config.razorpay {
            let (breaker, returns) = (ctx.breaker("razorpay"), config.return_pages.clone());
            gateways.push(Arc::new(razorpay::Razorpay::try_new(razorpay, breaker, returns)?));
        }
        if let Some(stripe) = &config.stripe {
            let (breaker, returns) = (ctx.breaker("stripe"), config.return_pages.clone());
            gateways.push(Arc::new(stripe::Stripe::try_new(stripe, breaker, returns)?));
        }
        if let Some(sandbox) = &config.sandbox {
            gateways.push(Arc::new(sandbox::Sandbox::new(sandbox)));
        }
        Ok(Self(gateways))
    }
    /// The gateway with this name, when it is configured.
    pub fn get(&self, name: GatewayName) -> Option<&Arc<dyn PaymentGateway>> {
        self.0.iter().find(|g| g.name() == name)
    }
    /// The gateways that have an API with lists to reconcile with.
    pub fn with_api(&self) -> impl Iterator<Item = &Arc<dyn PaymentGateway>> {
        self.0.iter().filter(|g| g.name().needs_api_calls())
    }
    /// The names of the configured gateways.
    pub fn names(&self) -> Vec<GatewayName> {
        self.0.iter().map(|g| g.name()).collect()
    }
    /// The checkout data of an open order, without the page of the gateway.
    pub fn checkout(&self, name: GatewayName, order_id: &str, payment_id: PaymentId, amount: Money) -> Checkout {
        Checkout {
            gateway: name,
            order_id: order_id.to_owned(),
            amount,
            currency: "INR".to_owned(),
            key_id: self.get(name).and_then(|g| g.public_key()),
            payment_id,
            redirect_url: None,
            form_fields: BTreeMap::new(),
        }
    }
}

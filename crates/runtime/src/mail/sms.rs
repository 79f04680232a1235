//! SMS: the providers, and fail-over from one to another.
//!
//! Files: `settings` (address, account and secrets of a provider), `api` (its requests and answers), [`gateway`] (HTTP
//! gateways that take JSON), `msg91`, `twilio`, `sns` (AWS), `failover`, [`receipts`] (of deliveries).

mod api;
mod failover;
pub mod gateway;
mod msg91;
pub mod receipts;
mod settings;
mod sns;
mod twilio;

use super::Mailer;
use crate::config::{ConfigError, Env};
use failover::FailoverMailer;
use gateway::SmsSender;
use msg91::Msg91;
use settings::{FIRST, ProviderSettings, SECOND, Variables};
use sns::Sns;
use std::sync::Arc;
use twilio::Twilio;

/// The provider of `SMS_URL`, with that of `SMS_FALLBACK_URL` for its outages; `None` without `SMS_URL`.
///
/// Errors with the name of a variable that is missing or invalid, without its value.
pub fn from_env(env: &Env) -> Result<Option<Arc<dyn Mailer>>, ConfigError> {
    let second = provider(env, &SECOND)?;
    let others = [SECOND.account, SECOND.token, SECOND.sender_id, SECOND.endpoint];
    if second.is_none()
        && let Some(set) = others.into_iter().find(|variable| env.get(variable).is_some())
    {
        return Err(ConfigError::new(SECOND.url, format!("must be set when {set} is")));
    }
    match (provider(env, &FIRST)?, second) {
        (None, None) => Ok(None),
        (Some(first), None) => Ok(Some(first)),
        (Some(first), Some(second)) => Ok(Some(Arc::new(FailoverMailer { first, second }))),
        (None, Some(_)) => Err(ConfigError::new(FIRST.url, format!("must be set when {} is", SECOND.url))),
    }
}

fn provider(env: &Env, variables: &'static Variables) -> Result<Option<Arc<dyn Mailer>>, ConfigError> {
    let Some(settings) = ProviderSettings::read(env, variables)? else { return Ok(None) };
    Ok(Some(match settings.scheme() {
        "http" | "https" => Arc::new(gateway(&settings)?),
        "msg91" => Arc::new(Msg91::try_new(&settings)?),
        "twilio" => Arc::new(Twilio::try_new(&settings)?),
        "sns" => Arc::new(Sns::try_new(&settings)?),
        _ => return Err(settings.malformed()),
    }))
}

fn gateway(settings: &ProviderSettings<'_>) -> Result<SmsSender, ConfigError> {
    let sender = SmsSender::new(settings.url().as_str(), settings.required_token()?);
    Ok(sender.map_err(|_| settings.malformed())?.with_timeout(settings.timeout()))
}

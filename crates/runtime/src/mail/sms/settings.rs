//! Settings of an SMS provider: its address, account and secrets.

use super::api::Api;
use crate::config::{ConfigError, Env};
use reqwest::Url;
use secrecy::SecretString;
use std::time::Duration;

/// For the error of a URL, which shows no part of it: it may contain a secret.
const ACCEPTED_URLS: &str =
    "is not https://…, msg91://TEMPLATE_ID/NOTICE_TEMPLATE_ID, twilio://ACCOUNT_SID@HOST or sns://REGION";
/// Digits of the longest DLT id that AWS accepts; issued ones have 19.
const MAX_DLT_DIGITS: usize = 50;

/// Names of the variables of one provider.
pub(super) struct Variables {
    pub(super) url: &'static str,
    /// Account SID of Twilio, unless it is in the URL; access key id of AWS.
    pub(super) account: &'static str,
    /// Bearer token of a gateway; authentication key of MSG91; auth token of Twilio, unless it is in the URL; secret
    /// access key of AWS.
    pub(super) token: &'static str,
    /// A sender id; for Twilio also a number, a short code or a Messaging Service SID. Only Twilio requires one.
    pub(super) sender_id: &'static str,
    /// `https://HOST[:PORT]`, or `http://…` on a trusted network, that takes the requests instead of the provider: a
    /// proxy, or a test. Not for a gateway, whose address is its URL.
    pub(super) endpoint: &'static str,
}

pub(super) const FIRST: Variables = Variables {
    url: "SMS_URL",
    account: "SMS_ACCOUNT",
    token: "SMS_TOKEN",
    sender_id: "SMS_SENDER_ID",
    endpoint: "SMS_ENDPOINT",
};
pub(super) const SECOND: Variables = Variables {
    url: "SMS_FALLBACK_URL",
    account: "SMS_FALLBACK_ACCOUNT",
    token: "SMS_FALLBACK_TOKEN",
    sender_id: "SMS_FALLBACK_SENDER_ID",
    endpoint: "SMS_FALLBACK_ENDPOINT",
};

/// Settings of one provider. Every error names the variable and does not show its value.
pub(super) struct ProviderSettings<'a> {
    env: &'a Env,
    variables: &'static Variables,
    url: Url,
    timeout: Duration,
}

/// Ids in India's registers of senders and texts (DLT).
pub(super) struct DltIds {
    /// Of the company.
    pub(super) entity: String,
    /// Of the text with a one-time code, and of every other one.
    pub(super) code_template: String,
    pub(super) notice_template: String,
}

impl<'a> ProviderSettings<'a> {
    /// The settings of these variables; `None` when the URL is not set.
    pub(super) fn read(env: &'a Env, variables: &'static Variables) -> Result<Option<Self>, ConfigError> {
        let Some(text) = env.get(variables.url) else { return Ok(None) };
        // The URL may contain a secret, so no error shows it.
        let url = Url::parse(text).map_err(|_| ConfigError::new(variables.url, ACCEPTED_URLS))?;
        let timeout_ms = env.parse_in_range("SMS_TIMEOUT_MS", 10_000_u64, 100..=10_000, "milliseconds")?;
        Ok(Some(Self { env, variables, url, timeout: Duration::from_millis(timeout_ms) }))
    }

    /// The scheme of the URL, which chooses the provider.
    pub(super) fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// The complete URL.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The time limit of a request with its answer: `SMS_TIMEOUT_MS`.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// An error of the URL.
    pub(super) fn malformed(&self) -> ConfigError {
        ConfigError::new(self.variables.url, ACCEPTED_URLS)
    }

    /// The connection to the provider's API.
    pub(super) fn api(&self, provider: &'static str) -> Result<Api, ConfigError> {
        Api::try_new(provider, self.timeout, self.variables.url)
    }

    /// The URL without its scheme and its credentials. Errors when it has a query or a fragment.
    fn location(&self) -> Result<&str, ConfigError> {
        if self.url.query().is_some() || self.url.fragment().is_some() {
            return Err(self.malformed());
        }
        let rest = self.url.as_str().split_once("://").map_or("", |(_, rest)| rest);
        Ok(if self.has_credentials() { rest.split_once('@').map_or("", |(_, rest)| rest) } else { rest })
    }

    fn has_credentials(&self) -> bool {
        !self.url.username().is_empty() || self.url.password().is_some()
    }

    /// The host and port in the URL, if any. Errors when it has more than these and credentials.
    pub(super) fn host(&self) -> Result<Option<&str>, ConfigError> {
        let host = self.location()?;
        let host = host.strip_suffix('/').unwrap_or(host);
        if host.contains('/') { Err(self.malformed()) } else { Ok(Some(host).filter(|host| !host.is_empty())) }
    }

    /// All of the URL after its scheme. Errors when it has credentials.
    pub(super) fn target(&self) -> Result<&str, ConfigError> {
        if self.has_credentials() {
            let (account, token) = (self.variables.account, self.variables.token);
            let reason = format!("must not have credentials, which belong in {account} and {token}");
            return Err(ConfigError::new(self.variables.url, reason));
        }
        self.location()
    }

    /// The account in the URL or in its own variable. Errors when it is in neither, in both, or not valid.
    pub(super) fn account(&self, is_valid: fn(&str) -> bool, accepted: &str) -> Result<String, ConfigError> {
        let in_url = Some(self.url.username()).filter(|name| !name.is_empty());
        let (variable, account) = self.one_of(in_url, self.variables.account)?;
        if is_valid(account) { Ok(account.to_owned()) } else { Err(ConfigError::new(variable, accepted)) }
    }

    /// The secret in the URL or in its own variable. Errors when it is in neither, in both, or cannot be sent.
    pub(super) fn token(&self) -> Result<SecretString, ConfigError> {
        let (variable, token) = self.one_of(self.url.password(), self.variables.token)?;
        // No secret of a provider has `%`, which in a URL is part of an encoded character.
        if token.bytes().all(|b| b.is_ascii_graphic() && b != b'%') {
            Ok(token.into())
        } else {
            Err(ConfigError::new(variable, "has a character that no secret of a provider has"))
        }
    }

    /// The secret in its own variable, as it is: a gateway's URL keeps what is in it.
    pub(super) fn required_token(&self) -> Result<SecretString, ConfigError> {
        Ok(self.env.required(self.variables.token)?.into())
    }

    fn one_of<'s>(
        &'s self,
        in_url: Option<&'s str>,
        variable: &'static str,
    ) -> Result<(&'static str, &'s str), ConfigError> {
        match (in_url, self.env.get(variable)) {
            (Some(_), Some(_)) => Err(ConfigError::new(variable, format!("is also in {}", self.variables.url))),
            (Some(text), None) => Ok((self.variables.url, text)),
            (None, _) => Ok((variable, self.env.required(variable)?)),
        }
    }

    /// The sender, and the variable that it is from. The second provider has that of the first by default.
    pub(super) fn sender_id(&self) -> Option<(&'static str, &str)> {
        [self.variables.sender_id, FIRST.sender_id].into_iter().find_map(|v| Some((v, self.env.get(v)?)))
    }

    /// The sender, for a provider without one of its own.
    pub(super) fn required_sender_id(&self) -> Result<(&'static str, &str), ConfigError> {
        self.sender_id().ok_or_else(|| ConfigError::new(self.variables.sender_id, "must be set"))
    }

    /// The sender as letters and digits, if one is set.
    pub(super) fn alphanumeric_sender_id(&self) -> Result<Option<String>, ConfigError> {
        match self.sender_id() {
            Some((_, text)) if is_alphanumeric_sender_id(text) => Ok(Some(text.to_owned())),
            Some((variable, _)) => Err(ConfigError::new(variable, "is not 3 to 11 letters and digits")),
            None => Ok(None),
        }
    }

    /// The address at which this platform takes receipts of the provider; `None` when none are wanted.
    pub(super) fn receipt_address(&self, provider: &str) -> Result<Option<Url>, ConfigError> {
        super::receipts::address(self.env, provider)
    }

    /// The address that takes the requests.
    pub(super) fn endpoint(&self, default: &str) -> Result<Url, ConfigError> {
        let variable = self.variables.endpoint;
        let (variable, text) = self.env.get(variable).map_or((self.variables.url, default), |text| (variable, text));
        let bad = || ConfigError::new(variable, "is not https://HOST[:PORT] or http://HOST[:PORT]");
        let url = Url::parse(text).map_err(|_| bad())?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.path() == "/";
        let is_valid = matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
        if is_plain && is_valid { Ok(url) } else { Err(bad()) }
    }

    /// `SMS_DLT_ENTITY_ID`, `SMS_DLT_TEMPLATE_ID` and `SMS_DLT_NOTICE_TEMPLATE_ID`: all or none.
    pub(super) fn dlt_ids(&self) -> Result<Option<DltIds>, ConfigError> {
        let variables = ["SMS_DLT_ENTITY_ID", "SMS_DLT_TEMPLATE_ID", "SMS_DLT_NOTICE_TEMPLATE_ID"];
        if variables.iter().all(|variable| self.env.get(variable).is_none()) {
            return Ok(None);
        }
        let id = |variable: &str| {
            let text = self.env.required(variable)?;
            let is_valid = text.len() <= MAX_DLT_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
            if is_valid { Ok(text.to_owned()) } else { Err(ConfigError::new(variable, "is not a number")) }
        };
        let [entity, code_template, notice_template] = variables.map(id);
        Ok(Some(DltIds { entity: entity?, code_template: code_template?, notice_template: notice_template? }))
    }
}

/// Whether the text is 3 to 11 letters and digits, with a letter.
pub(super) fn is_alphanumeric_sender_id(text: &str) -> bool {
    let has_letter = text.bytes().any(|b| b.is_ascii_alphabetic());
    (3..=11).contains(&text.len()) && has_letter && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

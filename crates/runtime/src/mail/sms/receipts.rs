//! Receipts of the delivery of SMS, which providers send to this platform.
//!
//! | provider | asked for | proved by | content |
//! |---|---|---|---|
//! | Twilio | `StatusCallback` of each message | `X-Twilio-Signature`: HMAC-SHA1 of address and form with the auth token | form |
//! | MSG91 | webhook in its panel, version 2 or 3 | `SMS_RECEIPT_TOKEN` in the query of the address | form with JSON, or JSON |
//!
//! AWS writes its receipts to a log of its own, and sends none.

use super::api::plain;
use super::settings::{FIRST, ProviderSettings, SECOND};
use crate::config::{ConfigError, Env};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use sha1::Sha1;
use std::collections::BTreeMap;

const TWILIO: &str = "twilio";
const MSG91: &str = "msg91";
/// Codes of MSG91 for a message that does not arrive: failed, refused by the register of those who want no
/// advertisements, rejected, blocked number.
const MSG91_FAILURES: [&str; 5] = ["2", "9", "16", "17", "25"];

/// What a receipt says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptState {
    /// The provider has given it to the network.
    Sent,
    Delivered,
    Failed,
}

/// A receipt for one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub provider: &'static str,
    /// The id in the provider's answer to the message.
    pub message_id: String,
    pub state: ReceiptState,
    /// The provider's code for a failure.
    pub error_code: Option<String>,
}

/// A refused receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptRefusal {
    /// No provider of this name is configured to send receipts.
    #[error("no receipts are expected from this provider")]
    Unexpected,
    #[error("the signature is missing or invalid")]
    Unsigned,
}

/// A request of a provider.
pub struct ReceiptRequest<'a> {
    /// Of the header `X-Twilio-Signature`.
    pub signature: Option<&'a str>,
    /// `token` of the query.
    pub token: Option<&'a str>,
    pub body: &'a [u8],
}

/// How receipts are verified.
#[derive(Debug, Default)]
pub struct Receipts {
    /// Address that Twilio signs.
    twilio_url: String,
    /// Auth tokens of the accounts at Twilio.
    twilio_tokens: Vec<SecretString>,
    msg91_token: Option<SecretString>,
}

/// `SMS_RECEIPT_URL`: the address at which this platform takes receipts, without the provider's name at its end. `None`
/// when no receipts are wanted.
pub(super) fn address(env: &Env, provider: &str) -> Result<Option<Url>, ConfigError> {
    const NAME: &str = "SMS_RECEIPT_URL";
    let Some(text) = env.get(NAME) else { return Ok(None) };
    let bad = || ConfigError::new(NAME, "is not https://HOST/api/v1/auth/sms-receipts");
    let url = Url::parse(&format!("{}/{provider}", text.trim_end_matches('/'))).map_err(|_| bad())?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if is_plain && matches!(url.scheme(), "http" | "https") { Ok(Some(url)) } else { Err(bad()) }
}

impl Receipts {
    /// Reads `SMS_RECEIPT_URL`, `SMS_RECEIPT_TOKEN` and the settings of the providers. Expects nothing without the first.
    /// Errors with the name of a variable that is missing or invalid.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let Some(twilio_url) = address(env, TWILIO)? else { return Ok(Self::default()) };
        let mut receipts = Self { twilio_url: twilio_url.into(), ..Self::default() };
        for variables in [&FIRST, &SECOND] {
            let Some(settings) = ProviderSettings::read(env, variables)? else { continue };
            match settings.scheme() {
                TWILIO => receipts.twilio_tokens.push(settings.token()?),
                MSG91 => receipts.msg91_token = Some(env.required("SMS_RECEIPT_TOKEN")?.into()),
                _ => {}
            }
        }
        Ok(receipts)
    }

    /// The receipts in a request of `provider`. Kinds that say nothing of a delivery are left out, as are those that
    /// cannot be read.
    pub fn read(&self, provider: &str, request: &ReceiptRequest<'_>) -> Result<Vec<Receipt>, ReceiptRefusal> {
        match provider {
            TWILIO if !self.twilio_tokens.is_empty() => {
                let form = form(request.body);
                if !request.signature.is_some_and(|signature| self.is_of_twilio(signature, &form)) {
                    return Err(ReceiptRefusal::Unsigned);
                }
                Ok(twilio_receipt(&form).into_iter().collect())
            }
            MSG91 => {
                let expected = self.msg91_token.as_ref().ok_or(ReceiptRefusal::Unexpected)?;
                if !request.token.is_some_and(|token| is_equal(expected, token)) {
                    return Err(ReceiptRefusal::Unsigned);
                }
                Ok(msg91_receipts(request.body))
            }
            _ => Err(ReceiptRefusal::Unexpected),
        }
    }

    /// Whether one of the auth tokens made the signature of the address and the fields in the order of their names.
    fn is_of_twilio(&self, signature: &str, form: &BTreeMap<String, String>) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        self.twilio_tokens.iter().any(|token| {
            let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.expose_secret().as_bytes()) else { return false };
            mac.update(self.twilio_url.as_bytes());
            for (name, value) in form {
                mac.update(name.as_bytes());
                mac.update(value.as_bytes());
            }
            mac.verify_slice(&signature).is_ok()
        })
    }
}

/// Compares in constant time, by a MAC of both under the secret itself.
fn is_equal(secret: &SecretString, given: &str) -> bool {
    let mac = |text: &str| {
        let mut mac = Hmac::<Sha1>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
        mac.update(text.as_bytes());
        Some(mac)
    };
    let (Some(expected), Some(given)) = (mac(secret.expose_secret()), mac(given)) else { return false };
    given.verify_slice(&expected.finalize().into_bytes()).is_ok()
}

/// The fields of a form.
fn form(body: &[u8]) -> BTreeMap<String, String> {
    let Ok(mut url) = Url::parse("form:") else { return BTreeMap::new() };
    url.set_query(Some(&String::from_utf8_lossy(body)));
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn twilio_receipt(form: &BTreeMap<String, String>) -> Option<Receipt> {
    let state = match form.get("MessageStatus")?.as_str() {
        "sent" => ReceiptState::Sent,
        "delivered" | "read" => ReceiptState::Delivered,
        "undelivered" | "failed" | "canceled" => ReceiptState::Failed,
        _ => return None,
    };
    receipt(TWILIO, form.get("MessageSid")?, state, form.get("ErrorCode").map(String::as_str))
}

#[derive(Deserialize)]
struct Msg91Report {
    #[serde(rename = "requestId")]
    request_id: String,
    #[serde(default)]
    status: Value,
    /// Of version 2: the messages of the request.
    #[serde(default)]
    report: Vec<Msg91Message>,
}

#[derive(Deserialize)]
struct Msg91Message {
    status: Value,
}

/// Version 2 is a form whose field `data` is a JSON array; version 3 is one JSON object.
fn msg91_receipts(body: &[u8]) -> Vec<Receipt> {
    let reports: Vec<Msg91Report> = match serde_json::from_slice(body) {
        Ok(report) => vec![report],
        Err(_) => form(body).remove("data").and_then(|data| serde_json::from_str(&data).ok()).unwrap_or_default(),
    };
    let of_report = |report: Msg91Report| {
        let statuses = report.report.into_iter().map(|message| message.status);
        let statuses: Vec<Value> = statuses.chain([report.status]).filter(|status| !status.is_null()).collect();
        statuses.into_iter().filter_map(move |status| msg91_receipt(&report.request_id, &status))
    };
    reports.into_iter().flat_map(of_report).collect()
}

fn msg91_receipt(request_id: &str, status: &Value) -> Option<Receipt> {
    let code = status.as_str().map_or_else(|| status.to_string(), str::to_owned);
    match code.as_str() {
        "1" => receipt(MSG91, request_id, ReceiptState::Delivered, None),
        code if MSG91_FAILURES.contains(&code) => receipt(MSG91, request_id, ReceiptState::Failed, Some(code)),
        _ => None,
    }
}

fn receipt(provider: &'static str, message_id: &str, state: ReceiptState, error_code: Option<&str>) -> Option<Receipt> {
    let message_id = Some(plain(message_id)).filter(|id| !id.is_empty())?;
    let error_code = error_code.map(plain).filter(|code| !code.is_empty() && state == ReceiptState::Failed);
    let error_code = error_code.map(|code| code.chars().take(16).collect());
    Some(Receipt { provider, message_id, state, error_code })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in Twilio's documentation of its signatures.
    #[test]
    fn the_signature_is_that_of_twilio() {
        let receipts = Receipts {
            twilio_url: "https://mycompany.com/myapp.php?foo=1&bar=2".into(),
            twilio_tokens: vec!["another".into(), "12345".into()],
            msg91_token: None,
        };
        let form =
            form(b"To=%2B18005551212&From=%2B14158675309&Digits=1234&Caller=%2B14158675309&CallSid=CA1234567890ABCDE");
        assert!(receipts.is_of_twilio("RSOYDt4T1cUTdK1PDd93/VVr8B8=", &form));
        assert!(!receipts.is_of_twilio("RSOYDt4T1cUTdK1PDd93/VVr8B9=", &form));
        let mut more = form.clone();
        more.insert("Digits".into(), "12345".into());
        assert!(!receipts.is_of_twilio("RSOYDt4T1cUTdK1PDd93/VVr8B8=", &more));
    }

    #[test]
    fn a_token_is_equal_to_itself_alone() {
        let secret = SecretString::from("secret");
        assert!(is_equal(&secret, "secret"));
        for other in ["", "Secret", "secret ", "secre"] {
            assert!(!is_equal(&secret, other));
        }
    }
}

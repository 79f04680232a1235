//! SMS through MSG91.
//!
//! MSG91 sends no text of its callers, but templates that it keeps with their DLT ids (its Flow API): a request names a
//! template and has the values of its variables. A message with a one-time code is the first template, with the
//! variable `code`; every other one is the second, with the variable `text`, which that template may leave out.

use super::api::{Answer, Api, digits_of, plain};
use super::settings::ProviderSettings;
use crate::config::ConfigError;
use crate::mail::{MailError, Mailer, Message, Sent};
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

const DEFAULT_ENDPOINT: &str = "https://control.msg91.com";
const PATH: &str = "/api/v5/flow";

/// Codes of errors that concern the recipient: its number is missing (101) or invalid (202). All others concern the
/// account, its balance, the template or the sender.
const REFUSALS: [&str; 2] = ["101", "202"];
/// The same message to the same number was accepted less than ten seconds ago.
const DUPLICATE: &str = "311";

/// Sends SMS. Refuses e-mail. Makes one attempt; the caller retries.
pub(super) struct Msg91 {
    api: Api,
    url: Url,
    auth_key: SecretString,
    code_template_id: String,
    notice_template_id: String,
    sender_id: Option<String>,
}

impl Msg91 {
    /// For `msg91://TEMPLATE_ID/NOTICE_TEMPLATE_ID`: the templates of messages with a code and of all others.
    ///
    /// Errors with the name of a setting that is missing or invalid.
    pub(super) fn try_new(settings: &ProviderSettings<'_>) -> Result<Self, ConfigError> {
        let is_template_id = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let names = settings.target()?.split_once('/');
        let names = names.filter(|(code, notice)| is_template_id(code) && is_template_id(notice));
        let (code_template_id, notice_template_id) = names.ok_or_else(|| settings.malformed())?;
        let mut url = settings.endpoint(DEFAULT_ENDPOINT)?;
        url.set_path(PATH);
        Ok(Self {
            api: settings.api("msg91")?,
            url,
            auth_key: settings.token()?,
            code_template_id: code_template_id.to_owned(),
            notice_template_id: notice_template_id.to_owned(),
            sender_id: settings.alphanumeric_sender_id()?,
        })
    }
}

#[async_trait::async_trait]
impl Mailer for Msg91 {
    async fn send(&self, message: &Message) -> Result<Sent, MailError> {
        let mobile = digits_of(message)?;
        let (template_id, recipient) = match &message.code {
            Some(code) => (&self.code_template_id, json!({ "mobiles": mobile, "code": code })),
            None => (&self.notice_template_id, json!({ "mobiles": mobile, "text": message.body })),
        };
        let mut body = json!({ "template_id": template_id, "short_url": "0", "recipients": [recipient] });
        if let (Some(sender), Some(fields)) = (&self.sender_id, body.as_object_mut()) {
            fields.insert("sender".to_owned(), json!(sender));
        }
        let invalid = |_| self.api.unavailable("the authentication key cannot be a header");
        let mut auth_key = HeaderValue::from_str(self.auth_key.expose_secret()).map_err(invalid)?;
        auth_key.set_sensitive(true);
        let request = self.api.post(self.url.clone()).header("authkey", auth_key);
        let request = request.header(ACCEPT, HeaderValue::from_static("application/json")).json(&body);
        self.outcome(&self.api.send(request).await?)
    }
}

impl Msg91 {
    /// An error may come with any status, also 200: its code decides, unless the status says that MSG91 failed.
    fn outcome(&self, answer: &Answer) -> Result<Sent, MailError> {
        let status = answer.status;
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(self.api.unavailable(status));
        }
        let fields: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let text_of = |name: &str| fields.get(name).and_then(Value::as_str);
        match (text_of("type"), text_of("message")) {
            (Some("success"), Some(request_id)) if status.is_success() => {
                return Ok(Some(self.api.accepted(request_id)));
            }
            (Some("error"), _) => {}
            _ if status.is_success() => return Err(self.api.unreadable(answer)),
            _ => {}
        }
        let code = match fields.get("code") {
            Some(Value::String(code)) => plain(code),
            Some(Value::Number(code)) => code.to_string(),
            _ => return Err(self.api.unavailable(format!("{status}, without a code"))),
        };
        let reason = format!("{status}, code {code}");
        match code.as_str() {
            DUPLICATE => Ok(None),
            code if REFUSALS.contains(&code) => Err(self.api.refused(reason)),
            _ => Err(self.api.unavailable(reason)),
        }
    }
}

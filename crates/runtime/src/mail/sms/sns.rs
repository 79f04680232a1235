//! SMS through the Simple Notification Service of AWS.
//!
//! A request is signed by Signature Version 4; the signer is that of the client for buckets, which every build has.

use super::api::{Answer, Api, digits_of, plain};
use super::settings::{DltIds, ProviderSettings};
use crate::config::ConfigError;
use crate::mail::{MailError, Mailer, Message, Sent};
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::{HttpRequest, HttpRequestBody};
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};

const SERVICE: &str = "sns";
const API_VERSION: &str = "2010-03-31";

/// What the text of the error `InvalidParameter` begins with when the recipient or the message is at fault. Other
/// parameters are settings.
const REFUSED_PARAMETERS: [&str; 3] =
    ["Invalid parameter: PhoneNumber", "Invalid parameter: Message too long", "Invalid parameter: Empty message"];

/// Sends SMS. Refuses e-mail. Makes one attempt; the caller retries.
pub(super) struct Sns {
    api: Api,
    url: Url,
    region: String,
    access_key_id: String,
    secret_access_key: SecretString,
    sender_id: Option<String>,
    dlt_ids: Option<DltIds>,
}

impl Sns {
    /// For `sns://REGION`. Errors with the name of a setting that is missing or invalid.
    pub(super) fn try_new(settings: &ProviderSettings<'_>) -> Result<Self, ConfigError> {
        let is_region = |text: &&str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let region = Some(settings.target()?).filter(is_region).filter(|region| !region.is_empty());
        let region = region.ok_or_else(|| settings.malformed())?.to_owned();
        Ok(Self {
            api: settings.api(SERVICE)?,
            url: settings.endpoint(&format!("https://sns.{region}.amazonaws.com"))?,
            region,
            access_key_id: settings.account(is_access_key_id, "is not an access key id")?,
            secret_access_key: settings.token()?,
            sender_id: settings.alphanumeric_sender_id()?,
            dlt_ids: settings.dlt_ids()?,
        })
    }

    /// Names and values of the attributes of a message.
    fn attributes(&self, message: &Message) -> Vec<(&'static str, &str)> {
        let mut attributes = vec![("AWS.SNS.SMS.SMSType", "Transactional")];
        attributes.extend(self.sender_id.iter().map(|sender_id| ("AWS.SNS.SMS.SenderID", sender_id.as_str())));
        if let Some(DltIds { entity, code_template, notice_template }) = &self.dlt_ids {
            let template = if message.code.is_some() { code_template } else { notice_template };
            attributes.extend([("AWS.MM.SMS.EntityId", entity.as_str()), ("AWS.MM.SMS.TemplateId", template)]);
        }
        attributes
    }

    fn request(&self, message: &Message) -> Result<RequestBuilder, MailError> {
        let to = format!("+{}", digits_of(message)?);
        let fixed = [("Action", "Publish"), ("Version", API_VERSION), ("PhoneNumber", &to), ("Message", &message.body)];
        let mut form: Vec<(String, &str)> = fixed.map(|(name, value)| (name.to_owned(), value)).into();
        for (number, (name, value)) in (1..).zip(self.attributes(message)) {
            let entry = format!("MessageAttributes.entry.{number}");
            form.push((format!("{entry}.Name"), name));
            form.push((format!("{entry}.Value.DataType"), "String"));
            form.push((format!("{entry}.Value.StringValue"), value));
        }
        self.sign(self.api.post(self.url.clone()).form(&form))
    }

    /// Adds the time, the hash of the body and the signature of all headers.
    fn sign(&self, request: RequestBuilder) -> Result<RequestBuilder, MailError> {
        let failed = |what: &str| self.api.unavailable(format!("the request cannot be signed: {what}"));
        let (client, built) = request.build_split();
        let mut request = built.map_err(|_| failed("it cannot be built"))?;
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default().to_vec();
        let mut signed = HttpRequest::new(HttpRequestBody::from(body));
        *signed.method_mut() = request.method().clone();
        *signed.uri_mut() = request.url().as_str().parse().map_err(|_| failed("its address is invalid"))?;
        *signed.headers_mut() = request.headers().clone();
        let credential = AwsCredential {
            key_id: self.access_key_id.clone(),
            secret_key: self.secret_access_key.expose_secret().to_owned(),
            token: None,
        };
        AwsAuthorizer::new(&credential, SERVICE, &self.region)
            .try_authorize(&mut signed, None)
            .map_err(|_| failed("the signer failed"))?;
        *request.headers_mut() = std::mem::take(signed.headers_mut());
        Ok(RequestBuilder::from_parts(client, request))
    }

    fn outcome(&self, answer: &Answer) -> Result<Sent, MailError> {
        if answer.status.is_success() {
            let message_id = element(&answer.text, "MessageId").ok_or_else(|| self.api.unreadable(answer))?;
            return Ok(Some(self.api.accepted(message_id)));
        }
        let Some(code) = element(&answer.text, "Code") else {
            return Err(self.api.unavailable(answer.status));
        };
        let reason = format!("{}, code {}", answer.status, plain(code));
        let is_refused = match code {
            "OptedOut" => true,
            "InvalidParameter" | "InvalidParameterValue" => {
                let text = element(&answer.text, "Message").unwrap_or_default();
                REFUSED_PARAMETERS.iter().any(|start| text.starts_with(start))
            }
            _ => false,
        };
        Err(if is_refused { self.api.refused(reason) } else { self.api.unavailable(reason) })
    }
}

#[async_trait::async_trait]
impl Mailer for Sns {
    async fn send(&self, message: &Message) -> Result<Sent, MailError> {
        let request = self.request(message)?;
        self.outcome(&self.api.send(request).await?)
    }
}

/// Whether the text has the form of the id of an access key.
fn is_access_key_id(text: &str) -> bool {
    (16..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The text of the first element of that name. The answers of SNS have attributes at their root alone.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text.trim())
}

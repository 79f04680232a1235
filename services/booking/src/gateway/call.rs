//! Calls to a gateway's API, and what their answers mean.

use super::GatewayError;
use super::fields::text_field;
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Attempts of an idempotent call while a request waits for it.
pub(super) const MAX_ATTEMPTS: u32 = 2;
/// Maximal length of a gateway's error text.
const MAX_ERROR_CHARS: usize = 300;

/// Sends a request and reads the answer. The error says whether the request may have taken effect.
pub(super) async fn send<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, GatewayError> {
    let unavailable = |e: reqwest::Error| GatewayError::Unavailable(e.without_url().to_string());
    let answer = request.send().await.map_err(unavailable)?;
    let status = answer.status();
    if status.is_success() {
        return answer.json().await.map_err(unavailable);
    }
    let body = answer.text().await.unwrap_or_default();
    // 409 and 429 depend on the time of the request, not on its content: it may succeed later.
    if !status.is_client_error() || status == 409 || status == 429 {
        let body: String = body.chars().take(MAX_ERROR_CHARS).collect();
        return Err(GatewayError::Unavailable(format!("{status}: {body}")));
    }
    let error_body: Value = serde_json::from_str(&body).unwrap_or_default();
    let field = |name: &str| error_body.get("error").and_then(|error| text_field(error, name));
    let description = field("description").or_else(|| field("message")).unwrap_or_default();
    Err(GatewayError::Refused {
        status: status.as_u16(),
        code: field("code").or_else(|| field("type")).unwrap_or_default(),
        description: description.chars().take(MAX_ERROR_CHARS).collect(),
    })
}

/// The answer about an object by its id, or `None` where the gateway does not know the id.
pub(super) fn found<T>(answer: Result<T, GatewayError>) -> Result<Option<T>, GatewayError> {
    match answer {
        Ok(object) => Ok(Some(object)),
        Err(GatewayError::Refused { status: 400 | 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

//! Messages and close codes of the protocol `graphql-transport-ws`.

use crate::request::GraphInput;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Name of the protocol, as clients offer it.
pub(crate) const SUB_PROTOCOL: &str = "graphql-transport-ws";
/// Longest id of an operation.
const MAX_ID_BYTES: usize = 128;

/// Why the server closes a connection: code and reason.
pub(super) type Close = (u16, &'static str);
pub(super) const STOPPING: Close = (1001, "stopping");
pub(super) const AGAIN: Close = (1013, "request.unavailable");
pub(super) const BAD_MESSAGE: Close = (4400, "Invalid message");
pub(super) const UNAUTHORIZED: Close = (4401, "Unauthorized");
/// Clients connect again after it, with a new token.
pub(super) const FORBIDDEN: Close = (4403, "auth.token_invalid");
pub(super) const NO_SUB_PROTOCOL: Close = (4406, "Subprotocol not acceptable");
pub(super) const INIT_TIMEOUT: Close = (4408, "Connection initialisation timeout");
pub(super) const ID_IN_USE: Close = (4409, "Subscriber already exists");
pub(super) const SECOND_INIT: Close = (4429, "Too many initialisation requests");

/// A message of a client.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    ConnectionInit { payload: Option<Value> },
    Ping {},
    Pong {},
    Subscribe { id: String, payload: GraphInput },
    Complete { id: String },
}

impl ClientMessage {
    /// Reads a text message. `None` for one that is not of the protocol.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let message = serde_json::from_str(text).ok()?;
        match &message {
            Self::Subscribe { id, .. } if id.is_empty() || id.len() > MAX_ID_BYTES => None,
            Self::ConnectionInit { .. }
            | Self::Ping {}
            | Self::Pong {}
            | Self::Subscribe { .. }
            | Self::Complete { .. } => Some(message),
        }
    }
}

/// The access token in the payload of `connection_init`: `Authorization` with its scheme, in any spelling, or `token`.
pub(super) fn token_of(payload: Option<&Value>) -> Option<String> {
    let fields = payload?.as_object()?;
    let header = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let bearer = header.and_then(|(_, value)| bearer(value.as_str()?));
    bearer.or_else(|| fields.get("token")?.as_str()).map(str::to_owned)
}

/// The token of an `Authorization` header.
pub(super) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A message of the server.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage<'a> {
    ConnectionAck,
    Pong,
    Next { id: &'a str, payload: Value },
    Error { id: &'a str, payload: Value },
    Complete { id: &'a str },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_is_read_only_in_the_form_of_the_protocol() {
        let subscribe = |id: &str| format!(r#"{{"type":"subscribe","id":"{id}","payload":{{"query":"{{ a }}"}}}}"#);
        for good in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"pong","payload":{}}"#,
            r#"{"type":"complete","id":"1"}"#,
            &subscribe("1"),
            &subscribe(&"x".repeat(MAX_ID_BYTES)),
        ] {
            assert!(ClientMessage::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "[]",
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{ a }"}}"#,
            &subscribe(""),
            &subscribe(&"x".repeat(MAX_ID_BYTES + 1)),
        ] {
            assert!(ClientMessage::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_token_is_found_under_both_names() {
        let of = |payload: Value| token_of(Some(&payload));
        assert_eq!(of(json!({ "Authorization": "Bearer a.b.c" })).as_deref(), Some("a.b.c"));
        assert_eq!(of(json!({ "authorization": "bearer  a.b.c" })).as_deref(), Some("a.b.c"));
        assert_eq!(of(json!({ "token": "a.b.c" })).as_deref(), Some("a.b.c"));
        for none in [json!({}), json!({ "Authorization": "a.b.c" }), json!({ "token": 1 }), json!(null), json!("a")] {
            assert_eq!(of(none.clone()), None, "{none}");
        }
    }
}

//! Requests of clients: a query within its limits, for the transport that it came by, and its answer as JSON.

use crate::call::problem_error;
use crate::graph::Graph;
use crate::limits::{self, MAX_COST};
use crate::schema::Kind;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType, Selection};
use async_graphql::{Error, Response, Variables};
use http_api::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Bytes of a query.
const MAX_QUERY_BYTES: usize = 16 * 1024;

/// How a client asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Post,
    Socket,
}

/// A query.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GraphInput {
    pub(crate) query: Option<String>,
    pub(crate) operation_name: Option<String>,
    pub(crate) variables: Option<Map<String, Value>>,
    pub(crate) extensions: Option<Map<String, Value>>,
}

impl Graph {
    /// The query, within its limits.
    pub(crate) fn prepare(
        &self,
        input: GraphInput,
        request_id: &str,
        transport: Transport,
    ) -> Result<async_graphql::Request, Error> {
        let GraphInput { query, operation_name, variables, extensions } = input;
        let hash = extensions.as_ref().and_then(|extensions| extensions.get("persistedQuery"));
        let hash = hash.and_then(|persisted| persisted.get("sha256Hash")).and_then(Value::as_str);
        let fail = |problem: Problem| problem_error(&problem, request_id);
        if query.as_ref().is_some_and(|query| query.len() > MAX_QUERY_BYTES) {
            let detail = format!("a query has at most {MAX_QUERY_BYTES} bytes");
            return Err(fail(Problem::unprocessable("graph.too_costly", detail)));
        }
        let query = match (hash, query) {
            (Some(hash), query) => self.persisted.resolve(hash, query, request_id)?,
            (None, Some(query)) => query,
            (None, None) => return Err(fail(Problem::unprocessable("graph.invalid", "the query is missing"))),
        };
        limits::check_text(&query).map_err(fail)?;
        let document = parse_query(&query).map_err(|e| fail(Problem::unprocessable("graph.invalid", e.to_string())))?;
        check_transport(&document, operation_name.as_deref(), transport).map_err(fail)?;
        let variables = Variables::from_json(Value::Object(variables.unwrap_or_default()));
        // A router adds the keys of users to what a client selects.
        let max_cost = match self.kind {
            Kind::Whole => MAX_COST,
            Kind::Subgraph => 2 * MAX_COST,
        };
        limits::check(&document, &variables, &self.shapes, max_cost).map_err(fail)?;
        let mut request = async_graphql::Request::new(query).variables(variables);
        request.set_parsed_query(document);
        Ok(match operation_name {
            Some(name) => request.operation_name(name),
            None => request,
        })
    }
}

/// Errors unless the chosen operation is of the kind that this transport carries. A subscription has one field, because
/// each field would be a stream of its own.
fn check_transport(document: &ExecutableDocument, name: Option<&str>, transport: Transport) -> Result<(), Problem> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(_), None) => None,
    };
    // Without it, the query is refused as invalid.
    let Some(operation) = operation.map(|operation| &operation.node) else { return Ok(()) };
    match (operation.ty, transport) {
        (OperationType::Subscription, Transport::Post) => Err(Problem::unprocessable(
            "graph.websocket_required",
            "a subscription needs a WebSocket: GET /graphql with the sub-protocol graphql-transport-ws",
        )),
        (OperationType::Query | OperationType::Mutation, Transport::Socket) => Err(Problem::unprocessable(
            "graph.post_required",
            "over a WebSocket there are only subscriptions; send queries to POST /graphql",
        )),
        (OperationType::Query | OperationType::Mutation, Transport::Post) => Ok(()),
        (OperationType::Subscription, Transport::Socket) => match &operation.selection_set.node.items[..] {
            [one] if matches!(&one.node, Selection::Field(field) if field.node.directives.is_empty()) => Ok(()),
            _ => Err(Problem::unprocessable("graph.invalid", "a subscription has exactly one field")),
        },
    }
}

/// A response as JSON, with a code in each error.
pub(crate) fn answer_of(response: &Response) -> Result<Value, serde_json::Error> {
    let mut answer = serde_json::to_value(response)?;
    for error in answer.get_mut("errors").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(error) = error.as_object_mut()
            && !error.contains_key("extensions")
        {
            // An error of the language, not of a handler.
            error.insert("extensions".to_owned(), serde_json::json!({ "code": "graph.invalid" }));
        }
    }
    Ok(answer)
}

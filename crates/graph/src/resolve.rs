//! Values of fields: calls of handlers, properties of what they returned, and the problems of those that failed.

use crate::call::{problem_error, run};
use crate::live::{Ending, LiveEnd};
use crate::loader::Loader;
use crate::part::{FieldDef, Given, Source, State, USER};
use crate::view_types::GraphType;
use async_graphql::dynamic::{FieldFuture, FieldValue, ResolverContext, SubscriptionFieldFuture};
use async_graphql::{Error, Value as GraphValue};
use domain::UserId;
use futures_util::StreamExt;
use http_api::{Caller, Problem, ReadCall};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// An object of a response.
pub(crate) struct Node {
    properties: Map<String, Value>,
    /// Whether only the id is known.
    is_reference: bool,
}

impl Node {
    /// A user of whom only the id is known.
    pub(crate) fn reference(id: String) -> Self {
        Self { properties: Map::from_iter([("id".to_owned(), Value::String(id))]), is_reference: true }
    }

    fn text(&self, property: &str) -> Option<String> {
        self.properties.get(property).and_then(Value::as_str).map(str::to_owned)
    }
}

/// The caller of a query, and the loaders of its fields.
pub(crate) struct Session {
    caller: Caller,
    /// The token of a subscription's caller, and where its end is recorded.
    live: Option<(String, Ending)>,
    loaders: Mutex<HashMap<usize, Arc<Loader>>>,
}

impl Session {
    pub(crate) fn new(caller: Caller) -> Self {
        Self { caller, live: None, loaders: Mutex::default() }
    }

    pub(crate) fn of_subscription(caller: Caller, token: String, ending: Ending) -> Self {
        Self { live: Some((token, ending)), ..Self::new(caller) }
    }

    fn loader(&self, field: usize, make: impl FnOnce(String) -> Loader) -> Arc<Loader> {
        let mut loaders = self.loaders.lock();
        Arc::clone(loaders.entry(field).or_insert_with(|| Arc::new(make(self.caller.request_id.clone()))))
    }
}

/// A field with all that its value needs.
pub(crate) struct Resolver {
    pub(crate) def: FieldDef,
    pub(crate) kind: GraphType,
    pub(crate) state: State,
    /// Distinguishes the loaders of fields.
    pub(crate) number: usize,
    /// Reads whole users, where only the id is known.
    pub(crate) users: Option<(usize, Arc<crate::part::Users>, State)>,
}

impl Resolver {
    /// The value of the field; null, with an error in the response, where it cannot be read.
    pub(crate) fn resolve<'a>(self: &Arc<Self>, ctx: ResolverContext<'a>) -> FieldFuture<'a> {
        let resolver = Arc::clone(self);
        FieldFuture::new(async move {
            match resolver.value(&ctx).await {
                Ok(value) => Ok(value),
                Err(error) => {
                    let error = error.into_server_error(ctx.ctx.item.pos);
                    ctx.ctx.add_error(ctx.ctx.set_error_path(error));
                    Ok(None)
                }
            }
        })
    }

    /// The values of a subscription. An end that closes the connection is recorded in the session.
    pub(crate) fn subscribe<'a>(self: &Arc<Self>, ctx: ResolverContext<'a>) -> SubscriptionFieldFuture<'a> {
        let resolver = Arc::clone(self);
        SubscriptionFieldFuture::new(async move {
            let session = ctx.ctx.data::<Session>()?;
            let (Some((token, ending)), Source::Live { open, .. }) = (&session.live, &resolver.def.source) else {
                return Err(Error::new("a subscription needs a WebSocket"));
            };
            let request_id = session.caller.request_id.clone();
            let ending = Arc::clone(ending);
            let fail = move |end: LiveEnd| match end {
                LiveEnd::Failed(problem) => problem_error(&problem, &request_id),
                LiveEnd::Closed(code, reason) => {
                    // Only the first cause counts.
                    let _closed_before = ending.set((code, reason));
                    Error::new(reason)
                }
            };
            if !resolver.def.access.admits(session.caller.role) {
                return Err(fail(Problem::forbidden().into()));
            }
            let call =
                resolver.call(&ctx, &session.caller, None, Given::Nothing).map_err(|problem| fail(problem.into()))?;
            let values = open(call, token.clone()).await.map_err(&fail)?;
            let kind = resolver.kind.clone();
            Ok(values.map(move |value| match value {
                Ok(value) => Ok(field_value(value, &kind).unwrap_or(FieldValue::NULL)),
                Err(end) => Err(fail(end)),
            }))
        })
    }

    async fn value(&self, ctx: &ResolverContext<'_>) -> Result<Option<FieldValue<'static>>, Error> {
        let session = ctx.ctx.data::<Session>()?;
        let fail = |problem: &Problem| problem_error(problem, &session.caller.request_id);
        let node = ctx.parent_value.downcast_ref::<Node>();
        if !self.def.access.admits(session.caller.role) {
            return Err(fail(&Problem::forbidden()));
        }
        if self.def.parent == USER {
            self.check_owner(node, &session.caller).map_err(|problem| fail(&problem))?;
        }
        let text = |property: &str| node.and_then(|node| node.text(property));
        let value = match &self.def.source {
            Source::Me => return Ok(Some(FieldValue::owned_any(Node::reference(session.caller.user_id.to_string())))),
            Source::UserOf(property) => {
                return Ok(text(property).map(|id| FieldValue::owned_any(Node::reference(id))));
            }
            Source::User => {
                let id = ctx.args.try_get("id")?.string()?.to_owned();
                self.user(session, id).await?.ok_or_else(|| fail(&Problem::not_found()))?
            }
            Source::Property => self.property(session, node).await?,
            Source::Inside(pointer) => {
                let properties = node.map(|node| Value::Object(node.properties.clone())).unwrap_or_default();
                properties.pointer(pointer).cloned().unwrap_or_default()
            }
            Source::Keyed { key, read, is_list, .. } => {
                let key = text(key).ok_or_else(|| fail(&Problem::internal("an object without its key")))?;
                let new = |id| Loader::new(Arc::clone(read), Arc::clone(&self.state), id);
                let none = if *is_list { Value::Array(Vec::new()) } else { Value::Null };
                session.loader(self.number, new).load(key).await?.unwrap_or(none)
            }
            Source::Live { .. } => return Ok(None),
            Source::Read { operation, given } => {
                let call = self.call(ctx, &session.caller, node, *given).map_err(|problem| fail(&problem))?;
                let operation = operation.clone();
                run(move || operation.call(call)).await.map_err(|problem| fail(&problem))?
            }
        };
        Ok(field_value(value, &self.kind))
    }

    /// 404 for fields of a user whom the caller may not see, as the routes answer.
    fn check_owner(&self, node: Option<&Node>, caller: &Caller) -> Result<(), Problem> {
        if self.def.name == "id" {
            return Ok(());
        }
        let id: Option<UserId> = node.and_then(|node| node.text("id")).and_then(|id| id.parse().ok());
        let id = id.ok_or_else(Problem::not_found)?;
        if self.def.own && caller.user_id != id {
            return Err(Problem::not_found());
        }
        caller.require_may_see(id)
    }

    /// A property of the object. That of a user of whom only the id is known is read.
    async fn property(&self, session: &Session, node: Option<&Node>) -> Result<Value, Error> {
        let Some(node) = node else { return Ok(Value::Null) };
        if !node.is_reference || self.def.name == "id" {
            return Ok(node.properties.get(self.def.name.as_str()).cloned().unwrap_or_default());
        }
        let id = node.text("id").unwrap_or_default();
        let user = self.user(session, id).await?;
        let user = user.ok_or_else(|| problem_error(&Problem::not_found(), &session.caller.request_id))?;
        Ok(user.get(self.def.name.as_str()).cloned().unwrap_or_default())
    }

    async fn user(&self, session: &Session, id: String) -> Result<Option<Value>, Error> {
        let Some((number, users, state)) = &self.users else { return Ok(None) };
        session
            .loader(*number, |request| Loader::new(Arc::clone(&users.read), Arc::clone(state), request))
            .load(id)
            .await
    }

    fn call(
        &self,
        ctx: &ResolverContext<'_>,
        caller: &Caller,
        node: Option<&Node>,
        given: Given,
    ) -> Result<ReadCall, Problem> {
        let property = |name: &str| {
            let value = node.and_then(|node| node.text(name));
            // Without it, a filter would list what belongs to others.
            value.ok_or_else(|| Problem::internal("an object without its key"))
        };
        let (mut id, mut query) = (None, String::new());
        for (name, value) in ctx.args.iter() {
            let Some(text) = argument_text(value.as_value()) else { continue };
            if name == "id" && given == Given::Nothing {
                id = Some(text);
            } else {
                add_parameter(&mut query, name, &text);
            }
        }
        match given {
            Given::Nothing => {}
            Given::Id(name) => id = Some(property(name)?),
            Given::Parameter { property: from, name } => add_parameter(&mut query, name, &property(from)?),
        }
        Ok(ReadCall { caller: caller.clone(), state: Arc::clone(&self.state), id, query })
    }
}

/// A value of a view as the value of a field of this type.
pub(crate) fn field_value(value: Value, kind: &GraphType) -> Option<FieldValue<'static>> {
    match value {
        Value::Null => None,
        Value::Array(items) if kind.is_list => {
            Some(FieldValue::list(items.into_iter().filter_map(|item| field_value(item, kind))))
        }
        Value::Object(properties) if kind.is_object => {
            Some(FieldValue::owned_any(Node { properties, is_reference: false }))
        }
        other @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
            GraphValue::from_json(other).ok().map(FieldValue::value)
        }
    }
}

/// An argument as the parameter of a query string; `None` for null.
fn argument_text(value: &GraphValue) -> Option<String> {
    match value {
        GraphValue::Null | GraphValue::Object(_) | GraphValue::Binary(_) => None,
        GraphValue::Number(number) => Some(number.to_string()),
        GraphValue::String(text) => Some(text.clone()),
        GraphValue::Boolean(flag) => Some(flag.to_string()),
        GraphValue::Enum(word) => Some(word.to_string()),
        GraphValue::List(items) => Some(items.iter().filter_map(argument_text).collect::<Vec<_>>().join(",")),
    }
}

/// Adds a parameter to a query string, percent-encoded.
fn add_parameter(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    let _ = write!(query, "{name}=");
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            query.push(char::from(byte));
        } else {
            let _ = write!(query, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_encoded_so_that_it_adds_no_other() {
        let mut query = String::new();
        add_parameter(&mut query, "q", "a&user_id=1 é");
        add_parameter(&mut query, "to", "2026-11-10T04:30:00+05:30");
        assert_eq!(query, "q=a%26user_id%3D1%20%C3%A9&to=2026-11-10T04%3A30%3A00%2B05%3A30");
    }
}

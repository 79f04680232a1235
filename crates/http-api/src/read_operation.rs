//! Read operations that are called without a request of their own, with the same handlers as the routes.

use crate::handler::{Documentation, Parameters, Response};
use crate::operation::{Doc, Paging};
use crate::{Caller, Json, Page, Path, Problem, Query, StaffPage};
use actix_web::{Handler, web};
use futures_util::future::LocalBoxFuture;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::any::Any;
use std::sync::Arc;

/// What a read operation is called with.
#[derive(Clone)]
pub struct ReadCall {
    pub caller: Caller,
    /// The state of the service, which handlers take as `web::Data`.
    pub state: Arc<dyn Any + Send + Sync>,
    /// The variable part of the path.
    pub id: Option<String>,
    /// The query string, encoded as in a URL.
    pub query: String,
}

/// A parameter of a handler, read from a [`ReadCall`] by the rules of its extractor.
pub trait FromReadCall: Sized {
    /// Errors like the extractor.
    fn from_call(call: &ReadCall) -> Result<Self, Problem>;
}

impl FromReadCall for Caller {
    fn from_call(call: &ReadCall) -> Result<Self, Problem> {
        Ok(call.caller.clone())
    }
}

impl<T: Send + Sync + 'static> FromReadCall for web::Data<T> {
    fn from_call(call: &ReadCall) -> Result<Self, Problem> {
        let state = Arc::clone(&call.state).downcast::<T>();
        state.map(Self::from).map_err(|_| Problem::internal("the state is not the one of the service"))
    }
}

impl<T: DeserializeOwned> FromReadCall for Path<T> {
    fn from_call(call: &ReadCall) -> Result<Self, Problem> {
        let id = Value::String(call.id.clone().unwrap_or_default());
        serde_json::from_value(id).map(Self).map_err(|_| Problem::not_found())
    }
}

impl<T: DeserializeOwned> FromReadCall for Query<T> {
    fn from_call(call: &ReadCall) -> Result<Self, Problem> {
        Self::parse(&call.query)
    }
}

impl FromReadCall for Page {
    fn from_call(call: &ReadCall) -> Result<Self, Problem> {
        Self::parse(&call.query)
    }
}

impl FromReadCall for StaffPage {
    fn from_call(call: &ReadCall) -> Result<Self, Problem> {
        Self::parse(&call.query, call.caller.role.is_staff())
    }
}

/// All parameters of a handler.
pub trait FromReadCallAll: Sized {
    /// Errors with the problem of the first that cannot be read.
    fn from_call(call: &ReadCall) -> Result<Self, Problem>;
}

macro_rules! tuples {
    ($($($name:ident)*;)*) => {$(
        impl<$($name: FromReadCall),*> FromReadCallAll for ($($name,)*) {
            fn from_call(call: &ReadCall) -> Result<Self, Problem> {
                Ok(($($name::from_call(call)?,)*))
            }
        }
    )*};
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
}

/// A response whose body can be read without sending it.
pub trait ReadResponse {
    /// The body as JSON.
    fn into_body(self) -> Result<Value, Problem>;
}

impl<T: Serialize> ReadResponse for Result<Json<T>, Problem> {
    fn into_body(self) -> Result<Value, Problem> {
        let value = self?.into_value().ok_or_else(|| Problem::internal("a stored response"))?;
        serde_json::to_value(value).map_err(Problem::internal)
    }
}

type Call = Arc<dyn Fn(ReadCall) -> LocalBoxFuture<'static, Result<Value, Problem>> + Send + Sync>;

/// A handler of a `GET` route with its documentation.
#[derive(Clone)]
pub struct ReadOperation {
    doc: Doc,
    call: Call,
}

impl ReadOperation {
    /// The operation of a handler that `documented!` names.
    pub fn new<F, Args>(operation: Documentation<F>) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: Parameters + FromReadCallAll + 'static,
        F::Output: Response + ReadResponse + 'static,
    {
        let Documentation { handler, summary, description } = operation;
        let doc = F::Output::describe(Args::describe(Doc::new(summary, description)));
        let call: Call = Arc::new(move |call| {
            let handler = handler.clone();
            Box::pin(async move { handler.call(Args::from_call(&call)?).await.into_body() })
        });
        Self { doc, call }
    }

    /// Calls the handler. The future is not `Send`, like those of routes.
    pub fn call(&self, call: ReadCall) -> LocalBoxFuture<'static, Result<Value, Problem>> {
        (self.call)(call)
    }

    /// Summary and description.
    pub fn text(&self) -> String {
        let Doc { summary, description, .. } = &self.doc;
        if description.is_empty() { (*summary).to_owned() } else { format!("{summary}\n\n{description}") }
    }

    /// Whether the path has a variable part.
    pub fn has_id(&self) -> bool {
        self.doc.path.is_some()
    }

    /// The schema of the filter, whose properties are query parameters.
    pub fn filter(&self, schemas: &mut SchemaGenerator) -> Option<Value> {
        self.doc.query.map(|query| query.reference(schemas))
    }

    /// The schema of the body.
    pub fn body(&self, schemas: &mut SchemaGenerator) -> Option<Value> {
        let (_, schema) = self.doc.responses.iter().find(|(status, _)| *status == 200)?;
        schema.map(|schema| schema.reference(schemas))
    }

    /// The parameters of a page: none, `limit` and `cursor`, or `order` as well.
    pub fn page_parameters(&self) -> &'static [&'static str] {
        match self.doc.paging {
            None => &[],
            Some(Paging::Plain) => &["limit", "cursor"],
            Some(Paging::Staff) => &["limit", "cursor", "order"],
        }
    }
}

/// The schema of `T`, with its definitions in `schemas`.
pub fn schema_of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Value {
    schemas.subschema_for::<T>().to_value()
}

//! Part of the graph that one service contributes.

use crate::live::{Admit, ConnectionPermit, LiveClient, LiveEnd, LiveStream, OpenLive};
use actix_web::{Handler, web};
use domain::UserId;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use http_api::handler::{Parameters, Response};
use http_api::read_operation::{FromReadCall, FromReadCallAll, ReadResponse, schema_of};
use http_api::{Access, Documentation, Problem, Query, ReadOperation};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

/// The type of the root.
pub(crate) const QUERY: &str = "Query";
/// The type of the root of subscriptions.
pub(crate) const SUBSCRIPTION: &str = "Subscription";
/// The type to which every service adds fields: a person, known by their id.
pub(crate) const USER: &str = "User";

/// State of a service, as handlers take it.
pub(crate) type State = Arc<dyn Any + Send + Sync>;
/// Reads the values of all keys at once, as JSON.
pub(crate) type ReadAll =
    Arc<dyn Fn(State, Vec<String>) -> LocalBoxFuture<'static, Result<HashMap<String, Value>, Problem>> + Send + Sync>;
type MakeSchema = fn(&mut SchemaGenerator) -> Value;

/// What the object above gives an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    Nothing,
    /// A property as the id in the path.
    Id(&'static str),
    /// A property as a parameter of the filter.
    Parameter {
        property: &'static str,
        name: &'static str,
    },
}

/// Where the value of a field comes from.
#[derive(Clone)]
pub(crate) enum Source {
    /// A property of the object.
    Property,
    /// A value inside the object, by its JSON pointer.
    Inside(&'static str),
    /// The user whose id is a property.
    UserOf(&'static str),
    /// The caller.
    Me,
    /// The user whose id is an argument.
    User,
    /// A handler.
    Read { operation: ReadOperation, given: Given },
    /// A function that reads the values, or lists, of several objects by this property of each.
    Keyed { key: &'static str, read: ReadAll, schema: MakeSchema, is_list: bool },
    /// Values as they come, of a subscription.
    Live { open: OpenLive, schema: MakeSchema, arguments: MakeSchema },
}

/// A field that is more than a property of a view.
#[derive(Clone)]
pub(crate) struct FieldDef {
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) access: Access,
    /// Whether only the user themself gets it, and staff do not.
    pub(crate) own: bool,
    pub(crate) text: String,
    pub(crate) source: Source,
}

/// The views of users, in the part of the service that owns them.
#[derive(Clone)]
pub(crate) struct Users {
    pub(crate) read: ReadAll,
    pub(crate) schema: MakeSchema,
}

/// The fields of one service.
#[derive(Clone)]
pub struct Part {
    pub(crate) service: &'static str,
    pub(crate) state: State,
    pub(crate) fields: Vec<FieldDef>,
    pub(crate) users: Option<Users>,
    pub(crate) renames: Vec<(&'static str, &'static str)>,
    /// Admits connections for subscriptions.
    pub(crate) admit: Option<Admit>,
}

impl Part {
    /// A part without fields, whose handlers take `web::Data<S>`.
    pub fn new<S: Send + Sync + 'static>(service: &'static str, state: S) -> Self {
        Self { service, state: Arc::new(state), fields: Vec::new(), users: None, renames: Vec::new(), admit: None }
    }

    /// The name of the service.
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// Gives a view another name in the graph, because another service has a type of that name.
    #[must_use]
    pub fn rename(mut self, view: &'static str, name: &'static str) -> Self {
        self.renames.push((view, name));
        self
    }

    /// Adds a field of the root, for callers with this access.
    #[must_use]
    pub fn query<F, Args>(self, name: &'static str, access: Access, operation: Documentation<F>) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: Parameters + FromReadCallAll + 'static,
        F::Output: Response + ReadResponse + 'static,
    {
        let operation = ReadOperation::new(operation);
        self.add(QUERY, name, access, operation.text(), Source::Read { operation, given: Given::Nothing })
    }

    /// Adds a field of a user, for that user and for staff. The id of the user is the one in the path, or the parameter
    /// `user_id` of the filter.
    #[must_use]
    pub fn of_user<F, Args>(self, name: &'static str, operation: Documentation<F>) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: Parameters + FromReadCallAll + 'static,
        F::Output: Response + ReadResponse + 'static,
    {
        self.of_user_by("user_id", name, operation)
    }

    /// As [`Part::of_user`], with another parameter of the filter.
    #[must_use]
    pub fn of_user_by<F, Args>(self, parameter: &'static str, name: &'static str, operation: Documentation<F>) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: Parameters + FromReadCallAll + 'static,
        F::Output: Response + ReadResponse + 'static,
    {
        let operation = ReadOperation::new(operation);
        let given =
            if operation.has_id() { Given::Id("id") } else { Given::Parameter { property: "id", name: parameter } };
        self.add(USER, name, Access::User, operation.text(), Source::Read { operation, given })
    }

    /// Adds a field of a user that only they get, from a handler of the caller's own.
    #[must_use]
    pub fn own<F, Args>(self, name: &'static str, operation: Documentation<F>) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: Parameters + FromReadCallAll + 'static,
        F::Output: Response + ReadResponse + 'static,
    {
        let operation = ReadOperation::new(operation);
        let text = operation.text();
        let mut part = self.add(USER, name, Access::User, text, Source::Read { operation, given: Given::Nothing });
        part.fields.iter_mut().filter(|field| field.name == name && field.parent == USER).for_each(|f| f.own = true);
        part
    }

    /// Adds a field of another type, of which a property is the id in the path, or the parameter `name_in_filter`.
    #[must_use]
    pub fn of<F, Args>(
        self,
        (parent, name): (&'static str, &'static str),
        (property, name_in_filter): (&'static str, &'static str),
        operation: Documentation<F>,
    ) -> Self
    where
        F: Handler<Args> + Send + Sync,
        Args: Parameters + FromReadCallAll + 'static,
        F::Output: Response + ReadResponse + 'static,
    {
        let operation = ReadOperation::new(operation);
        let given =
            if operation.has_id() { Given::Id(property) } else { Given::Parameter { property, name: name_in_filter } };
        self.add(parent, name, Access::User, operation.text(), Source::Read { operation, given })
    }

    /// Adds a list to each object of a type, read for all of them at once by a property of each.
    #[must_use]
    pub fn list<S, K, V, F>(
        self,
        (parent, name, text): (&'static str, &'static str, &'static str),
        key: &'static str,
        read: fn(web::Data<S>, Vec<K>) -> F,
    ) -> Self
    where
        S: Send + Sync + 'static,
        K: DeserializeOwned + ToString + 'static,
        V: Serialize + JsonSchema + 'static,
        F: Future<Output = Result<Vec<(K, V)>, Problem>> + 'static,
    {
        let read: ReadAll = Arc::new(move |state, keys| {
            Box::pin(async move {
                let mut lists: HashMap<String, Vec<Value>> = HashMap::new();
                for (key, value) in read(data(&state)?, parse_all(keys)?).await? {
                    let value = serde_json::to_value(value).map_err(Problem::internal)?;
                    lists.entry(key.to_string()).or_default().push(value);
                }
                Ok(lists.into_iter().map(|(key, list)| (key, Value::Array(list))).collect())
            })
        });
        let source = Source::Keyed { key, read, schema: schema_of::<Vec<V>>, is_list: true };
        self.add(parent, name, Access::User, text.to_owned(), source)
    }

    /// Adds an object to each object of a type, read for all of them at once by a property of each.
    #[must_use]
    pub fn one<S, K, V, F>(
        self,
        (parent, name, text): (&'static str, &'static str, &'static str),
        key: &'static str,
        read: fn(web::Data<S>, Vec<K>) -> F,
    ) -> Self
    where
        S: Send + Sync + 'static,
        K: DeserializeOwned + ToString + 'static,
        V: Serialize + JsonSchema + 'static,
        F: Future<Output = Result<Vec<(K, V)>, Problem>> + 'static,
    {
        let source = Source::Keyed { key, read: read_ones(read), schema: schema_of::<V>, is_list: false };
        self.add(parent, name, Access::User, text.to_owned(), source)
    }

    /// Adds a user to each object of a type, by the property with their id.
    #[must_use]
    pub fn user(self, parent: &'static str, name: &'static str, property: &'static str) -> Self {
        self.add(parent, name, Access::User, "The user.".to_owned(), Source::UserOf(property))
    }

    /// Adds a value that is deeper in the view, by its JSON pointer.
    #[must_use]
    pub fn inside(self, parent: &'static str, name: &'static str, pointer: &'static str) -> Self {
        self.add(parent, name, Access::User, String::new(), Source::Inside(pointer))
    }

    /// Adds a subscription for signed-in callers, whose arguments are the properties of `A`. `admit` says whether one
    /// more connection may be open, with a token or without one yet.
    #[must_use]
    pub fn subscription<S, A, V, F, P>(
        mut self,
        (name, text): (&'static str, &'static str),
        admit: fn(&S) -> Option<P>,
        open: fn(web::Data<S>, LiveClient, A) -> F,
    ) -> Self
    where
        S: Send + Sync + 'static,
        A: DeserializeOwned + JsonSchema + Send + 'static,
        V: Serialize + JsonSchema + 'static,
        F: Future<Output = Result<LiveStream<V>, LiveEnd>> + Send + 'static,
        P: ConnectionPermit + 'static,
    {
        let admitting = Arc::clone(&self.state);
        self.admit = Some(Arc::new(move || {
            let state = data::<S>(&admitting).ok()?;
            admit(&state).map(|permit| -> Box<dyn ConnectionPermit> { Box::new(permit) })
        }));
        let open: OpenLive = Arc::new(move |call, token| {
            Box::pin(async move {
                let Query(arguments) = Query::<A>::from_call(&call)?;
                let values = open(data(&call.state)?, LiveClient { caller: call.caller, token }, arguments).await?;
                let json = |value: Result<V, LiveEnd>| {
                    value.and_then(|value| Ok(serde_json::to_value(value).map_err(Problem::internal)?))
                };
                Ok(values.map(json).boxed())
            })
        });
        let source = Source::Live { open, schema: schema_of::<V>, arguments: schema_of::<A> };
        self.add(SUBSCRIPTION, name, Access::User, text.to_owned(), source)
    }

    /// Makes this service the owner of users: their views, and `me` and `user(id)` of the root.
    #[must_use]
    pub fn users<S, V, F>(mut self, read: fn(web::Data<S>, Vec<UserId>) -> F) -> Self
    where
        S: Send + Sync + 'static,
        V: Serialize + JsonSchema + 'static,
        F: Future<Output = Result<Vec<(UserId, V)>, Problem>> + 'static,
    {
        self.users = Some(Users { read: read_ones(read), schema: schema_of::<V> });
        self.add(QUERY, "me", Access::User, "Yourself.".to_owned(), Source::Me).add(
            QUERY,
            "user",
            Access::Staff,
            "A user.\n\n404 for an unknown id.".to_owned(),
            Source::User,
        )
    }

    fn add(mut self, parent: &'static str, name: &'static str, access: Access, text: String, source: Source) -> Self {
        let (parent, name) = (parent.to_owned(), name.to_owned());
        self.fields.push(FieldDef { parent, name, access, own: false, text, source });
        self
    }
}

/// A function that reads one value a key.
fn read_ones<S, K, V, F>(read: fn(web::Data<S>, Vec<K>) -> F) -> ReadAll
where
    S: Send + Sync + 'static,
    K: DeserializeOwned + ToString + 'static,
    V: Serialize + 'static,
    F: Future<Output = Result<Vec<(K, V)>, Problem>> + 'static,
{
    Arc::new(move |state, keys| {
        Box::pin(async move {
            let values = read(data(&state)?, parse_all(keys)?).await?;
            let view = |(key, value): (K, V)| Ok((key.to_string(), serde_json::to_value(value)?));
            values.into_iter().map(view).collect::<Result<_, serde_json::Error>>().map_err(Problem::internal)
        })
    })
}

/// The state as the type that handlers take.
fn data<S: Send + Sync + 'static>(state: &State) -> Result<web::Data<S>, Problem> {
    let state = Arc::clone(state).downcast::<S>();
    state.map(web::Data::from).map_err(|_| Problem::internal("the state is not the one of the service"))
}

fn parse_all<K: DeserializeOwned>(keys: Vec<String>) -> Result<Vec<K>, Problem> {
    let parse = |key| serde_json::from_value(Value::String(key)).map_err(|_| Problem::not_found());
    keys.into_iter().map(parse).collect()
}

//! A long task as a resource.

use crate::store::{TaskId, TaskRow};
use domain::{Timestamp, UserId};
use http_api::Problem;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;
use std::marker::PhantomData;

pub use crate::store::TaskState;

/// A long task, which ends with a result of type `T`. Ask for it again until `state` is `done` or `failed`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(rename = "{T}Task")]
pub struct TaskView<T: JsonSchema> {
    pub id: TaskId,
    pub state: TaskState,
    /// How much is done, from 0 to 100.
    pub percent: i64,
    pub requested_by: UserId,
    pub requested_at: Timestamp,
    /// Start of the last run.
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// Null unless `state` is `done`.
    pub result: Option<JsonOf<T>>,
}

impl<T: JsonSchema> TryFrom<TaskRow> for TaskView<T> {
    type Error = Problem;

    fn try_from(row: TaskRow) -> Result<Self, Problem> {
        let result = row.result.map(|json| serde_json::from_str(&json)).transpose().map_err(Problem::internal)?;
        Ok(Self {
            id: row.id,
            state: row.state,
            percent: row.percent,
            requested_by: row.requested_by,
            requested_at: row.requested_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            result: result.map(JsonOf::new),
        })
    }
}

/// The JSON of a `T`, as a task returned it.
#[derive(Debug)]
pub struct JsonOf<T> {
    value: Value,
    kind: PhantomData<fn() -> T>,
}

impl<T> JsonOf<T> {
    /// `value` is what a `T` serializes to.
    pub fn new(value: Value) -> Self {
        Self { value, kind: PhantomData }
    }
}

impl<T> Serialize for JsonOf<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for JsonOf<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
    fn inline_schema() -> bool {
        T::inline_schema()
    }
}

//! Description of one API operation, for its route and its entry in the OpenAPI document.

use crate::Access;
use actix_web::http::Method;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;
use std::borrow::Cow;

/// Path prefix of the API.
pub const PREFIX: &str = "/api/v1";

/// One operation of the API.
pub(crate) struct Operation<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) access: Access,
    pub(crate) doc: &'a Doc,
}

/// The JSON Schema of a type, generated when the document is.
#[derive(Clone, Copy)]
pub(crate) struct TypeSchema {
    name: fn() -> Cow<'static, str>,
    make: fn(&mut SchemaGenerator) -> Schema,
}

impl TypeSchema {
    pub(crate) fn of<T: JsonSchema>() -> Self {
        Self { name: T::schema_name, make: SchemaGenerator::subschema_for::<T> }
    }
    /// A reference to the schema, which is added to the definitions of `schemas`.
    pub(crate) fn reference(self, schemas: &mut SchemaGenerator) -> Value {
        (self.make)(schemas).to_value()
    }
    /// The schema inline, with `additionalProperties: false` for every object, because request bodies with unknown
    /// fields are refused. Responses of the same type may get more fields later, so they do not share it.
    pub(crate) fn closed(self) -> Value {
        let mut settings = SchemaSettings::draft2020_12();
        settings.inline_subschemas = true;
        let mut schema = (self.make)(&mut settings.into_generator());
        RecursiveTransform(close).transform(&mut schema);
        schema.insert("title".into(), (self.name)().into());
        schema.to_value()
    }
}

/// Forbids additional properties, except in a map, whose schema declares them.
fn close(schema: &mut Schema) {
    let has_fields = schema.get("properties").is_some() || schema.get("type") == Some(&"object".into());
    if has_fields && schema.get("additionalProperties").is_none() {
        schema.insert("additionalProperties".into(), false.into());
    }
}

/// The request body of an operation.
#[derive(Clone, Copy)]
pub(crate) struct RequestBody {
    pub(crate) content_type: &'static str,
    /// `None` for a file.
    pub(crate) schema: Option<TypeSchema>,
    pub(crate) required: bool,
    /// Whether fields that the schema does not have are refused.
    pub(crate) is_strict: bool,
}

impl RequestBody {
    const fn json(schema: TypeSchema) -> Self {
        Self { content_type: "application/json", schema: Some(schema), required: true, is_strict: true }
    }
}

/// The query parameters of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paging {
    /// Those of [`crate::Page`].
    Plain,
    /// Those of [`crate::StaffPage`].
    Staff,
}

/// Documentation of an operation: summary, request body, query parameters, responses.
#[derive(Clone, Default)]
pub struct Doc {
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    /// An id of the path, or a tuple of them.
    pub(crate) path: Option<TypeSchema>,
    pub(crate) body: Option<RequestBody>,
    pub(crate) query: Option<TypeSchema>,
    pub(crate) responses: Vec<(u16, Option<TypeSchema>)>,
    /// Content types of a file that 200 may return.
    pub(crate) file_types: Vec<&'static str>,
    pub(crate) paging: Option<Paging>,
    pub(crate) idempotent: bool,
}

impl Doc {
    /// Documentation with a summary and more paragraphs.
    pub(crate) fn new(summary: &'static str, description: &'static str) -> Self {
        Self { summary, description, ..Self::default() }
    }
    /// Types the variable parts of the path as `T`, or as its elements if it is a tuple.
    #[must_use]
    pub fn path<T: JsonSchema>(mut self) -> Self {
        self.path = Some(TypeSchema::of::<T>());
        self
    }
    /// Requires a JSON body.
    #[must_use]
    pub fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(RequestBody::json(TypeSchema::of::<T>()));
        self
    }
    /// Accepts a JSON body, or none.
    #[must_use]
    pub fn optional_body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(RequestBody { required: false, ..RequestBody::json(TypeSchema::of::<T>()) });
        self
    }
    /// Requires a JSON body of a third party, of which `T` names the fields that are read; others are ignored.
    #[must_use]
    pub fn open_body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(RequestBody { is_strict: false, ..RequestBody::json(TypeSchema::of::<T>()) });
        self
    }
    /// Requires a form as `multipart/form-data`.
    #[must_use]
    pub fn form<T: JsonSchema>(mut self) -> Self {
        let content_type = "multipart/form-data";
        self.body = Some(RequestBody { content_type, is_strict: false, ..RequestBody::json(TypeSchema::of::<T>()) });
        self
    }
    /// Requires a file of this content type as the body.
    #[must_use]
    pub fn file_body(mut self, content_type: &'static str) -> Self {
        self.body = Some(RequestBody { content_type, schema: None, required: true, is_strict: false });
        self
    }
    /// Accepts the fields of `T` as query parameters.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(TypeSchema::of::<T>());
        self
    }
    /// Responds with `status` and this body.
    #[must_use]
    pub fn responds_with<T: JsonSchema>(mut self, status: u16) -> Self {
        self.responses.push((status, Some(TypeSchema::of::<T>())));
        self
    }
    /// Responds with 200 and a file of one of these content types, or with the JSON declared before.
    #[must_use]
    pub fn returns_file(mut self, content_types: impl IntoIterator<Item = &'static str>) -> Self {
        self.file_types = content_types.into_iter().collect();
        if !self.responses.iter().any(|(status, _)| *status == 200) {
            self.responses.push((200, None));
        }
        self
    }
    /// Responds with `status` without a body, such as 204 or 101.
    #[must_use]
    pub fn empty_response(mut self, status: u16) -> Self {
        self.responses.push((status, None));
        self
    }
    /// Accepts the query parameters `limit` and `cursor` of a list.
    #[must_use]
    pub fn paged(mut self) -> Self {
        self.paging = Some(Paging::Plain);
        self
    }
    /// Accepts the query parameters `limit`, `cursor` and `order` of a list that staff read.
    #[must_use]
    pub fn paged_for_staff(mut self) -> Self {
        self.paging = Some(Paging::Staff);
        self
    }
    /// Accepts the header `Idempotency-Key`.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }
}

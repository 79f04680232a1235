//! OpenAPI 3.1 from the route table and the JSON Schemas of the types it names.

use super::routes::{Doc, PREFIX, Taken};
use crate::auth::Access;
use actix_web::http::Method;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// A type's schema, made when the document is.
#[derive(Clone, Copy)]
pub struct Shape {
    name: fn() -> Cow<'static, str>,
    make: fn(&mut SchemaGenerator) -> Schema,
}

impl Shape {
    pub fn of<T: JsonSchema>() -> Self {
        Self { name: T::schema_name, make: SchemaGenerator::subschema_for::<T> }
    }
    fn schema(self, schemas: &mut SchemaGenerator) -> Value {
        (self.make)(schemas).to_value()
    }
    /// The schema whose objects have no fields but those that it names, which is how bodies are read. It is written
    /// out: an answer of the same type may get more fields.
    fn closed(self) -> Value {
        let mut settings = SchemaSettings::draft2020_12();
        settings.inline_subschemas = true;
        let mut schema = (self.make)(&mut settings.into_generator());
        RecursiveTransform(close).transform(&mut schema);
        schema.insert("title".into(), (self.name)().into());
        schema.to_value()
    }
}

/// A map says itself what other fields it has.
fn close(schema: &mut Schema) {
    let has_fields = schema.get("properties").is_some() || schema.get("type") == Some(&"object".into());
    if has_fields && schema.get("additionalProperties").is_none() {
        schema.insert("additionalProperties".into(), false.into());
    }
}

pub(crate) struct Operation<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) access: Access,
    pub(crate) doc: &'a Doc,
}

pub(crate) fn document<'a>(service: &str, operations: impl Iterator<Item = Operation<'a>>) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut schemas = settings.into_generator();
    let mut paths = Map::new();
    for operation in operations {
        let described = describe(&operation, &mut schemas);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(operation.method.as_str().to_lowercase(), described);
        }
    }
    let problem = schemas.subschema_for::<ProblemBody>();
    let mut components = schemas.take_definitions(true);
    components.insert("Problem".into(), problem.to_value());
    json!({
        "openapi": "3.1.0",
        "info": { "title": format!("EV Distribution Platform: {service}"), "version": env!("CARGO_PKG_VERSION") },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
        },
    })
}

fn describe(operation: &Operation<'_>, schemas: &mut SchemaGenerator) -> Value {
    let doc = operation.doc;
    let who = match operation.access {
        Access::Public => "Public.",
        Access::User => "Any signed-in person.",
        Access::Staff => "Staff and administrators.",
        Access::Admin => "Administrators.",
    };
    let mut described = json!({
        "operationId": operation_id(operation),
        "summary": doc.summary,
        "description": who,
        "parameters": parameters(operation, schemas),
        "responses": answers(doc, schemas),
        "security": if operation.access == Access::Public { json!([]) } else { json!([{ "bearer": [] }]) },
    });
    if let (Some(body), Some(map)) = (&doc.body, described.as_object_mut()) {
        map.insert("requestBody".into(), taken(*body, schemas));
    }
    described
}

/// `getWalletsByUserId` of `GET /api/v1/wallets/{user_id}`: as unique and as lasting as the two.
fn operation_id(operation: &Operation<'_>) -> String {
    let path = operation.path.strip_prefix(PREFIX).unwrap_or(operation.path).replace('{', "by/");
    let words = path.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default();
    operation.method.as_str().to_lowercase() + &words.map(capital).collect::<String>()
}

fn taken(body: Taken, schemas: &mut SchemaGenerator) -> Value {
    let media = match body.shape {
        None => json!({}),
        Some(shape) if body.is_strict => json!({ "schema": shape.closed() }),
        Some(shape) => json!({ "schema": shape.schema(schemas) }),
    };
    let mut content = Map::new();
    content.insert(body.kind.to_owned(), media);
    json!({ "required": body.required, "content": content })
}

fn answers(doc: &Doc, schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let mut answers = Map::new();
    for (status, shape) in &doc.answers {
        let mut content = Map::new();
        if let Some(shape) = shape {
            content.insert("application/json".into(), json!({ "schema": shape.schema(schemas) }));
        }
        if *status == 200 {
            content.extend(doc.files.iter().map(|kind| ((*kind).to_owned(), json!({}))));
        }
        let mut answer = Map::new();
        answer.insert("description".into(), status_name(*status).into());
        if !content.is_empty() {
            answer.insert("content".into(), content.into());
        }
        answers.insert(status.to_string(), answer.into());
    }
    let problem = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    answers.insert("default".into(), json!({ "description": "A problem", "content": problem }));
    answers
}

fn parameters(operation: &Operation<'_>, schemas: &mut SchemaGenerator) -> Vec<Value> {
    let doc = operation.doc;
    let text = json!({ "type": "string" });
    let parameter = |name: &str, place: &str, required: bool, schema: &Value| json!({ "name": name, "in": place, "required": required, "schema": schema });
    let mut list: Vec<Value> = operation
        .path
        .split('/')
        .filter_map(|s| s.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| parameter(name, "path", true, &text))
        .collect();
    if let Some(shape) = &doc.query {
        let schema = shape.schema(schemas);
        let resolved = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|r| r.rsplit('/').next())
            .and_then(|name| schemas.definitions().get(name))
            .unwrap_or(&schema);
        let required: Vec<&str> = resolved
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (name, schema) in resolved.get("properties").and_then(Value::as_object).into_iter().flatten() {
            list.push(parameter(name, "query", required.contains(&name.as_str()), schema));
        }
    }
    if doc.paged {
        let limit = json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 20 });
        list.push(parameter("limit", "query", false, &limit));
        list.push(parameter("cursor", "query", false, &text));
    }
    if doc.idempotent {
        let key = json!({ "type": "string", "maxLength": 255 });
        list.push(parameter("Idempotency-Key", "header", false, &key));
    }
    list
}

fn status_name(status: u16) -> &'static str {
    actix_web::http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("An answer")
}

/// The shape of every error.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used; `Problem::body` writes the value")]
struct ProblemBody {
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    /// Stable and namespaced: `wallet.insufficient_funds`.
    code: String,
    request_id: String,
    errors: Option<Vec<super::problem::FieldError>>,
}

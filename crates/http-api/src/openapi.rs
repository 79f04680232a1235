//! OpenAPI 3.1 document of a service, generated from its operations and the JSON Schemas of their types.

use crate::Access;
use crate::operation::{Doc, Operation, PREFIX, Paging, RequestBody};
use crate::page::{DEFAULT_LIMIT, MAX_LIMIT, MAX_STAFF_LIMIT};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// The document of `service`.
pub(crate) fn document<'a>(service: &str, operations: impl Iterator<Item = Operation<'a>>) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut schemas = settings.into_generator();
    let mut paths = Map::new();
    for operation in operations {
        let description = describe(service, &operation, &mut schemas);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(operation.method.as_str().to_lowercase(), description);
        }
    }
    let problem = schemas.subschema_for::<ProblemBody>();
    let mut components = schemas.take_definitions(true);
    components.insert("Problem".into(), problem.to_value());
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("EV Distribution Platform: {service}"),
            "description": DESCRIPTION,
            "contact": { "name": "EV Distribution Platform" },
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{ "url": "/" }],
        "tags": [{ "name": service, "description": format!("Operations of the {service} service") }],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
        },
    });
    remove_unused_schemas(&mut document);
    document
}

/// Rules that hold for every operation.
const DESCRIPTION: &str = "Amounts are strings with two decimals, in rupees. Times are RFC 3339, in UTC. A request body with \
    an unknown field is refused with 422. Errors are problem documents (RFC 9457) with a stable `code`. A POST with \
    `Idempotency-Key` takes effect once, and a repetition within 24 hours gets the first response again.";

/// Removes schemas that nothing refers to, such as filters, whose fields become parameters.
fn remove_unused_schemas(document: &mut Value) {
    loop {
        let mut used = HashSet::new();
        collect_references(document, &mut used);
        let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
        let before = schemas.len();
        schemas.retain(|name, _| used.contains(name));
        if schemas.len() == before {
            return;
        }
    }
}

/// Collects the names of the schemas that `value` refers to.
fn collect_references(value: &Value, used: &mut HashSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(name) = fields.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next()) {
                used.insert(name.to_owned());
            }
            fields.values().for_each(|field| collect_references(field, used));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, used)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn describe(service: &str, operation: &Operation<'_>, schemas: &mut SchemaGenerator) -> Value {
    let doc = operation.doc;
    let (access, role) = match operation.access {
        Access::Public => ("Public.", "public"),
        Access::User => ("Any signed-in person.", "user"),
        Access::Staff => ("Staff and administrators.", "staff"),
        Access::Admin => ("Administrators.", "admin"),
    };
    let mut description = json!({
        "operationId": operation_id(operation),
        "summary": doc.summary,
        "description": format!("{}{}{access}", doc.description, if doc.description.is_empty() { "" } else { "\n\n" }),
        "tags": [service],
        "parameters": parameters(operation, schemas),
        "responses": responses(doc, schemas),
        "x-access": role,
        "x-idempotent": doc.idempotent,
        "security": if operation.access == Access::Public { json!([]) } else { json!([{ "bearer": [] }]) },
    });
    if let (Some(body), Some(map)) = (&doc.body, description.as_object_mut()) {
        map.insert("requestBody".into(), request_body(*body, schemas));
    }
    description
}

/// `getWalletsByUserId` for `GET /api/v1/wallets/{user_id}`: unique, and stable while method and path are.
fn operation_id(operation: &Operation<'_>) -> String {
    let path = operation.path.strip_prefix(PREFIX).unwrap_or(operation.path).replace('{', "by/");
    let words = path.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default();
    operation.method.as_str().to_lowercase() + &words.map(capital).collect::<String>()
}

fn request_body(body: RequestBody, schemas: &mut SchemaGenerator) -> Value {
    let media = match body.schema {
        None => json!({}),
        Some(schema) if body.is_strict => json!({ "schema": schema.closed() }),
        Some(schema) => json!({ "schema": schema.reference(schemas) }),
    };
    let mut content = Map::new();
    content.insert(body.content_type.to_owned(), media);
    json!({ "required": body.required, "content": content })
}

fn responses(doc: &Doc, schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let mut responses = Map::new();
    for (status, schema) in &doc.responses {
        let mut content = Map::new();
        if let Some(schema) = schema {
            content.insert("application/json".into(), json!({ "schema": schema.reference(schemas) }));
        }
        if *status == 200 {
            content.extend(doc.file_types.iter().map(|content_type| ((*content_type).to_owned(), json!({}))));
        }
        let mut response = Map::new();
        response.insert("description".into(), status_name(*status).into());
        if !content.is_empty() {
            response.insert("content".into(), content.into());
        }
        responses.insert(status.to_string(), response.into());
    }
    let problem = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    responses.insert("default".into(), json!({ "description": "A problem", "content": problem }));
    responses
}

fn parameter(name: &str, place: &str, required: bool, schema: &Value) -> Value {
    json!({ "name": name, "in": place, "required": required, "schema": schema })
}

/// The schemas of the variable parts of the path.
fn path_types(doc: &Doc, schemas: &mut SchemaGenerator) -> Vec<Value> {
    let Some(schema) = doc.path.map(|path| path.reference(schemas)) else { return Vec::new() };
    match schema.get("prefixItems").and_then(Value::as_array) {
        Some(parts) => parts.clone(),
        None => vec![schema],
    }
}

fn parameters(operation: &Operation<'_>, schemas: &mut SchemaGenerator) -> Vec<Value> {
    let doc = operation.doc;
    // A parameter may follow fixed letters.
    let names = operation.path.split('/').filter_map(|s| s.split_once('{')?.1.strip_suffix('}'));
    let types = path_types(doc, schemas).into_iter().chain(std::iter::repeat(json!({ "type": "string" })));
    let mut list: Vec<Value> = names.zip(types).map(|(name, schema)| parameter(name, "path", true, &schema)).collect();
    if let Some(query) = &doc.query {
        let schema = query.reference(schemas);
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
    if let Some(paging) = doc.paging {
        list.extend(page_parameters(paging, operation.access));
    }
    if doc.idempotent {
        let key = json!({ "type": "string", "maxLength": 255 });
        list.push(parameter("Idempotency-Key", "header", false, &key));
    }
    list
}

fn page_parameters(paging: Paging, access: Access) -> Vec<Value> {
    let max_limit = if paging == Paging::Staff { MAX_STAFF_LIMIT } else { MAX_LIMIT };
    let mut limit = json!({ "type": "integer", "minimum": 1, "maximum": max_limit, "default": DEFAULT_LIMIT });
    if let (Paging::Staff, Access::Public | Access::User, Some(limit)) = (paging, access, limit.as_object_mut()) {
        limit.insert("description".into(), format!("More than {MAX_LIMIT} for staff only.").into());
    }
    let mut list = vec![
        parameter("limit", "query", false, &limit),
        parameter("cursor", "query", false, &json!({ "type": "string" })),
    ];
    if paging == Paging::Staff {
        let order = json!({ "type": "string", "enum": ["asc", "desc"], "default": "desc" });
        list.push(parameter("order", "query", false, &order));
    }
    list
}

fn status_name(status: u16) -> &'static str {
    actix_web::http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("Response")
}

/// The body of a problem document.
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
    errors: Option<Vec<crate::problem::FieldError>>,
}

//! Checks of the OpenAPI documents of all services.

use crate::platform::TestPlatform;
use serde_json::Value;
use std::collections::BTreeSet;

/// Paths of webhooks, whose bodies may have additional fields.
const WEBHOOK_PATHS: [&str; 3] = [
    "/api/v1/auth/sms-receipts/{provider}",
    "/api/v1/payments/webhooks/{gateway}",
    "/api/v1/payouts/webhooks/{channel}",
];

pub(crate) async fn operation_ids_are_unique_and_request_bodies_refuse_unknown_fields(platform: &TestPlatform) {
    let (mut names, mut bodies) = (BTreeSet::new(), 0);
    for service in ev::services() {
        let document = platform.anonymous().get(&format!("/{}/openapi.json", service.name)).await.expect(200);
        for (path, operations) in document["paths"].as_object().expect("paths") {
            for (method, operation) in operations.as_object().expect("operations") {
                let keyed = operation["parameters"]
                    .as_array()
                    .is_some_and(|list| list.iter().any(|parameter| parameter["name"] == "Idempotency-Key"));
                let creates = !operation["responses"]["201"].is_null();
                assert!(keyed || !creates, "{method} {path} creates without an Idempotency-Key");
                let name = operation["operationId"].as_str().expect("an operationId");
                assert!(name.starts_with(method.as_str()) && names.insert(name.to_owned()), "{method} {path}: {name}");
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                if !body.is_null() && !WEBHOOK_PATHS.contains(&path.as_str()) {
                    assert!(is_closed(body, &document), "{method} {path} takes unknown fields: {body}");
                    bodies += 1;
                }
            }
        }
    }
    assert!(bodies > 20, "{bodies}");
}

/// Whether every object in a schema, except maps, refuses unknown fields.
fn is_closed(schema: &Value, document: &Value) -> bool {
    if !schema.is_object() {
        return true;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let found = document.pointer(reference.trim_start_matches('#')).expect("the target of a reference");
        return is_closed(found, document);
    }
    let fields = schema["properties"].as_object();
    let is_object = fields.is_some() || schema["type"] == "object";
    let parts = ["anyOf", "oneOf", "allOf", "prefixItems"].iter().filter_map(|word| schema[word].as_array()).flatten();
    let nested = [&schema["items"], &schema["additionalProperties"]];
    (!is_object || !schema["additionalProperties"].is_null() && schema["additionalProperties"] != true)
        && fields.into_iter().flat_map(|f| f.values()).chain(parts).chain(nested).all(|part| is_closed(part, document))
}

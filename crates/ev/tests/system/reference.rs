//! What the OpenAPI documents of all services promise.

use crate::routes::SERVICES;
use crate::world::World;
use serde_json::Value;
use std::collections::BTreeSet;

/// What somebody else makes up: a gateway may add fields to what it tells.
const HEARD: &str = "/api/v1/payments/webhooks/{gateway}";

pub(crate) async fn every_operation_has_its_own_name_and_bodies_no_fields_but_those_they_name(world: &World) {
    let (mut names, mut bodies) = (BTreeSet::new(), 0);
    for (service, _) in SERVICES {
        let document = world.anonymous().get(&format!("/{service}/openapi.json")).await.expect(200);
        for (path, operations) in document["paths"].as_object().expect("paths") {
            for (method, operation) in operations.as_object().expect("operations") {
                let name = operation["operationId"].as_str().expect("an operationId");
                assert!(name.starts_with(method.as_str()) && names.insert(name.to_owned()), "{method} {path}: {name}");
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                if !body.is_null() && path != HEARD {
                    assert!(is_closed(body, &document), "{method} {path} takes unknown fields: {body}");
                    bodies += 1;
                }
            }
        }
    }
    assert!(bodies > 20, "{bodies}");
}

/// Whether no object in a schema may have fields that it does not name, but for maps.
fn is_closed(schema: &Value, document: &Value) -> bool {
    if !schema.is_object() {
        return true;
    }
    if let Some(place) = schema["$ref"].as_str() {
        let found = document.pointer(place.trim_start_matches('#')).expect("what a reference names");
        return is_closed(found, document);
    }
    let fields = schema["properties"].as_object();
    let is_object = fields.is_some() || schema["type"] == "object";
    let parts = ["anyOf", "oneOf", "allOf", "prefixItems"].iter().filter_map(|word| schema[word].as_array()).flatten();
    let inside = [&schema["items"], &schema["additionalProperties"]];
    (!is_object || !schema["additionalProperties"].is_null() && schema["additionalProperties"] != true)
        && fields.into_iter().flat_map(|f| f.values()).chain(parts).chain(inside).all(|part| is_closed(part, document))
}

//! Types of the graph, made of the JSON Schemas of views: objects, enums, scalars and lists.

use crate::error::GraphError;
use async_graphql::dynamic::TypeRef;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Scalars beside those of the language, with their descriptions.
pub(crate) const SCALARS: [(&str, &str); 4] = [
    ("Date", "A day in India: `YYYY-MM-DD`."),
    ("DateTime", "A time in UTC, as in RFC 3339."),
    ("JSON", "Any JSON value."),
    ("Money", "Rupees as a decimal string with two places."),
];

/// A type as it is referred to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphType {
    /// The named type inside all lists.
    pub(crate) name: String,
    pub(crate) is_object: bool,
    /// Whether it is a list.
    pub(crate) is_list: bool,
    pub(crate) is_nullable: bool,
}

impl GraphType {
    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), is_object: false, is_list: false, is_nullable: false }
    }

    pub(crate) fn nullable(self) -> Self {
        Self { is_nullable: true, ..self }
    }

    /// As async-graphql names it. Items of lists are never null.
    pub(crate) fn reference(&self) -> TypeRef {
        match (self.is_list, self.is_nullable) {
            (false, true) => TypeRef::named(&self.name),
            (false, false) => TypeRef::named_nn(&self.name),
            (true, true) => TypeRef::named_nn_list(&self.name),
            (true, false) => TypeRef::named_nn_list_nn(&self.name),
        }
    }
}

/// A property of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) kind: GraphType,
    pub(crate) text: String,
}

/// A type with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Definition {
    Object { text: String, properties: BTreeMap<String, Property> },
    Enum { text: String, words: Vec<String> },
}

/// All types by name.
#[derive(Debug, Default)]
pub(crate) struct Types {
    pub(crate) definitions: BTreeMap<String, Definition>,
    /// The service whose view an object is.
    owners: BTreeMap<String, String>,
}

/// Conversion of the schemas of one service.
pub(crate) struct Conversion<'a> {
    pub(crate) types: &'a mut Types,
    pub(crate) service: &'a str,
    pub(crate) renames: &'a [(&'static str, &'static str)],
    /// The definitions to which the schemas refer.
    pub(crate) schemas: &'a Map<String, Value>,
}

impl Conversion<'_> {
    /// The type of a schema. `hint` names an object or enum that has no name of its own.
    pub(crate) fn convert(&mut self, schema: &Value, hint: &str) -> Result<GraphType, GraphError> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            let target = self.schemas.get(name).cloned().unwrap_or(Value::Null);
            let name = self.name_of(name);
            return self.convert_named(&target, &name);
        }
        if let Some(value) = without_null(schema) {
            return Ok(self.convert(&value, hint)?.nullable());
        }
        self.convert_named(schema, hint)
    }

    /// `BookingView` is `Booking`, and a page of it `BookingPage`.
    fn name_of(&self, schema: &str) -> String {
        if let Some((_, name)) = self.renames.iter().find(|(view, _)| *view == schema) {
            return (*name).to_owned();
        }
        // A page of any type is called `Listing`, with a number where there are several.
        let is_page = schema.trim_end_matches(|c: char| c.is_ascii_digit()) == "Listing";
        let item = self.schemas.get(schema).and_then(|page| page.pointer("/properties/items/items/$ref"));
        match item.and_then(Value::as_str).and_then(|reference| reference.rsplit('/').next()) {
            Some(item) if is_page => self.name_of(item) + "Page",
            _ => schema.strip_suffix("View").unwrap_or(schema).to_owned(),
        }
    }

    fn convert_named(&mut self, schema: &Value, name: &str) -> Result<GraphType, GraphError> {
        if name == "Money" || name == "JSON" {
            return Ok(GraphType::named(name));
        }
        if let Some(value) = without_null(schema) {
            return Ok(self.convert(&value, name)?.nullable());
        }
        if let Some(words) = words_of(schema) {
            return self.add_enum(schema, name, words);
        }
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        match schema.get("type").and_then(Value::as_str).unwrap_or_default() {
            "string" => Ok(GraphType::named(match format {
                "uuid" => "ID",
                "date" => "Date",
                "date-time" => "DateTime",
                _ => "String",
            })),
            "boolean" => Ok(GraphType::named("Boolean")),
            "integer" => Ok(GraphType::named("Int")),
            "array" => self.convert_list(schema, name),
            "object" if schema.get("properties").is_some() => self.add_object(schema, name),
            _ => Ok(GraphType::named("JSON")),
        }
    }

    fn convert_list(&mut self, schema: &Value, name: &str) -> Result<GraphType, GraphError> {
        let item = match schema.get("items") {
            Some(items) => self.convert(items, name)?,
            None => GraphType::named("JSON"),
        };
        // A list of lists, or with nulls, is a value for which the graph has no selection.
        if item.is_list || item.is_nullable {
            return Ok(GraphType::named("JSON"));
        }
        Ok(GraphType { is_list: true, ..item })
    }

    fn add_enum(&mut self, schema: &Value, name: &str, words: Vec<String>) -> Result<GraphType, GraphError> {
        let is_word = |word: &String| {
            word.starts_with(|c: char| c.is_ascii_alphabetic())
                && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !words.iter().all(is_word) {
            return Ok(GraphType::named("String"));
        }
        let new = Definition::Enum { text: text_of(schema), words };
        match self.types.definitions.get(name) {
            Some(known) if *known != new => Err(self.conflict(name)),
            _ => {
                self.types.definitions.insert(name.to_owned(), new);
                Ok(GraphType::named(name))
            }
        }
    }

    fn add_object(&mut self, schema: &Value, name: &str) -> Result<GraphType, GraphError> {
        let kind = GraphType { is_object: true, ..GraphType::named(name) };
        match self.types.owners.get(name) {
            Some(owner) if owner == self.service => return Ok(kind),
            Some(_) => return Err(self.conflict(name)),
            None => {}
        }
        // Before its properties, because one may be of the same type.
        self.types.owners.insert(name.to_owned(), self.service.to_owned());
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let mut properties = BTreeMap::new();
        for (key, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let kind = self.convert(schema, &format!("{name}{}", capitalised(key)))?;
            let kind = if required.contains(&key.as_str()) { kind } else { kind.nullable() };
            properties.insert(key.clone(), Property { kind, text: text_of(schema) });
        }
        let definition = Definition::Object { text: text_of(schema), properties };
        self.types.definitions.insert(name.to_owned(), definition);
        Ok(kind)
    }

    fn conflict(&self, name: &str) -> GraphError {
        GraphError::Conflict { name: name.to_owned(), service: self.service.to_owned() }
    }
}

/// The other part of a schema that also accepts null.
fn without_null(schema: &Value) -> Option<Value> {
    let is_null = |schema: &Value| schema.get("type").is_some_and(|kind| kind == "null");
    if let Some(parts) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
        let others: Vec<&Value> = parts.iter().filter(|part| !is_null(part)).collect();
        return match others[..] {
            [one] if parts.len() == 2 => Some(one.clone()),
            _ => None,
        };
    }
    let kinds = schema.get("type")?.as_array()?;
    let others: Vec<&Value> = kinds.iter().filter(|kind| *kind != "null").collect();
    let [one] = others[..] else { return None };
    let mut schema = schema.clone();
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.retain(|word| !word.is_null());
    }
    schema.as_object_mut()?.insert("type".to_owned(), one.clone());
    Some(schema)
}

/// The words of an enum, also of one whose words have descriptions.
fn words_of(schema: &Value) -> Option<Vec<String>> {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return words.iter().map(|word| word.as_str().map(str::to_owned)).collect();
    }
    let mut words = Vec::new();
    for part in schema.get("oneOf").and_then(Value::as_array)? {
        match part.get("const").and_then(Value::as_str) {
            Some(word) => words.push(word.to_owned()),
            None => words.extend(words_of(part)?),
        }
    }
    Some(words)
}

pub(crate) fn text_of(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// `approved_by` is `ApprovedBy`.
pub(crate) fn capitalised(key: &str) -> String {
    let word = |word: &str| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default();
    key.split('_').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn convert(schema: &Value, schemas: &Value) -> (GraphType, Types) {
        let mut types = Types::default();
        let schemas = schemas.as_object().expect("schemas");
        let mut conversion = Conversion { types: &mut types, service: "a", renames: &[("PartView", "Piece")], schemas };
        let kind = conversion.convert(schema, "Hint").expect("a type");
        (kind, types)
    }

    #[test]
    fn a_view_becomes_an_object_whose_optional_properties_are_nullable() {
        let schemas = json!({ "ThingView": { "type": "object", "required": ["id", "below", "parts"], "properties": {
            "id": { "type": "string", "format": "uuid" },
            "price": { "$ref": "#/components/schemas/Money" },
            "below": { "anyOf": [{ "$ref": "#/components/schemas/ThingView" }, { "type": "null" }] },
            "parts": { "type": "array", "items": { "$ref": "#/components/schemas/PartView" } },
            "status": { "enum": ["new", "old"] },
        } }, "PartView": { "type": "object", "properties": {} }, "Money": { "type": "string" } });
        let (kind, types) = convert(&json!({ "$ref": "#/components/schemas/ThingView" }), &schemas);
        assert_eq!(kind.reference().to_string(), "Thing!");
        let Some(Definition::Object { properties, .. }) = types.definitions.get("Thing") else { panic!("an object") };
        let of = |name: &str| properties.get(name).map(|property| property.kind.reference().to_string());
        assert_eq!(of("id").as_deref(), Some("ID!"));
        assert_eq!(of("price").as_deref(), Some("Money"));
        assert_eq!(of("below").as_deref(), Some("Thing"));
        assert_eq!(of("parts").as_deref(), Some("[Piece!]!"));
        assert_eq!(of("status").as_deref(), Some("ThingStatus"));
    }

    #[test]
    fn a_page_is_named_after_its_items() {
        let schemas = json!({ "Listing2": { "type": "object", "properties": {
            "items": { "type": "array", "items": { "$ref": "#/components/schemas/PartView" } },
        } }, "PartView": { "type": "object", "properties": {} } });
        let (kind, _) = convert(&json!({ "$ref": "#/components/schemas/Listing2" }), &schemas);
        assert_eq!(kind.reference().to_string(), "PiecePage!");
    }

    #[test]
    fn an_enum_whose_words_are_no_names_is_a_string() {
        let (kind, _) = convert(&json!({ "enum": ["en-IN", "hi"] }), &json!({}));
        assert_eq!(kind.reference().to_string(), "String!");
        let described = json!({ "oneOf": [{ "const": "a", "description": "A." }, { "enum": ["b", "c"] }] });
        assert_eq!(convert(&described, &json!({})).0.reference().to_string(), "Hint!");
    }

    #[test]
    fn two_services_cannot_have_an_object_of_the_same_name() {
        let mut types = Types::default();
        let schemas = json!({ "XView": { "type": "object", "properties": {} } });
        let schemas = schemas.as_object().expect("schemas");
        let mut of = |service: &str| {
            let mut conversion = Conversion { types: &mut types, service, renames: &[], schemas };
            conversion.convert(&json!({ "$ref": "#/components/schemas/XView" }), "X")
        };
        assert!(of("a").is_ok());
        assert!(of("a").is_ok());
        assert!(of("b").is_err());
    }
}

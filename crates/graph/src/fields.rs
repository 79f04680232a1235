//! Fields of a schema: their types, arguments, texts and resolvers, from the parts of services.

use crate::error::GraphError;
use crate::limits::{FieldShape, READ_COST, Rows};
use crate::part::{FieldDef, Given, Part, QUERY, Source, USER, Users};
use crate::resolve::Resolver;
use crate::view_types::{Conversion, Definition, GraphType, Property, Types};
use async_graphql::dynamic::{Field, InputValue, SubscriptionField};
use http_api::{Access, ReadOperation};
use schemars::generate::SchemaSettings;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The scalar of ids.
fn id_type() -> GraphType {
    GraphType { name: "ID".to_owned(), is_object: false, is_list: false, is_nullable: false }
}

/// A field before it belongs to a schema.
pub(crate) struct BuiltField {
    resolver: Arc<Resolver>,
    arguments: Vec<(String, GraphType)>,
    pub(crate) shape: FieldShape,
}

impl BuiltField {
    pub(crate) fn build(self) -> Field {
        let Self { resolver, arguments, .. } = self;
        let (name, text) = (resolver.def.name.clone(), described(&resolver.def));
        let kind = resolver.kind.reference();
        let mut field = Field::new(name, kind, move |ctx| resolver.resolve(ctx));
        if !text.is_empty() {
            field = field.description(text);
        }
        for (name, kind) in arguments {
            field = field.argument(InputValue::new(name, kind.reference()));
        }
        field
    }

    pub(crate) fn build_subscription(self) -> SubscriptionField {
        let Self { resolver, arguments, .. } = self;
        let (name, text) = (resolver.def.name.clone(), described(&resolver.def));
        let kind = resolver.kind.reference();
        let mut field = SubscriptionField::new(name, kind, move |ctx| resolver.subscribe(ctx));
        if !text.is_empty() {
            field = field.description(text);
        }
        for (name, kind) in arguments {
            field = field.argument(InputValue::new(name, kind.reference()));
        }
        field
    }
}

/// The text of a field, with who gets it.
fn described(def: &FieldDef) -> String {
    let who = match def.access {
        Access::Staff => "Staff and administrators.",
        Access::Admin => "Administrators.",
        Access::Public | Access::User if def.own => "Your own only.",
        Access::Public | Access::User => "",
    };
    [def.text.as_str(), who].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// All fields of a schema by type and name.
#[derive(Default)]
pub(crate) struct Fields {
    pub(crate) types: Types,
    pub(crate) by_type: BTreeMap<String, BTreeMap<String, BuiltField>>,
    users: Option<(usize, Arc<Users>, crate::part::State)>,
    count: usize,
}

impl Fields {
    /// The fields of these parts. Errors when two services define the same.
    pub(crate) fn of_parts(parts: &[&Part]) -> Result<Self, GraphError> {
        let mut fields = Self::default();
        for part in parts {
            if let Some(users) = &part.users {
                fields.count += 1;
                fields.users = Some((fields.count, Arc::new(users.clone()), Arc::clone(&part.state)));
            }
        }
        for part in parts {
            fields.add_part(part)?;
        }
        if !fields.types.definitions.contains_key(USER) {
            let id = Property { kind: id_type(), text: String::new() };
            let properties = BTreeMap::from([("id".to_owned(), id)]);
            let definition = Definition::Object { text: String::new(), properties };
            fields.types.definitions.insert(USER.to_owned(), definition);
        }
        fields.add_properties(parts);
        Ok(fields)
    }

    fn add_part(&mut self, part: &Part) -> Result<(), GraphError> {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        let mut schemas = settings.into_generator();
        let users = part.users.as_ref().map(|users| (users.schema)(&mut schemas));
        let mut made = Vec::new();
        for def in &part.fields {
            made.push(match &def.source {
                Source::Read { operation, .. } => (operation.body(&mut schemas), operation.filter(&mut schemas)),
                Source::Keyed { schema, .. } => (Some(schema(&mut schemas)), None),
                Source::Live { schema, arguments, .. } => (Some(schema(&mut schemas)), Some(arguments(&mut schemas))),
                Source::Property | Source::Inside(_) | Source::UserOf(_) | Source::Me | Source::User => (None, None),
            });
        }
        let definitions = schemas.take_definitions(true);
        let mut conversion =
            Conversion { types: &mut self.types, service: part.service, renames: &part.renames, schemas: &definitions };
        if let Some(users) = users {
            conversion.convert(&users, USER)?;
        }
        let mut built = Vec::new();
        for (def, (body, filter)) in part.fields.iter().zip(made) {
            let (kind, rows) = kind_and_rows(&mut conversion, def, body)?;
            let arguments = arguments(&mut conversion, def, filter.as_ref())?;
            built.push((def, kind, rows, arguments));
        }
        for (def, kind, rows, arguments) in built {
            self.insert(part, def.clone(), kind, rows, arguments)?;
        }
        Ok(())
    }

    fn insert(
        &mut self,
        part: &Part,
        def: FieldDef,
        kind: GraphType,
        rows: Rows,
        arguments: Vec<(String, GraphType)>,
    ) -> Result<(), GraphError> {
        self.count += 1;
        let (parent, name) = (def.parent.clone(), def.name.clone());
        let is_read = matches!(def.source, Source::Read { .. }) && def.parent != QUERY;
        let cost = if is_read { READ_COST } else { 1 };
        let shape = FieldShape { kind: kind.name.clone(), rows, cost };
        let (state, number, users) = (Arc::clone(&part.state), self.count, self.users.clone());
        let resolver = Arc::new(Resolver { def, kind, state, number, users });
        let field = BuiltField { resolver, arguments, shape };
        match self.by_type.entry(parent).or_default().insert(name.clone(), field) {
            None => Ok(()),
            Some(_) => Err(GraphError::Conflict { name, service: part.service.to_owned() }),
        }
    }

    /// Adds the properties of all objects. Those of a page are as many as it has rows already.
    fn add_properties(&mut self, parts: &[&Part]) {
        let Some(state) = parts.first().map(|part| Arc::clone(&part.state)) else { return };
        for (parent, definition) in &self.types.definitions {
            let Definition::Object { properties, .. } = definition else { continue };
            for (name, Property { kind, text }) in properties {
                self.count += 1;
                let rows = if kind.is_list && name != "items" { Rows::List } else { Rows::One };
                let shape = FieldShape { kind: kind.name.clone(), rows, cost: 1 };
                let def = FieldDef {
                    parent: parent.clone(),
                    name: name.clone(),
                    access: Access::User,
                    own: false,
                    text: text.clone(),
                    source: Source::Property,
                };
                // A user may be one whom the caller may not see.
                let kind = if parent == USER && name != "id" { kind.clone().nullable() } else { kind.clone() };
                let (users, state, number) = (self.users.clone(), Arc::clone(&state), self.count);
                let resolver = Arc::new(Resolver { def, kind, state, number, users });
                let field = BuiltField { resolver, arguments: Vec::new(), shape };
                self.by_type.entry(parent.clone()).or_default().entry(name.clone()).or_insert(field);
            }
        }
    }
}

/// The type of a field, which is nullable because it may fail, and how many rows it has.
fn kind_and_rows(
    conversion: &mut Conversion<'_>,
    def: &FieldDef,
    body: Option<Value>,
) -> Result<(GraphType, Rows), GraphError> {
    let user = || GraphType { name: USER.to_owned(), is_object: true, is_list: false, is_nullable: true };
    match &def.source {
        Source::UserOf(_) | Source::Me | Source::User => Ok((user(), Rows::One)),
        Source::Inside(pointer) => inside(conversion, def, pointer),
        Source::Read { operation, .. } => {
            let hint = crate::view_types::capitalised(&def.name);
            let kind = conversion.convert(&body.unwrap_or(Value::Null), &hint)?.nullable();
            let rows = match operation.page_parameters() {
                [] if kind.is_list => Rows::List,
                [] => Rows::One,
                _ => Rows::Page,
            };
            Ok((kind, rows))
        }
        Source::Live { .. } => Ok((conversion.convert(&body.unwrap_or(Value::Null), &def.name)?, Rows::One)),
        Source::Keyed { .. } | Source::Property => {
            let kind = conversion.convert(&body.unwrap_or(Value::Null), &def.name)?.nullable();
            let rows = if kind.is_list { Rows::List } else { Rows::One };
            Ok((kind, rows))
        }
    }
}

/// The type of what a pointer reaches through the properties of objects.
fn inside(conversion: &Conversion<'_>, def: &FieldDef, pointer: &str) -> Result<(GraphType, Rows), GraphError> {
    let mut at = GraphType { name: def.parent.clone(), is_object: true, is_list: false, is_nullable: true };
    for key in pointer.split('/').skip(1) {
        let found = match conversion.types.definitions.get(&at.name) {
            Some(Definition::Object { properties, .. }) => properties.get(key),
            Some(Definition::Enum { .. }) | None => None,
        };
        let unknown = || GraphError::Unknown { parent: def.parent.clone(), name: def.name.clone() };
        at = found.ok_or_else(unknown)?.kind.clone();
    }
    let rows = if at.is_list { Rows::List } else { Rows::One };
    Ok((at.nullable(), rows))
}

/// The arguments of a field: the id, the filter and the page, without what the object above gives.
fn arguments(
    conversion: &mut Conversion<'_>,
    def: &FieldDef,
    filter: Option<&Value>,
) -> Result<Vec<(String, GraphType)>, GraphError> {
    let (operation, given) = match &def.source {
        Source::Read { operation, given } => (Some(operation), *given),
        Source::Live { .. } => (None, Given::Nothing),
        Source::User => return Ok(vec![("id".to_owned(), id_type())]),
        Source::Property | Source::Inside(_) | Source::UserOf(_) | Source::Me | Source::Keyed { .. } => {
            return Ok(Vec::new());
        }
    };
    let mut arguments = Vec::new();
    if operation.is_some_and(ReadOperation::has_id) && given == Given::Nothing {
        arguments.push(("id".to_owned(), id_type()));
    }
    let filter = filter.map(|schema| resolved(conversion, schema)).unwrap_or_default();
    let required = filter.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    for (name, schema) in filter.get("properties").and_then(Value::as_object).into_iter().flatten() {
        // Staff choose the user by the object above; for a member, it is always their own.
        let is_given = matches!(given, Given::Parameter { name: given, .. } if given == name);
        if is_given || (name == "user_id" && def.parent == USER) {
            continue;
        }
        let kind = conversion.convert(schema, &crate::view_types::capitalised(name))?;
        let kind =
            if kind.is_object || kind.is_list { GraphType { name: "String".to_owned(), ..id_type() } } else { kind };
        let is_required = required.iter().any(|key| key == name);
        arguments.push((name.clone(), GraphType { is_nullable: !is_required, ..kind }));
    }
    for name in operation.into_iter().flat_map(ReadOperation::page_parameters) {
        let kind = if *name == "limit" { "Int" } else { "String" };
        arguments.push(((*name).to_owned(), GraphType { name: kind.to_owned(), ..id_type() }.nullable()));
    }
    debug_assert!(def.parent != QUERY || given == Given::Nothing, "the root gives nothing");
    Ok(arguments)
}

/// A schema, or the definition to which it refers.
fn resolved(conversion: &Conversion<'_>, schema: &Value) -> Value {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.rsplit('/').next());
    name.and_then(|name| conversion.schemas.get(name)).unwrap_or(schema).clone()
}

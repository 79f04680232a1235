//! Schema of the graph: of all services, or of one as a subgraph of Apollo Federation.

use crate::error::GraphError;
use crate::fields::Fields;
use crate::limits::Shapes;
use crate::part::{Part, QUERY, SUBSCRIPTION, USER};
use crate::resolve::Node;
use crate::view_types::{Definition, SCALARS};
use async_graphql::SDLExportOptions;
use async_graphql::dynamic::{Enum, FieldFuture, FieldValue, Object, Scalar, Schema, Subscription};

/// Which schema is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of all services of the process.
    Whole,
    /// Of one service, behind a router that knows all.
    Subgraph,
}

/// The schema of these parts, and what limits need to know of it.
pub(crate) fn build(parts: &[&Part], kind: Kind, is_introspected: bool) -> Result<(Schema, Shapes), GraphError> {
    let Fields { types, mut by_type, .. } = Fields::of_parts(parts)?;
    let live = by_type.contains_key(SUBSCRIPTION).then_some(SUBSCRIPTION);
    let mut builder = Schema::build(QUERY, None, live);
    let shapes = by_type
        .iter()
        .map(|(name, fields)| {
            let shape = |(name, field): (&String, &crate::fields::BuiltField)| (name.clone(), field.shape.clone());
            (name.clone(), fields.iter().map(shape).collect())
        })
        .collect();
    for (name, text) in SCALARS {
        builder = builder.register(Scalar::new(name).description(text));
    }
    let mut root = Object::new(QUERY);
    for (_, field) in by_type.remove(QUERY).unwrap_or_default() {
        root = root.field(field.build());
    }
    builder = builder.register(root);
    if let Some(fields) = by_type.remove(SUBSCRIPTION) {
        let root = Subscription::new(SUBSCRIPTION);
        let root = fields.into_values().fold(root, |root, field| root.field(field.build_subscription()));
        builder = builder.register(root);
    }
    for (name, definition) in types.definitions {
        match definition {
            Definition::Enum { text, words } => {
                let new = Enum::new(name).items(words);
                builder = builder.register(if text.is_empty() { new } else { new.description(text) });
            }
            Definition::Object { text, .. } => {
                let mut object = Object::new(&name);
                for (_, field) in by_type.remove(&name).unwrap_or_default() {
                    object = object.field(field.build());
                }
                if !text.is_empty() {
                    object = object.description(text);
                }
                if name == USER && kind == Kind::Subgraph {
                    object = object.key("id");
                }
                builder = builder.register(object);
            }
        }
    }
    if let Some((parent, fields)) = by_type.pop_first() {
        let name = fields.into_keys().next().unwrap_or_default();
        return Err(GraphError::Unknown { parent, name });
    }
    if kind == Kind::Subgraph {
        builder = builder.enable_federation().entity_resolver(|ctx| FieldFuture::new(async move { users(&ctx) }));
    } else if !is_introspected {
        builder = builder.disable_introspection();
    }
    Ok((builder.finish()?, shapes))
}

/// The users whom a router names by their ids.
fn users(ctx: &async_graphql::dynamic::ResolverContext<'_>) -> async_graphql::Result<Option<FieldValue<'static>>> {
    let mut users = Vec::new();
    for representation in ctx.args.try_get("representations")?.list()?.iter() {
        let representation = representation.object()?;
        if representation.try_get("__typename")?.string()? != USER {
            return Err("there is no entity of this type".into());
        }
        let id = representation.try_get("id")?.string()?.to_owned();
        users.push(FieldValue::owned_any(Node::reference(id)).with_type(USER));
    }
    Ok(Some(FieldValue::list(users)))
}

/// The schema as text; that of a subgraph with its directives.
pub(crate) fn sdl(schema: &Schema, kind: Kind) -> String {
    let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
    match kind {
        Kind::Whole => schema.sdl_with_options(options),
        Kind::Subgraph => {
            // The library leaves the root of subscriptions out of a subgraph.
            let whole = schema.sdl_with_options(options);
            let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items();
            let subscriptions =
                whole.split_once("\ntype Subscription {").and_then(|(_, rest)| rest.split_once("\n}\n"));
            let mut text = schema.sdl_with_options(options.federation());
            if let Some((fields, _)) = subscriptions {
                text = format!("{text}\ntype Subscription {{{fields}\n}}\n");
            }
            text
        }
    }
}

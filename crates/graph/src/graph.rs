//! The graph of the services of a process: its schema, and what every request needs of it.

use crate::error::GraphError;
use crate::limits::Shapes;
use crate::live::{Admit, ConnectionPermit};
use crate::part::Part;
use crate::persisted::PersistedQueries;
use crate::schema::{self, Kind};
use async_graphql::dynamic::Schema;
use std::sync::Arc;

/// Settings of the graph.
#[derive(Debug, Clone, Copy)]
pub struct GraphSettings {
    /// `GRAPHQL_INTROSPECTION`: whether clients may read the schema.
    pub is_introspected: bool,
}

/// The graph of the services of a process.
#[derive(Clone)]
pub struct Graph {
    pub(crate) schema: Schema,
    pub(crate) shapes: Arc<Shapes>,
    pub(crate) kind: Kind,
    pub(crate) persisted: Arc<PersistedQueries>,
    /// Admits connections for subscriptions; `None` where no part has one.
    pub(crate) admit: Option<Admit>,
}

impl Graph {
    /// The graph of all services, or the subgraph of the only one. Errors when two services define the same name.
    pub fn of_parts(parts: &[&Part], settings: GraphSettings) -> Result<Self, GraphError> {
        let kind = if parts.len() == 1 { Kind::Subgraph } else { Kind::Whole };
        let (schema, shapes) = schema::build(parts, kind, settings.is_introspected)?;
        let admit = parts.iter().find_map(|part| part.admit.clone());
        Ok(Self { schema, shapes: Arc::new(shapes), kind, persisted: Arc::default(), admit })
    }

    /// The schema in its own language.
    pub fn sdl(&self) -> String {
        schema::sdl(&self.schema, self.kind)
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Admits one more connection; `None` at the limit.
    pub(crate) fn admit(&self) -> Option<Box<dyn ConnectionPermit>> {
        self.admit.as_ref().and_then(|admit| admit())
    }
}

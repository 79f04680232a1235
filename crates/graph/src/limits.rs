//! Limits of a query: how deep it is, and how many fields it may read.
//!
//! A field costs 1, and one that calls a handler of its own [`READ_COST`], times the rows of the lists around it: the
//! `limit` of a page, and [`LIST_ROWS`] of another list.

use crate::part::{QUERY, SUBSCRIPTION};
use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Variables};
use async_graphql_value::{ConstValue, Value};
use http_api::Problem;
use http_api::page::{DEFAULT_LIMIT, MAX_STAFF_LIMIT};
use std::collections::HashMap;

/// Levels of fields.
pub(crate) const MAX_DEPTH: u32 = 8;
/// Fields that a query may read.
pub(crate) const MAX_COST: u64 = 1_000;
/// Rows that a list without a page counts as.
const LIST_ROWS: u64 = 5;
/// Cost of a field that is read for each row by itself.
pub(crate) const READ_COST: u64 = 10;
/// Nested brackets of a text.
const MAX_BRACKETS: usize = 64;
/// Selections of a query, with those of a fragment counted wherever it is used.
const MAX_SELECTIONS: u32 = 10_000;
/// Fragments inside fragments.
const MAX_NESTED_FRAGMENTS: u32 = 16;
/// Lists inside lists of an introspection, as in the reference implementation.
const MAX_INTROSPECTED_LISTS: u32 = 3;
/// Fields of the introspection that are lists of types or fields.
const INTROSPECTED_LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];

/// How many rows a field returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    One,
    List,
    Page,
}

/// What a field returns.
#[derive(Debug, Clone)]
pub(crate) struct FieldShape {
    pub(crate) kind: String,
    pub(crate) rows: Rows,
    /// What the field itself costs.
    pub(crate) cost: u64,
}

/// The fields of each type.
pub(crate) type Shapes = HashMap<String, HashMap<String, FieldShape>>;

#[derive(Debug, Default, Clone, Copy)]
struct Measure {
    depth: u32,
    cost: u64,
}

/// Errors with 422 for a text whose brackets are nested so deeply that only a mistake or an attack writes it.
pub(crate) fn check_text(query: &str) -> Result<(), Problem> {
    let mut depth = 0_usize;
    for byte in query.bytes() {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_BRACKETS {
            return Err(too_deep());
        }
    }
    Ok(())
}

/// Errors with 422 `graph.too_deep` or `graph.too_costly` if an operation of the document is; `max_cost` fields may be
/// read.
pub(crate) fn check(
    document: &ExecutableDocument,
    variables: &Variables,
    shapes: &Shapes,
    max_cost: u64,
) -> Result<(), Problem> {
    for (_, operation) in document.operations.iter() {
        let mut meter = Meter { document, variables, shapes, operation: &operation.node, selections: 0, fragments: 0 };
        let Measure { depth, cost } = meter.selection(&operation.node.selection_set.node, root_of(&operation.node))?;
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        if cost > max_cost {
            return Err(too_costly(&format!("the query may read {cost} fields; at most {max_cost} are allowed")));
        }
    }
    Ok(())
}

/// The type of the root of an operation.
fn root_of(operation: &OperationDefinition) -> &'static str {
    if operation.ty == OperationType::Subscription { SUBSCRIPTION } else { QUERY }
}

fn too_deep() -> Problem {
    Problem::unprocessable("graph.too_deep", format!("a query has at most {MAX_DEPTH} levels"))
}

fn too_costly(detail: &str) -> Problem {
    Problem::unprocessable("graph.too_costly", detail)
}

/// Measures one operation.
struct Meter<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    shapes: &'a Shapes,
    operation: &'a OperationDefinition,
    selections: u32,
    fragments: u32,
}

impl<'a> Meter<'a> {
    fn count(&mut self) -> Result<(), Problem> {
        self.selections += 1;
        if self.selections > MAX_SELECTIONS {
            return Err(too_costly("the query has too many selections"));
        }
        Ok(())
    }

    fn selection(&mut self, set: &'a SelectionSet, kind: &str) -> Result<Measure, Problem> {
        let mut sum = Measure::default();
        for item in &set.items {
            self.count()?;
            let one = match &item.node {
                Selection::Field(field) => self.field(&field.node, kind)?,
                Selection::InlineFragment(fragment) => {
                    let fragment = &fragment.node;
                    let on = fragment.type_condition.as_ref().map_or(kind, |on| on.node.on.node.as_str());
                    self.selection(&fragment.selection_set.node, on)?
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            };
            sum.depth = sum.depth.max(one.depth);
            sum.cost = sum.cost.saturating_add(one.cost);
        }
        Ok(sum)
    }

    /// The fields of a named fragment; of an unknown one none, because the query is refused for it.
    fn fragment(&mut self, name: &Name) -> Result<Measure, Problem> {
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Measure::default()) };
        if self.fragments == MAX_NESTED_FRAGMENTS {
            return Err(too_deep());
        }
        self.fragments += 1;
        let measure = self.selection(&fragment.node.selection_set.node, &fragment.node.type_condition.node.on.node)?;
        self.fragments -= 1;
        Ok(measure)
    }

    fn field(&mut self, field: &'a Field, kind: &str) -> Result<Measure, Problem> {
        let name = field.name.node.as_str();
        if name == "__schema" || name == "__type" {
            self.introspection(&field.selection_set.node, 0)?;
            return Ok(Measure { depth: 1, cost: 1 });
        }
        let shape = self.shapes.get(kind).and_then(|fields| fields.get(name));
        let (below, rows, own) = match shape {
            Some(shape) => (shape.kind.as_str(), self.rows(shape.rows, field), shape.cost),
            None if name == "_entities" => ("_Entity", self.representations(field), 1),
            None => ("", 1, 1),
        };
        let inner = self.selection(&field.selection_set.node, below)?;
        let cost = rows.saturating_mul(inner.cost).saturating_add(own);
        Ok(Measure { depth: inner.depth + 1, cost })
    }

    /// Errors when lists of the introspection are nested, which multiplies the answer with each level.
    fn introspection(&mut self, set: &'a SelectionSet, lists: u32) -> Result<(), Problem> {
        if lists >= MAX_INTROSPECTED_LISTS {
            return Err(too_deep());
        }
        for item in &set.items {
            self.count()?;
            match &item.node {
                Selection::Field(field) => {
                    let is_list = INTROSPECTED_LISTS.contains(&field.node.name.node.as_str());
                    self.introspection(&field.node.selection_set.node, lists + u32::from(is_list))?;
                }
                Selection::InlineFragment(fragment) => {
                    self.introspection(&fragment.node.selection_set.node, lists)?;
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) else { continue };
                    if self.fragments == MAX_NESTED_FRAGMENTS {
                        return Err(too_deep());
                    }
                    self.fragments += 1;
                    self.introspection(&fragment.node.selection_set.node, lists)?;
                    self.fragments -= 1;
                }
            }
        }
        Ok(())
    }

    fn rows(&self, rows: Rows, field: &Field) -> u64 {
        match rows {
            Rows::One => 1,
            Rows::List => LIST_ROWS,
            Rows::Page => {
                let limit = match self.argument(field, "limit") {
                    Some(ConstValue::Number(number)) => number.as_u64(),
                    _ => None,
                };
                let limit = limit.unwrap_or(u64::try_from(DEFAULT_LIMIT).unwrap_or(1));
                limit.clamp(1, u64::try_from(MAX_STAFF_LIMIT).unwrap_or(1))
            }
        }
    }

    fn representations(&self, field: &Field) -> u64 {
        match self.argument(field, "representations") {
            Some(ConstValue::List(list)) => u64::try_from(list.len()).unwrap_or(u64::MAX).max(1),
            _ => 1,
        }
    }

    /// The value of an argument, also of one that is a variable.
    fn argument(&self, field: &Field, name: &str) -> Option<ConstValue> {
        let (_, value) = field.arguments.iter().find(|(argument, _)| argument.node == name)?;
        if let Value::Variable(variable) = &value.node {
            return self.variables.get(variable).cloned().or_else(|| {
                let definitions = &self.operation.variable_definitions;
                let definition = definitions.iter().find(|definition| definition.node.name.node == *variable)?;
                definition.node.default_value.as_ref().map(|value| value.node.clone())
            });
        }
        value.node.clone().into_const()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    fn shapes() -> Shapes {
        let field =
            |name: &str, kind: &str, rows| (name.to_owned(), FieldShape { kind: kind.to_owned(), rows, cost: 1 });
        let of = |name: &str, fields: Vec<(String, FieldShape)>| (name.to_owned(), fields.into_iter().collect());
        HashMap::from([
            of("Query", vec![field("a", "A", Rows::One), field("pages", "Page", Rows::Page)]),
            of("Page", vec![field("items", "A", Rows::One)]),
            of("A", vec![field("a", "A", Rows::One), field("list", "A", Rows::List), field("n", "Int", Rows::One)]),
        ])
    }

    fn refusal(query: &str, variables: &serde_json::Value) -> Option<&'static str> {
        let document = parse_query(query).expect(query);
        let variables = Variables::from_json(variables.clone());
        check(&document, &variables, &shapes(), MAX_COST).err().map(|problem| problem.code)
    }

    fn nested(levels: usize) -> String {
        format!("{}n{}", "{ a ".repeat(levels - 1) + "{ ", " }".repeat(levels))
    }

    #[test]
    fn a_query_has_eight_levels_at_most() {
        let none = serde_json::json!({});
        assert_eq!(refusal(&nested(7), &none), None);
        assert_eq!(refusal(&nested(8), &none), None);
        assert_eq!(refusal(&nested(9), &none), Some("graph.too_deep"));
        let fragment = "{ a { ...F } } fragment F on A { a { a { a { a { a { a { a { n } } } } } } } }";
        assert_eq!(refusal(fragment, &none), Some("graph.too_deep"));
    }

    #[test]
    fn a_page_costs_its_limit_whether_it_is_a_literal_a_variable_or_a_default() {
        // 1 for the page, then for each of its rows 1 for `items` and 1 for `n`.
        let none = serde_json::json!({});
        let page = |limit: &str| format!("query($n: Int = 500) {{ pages({limit}) {{ items {{ n }} }} }}");
        assert_eq!(refusal(&page("limit: 499"), &none), None);
        assert_eq!(refusal(&page("limit: 500"), &none), Some("graph.too_costly"));
        assert_eq!(refusal(&page("limit: $n"), &none), Some("graph.too_costly"));
        assert_eq!(refusal(&page("limit: $n"), &serde_json::json!({ "n": 499 })), None);
        assert_eq!(refusal("{ pages { items { list { n n n n n n n n n n } } } }", &none), Some("graph.too_costly"));
        assert_eq!(refusal("{ pages { items { list { n n n n n n n n n } } } }", &none), None);
    }

    #[test]
    fn fragments_that_double_at_each_level_and_those_in_a_circle_are_refused() {
        let none = serde_json::json!({});
        let mut query = "{ a { ...F0 } }".to_owned();
        for n in 0..15 {
            query += &format!(" fragment F{n} on A {{ ...F{} ...F{} }}", n + 1, n + 1);
        }
        query += " fragment F15 on A { n }";
        assert_eq!(refusal(&query, &none), Some("graph.too_costly"));
        assert_eq!(refusal("{ a { ...F } } fragment F on A { n ...F }", &none), Some("graph.too_deep"));
    }

    #[test]
    fn an_introspection_is_not_nested() {
        let none = serde_json::json!({});
        let of = |inner: &str| format!("{{ __schema {{ types {{ {inner} }} }} }}");
        assert_eq!(refusal(&of("fields { type { fields { name type { ofType { name } } } } }"), &none), None);
        let nested = of("fields { type { fields { type { fields { name } } } } }");
        assert_eq!(refusal(&nested, &none), Some("graph.too_deep"));
    }

    #[test]
    fn a_text_with_too_many_open_brackets_is_not_parsed() {
        assert!(check_text(&"{".repeat(MAX_BRACKETS)).is_ok());
        assert!(check_text(&"[".repeat(MAX_BRACKETS + 1)).is_err());
    }
}

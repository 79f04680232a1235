//! HTTP route of the graph: one query a request, of a signed-in caller, and the upgrade to a connection of subscriptions.

use crate::graph::Graph;
use crate::request::{GraphInput, Transport, answer_of};
use crate::resolve::Session;
use crate::schema::Kind;
use crate::socket;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, guard, web};
use async_graphql::Response;
use http_api::routes::guarded;
use http_api::{Access, Body, Caller, Problem};

/// Path of the graph of all services.
const PATH: &str = "/graphql";
/// Path of the graph of one service, for the router in front of all of them.
const SUBGRAPH_PATH: &str = "/graphql/subgraph";

impl Graph {
    /// Adds the routes to an actix application.
    pub fn configure(&self, config: &mut web::ServiceConfig) {
        let queries = match self.kind {
            Kind::Whole => PATH,
            Kind::Subgraph => SUBGRAPH_PATH,
        };
        if self.admit.is_some() {
            let upgrade = guard::fn_guard(|context| context.head().headers().contains_key(header::UPGRADE));
            let resource = web::resource(PATH).guard(guard::Get()).guard(upgrade);
            config.service(resource.app_data(web::Data::new(self.clone())).route(web::get().to(socket::open)));
        }
        let resource = web::resource(queries)
            .app_data(web::Data::new(self.clone()))
            .route(guarded(web::post().to(answer), Access::User))
            .default_service(web::to(only_post));
        config.service(resource);
    }

    async fn execute(&self, caller: Caller, input: GraphInput) -> Response {
        let request_id = caller.request_id.clone();
        match self.prepare(input, &request_id, Transport::Post) {
            Ok(request) => self.schema.execute(request.data(Session::new(caller))).await,
            Err(error) => Response::from_errors(vec![error.into_server_error(async_graphql::Pos::default())]),
        }
    }
}

async fn answer(graph: web::Data<Graph>, caller: Caller, body: Body<GraphInput>) -> Result<HttpResponse, Problem> {
    let response = graph.execute(caller, body.read().await?).await;
    let answer = answer_of(&response).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(answer))
}

async fn only_post() -> Result<HttpResponse, Problem> {
    let (code, detail) = ("request.method_not_allowed", "this path answers POST");
    Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, code, detail).with_allow("POST"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::GraphError;
    use crate::graph::GraphSettings;
    use crate::part::Part;
    use crate::schema;
    use domain::{Role, UserId};
    use http_api::{Documentation, Json, Listing, Page, Path, Query};
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde::Serialize;
    use serde_json::Value;
    use serde_json::json;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use uuid::Uuid;

    /// Counts how often values are read.
    #[derive(Clone, Default)]
    struct Reads(Arc<AtomicUsize>);

    impl Reads {
        fn count(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        fn take(&self) -> usize {
            self.0.swap(0, Ordering::Relaxed)
        }
    }

    #[derive(Serialize, JsonSchema)]
    struct PersonView {
        id: UserId,
        name: String,
    }

    #[derive(Serialize, JsonSchema)]
    struct ThingView {
        n: String,
        owner_id: UserId,
    }

    #[derive(Deserialize, JsonSchema)]
    struct ThingFilter {
        user_id: Option<UserId>,
    }

    /// Makes a function documented without the attribute, which needs the crate of its macro.
    macro_rules! documented {
        ($name:ident) => {{
            struct Text;
            impl http_api::Documented for Text {
                const SUMMARY: &'static str = stringify!($name);
                const DESCRIPTION: &'static str = "";
            }
            Documentation::of::<Text>($name)
        }};
    }

    fn user(n: u128) -> UserId {
        UserId::from(Uuid::from_u128(n))
    }

    async fn things(
        reads: web::Data<Reads>,
        caller: Caller,
        page: Page,
        Query(filter): Query<ThingFilter>,
    ) -> Result<Json<Listing<ThingView>>, Problem> {
        reads.count();
        let owner = if caller.role.is_staff() { filter.user_id } else { Some(caller.user_id) };
        let all = (1..=page.limit).map(|n| ThingView { n: n.to_string(), owner_id: owner.unwrap_or(user(7)) });
        Ok(Json::new(Listing { items: all.collect(), next_cursor: None }))
    }

    async fn thing(Path(id): Path<String>) -> Result<Json<ThingView>, Problem> {
        if id == "1" { Ok(Json::new(ThingView { n: id, owner_id: user(1) })) } else { Err(Problem::not_found()) }
    }

    async fn secret(caller: Caller) -> Result<Json<PersonView>, Problem> {
        Ok(Json::new(PersonView { id: caller.user_id, name: "own".to_owned() }))
    }

    async fn people(reads: web::Data<Reads>, ids: Vec<UserId>) -> Result<Vec<(UserId, PersonView)>, Problem> {
        reads.count();
        Ok(ids.into_iter().map(|id| (id, PersonView { id, name: format!("P {id}") })).collect())
    }

    async fn parts(reads: web::Data<Reads>, keys: Vec<String>) -> Result<Vec<(String, PersonView)>, Problem> {
        reads.count();
        Ok(keys.into_iter().map(|key| (key, PersonView { id: user(2), name: "part".to_owned() })).collect())
    }

    fn part(reads: &Reads) -> Part {
        Part::new("a", reads.clone())
            .rename("PersonView", "User")
            .users(people)
            .query("things", Access::User, documented!(things))
            .query("thing", Access::User, documented!(thing))
            .query("office", Access::Staff, documented!(secret))
            .of_user("things", documented!(things))
            .own("secret", documented!(secret))
            .list(("Thing", "parts", "Its parts."), "n", parts)
            .user("Thing", "owner", "owner_id")
    }

    fn caller(n: u128, role: Role) -> Caller {
        Caller {
            user_id: user(n),
            role,
            referrer: None,
            session_id: Uuid::nil(),
            expires_at_secs: 0,
            proved_at_secs: None,
            request_id: "r".to_owned(),
            address: String::new(),
        }
    }

    fn graph(kind: Kind, is_introspected: bool, reads: &Reads) -> Graph {
        let part = part(reads);
        let (schema, shapes) = schema::build(&[&part], kind, is_introspected).expect("a schema");
        Graph { schema, shapes: Arc::new(shapes), kind, persisted: Arc::default(), admit: None }
    }

    async fn ask(graph: &Graph, caller: Caller, query: &str) -> Value {
        let input = json!({ "query": query });
        let input = serde_json::from_value(input).expect("an input");
        serde_json::to_value(graph.execute(caller, input).await).expect("JSON")
    }

    fn at<'a>(answer: &'a Value, pointer: &str) -> &'a Value {
        answer.pointer(pointer).unwrap_or(&Value::Null)
    }

    #[actix_web::test]
    async fn the_parts_and_the_owners_of_a_list_are_read_at_once() {
        let reads = Reads::default();
        let graph = graph(Kind::Whole, true, &reads);
        let query = "{ things(limit: 20) { items { n owner { name id } parts { name } } } }";
        let answer = ask(&graph, caller(1, Role::Staff), query).await;
        assert_eq!(at(&answer, "/errors"), &Value::Null, "{answer}");
        assert_eq!(at(&answer, "/data/things/items/19/parts/0/name"), "part");
        // The list, all parts, all owners.
        assert_eq!(reads.take(), 3);
    }

    #[actix_web::test]
    async fn a_field_that_fails_is_null_with_its_problem_and_the_others_are_answered() {
        let graph = graph(Kind::Whole, true, &Reads::default());
        let query = r#"{ good: thing(id: "1") { n } bad: thing(id: "2") { n } office { name } me { id } }"#;
        let answer = ask(&graph, caller(1, Role::User), query).await;
        assert_eq!(at(&answer, "/data/good/n"), "1", "{answer}");
        assert!(at(&answer, "/data").as_object().is_some_and(|data| data.get("bad").is_some_and(Value::is_null)));
        let errors = at(&answer, "/errors").as_array().cloned().unwrap_or_default();
        let mut codes: Vec<_> = errors.iter().map(|error| at(error, "/extensions/code").clone()).collect();
        codes.sort_by_key(ToString::to_string);
        assert_eq!(codes, ["auth.forbidden", "request.not_found"]);
        assert!(errors.iter().any(|error| at(error, "/path/0") == "bad" && at(error, "/extensions/request_id") == "r"));
    }

    #[actix_web::test]
    async fn a_member_sees_no_other_user_and_staff_see_all_but_what_is_their_own() {
        let reads = Reads::default();
        let (whole, sub) = (graph(Kind::Whole, true, &reads), graph(Kind::Subgraph, true, &reads));
        // A router asks for users by their ids, of whatever a client named.
        let query = |n: u128| {
            let id = user(n);
            format!(
                r#"{{ _entities(representations: [{{ __typename: "User", id: "{id}" }}]) {{
                ... on User {{ id name secret {{ name }} things(limit: 1) {{ items {{ owner_id }} }} }} }} }}"#
            )
        };
        let own = ask(&sub, caller(1, Role::User), &query(1)).await;
        assert_eq!(at(&own, "/errors"), &Value::Null, "{own}");
        assert_eq!(at(&own, "/data/_entities/0/things/items/0/owner_id"), &json!(user(1)));
        let other = ask(&sub, caller(1, Role::User), &query(2)).await;
        for field in ["name", "secret", "things"] {
            assert_eq!(at(&other, &format!("/data/_entities/0/{field}")), &Value::Null, "{other}");
        }
        assert_eq!(at(&other, "/errors").as_array().map(Vec::len), Some(3));
        let staff = ask(&sub, caller(9, Role::Staff), &query(2)).await;
        assert_eq!(at(&staff, "/data/_entities/0/things/items/0/owner_id"), &json!(user(2)), "{staff}");
        assert_eq!(at(&staff, "/data/_entities/0/secret"), &Value::Null);
        let by_id = format!(r#"{{ user(id: "{}") {{ name }} }}"#, user(2));
        let refused = ask(&whole, caller(1, Role::User), &by_id).await;
        assert_eq!(at(&refused, "/errors/0/extensions/code"), "auth.forbidden");
        let found = ask(&whole, caller(9, Role::Staff), &by_id).await;
        assert_eq!(at(&found, "/data/user/name"), &json!(format!("P {}", user(2))));
    }

    #[actix_web::test]
    async fn a_query_beyond_the_limits_reads_nothing_and_there_are_no_mutations() {
        let reads = Reads::default();
        let graph = graph(Kind::Whole, true, &reads);
        for (query, code) in [
            ("{ things(limit: 100) { items { n parts { name id } } } }", "graph.too_costly"),
            (
                "{ me { things { items { owner { things { items { owner { things { items { n } } } } } } } } } }",
                "graph.too_deep",
            ),
            ("{ unknown }", "graph.invalid"),
            ("{ me { id }", "graph.invalid"),
            ("mutation { me { id } }", "graph.invalid"),
        ] {
            let answer = ask(&graph, caller(1, Role::User), query).await;
            let found = at(&answer, "/errors/0/extensions/code");
            assert!(found == code || (code == "graph.invalid" && found.is_null()), "{query}: {answer}");
            assert_eq!(at(&answer, "/data"), &Value::Null, "{query}");
        }
        assert_eq!(reads.take(), 0);
    }

    #[actix_web::test]
    async fn the_schema_is_hidden_by_a_setting() {
        let reads = Reads::default();
        let query = "{ __schema { queryType { name } } }";
        let shown = ask(&graph(Kind::Whole, true, &reads), caller(1, Role::User), query).await;
        assert_eq!(at(&shown, "/data/__schema/queryType/name"), "Query");
        let hidden = ask(&graph(Kind::Whole, false, &reads), caller(1, Role::User), query).await;
        assert_eq!(at(&hidden, "/data/__schema/queryType/name"), &Value::Null, "{hidden}");
    }

    #[test]
    fn two_parts_with_the_same_field_or_type_are_refused() {
        let reads = Reads::default();
        let twice = [&part(&reads), &part(&reads)];
        let settings = GraphSettings { is_introspected: true };
        assert!(matches!(Graph::of_parts(&twice, settings), Err(GraphError::Conflict { .. })));
        let unknown = part(&reads).inside("Thing", "x", "/nothing");
        assert!(matches!(Graph::of_parts(&[&unknown], settings), Err(GraphError::Unknown { .. })));
    }

    #[test]
    fn a_subgraph_marks_users_as_known_by_their_id() {
        let reads = Reads::default();
        let sdl = Graph::of_parts(&[&part(&reads)], GraphSettings { is_introspected: true }).expect("a graph").sdl();
        assert!(sdl.contains("type User @key(fields: \"id\")"), "{sdl}");
        assert!(sdl.contains("specs.apollo.dev/federation/v2"), "{sdl}");
    }
}

//! HTTP middleware, access guard, bodies and problem documents.

mod fixture;

use actix_web::http::Method;
use actix_web::test;
use domain::{Rate, Role};
use fixture::{Answer, Fixture, get, post, send, signed};
use http_api::documented;
use http_api::{Access, Caller};
use http_api::{
    Body, Created, Idempotent, Json, NoContent, Optional, Page, Path, Problem, Query, Routes, StaffPage, operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Deserialize, Serialize, JsonSchema)]
struct Purse {
    name: String,
    owner: Owner,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Owner {
    age: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<Rate>,
}

#[derive(Deserialize, JsonSchema)]
struct Filter {
    #[expect(dead_code, reason = "only its schema is used")]
    colour: Option<String>,
}

type Answered = Result<Json<Value>, Problem>;

/// List purses.
#[operation]
async fn list(_page: Page, _filter: Query<Filter>) -> Answered {
    Ok(Json::new(json!({ "items": [], "next_cursor": null })))
}
/// List all purses.
#[operation]
async fn list_all(StaffPage { page, order }: StaffPage) -> Answered {
    Ok(Json::new(json!({ "limit": page.limit, "order": format!("{order:?}") })))
}
/// Create a purse.
///
/// The owner is of age.
#[operation]
async fn create(request: Idempotent<Purse>) -> Result<Created<Purse>, Problem> {
    Ok(Created::new(request.read().await?.0))
}
/// Do something with what may be left out.
#[operation]
async fn act(body: Body<Optional<Value>>) -> Answered {
    Ok(Json::new(body.read().await?))
}
/// Get the caller.
#[operation]
async fn who(caller: Caller) -> Answered {
    Ok(Json::new(json!({ "user_id": caller.user_id, "request_id": caller.request_id })))
}
/// Delete nothing.
#[operation]
async fn delete(_caller: Caller) -> Result<NoContent, Problem> {
    Ok(NoContent)
}
/// Get a constant.
#[operation]
async fn plain() -> Answered {
    Ok(Json::new(json!({})))
}
/// Get a purse by its name.
#[operation]
async fn named(Path(name): Path<String>) -> Answered {
    Ok(Json::new(json!({ "named": name })))
}
/// Fail.
#[operation]
async fn broken() -> Answered {
    Err(Problem::internal("the password is hunter2"))
}

fn routes() -> Routes {
    Routes::new("purse")
        .get("/purses", Access::Public, documented!(list))
        .post("/purses", Access::User, documented!(create))
        .get("/purses/all", Access::User, documented!(list_all))
        .get("/purses/{id}", Access::Public, documented!(named))
        .get("/purses/quote", Access::Public, documented!(plain))
        .post("/purses/act", Access::Public, documented!(act))
        .get("/purses/mine", Access::User, documented!(who))
        .delete("/purses/staff", Access::Staff, documented!(delete))
        .put("/purses/admin", Access::Admin, documented!(who))
        .get("/purses/broken", Access::Public, documented!(broken))
        .get("/.well-known/purse", Access::Public, documented!(plain))
}

#[actix_web::test]
async fn an_unknown_path_is_a_problem_document() {
    let f = Fixture::new().await;
    for path in ["/", "/nothing", "/api/v1/nothing", "/api/v1/purses/a/b", "/api/v1/.well-known/purse"] {
        send(&f, get(path)).await.is(404, "request.not_found");
    }
}

#[actix_web::test]
async fn a_wrong_method_is_refused_with_the_allowed_ones() {
    let f = Fixture::new().await;
    let answer = send(&f, test::TestRequest::delete().uri("/api/v1/purses")).await;
    answer.is(405, "request.method_not_allowed");
    assert_eq!(answer.header("allow"), "GET, POST");
}

#[actix_web::test]
async fn a_literal_path_does_not_match_as_an_id() {
    let f = Fixture::new().await;
    assert_eq!(send(&f, get("/api/v1/purses/quote")).await.body, json!({}));
    assert_eq!(send(&f, get("/api/v1/purses/7")).await.body, json!({ "named": "7" }));
    assert_eq!(send(&f, get("/.well-known/purse")).await.status, 200);
}

#[actix_web::test]
async fn the_caller_is_known_before_the_body_is_read() {
    let f = Fixture::new().await;
    let huge = vec![b'x'; 1 << 20];
    for body in [b"{".to_vec(), huge, Vec::new()] {
        let answer = send(&f, post("/api/v1/purses", body)).await;
        answer.is(401, "auth.token_invalid");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    let answer =
        send(&f, signed(test::TestRequest::put().uri("/api/v1/purses/admin").set_payload("{"), &f.token(Role::User)));
    answer.await.is(403, "auth.forbidden");
}

#[actix_web::test]
async fn a_token_without_the_bearer_scheme_is_refused() {
    let f = Fixture::new().await;
    let token = f.token(Role::User);
    for header in [token.clone(), format!("Basic {token}"), "Bearer".into(), "Bearer ".into(), format!("Bearer{token}")]
    {
        let answer = send(&f, get("/api/v1/purses/mine").insert_header(("Authorization", header.as_str()))).await;
        answer.is(401, "auth.token_invalid");
    }
    for header in [format!("Bearer {token}"), format!("bearer {token}")] {
        assert_eq!(send(&f, get("/api/v1/purses/mine").insert_header(("Authorization", header))).await.status, 200);
    }
}

#[actix_web::test]
async fn every_route_admits_its_roles_and_no_other() {
    let f = Fixture::new().await;
    for entry in routes().entries() {
        for role in [None, Some(Role::User), Some(Role::Staff), Some(Role::Admin)] {
            let mut request = test::TestRequest::default().method(entry.method.clone()).uri(&entry.path);
            if let Some(role) = role {
                request = signed(request, &f.token(role));
            }
            let answer = send(&f, request).await;
            let place = format!("{} {} for {role:?}: {}", entry.method, entry.path, answer.body);
            match (entry.access, role) {
                (Access::Public, _) => assert!(!matches!(answer.status.as_u16(), 401 | 403), "{place}"),
                (_, None) => assert_eq!(answer.status, 401, "{place}"),
                (access, Some(role)) => assert_eq!(answer.status != 403, access.admits(role), "{place}"),
            }
        }
    }
}

#[actix_web::test]
async fn a_body_at_the_limit_is_read_and_one_past_it_is_not() {
    let f = Fixture::new().await;
    let token = f.token(Role::User);
    let of = |length: usize| {
        let frame = r#"{"name":"","owner":{"age":1}}"#.len();
        format!(r#"{{"name":"{}","owner":{{"age":1}}}}"#, "x".repeat(length - frame))
    };
    for (length, status) in [(65_535, 201), (65_536, 201), (65_537, 413)] {
        let body = of(length);
        assert_eq!(body.len(), length);
        let answer = send(&f, signed(post("/api/v1/purses", body), &token)).await;
        assert_eq!(answer.status.as_u16(), status, "{length}");
        if status == 413 {
            answer.is(413, "request.too_large");
        }
    }
}

#[actix_web::test]
async fn malformed_json_and_a_wrong_type_have_different_codes() {
    let f = Fixture::new().await;
    let token = f.token(Role::User);
    for body in ["", "{", "{\"name\":", "nonsense", "{\"name\":\"a\",\"owner\":{\"age\":1}} trailing", "\u{0}"] {
        send(&f, signed(post("/api/v1/purses", body), &token)).await.is(400, "request.malformed_json");
    }
    for (body, field) in [
        (r#"{"name":1,"owner":{"age":1}}"#, "name"),
        (r#"{"name":"a","owner":{"age":"old"}}"#, "owner.age"),
        (r#"{"name":"a","owner":{"age":256}}"#, "owner.age"),
        (r#"{"name":"a","owner":{"age":-1}}"#, "owner.age"),
        (r#"{"name":"a","owner":{}}"#, "owner"),
    ] {
        let answer = send(&f, signed(post("/api/v1/purses", body), &token)).await;
        answer.is(400, "request.wrong_type");
        assert_eq!(answer.body["errors"][0]["field"], field, "{body}: {}", answer.body);
    }
    send(&f, signed(post("/api/v1/purses", "[]"), &token)).await.is(400, "request.wrong_type");
}

#[actix_web::test]
async fn a_rule_violation_and_a_wrong_type_have_different_codes() {
    let f = Fixture::new().await;
    let token = f.token(Role::User);
    let make = async |share: &str| {
        let body = format!(r#"{{"name":"a","owner":{{"age":1,"share":"{share}"}}}}"#);
        send(&f, signed(post("/api/v1/purses", body), &token)).await
    };
    assert_eq!(make("99.5").await.status, 201);
    for (share, status, code, of_field) in [
        ("101", 422, "request.broken_rule", "invalid"),
        ("-1", 422, "request.broken_rule", "invalid"),
        ("1e1", 400, "request.wrong_type", "wrong_type"),
        // The prefix of a rule violation in the text of a client changes nothing.
        ("refused: 101", 400, "request.wrong_type", "wrong_type"),
    ] {
        let answer = make(share).await;
        answer.is(status, code);
        let error = &answer.body["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!("owner.share"), &json!(of_field)), "{share}");
    }
    let detail = make("101").await.body["detail"].clone();
    assert_eq!(detail, "owner.share: `101` is not a rate from 0 to 100 with at most four decimal places");
}

#[actix_web::test]
async fn a_body_of_another_content_type_is_refused() {
    let f = Fixture::new().await;
    let token = f.token(Role::User);
    let form = test::TestRequest::post().uri("/api/v1/purses").insert_header(("Content-Type", "text/plain"));
    send(&f, signed(form.set_payload("{}"), &token)).await.is(415, "request.not_json");
    let unreadable = test::TestRequest::post().uri("/api/v1/purses").insert_header(("Content-Type", &b"\xff"[..]));
    send(&f, signed(unreadable.set_payload("{}"), &token)).await.is(415, "request.not_json");
    let json = test::TestRequest::post()
        .uri("/api/v1/purses")
        .insert_header(("Content-Type", "Application/JSON; charset=utf-8"));
    let answer = send(&f, signed(json.set_payload(r#"{"name":"a","owner":{"age":1}}"#), &token)).await;
    assert_eq!(answer.status, 201);
}

#[actix_web::test]
async fn staff_get_longer_pages_than_members_and_every_caller_chooses_the_order() {
    let f = Fixture::new().await;
    let ask =
        async |query: &str, role| send(&f, signed(get(&format!("/api/v1/purses/all?{query}")), &f.token(role))).await;
    for (query, role, limit, order) in [
        ("", Role::User, 20, "Descending"),
        ("limit=100&order=asc", Role::User, 100, "Ascending"),
        ("limit=101&order=desc", Role::Staff, 101, "Descending"),
        ("limit=500&order=", Role::Admin, 500, "Descending"),
    ] {
        assert_eq!(ask(query, role).await.body, json!({ "limit": limit, "order": order }), "{query}");
    }
    for (query, role, code) in [
        ("limit=101", Role::User, "request.bad_limit"),
        ("limit=501", Role::Staff, "request.bad_limit"),
        ("limit=0", Role::Admin, "request.bad_limit"),
        ("order=up", Role::Staff, "request.bad_order"),
        ("order=ASC", Role::Staff, "request.bad_order"),
        ("order=asc&order=desc", Role::Staff, "request.bad_query"),
        ("cursor=!", Role::Staff, "request.bad_cursor"),
    ] {
        ask(query, role).await.is(422, code);
    }
    let parameters = routes().openapi()["paths"]["/api/v1/purses/all"]["get"]["parameters"].clone();
    let limit = json!({
        "type": "integer", "minimum": 1, "maximum": 500, "default": 20, "description": "More than 100 for staff only."
    });
    assert_eq!(parameters[0]["schema"], limit);
    let order = json!({ "type": "string", "enum": ["asc", "desc"], "default": "desc" });
    assert_eq!((&parameters[2]["name"], &parameters[2]["schema"]), (&json!("order"), &order));
}

#[actix_web::test]
async fn an_action_accepts_an_empty_body() {
    let f = Fixture::new().await;
    for body in ["", "  \n", "{}"] {
        assert_eq!(send(&f, post("/api/v1/purses/act", body)).await.body, json!({}), "{body:?}");
    }
    let bare = test::TestRequest::post().uri("/api/v1/purses/act");
    assert_eq!(send(&f, bare).await.status, 200);
    send(&f, post("/api/v1/purses/act", "{")).await.is(400, "request.malformed_json");
}

#[actix_web::test]
async fn a_request_keeps_its_id_and_a_bad_one_gets_another() {
    let f = Fixture::new().await;
    let id_of = |answer: &Answer| answer.header("x-request-id").to_owned();
    let given = send(&f, get("/api/v1/purses").insert_header(("X-Request-Id", "abc-123_x.y:z"))).await;
    assert_eq!(id_of(&given), "abc-123_x.y:z");
    let problem = send(&f, get("/nothing").insert_header(("X-Request-Id", "abc"))).await;
    assert_eq!((id_of(&problem).as_str(), &problem.body["request_id"]), ("abc", &json!("abc")));
    let seen = signed(get("/api/v1/purses/mine"), &f.token(Role::User)).insert_header(("X-Request-Id", "abc"));
    assert_eq!(send(&f, seen).await.body["request_id"], "abc");
    for bad in ["", "a b", "a\"b", &"x".repeat(129)] {
        let answer = send(&f, get("/api/v1/purses").insert_header(("X-Request-Id", bad))).await;
        assert!(id_of(&answer).parse::<Uuid>().is_ok(), "{bad}");
    }
    assert_eq!(
        id_of(&send(&f, get("/api/v1/purses").insert_header(("X-Request-Id", "x".repeat(128)))).await).len(),
        128
    );
}

#[actix_web::test]
async fn an_internal_error_shows_no_details() {
    let f = Fixture::new().await;
    let answer = send(&f, get("/api/v1/purses/broken")).await;
    answer.is(500, "request.internal");
    assert!(!answer.body.to_string().contains("hunter2"));
}

#[actix_web::test]
async fn the_openapi_document_lists_every_route_and_every_reference_in_it_leads_somewhere() {
    let f = Fixture::new().await;
    let document = send(&f, get("/api/v1/purse/openapi.json")).await.body;
    assert_eq!(document, routes().openapi());
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let mut listed = 0;
    for entry in routes().entries() {
        let operation = &document["paths"][&entry.path][entry.method.as_str().to_lowercase()];
        assert!(operation["summary"].is_string(), "{} {}", entry.method, entry.path);
        assert_eq!(
            operation["security"],
            if entry.access == Access::Public { json!([]) } else { json!([{ "bearer": [] }]) }
        );
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("default") && responses.values().all(|r| r["description"].is_string()));
        let in_path: Vec<&str> = entry.path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation["parameters"].as_array().unwrap();
        let named: Vec<&str> =
            parameters.iter().filter(|p| p["in"] == "path").map(|p| p["name"].as_str().unwrap()).collect();
        assert_eq!(named, in_path);
        listed += 1;
    }
    let in_document: usize =
        document["paths"].as_object().unwrap().values().map(|p| p.as_object().unwrap().len()).sum();
    assert_eq!(in_document, listed);
    let names = |path: &str, method: Method, place: &str| -> Vec<String> {
        let operation = &document["paths"][path][method.as_str().to_lowercase()];
        let all = operation["parameters"].as_array().unwrap().iter();
        all.filter(|p| p["in"] == place).map(|p| p["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("/api/v1/purses", Method::GET, "query"), ["colour", "limit", "cursor"]);
    assert_eq!(names("/api/v1/purses", Method::POST, "header"), ["Idempotency-Key"]);
    follow(&document, &document);
}

/// Every `$ref` leads to something in the document.
fn follow(document: &Value, part: &Value) {
    match part {
        Value::Object(map) => {
            if let Some(target) = map.get("$ref").and_then(Value::as_str) {
                let pointer = target.strip_prefix('#').unwrap_or_else(|| panic!("{target} is elsewhere"));
                assert!(document.pointer(pointer).is_some_and(|t| t.is_object()), "{target} is not there");
            }
            map.values().for_each(|v| follow(document, v));
        }
        Value::Array(items) => items.iter().for_each(|v| follow(document, v)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

//! OpenAPI document of typed handlers: bodies, filters, path, responses and operation ids.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use domain::UserId;
use http_api::Access;
use http_api::documented;
use http_api::{
    Accepted, Body, Doc, Download, File, FileType, FileTypes, Json, JsonOrFile, NoContent, Optional, Parameter, Path,
    Problem, Query, Routes, operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::{Ready, ready};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Wanted {
    month: String,
    shade: Option<String>,
}

struct Csv;

impl FileType for Csv {
    const CONTENT_TYPE: &'static str = "text/csv";
    const MAX_BYTES: usize = 100;
}
impl FileTypes for Csv {
    const CONTENT_TYPES: &'static [&'static str] = &["text/csv"];
}

struct Form;

impl FromRequest for Form {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;
    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self))
    }
}
impl Parameter for Form {
    fn describe(doc: Doc) -> Doc {
        doc.form::<Wanted>()
    }
}

fn refused<T>() -> Result<T, Problem> {
    Err(Problem::not_found())
}

/// Get a file.
#[operation]
async fn file(_: Query<Wanted>) -> Result<Download<Csv>, Problem> {
    refused()
}
/// Get JSON or a file.
#[operation]
async fn either(_: Body<Wanted>) -> Result<JsonOrFile<Wanted, Csv>, Problem> {
    refused()
}
/// Send what may be left out.
#[operation]
async fn optional(_: Body<Optional<Wanted>>) -> Result<Json<Wanted>, Problem> {
    refused()
}
/// Send a form.
#[operation]
async fn form(_: Form) -> Result<Accepted<Wanted>, Problem> {
    refused()
}
/// Send a file.
///
/// It has one line a coin.
#[operation]
async fn upload(_: Body<File<Csv>>) -> Result<NoContent, Problem> {
    refused()
}

#[test]
fn a_body_has_its_content_type_and_is_required_unless_optional() {
    let document = Routes::new("purse")
        .get("/a", Access::User, documented!(file))
        .post("/a", Access::User, documented!(either))
        .put("/a", Access::User, documented!(optional))
        .patch("/a", Access::User, documented!(form))
        .delete("/a", Access::User, documented!(upload))
        .openapi();
    let of = |method: &str| &document["paths"]["/api/v1/a"][method];
    let kinds = |body: &Value| body["content"].as_object().map(|c| c.keys().cloned().collect::<Vec<_>>());
    let body_of = |method: &str| (kinds(&of(method)["requestBody"]), of(method)["requestBody"]["required"].clone());
    let of_kind = |kind: &str| Some(vec![kind.to_owned()]);
    assert_eq!(body_of("post"), (of_kind("application/json"), json!(true)));
    assert_eq!(body_of("put"), (of_kind("application/json"), json!(false)));
    assert_eq!(body_of("patch"), (of_kind("multipart/form-data"), json!(true)));
    assert_eq!(body_of("delete"), (of_kind("text/csv"), json!(true)));
    assert_eq!(kinds(&of("get")["responses"]["200"]), of_kind("text/csv"));
    assert_eq!(kinds(&of("patch")["responses"]["202"]), of_kind("application/json"));
    assert_eq!(of("delete")["summary"], json!("Send a file"));
    assert!(of("delete")["description"].as_str().unwrap().starts_with("It has one line a coin.\n\n"));
    assert_eq!(kinds(&of("post")["responses"]["200"]), Some(vec!["application/json".into(), "text/csv".into()]));
    assert_eq!(kinds(&of("delete")["responses"]["204"]), None);
    let filters = of("get")["parameters"].as_array().unwrap();
    let required: Vec<_> = filters.iter().map(|p| (&p["name"], &p["required"])).collect();
    assert_eq!(required, [(&json!("month"), &json!(true)), (&json!("shade"), &json!(false))]);
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Purse {
    owner: Option<Wanted>,
    coins: Vec<Wanted>,
    /// By shade.
    many: BTreeMap<String, Wanted>,
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// Create a purse.
#[operation]
async fn create(_: Body<Purse>) -> Result<Json<Purse>, Problem> {
    refused()
}
/// Send nothing.
#[operation]
async fn nothing(_: Body<Optional<Nothing>>) -> Result<NoContent, Problem> {
    refused()
}
struct Foreign;

impl FromRequest for Foreign {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;
    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self))
    }
}
impl Parameter for Foreign {
    fn describe(doc: Doc) -> Doc {
        doc.open_body::<Purse>()
    }
}

/// Receive the purse of a third party.
#[operation]
async fn receive(_: Foreign) -> Result<NoContent, Problem> {
    refused()
}

#[test]
fn a_request_body_is_closed_and_a_response_is_open() {
    let document = Routes::new("purse")
        .post("/a", Access::User, documented!(create))
        .put("/a", Access::User, documented!(nothing))
        .patch("/a", Access::User, documented!(receive))
        .openapi();
    let body = |method: &str| &document["paths"]["/api/v1/a"][method]["requestBody"]["content"]["application/json"];
    let purse = &body("post")["schema"];
    assert_eq!((&purse["title"], &purse["additionalProperties"]), (&json!("Purse"), &json!(false)));
    let fields = &purse["properties"];
    for inside in [&fields["owner"], &fields["coins"]["items"], &fields["many"]["additionalProperties"]] {
        assert_eq!(inside["additionalProperties"], json!(false), "{purse}");
        assert_eq!(inside["required"], json!(["month"]));
    }
    assert_eq!(body("put")["schema"]["additionalProperties"], json!(false));
    for open in [&document["components"]["schemas"]["Purse"], &document["components"]["schemas"]["Wanted"]] {
        assert!(open["properties"].is_object() && open["additionalProperties"].is_null(), "{open}");
    }
    assert_eq!(body("patch")["schema"]["$ref"], json!("#/components/schemas/Purse"));
}

/// List the shades of a member's coins.
#[operation]
async fn shades(_: Path<UserId>) -> Result<Json<Purse>, Problem> {
    refused()
}
/// List the coins of a shade.
#[operation]
async fn coins(_: Path<(UserId, u8)>) -> Result<Json<Purse>, Problem> {
    refused()
}
/// List keys.
#[operation]
async fn keys() -> Result<Json<Purse>, Problem> {
    refused()
}

#[test]
fn an_operation_is_named_by_its_method_and_path_and_its_path_is_typed() {
    let document = Routes::new("purse")
        .get("/purses/{user_id}/coin-shades", Access::User, documented!(shades))
        .delete("/purses/{user_id}/coin-shades", Access::User, documented!(shades))
        .get("/purses/{user_id}/shades/{shade}", Access::User, documented!(coins))
        .get("/.well-known/jwks.json", Access::Public, documented!(keys))
        .openapi();
    let paths = document["paths"].as_object().unwrap().values();
    let operations: Vec<&Value> = paths.flat_map(|p| p.as_object().unwrap().values()).collect();
    let names: Vec<_> = operations.iter().map(|o| o["operationId"].as_str().unwrap()).collect();
    let expected = [
        "getWellKnownJwksJson",
        "deletePursesByUserIdCoinShades",
        "getPursesByUserIdCoinShades",
        "getPursesByUserIdShadesByShade",
    ];
    assert_eq!(names, expected);
    let typed = |at: usize| -> Vec<(&Value, Value)> {
        operations[at]["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (&p["name"], p["schema"]["type"].clone()))
            .collect()
    };
    assert_eq!(typed(0), []);
    assert_eq!(typed(3), [(&json!("user_id"), json!(null)), (&json!("shade"), json!("integer"))]);
    let ids: Vec<&Value> = [1, 2, 3].map(|at| &operations[at]["parameters"][0]["schema"]["$ref"]).into_iter().collect();
    assert_eq!(ids, [&json!("#/components/schemas/UserId"); 3]);
}

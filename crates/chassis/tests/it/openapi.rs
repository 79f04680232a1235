//! What the OpenAPI document says of bodies and filters.

use actix_web::HttpResponse;
use chassis::auth::{Access, Caller};
use chassis::http::{Doc, Routes};
use schemars::JsonSchema;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Wanted {
    month: String,
    shade: Option<String>,
}

async fn answer(caller: Caller) -> HttpResponse {
    HttpResponse::Ok().json(caller.user_id)
}

#[actix_web::test]
async fn bodies_are_of_a_kind_and_say_whether_they_may_be_left_out() {
    let doc = || Doc::new("A purse").query::<Wanted>();
    let document = Routes::new("purse")
        .get_documented("/a", Access::User, answer, doc().returns_file(["application/pdf"]))
        .post_documented(
            "/a",
            Access::User,
            answer,
            doc().body::<Wanted>().returns::<Wanted>().returns_file(["text/csv"]),
        )
        .put_documented("/a", Access::User, answer, doc().optional_body::<Wanted>())
        .patch_documented("/a", Access::User, answer, doc().form::<Wanted>())
        .delete_documented("/a", Access::User, answer, doc().file_body("text/csv").empty_response(204))
        .openapi();
    let of = |method: &str| &document["paths"]["/api/v1/a"][method];
    let kinds = |body: &Value| body["content"].as_object().map(|c| c.keys().cloned().collect::<Vec<_>>());
    let taken = |method: &str| (kinds(&of(method)["requestBody"]), of(method)["requestBody"]["required"].clone());
    let of_kind = |kind: &str| Some(vec![kind.to_owned()]);
    assert_eq!(taken("post"), (of_kind("application/json"), json!(true)));
    assert_eq!(taken("put"), (of_kind("application/json"), json!(false)));
    assert_eq!(taken("patch"), (of_kind("multipart/form-data"), json!(true)));
    assert_eq!(taken("delete"), (of_kind("text/csv"), json!(true)));
    assert_eq!(kinds(&of("get")["responses"]["200"]), of_kind("application/pdf"));
    assert_eq!(kinds(&of("post")["responses"]["200"]), Some(vec!["application/json".into(), "text/csv".into()]));
    assert_eq!(kinds(&of("delete")["responses"]["204"]), None);
    let filters = of("get")["parameters"].as_array().unwrap();
    let required: Vec<_> = filters.iter().map(|p| (&p["name"], &p["required"])).collect();
    assert_eq!(required, [(&json!("month"), &json!(true)), (&json!("shade"), &json!(false))]);
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Purse {
    owner: Option<Wanted>,
    coins: Vec<Wanted>,
    /// By shade.
    many: BTreeMap<String, Wanted>,
}

#[derive(JsonSchema)]
struct Nothing {}

#[actix_web::test]
async fn a_body_has_no_fields_but_those_it_names_and_an_answer_may_get_more() {
    let document = Routes::new("purse")
        .post_documented("/a", Access::User, answer, Doc::new("A purse").body::<Purse>().returns::<Purse>())
        .put_documented("/a", Access::User, answer, Doc::new("Nothing").optional_body::<Nothing>())
        .patch_documented("/a", Access::User, answer, Doc::new("Heard").open_body::<Purse>())
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

#[actix_web::test]
async fn an_operation_is_named_by_its_method_and_its_path() {
    let doc = || Doc::new("A purse");
    let document = Routes::new("purse")
        .get_documented("/purses/{user_id}/coin-shades", Access::User, answer, doc())
        .delete_documented("/purses/{user_id}/coin-shades", Access::User, answer, doc())
        .get_documented("/.well-known/jwks.json", Access::Public, answer, doc())
        .openapi();
    let paths = document["paths"].as_object().unwrap().values();
    let names: Vec<_> = paths.flat_map(|p| p.as_object().unwrap().values().map(|o| o["operationId"].clone())).collect();
    assert_eq!(names, ["getWellKnownJwksJson", "deletePursesByUserIdCoinShades", "getPursesByUserIdCoinShades"]);
}

//! Access control: every route with every role, from the route table.

use crate::fixture;
use domain::Role;
use http_api::Access;
use runtime::id;
use testkit::TestService;

const UNKNOWN_ID: &str = "019b0000-0000-7000-8000-000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn every_route_admits_the_roles_it_names_and_no_other() {
    let service = fixture::start().await;
    for entry in service.started.routes.entries() {
        let path = entry.path.replace("{id}", UNKNOWN_ID).replace("{session_id}", UNKNOWN_ID).replace("{code}", "x");
        let path = path.strip_prefix("/api/v1").map_or_else(|| format!("/{path}"), str::to_owned);
        for role in [None, Some(Role::User), Some(Role::Staff), Some(Role::Admin)] {
            let client = match role {
                None => service.anonymous(),
                Some(role) => service.as_role(id::fresh(), role),
            };
            let status = client.send(client.request(entry.method.as_str().parse().unwrap(), &path)).await.status;
            let case = format!("{} {path} as {role:?}: {status}", entry.method);
            match (entry.access, role) {
                (Access::Public, _) => assert!(status != 401 && status != 403, "{case}"),
                (_, None) => assert_eq!(status, 401, "{case}"),
                (access, Some(role)) if access.admits(role) => assert!(status != 401 && status < 500, "{case}"),
                (_, Some(_)) => assert_eq!(status, 403, "{case}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn access_and_existence_are_checked_before_the_body_is_read() {
    let service = fixture::start().await;
    let send_invalid_json = |client: testkit::Client, method: &str, path: &str| {
        let request = client.request(method.parse().unwrap(), path);
        let request = request.header("Content-Type", "application/json").body("{");
        async move { client.send(request).await }
    };
    let missing = format!("/users/{UNKNOWN_ID}");
    assert_eq!(send_invalid_json(service.anonymous(), "PATCH", &missing).await.status, 401);
    assert_eq!(send_invalid_json(service.as_staff(), "PATCH", &missing).await.status, 403);
    assert_eq!(send_invalid_json(service.as_admin(), "PATCH", &missing).await.status, 404);
    assert_eq!(send_invalid_json(service.as_staff(), "POST", &format!("/kyc/{UNKNOWN_ID}/reject")).await.status, 404);
    assert_eq!(send_invalid_json(service.as_user(id::fresh()), "POST", "/users/me/kyc").await.status, 404);
    assert_eq!(send_invalid_json(service.anonymous(), "POST", "/auth/otp").await.status, 400);
    assert_eq!(service.as_admin().get("/users/not-an-id").await.problem(404), "request.not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_is_created_once() {
    let service: TestService = fixture::start().await;
    let listed = service.as_staff().get("/users?role=admin").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["email"], fixture::ADMIN);
    let (admin, _) = fixture::admin(&service).await;
    admin.get("/users").await.expect(200);
}

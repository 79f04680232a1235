//! Access of every role to every route, by the table in [`crate::routes`].

use crate::platform::TestPlatform;
use crate::routes::{Access, Route, SERVICES};
use reqwest::Method;
use std::collections::BTreeSet;
use testkit::{Client, Reply};

pub(crate) async fn every_route_requires_its_role(platform: &TestPlatform) {
    let callers = Callers {
        anonymous: platform.anonymous(),
        user: platform.member(None).await.http,
        staff: platform.staff().await.http.clone(),
        admin: platform.admin().await.http.clone(),
        // On a shared stack only refused requests are sent, because others could change data.
        may_change: platform.in_process.is_some(),
    };
    for (service, routes) in SERVICES {
        compare_with_served(platform, service, routes).await;
        for route in routes {
            callers.check(route).await;
        }
    }
    // No request above has ended a session.
    for http in [&callers.user, &callers.staff, &callers.admin] {
        http.get("/users/me").await.expect(200);
    }
}

/// Checks that the table and the OpenAPI document have the same operations.
async fn compare_with_served(platform: &TestPlatform, service: &str, routes: &[Route]) {
    let document = platform.anonymous().get(&format!("/{service}/openapi.json")).await.expect(200);
    let mut served = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let path = path.strip_prefix("/api/v1").map_or_else(|| format!("/{path}"), str::to_owned);
        let post = &operations["post"];
        let keyed = post["parameters"].as_array().is_some_and(|p| p.iter().any(|p| p["name"] == "Idempotency-Key"));
        assert!(post["responses"]["201"].is_null() || keyed, "{path} creates without an Idempotency-Key");
        let methods = operations.as_object().expect("operations").keys();
        served.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let listed: BTreeSet<String> = routes.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    assert_eq!(listed.len(), routes.len(), "{service}: a route is listed twice");
    let unlisted: Vec<_> = served.difference(&listed).collect();
    let unserved: Vec<_> = listed.difference(&served).collect();
    assert!(
        unlisted.is_empty() && unserved.is_empty(),
        "{service}: not in the table {unlisted:?}, not served {unserved:?}"
    );
}

struct Callers {
    anonymous: Client,
    user: Client,
    staff: Client,
    admin: Client,
    may_change: bool,
}

impl Callers {
    async fn check(&self, route: &Route) {
        let access = route.2;
        if matches!(access, Access::Public | Access::SelfAuthenticated) {
            let reply = call(&self.anonymous, route).await;
            let open = access == Access::Public && ![401, 403].contains(&reply.status);
            let closed = access == Access::SelfAuthenticated && (400..500).contains(&reply.status);
            assert!(reply.status < 500 && (open || closed), "{route:?} for anonymous: {reply:?}");
            return;
        }
        assert_eq!(call(&self.anonymous, route).await.problem(401), "auth.token_invalid", "{route:?} for anonymous");
        for token in ["garbage", "eyJhbGciOiJub25lIn0.e30."] {
            let reply = call(&self.anonymous.with_token(token), route).await;
            assert_eq!(reply.problem(401), "auth.token_invalid", "{route:?} with {token}");
        }
        let (insufficient, sufficient): (&[&Client], &[&Client]) = match access {
            Access::Public | Access::SelfAuthenticated => return,
            Access::Member => (&[], &[&self.user, &self.admin]),
            Access::Staff => (&[&self.user], &[&self.staff, &self.admin]),
            Access::Admin => (&[&self.user, &self.staff], &[&self.admin]),
        };
        for caller in insufficient {
            assert_eq!(call(caller, route).await.problem(403), "auth.forbidden", "{route:?}");
        }
        if route.0 == "GET" || self.may_change {
            for caller in sufficient {
                let reply = call(caller, route).await;
                let refused = [401, 403].contains(&reply.status);
                assert!(!refused && reply.status < 500, "{route:?} with a sufficient role: {reply:?}");
                // An unknown id is reported before the body is read.
                if route.1.contains("{id}") && ["POST", "PUT", "PATCH"].contains(&route.0) {
                    reply.problem(404);
                }
            }
        }
    }
}

/// Calls a route with an unknown id and a body that is not JSON.
async fn call(caller: &Client, (method, path, _): &Route) -> Reply {
    let unknown_id = chassis::id::fresh::<uuid::Uuid>().to_string();
    let path = path
        .replace("{id}", &unknown_id)
        .replace("{user_id}", &unknown_id)
        .replace("{gateway}", "sandbox")
        .replace("{fy}", "2026-27")
        .replace("{quarter}", "Q3");
    let request = caller.request(method.parse::<Method>().unwrap(), &path);
    let request = match *method {
        "GET" => request,
        _ => request.header("Content-Type", "application/json").body("{"),
    };
    caller.send(request).await
}

//! Every route × every role, by the table in [`crate::routes`].

use crate::routes::{Access, Route, SERVICES};
use crate::world::World;
use reqwest::Method;
use std::collections::BTreeSet;
use testkit::{Client, Reply};

pub(crate) async fn every_route_asks_for_the_role_the_contract_gives_it(world: &World) {
    let callers = Callers {
        nobody: world.anonymous(),
        user: world.member(None).await.http,
        staff: world.staff().await.http.clone(),
        admin: world.admin().await.http.clone(),
        // Others use the same stack: there, what might change something is only refused.
        may_change: world.inside.is_some(),
    };
    for (service, routes) in SERVICES {
        compare_with_served(world, service, routes).await;
        for route in routes {
            callers.try_all(route).await;
        }
    }
    // Nothing above has ended a session.
    for http in [&callers.user, &callers.staff, &callers.admin] {
        http.get("/users/me").await.expect(200);
    }
}

/// The table and the served document name the same operations.
async fn compare_with_served(world: &World, service: &str, routes: &[Route]) {
    let document = world.anonymous().get(&format!("/{service}/openapi.json")).await.expect(200);
    let mut served = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let path = path.strip_prefix("/api/v1").map_or_else(|| format!("/{path}"), str::to_owned);
        let post = &operations["post"];
        let keyed = post["parameters"].as_array().is_some_and(|p| p.iter().any(|p| p["name"] == "Idempotency-Key"));
        assert!(post["responses"]["201"].is_null() || keyed, "{path} creates, and takes no Idempotency-Key");
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
    nobody: Client,
    user: Client,
    staff: Client,
    admin: Client,
    may_change: bool,
}

impl Callers {
    async fn try_all(&self, route: &Route) {
        let access = route.2;
        if matches!(access, Access::Public | Access::Itself) {
            let reply = call(&self.nobody, route).await;
            let open = access == Access::Public && ![401, 403].contains(&reply.status);
            let closed = access == Access::Itself && (400..500).contains(&reply.status);
            assert!(reply.status < 500 && (open || closed), "{route:?} for nobody: {reply:?}");
            return;
        }
        assert_eq!(call(&self.nobody, route).await.problem(401), "auth.token_invalid", "{route:?} for nobody");
        for token in ["garbage", "eyJhbGciOiJub25lIn0.e30."] {
            let reply = call(&self.nobody.with_token(token), route).await;
            assert_eq!(reply.problem(401), "auth.token_invalid", "{route:?} with {token}");
        }
        let (too_low, enough): (&[&Client], &[&Client]) = match access {
            Access::Public | Access::Itself => return,
            Access::Member => (&[], &[&self.user, &self.admin]),
            Access::Staff => (&[&self.user], &[&self.staff, &self.admin]),
            Access::Admin => (&[&self.user, &self.staff], &[&self.admin]),
        };
        for caller in too_low {
            assert_eq!(call(caller, route).await.problem(403), "auth.forbidden", "{route:?}");
        }
        if route.0 == "GET" || self.may_change {
            for caller in enough {
                let reply = call(caller, route).await;
                let refused = [401, 403].contains(&reply.status);
                assert!(!refused && reply.status < 500, "{route:?} for one who may: {reply:?}");
                // What is not there is not there before the body is read.
                if route.1.contains("{id}") && ["POST", "PUT", "PATCH"].contains(&route.0) {
                    reply.problem(404);
                }
            }
        }
    }
}

/// About something that does not exist, with a body that is no JSON.
async fn call(caller: &Client, (method, path, _): &Route) -> Reply {
    let nothing = chassis::id::fresh::<uuid::Uuid>().to_string();
    let path = path
        .replace("{id}", &nothing)
        .replace("{user_id}", &nothing)
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

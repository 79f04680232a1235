//! Access of every role to every route, by the list in [`crate::routes`].

use crate::platform::TestPlatform;
use crate::routes::{Route, listed, served};
use http_api::Access;
use reqwest::Method;
use testkit::{Client, Reply};

/// Public routes that authenticate their callers themselves: by the signature of a webhook, or by the first message on a
/// socket.
const AUTHENTICATE_CALLERS: [&str; 3] =
    ["/api/v1/payments/webhooks/{gateway}", "/api/v1/payouts/webhooks/{channel}", "/api/v1/notifications/stream"];

pub(crate) async fn every_route_requires_its_role(platform: &TestPlatform) {
    let callers = Callers {
        anonymous: platform.anonymous(),
        user: platform.member(None).await.http,
        staff: platform.staff().await.http.clone(),
        admin: platform.admin().await.http.clone(),
        // On a shared stack only refused requests are sent, because others could change data.
        may_change: platform.in_process.is_some(),
    };
    assert_eq!(served(platform).await, listed());
    for route in &listed() {
        callers.check(route).await;
    }
    // No request above has ended a session.
    for http in [&callers.user, &callers.staff, &callers.admin] {
        http.get("/users/me").await.expect(200);
    }
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
        let access = route.access();
        if access == Access::Public {
            let reply = call(&self.anonymous, route).await;
            let authenticates = AUTHENTICATE_CALLERS.contains(&&*route.path);
            let open = !authenticates && ![401, 403].contains(&reply.status);
            let closed = authenticates && (400..500).contains(&reply.status);
            assert!(reply.status < 500 && (open || closed), "{route:?} for anonymous: {reply:?}");
            return;
        }
        assert_eq!(call(&self.anonymous, route).await.problem(401), "auth.token_invalid", "{route:?} for anonymous");
        for token in ["garbage", "eyJhbGciOiJub25lIn0.e30."] {
            let reply = call(&self.anonymous.with_token(token), route).await;
            assert_eq!(reply.problem(401), "auth.token_invalid", "{route:?} with {token}");
        }
        let (insufficient, sufficient): (&[&Client], &[&Client]) = match access {
            Access::Public => return,
            Access::User => (&[], &[&self.user, &self.admin]),
            Access::Staff => (&[&self.user], &[&self.staff, &self.admin]),
            Access::Admin => (&[&self.user, &self.staff], &[&self.admin]),
        };
        for caller in insufficient {
            assert_eq!(call(caller, route).await.problem(403), "auth.forbidden", "{route:?}");
        }
        if route.method == "GET" || self.may_change {
            for caller in sufficient {
                let reply = call(caller, route).await;
                let refused = [401, 403].contains(&reply.status);
                assert!(!refused && reply.status < 500, "{route:?} with a sufficient role: {reply:?}");
                // An unknown id is reported before the body is read.
                if route.path.contains("{id}") && ["POST", "PUT", "PATCH"].contains(&&*route.method) {
                    reply.problem(404);
                }
            }
        }
    }
}

/// Calls a route with an unknown id and a body that is not JSON.
async fn call(caller: &Client, route: &Route) -> Reply {
    let unknown_id = runtime::id::fresh::<uuid::Uuid>().to_string();
    let path = route.path.strip_prefix("/api/v1").map_or_else(|| format!("/{}", route.path), str::to_owned);
    let path = path
        .replace("{id}", &unknown_id)
        .replace("{user_id}", &unknown_id)
        .replace("{gateway}", "sandbox")
        .replace("{fy}", "2026-27")
        .replace("{quarter}", "Q3");
    let request = caller.request(route.method.parse::<Method>().unwrap(), &path);
    let request = match &*route.method {
        "GET" => request,
        _ => request.header("Content-Type", "application/json").body("{"),
    };
    caller.send(request).await
}

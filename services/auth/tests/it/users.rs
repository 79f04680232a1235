//! Users: administration, search, and events of other services.

use crate::fixture::{self, admin, client, member, sign_in, staff, text};
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use proto_events::auth::v1::{SessionRevoked, UserUpdated};
use proto_events::binary::v1::PlacementMade;
use proto_events::booking::v1::{PaymentCompleted, PaymentRefunded, Standing};
use proto_events::platform::v1::StaffActed;
use serde_json::{Value, json};
use testkit::TestService;

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_creates_users() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let body = json!({ "email": "Staff@Example.com", "name": "Meera", "role": "staff" });
    let created = admin.post_with_key("/users", "one", body.clone()).await.expect(201);
    assert_eq!((text(&created, "role").as_str(), text(&created, "email").as_str()), ("staff", "staff@example.com"));
    assert_eq!(created["is_active_buyer"], false);
    let replayed = admin.post_with_key("/users", "one", body.clone()).await;
    assert_eq!(replayed.header("idempotency-replayed"), "true");
    assert_eq!(replayed.expect(201)["id"], created["id"]);
    assert_eq!(admin.post("/users", body).await.problem(409), "auth.email_taken");
    let bad = json!({ "email": "x", "name": "", "role": "staff" });
    assert_eq!(admin.post("/users", bad).await.problem(422), "auth.user_invalid");
    let acted = service.published::<StaffActed>().await;
    assert_eq!(acted.iter().map(|a| a.action.as_str()).collect::<Vec<_>>(), ["auth.user.create"]);
    let (meera, _) = member(&service, "staff@example.com").await;
    meera.get("/users").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_rights_ends_every_session() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let (clerk, id) = staff(&service, &admin, "clerk@example.com").await;
    let path = format!("/users/{id}");
    admin.patch(&path, json!({ "is_distributor": true })).await.expect(200);
    clerk.get("/users").await.expect(200);
    let changed = admin.patch(&path, json!({ "role": "user" })).await.expect(200);
    assert_eq!((text(&changed, "role").as_str(), changed["is_distributor"].as_bool()), ("user", Some(true)));
    assert_eq!(clerk.get("/users").await.problem(401), "auth.token_invalid");
    service.clock.advance_secs(30);
    let (clerk, _) = member(&service, "clerk@example.com").await;
    assert_eq!(clerk.get("/users").await.problem(403), "auth.forbidden");
    admin.patch(&path, json!({ "is_active": false })).await.expect(200);
    assert_eq!(clerk.get("/users/me").await.problem(401), "auth.token_invalid");
    service.clock.advance_secs(30);
    let code = fixture::request_code(&service, "clerk@example.com").await;
    let refused = json!({ "identifier": "clerk@example.com", "code": code });
    assert_eq!(service.anonymous().post("/auth/otp/verify", refused.clone()).await.problem(403), "auth.user_inactive");
    admin.patch(&path, json!({ "is_active": true })).await.expect(200);
    service.anonymous().post("/auth/otp/verify", refused).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_by_the_operator_ends_every_session_once() {
    let service = fixture::start().await;
    let (_, id) = member(&service, "clerk@example.com").await;
    service.clock.advance_secs(60);
    let other_device = sign_in(&service, "clerk@example.com").await;
    let grant = async || auth::grant_admin(service.ctx().db(), "Clerk@example.com", service.now()).await.unwrap();
    assert_eq!((grant().await, grant().await), (true, false));
    let revoked = service.published::<SessionRevoked>().await;
    let owner: domain::UserId = id.parse().unwrap();
    assert_eq!(revoked.iter().map(|e| e.user_id.clone()).collect::<Vec<_>>(), [owner; 2].map(Vec::<u8>::from));
    let roles: Vec<String> =
        service.published::<UserUpdated>().await.into_iter().map(|e| e.user.unwrap().role).collect();
    assert_eq!(roles, ["admin"]);
    let refresh = json!({ "refresh_token": other_device["refresh_token"] });
    assert_eq!(service.anonymous().post("/auth/refresh", refresh).await.problem(401), "auth.refresh_invalid");
    service.clock.advance_secs(60);
    let (clerk, _) = member(&service, "clerk@example.com").await;
    clerk.get("/users").await.expect(200);
    // An unknown address is created, and an inactive administrator is one again.
    assert!(auth::grant_admin(service.ctx().db(), "new@example.com", service.now()).await.unwrap());
    let found = clerk.get("/users?q=new@example.com").await.expect(200);
    assert_eq!(found["items"][0]["role"], "admin");
    let path = format!("/users/{}", text(&found["items"][0], "id"));
    clerk.patch(&path, json!({ "is_active": false })).await.expect(200);
    assert!(auth::grant_admin(service.ctx().db(), "new@example.com", service.now()).await.unwrap());
    assert_eq!(clerk.get(&path).await.expect(200)["is_active"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_at_the_start_ends_every_session() {
    let folder = std::env::temp_dir().join(format!("ev-auth-{}", runtime::id::fresh::<domain::UserId>()));
    let url = format!("sqlite://{}", folder.join("auth.db").display());
    let start = async |admin: Option<&str>| {
        let keys = fixture::KEYS.into_iter().filter(|(name, _)| *name != "BOOTSTRAP_ADMIN");
        let more = admin.map(|email| ("BOOTSTRAP_ADMIN", email)).into_iter().chain([("DATABASE_URL", url.as_str())]);
        TestService::start_with(auth::service(), &keys.chain(more).collect::<Vec<_>>()).await
    };
    let service = start(None).await;
    let signed_in = sign_in(&service, "clerk@example.com").await;
    client(&service, &signed_in).get("/users/me").await.expect(200);
    service.finish().await;
    let service = start(Some("clerk@example.com")).await;
    assert_eq!(client(&service, &signed_in).get("/users/me").await.problem(401), "auth.token_invalid");
    let refresh = json!({ "refresh_token": signed_in["refresh_token"] });
    assert_eq!(service.anonymous().post("/auth/refresh", refresh).await.problem(401), "auth.refresh_invalid");
    assert_eq!(service.published::<SessionRevoked>().await.len(), 1);
    let (clerk, _) = member(&service, "clerk@example.com").await;
    clerk.get("/users").await.expect(200);
    service.finish().await;
    // The next start finds an administrator and changes nothing.
    let service = start(Some("clerk@example.com")).await;
    assert_eq!(service.published::<SessionRevoked>().await.len(), 1);
    service.finish().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_administrator_always_remains() {
    let service = fixture::start().await;
    let (admin, admin_id) = admin(&service).await;
    for change in [json!({ "role": "staff" }), json!({ "is_active": false })] {
        let reply = admin.patch(&format!("/users/{admin_id}"), change).await;
        assert_eq!(reply.problem(403), "auth.own");
    }
    let body = json!({ "email": "second@example.com", "name": "Second", "role": "admin" });
    admin.post("/users", body).await.expect(201);
    let (second, second_id) = member(&service, "second@example.com").await;
    let demote = json!({ "role": "user" });
    let (one, other) = (format!("/users/{second_id}"), format!("/users/{admin_id}"));
    let both = join_all([admin.patch(&one, demote.clone()), second.patch(&other, demote)]).await;
    let mut outcomes: Vec<u16> = both.iter().map(|reply| reply.status).collect();
    outcomes.sort_unstable();
    assert!(outcomes == [200, 401] || outcomes == [200, 403], "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_find_users_by_a_prefix_of_any_word() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    for (email, name) in [("asha@example.com", "Asha Rao"), ("ashok_100%@example.com", "Ashok")] {
        fixture::sign_in_with(&service, email, json!({ "name": name })).await;
    }
    let zoe = fixture::sign_in_with(&service, "x@example.com", json!({ "name": "Zoë" })).await;
    let ravi = json!({ "email": "r@other.org", "mobile": "+919876543210", "name": "Ravi", "role": "user" });
    admin.post("/users", ravi).await.expect(201);
    let found = |query: &'static str| {
        let admin = admin.clone();
        async move {
            let listed = admin.get(&format!("/users?{query}")).await.expect(200);
            let items = listed["items"].as_array().unwrap();
            items.iter().map(|item| text(item, "name")).collect::<Vec<_>>()
        }
    };
    let no_users = Vec::<String>::new();
    for (query, names) in [
        ("q=ASH", vec!["Ashok", "Asha Rao"]),
        ("q=ash&limit=1", vec!["Ashok"]),
        ("q=ashok_1", vec!["Ashok"]),
        ("q=RAO%20asha", vec!["Asha Rao"]),
        ("q=sha", vec![]),
        // No referral code begins with O, so none of them is found by chance.
        ("q=OK_10", vec![]),
        ("q=x@example.com", vec!["Zoë"]),
        ("q=EXAMPLE.com&limit=2", vec!["Zoë", "Ashok"]),
        ("q=O%C3%8B", vec![]),
        ("q=98765%2043", vec!["Ravi"]),
        ("q=%2B91-98765", vec!["Ravi"]),
        ("q=43210", vec![]),
        ("q=ZO%C3%8B", vec!["Zoë"]),
        ("q=zoe%CC%88", vec!["Zoë"]),
        ("q=%25", vec![]),
    ] {
        assert_eq!(found(query).await, names, "{query}");
    }
    fixture::client(&service, &zoe).patch("/users/me", json!({ "name": "Zoë Rao" })).await.expect(200);
    assert_eq!(found("q=rao").await, ["Zoë Rao", "Asha Rao"]);
    fixture::client(&service, &zoe).patch("/users/me", json!({ "name": "Chloé" })).await.expect(200);
    assert_eq!(found("q=zo").await, no_users);
    assert_eq!(found("role=admin").await, ["Administrator"]);
    assert_eq!(found("active_buyer=true").await, no_users);
    assert_eq!(found("kyc_status=none&q=x@").await, ["Chloé"]);
    for query in ["role=king", "active_buyer=maybe", "limit=0", "limit=501", "order=up", "cursor=%21"] {
        assert_eq!(admin.get(&format!("/users?{query}")).await.status, 422, "{query}");
    }
    let first = admin.get("/users?limit=3").await.expect(200);
    let next = admin.get(&format!("/users?limit=3&cursor={}", text(&first, "next_cursor"))).await.expect(200);
    assert_eq!((next["items"].as_array().unwrap().len(), &next["next_cursor"]), (2, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_highest_version_decides_the_active_buyer_status() {
    let service = fixture::start().await;
    let signed_in = sign_in(&service, "buyer@example.com").await;
    let user: domain::UserId = text(&signed_in, "user.id").parse().unwrap();
    let standing = |version, after: bool| {
        Some(Standing { version, active_buyer_before: !after, active_buyer_after: after, ..Standing::default() })
    };
    let paid = |version, after| PaymentCompleted {
        user_id: user.into(),
        method: "online".into(),
        standing: standing(version, after),
        completed_at: 1_800_000_000_000_000,
        ..PaymentCompleted::default()
    };
    let refunded = PaymentRefunded {
        user_id: user.into(),
        method: "online".into(),
        standing: standing(3, false),
        refunded_at: 1_800_000_000_000_000,
        ..PaymentRefunded::default()
    };
    let me = client(&service, &signed_in);
    let mut seen = Vec::new();
    service.deliver_now(&paid(1, false)).await;
    seen.push(me.get("/users/me").await.expect(200)["is_active_buyer"] == true);
    service.deliver_now(&refunded).await;
    seen.push(me.get("/users/me").await.expect(200)["is_active_buyer"] == true);
    service.deliver_now(&paid(2, true)).await;
    seen.push(me.get("/users/me").await.expect(200)["is_active_buyer"] == true);
    service.deliver_now(&paid(4, true)).await;
    service.deliver_now(&paid(4, true)).await;
    seen.push(me.get("/users/me").await.expect(200)["is_active_buyer"] == true);
    assert_eq!(seen, [false, false, false, true]);
    let versions: Vec<u64> =
        service.published::<UserUpdated>().await.into_iter().map(|e| e.user.unwrap().version).collect();
    assert_eq!(versions, [2]);
    service.finish().await;
}

/// Starts to count the updated rows of `users`.
async fn count_writes(service: &TestService) {
    let mut c = service.ctx().db().write().await.unwrap();
    for statement in [
        "CREATE TABLE written (user_id BINARY(16))",
        "CREATE TRIGGER count_writes AFTER UPDATE ON users BEGIN INSERT INTO written VALUES (NEW.id); END",
    ] {
        diesel::sql_query(statement).execute(&mut c).await.unwrap();
    }
}

async fn writes(service: &TestService) -> i64 {
    let mut c = service.ctx().db().read().await.unwrap();
    diesel::dsl::sql::<diesel::sql_types::BigInt>("SELECT count(*) FROM written").get_result(&mut c).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_update_only_the_rows_that_they_change() {
    let service = fixture::start().await;
    let user: domain::UserId = text(&sign_in(&service, "buyer@example.com").await, "user.id").parse().unwrap();
    count_writes(&service).await;
    let paid = |version| PaymentCompleted {
        user_id: user.into(),
        method: "online".into(),
        standing: Some(Standing { version, active_buyer_after: true, ..Standing::default() }),
        completed_at: 1_800_000_000_000_000,
        ..PaymentCompleted::default()
    };
    let placed = PlacementMade { user_id: user.into(), ..PlacementMade::default() };
    let mut seen = Vec::new();
    for event in [paid(2), paid(2), paid(1)] {
        service.deliver_now(&event).await;
        seen.push(writes(&service).await);
    }
    for _ in 0..2 {
        service.deliver_now(&placed).await;
        seen.push(writes(&service).await);
    }
    assert_eq!(seen, [1, 1, 1, 2, 2]);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_event_of_an_unknown_user_is_parked() {
    let service = fixture::start().await;
    let mut members = Vec::new();
    for n in 0..5 {
        let signed_in = sign_in(&service, &format!("m{n}@example.com")).await;
        members.push((client(&service, &signed_in), text(&signed_in, "user.id").parse::<domain::UserId>().unwrap()));
    }
    let unknown: domain::UserId = runtime::id::fresh();
    let ids = members.iter().map(|(_, id)| *id).chain([unknown]).chain(members.iter().map(|(_, id)| *id));
    let mut confirmed = Vec::new();
    for id in ids {
        let placed = PlacementMade { user_id: id.into(), ..PlacementMade::default() };
        let envelope = TestService::envelope(service.now(), &placed);
        confirmed.push(messaging::bus::EventBus::publish(&*service.bus, envelope).await.unwrap());
    }
    for confirm in confirmed {
        confirm.await.unwrap();
    }
    for (member, _) in &members {
        assert_eq!(member.get("/users/me").await.expect(200)["placed"], true);
    }
    let parked = service.parked().await;
    assert!(parked.len() == 1 && parked[0].starts_with("binary.v1.PlacementMade"), "{parked:?}");
}

//! What administrators and staff do with people, and what other services tell of them.

use crate::house::{self, admin, client, member, sign_in, staff, text};
use futures_util::future::join_all;
use proto_events::auth::v1::UserUpdated;
use proto_events::booking::v1::{PaymentCompleted, PaymentRefunded, Standing};
use proto_events::platform::v1::StaffActed;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_makes_people_known() {
    let service = house::start().await;
    let (boss, _) = admin(&service).await;
    let body = json!({ "email": "Staff@Example.com", "name": "Meera", "role": "staff", "is_active_buyer": true });
    let made = boss.post_with_key("/users", "one", body.clone()).await.expect(201);
    assert_eq!((text(&made, "role").as_str(), text(&made, "email").as_str()), ("staff", "staff@example.com"));
    assert_eq!(made["is_active_buyer"], false);
    let replayed = boss.post_with_key("/users", "one", body.clone()).await;
    assert_eq!(replayed.header("idempotency-replayed"), "true");
    assert_eq!(replayed.expect(201)["id"], made["id"]);
    assert_eq!(boss.post("/users", body).await.problem(409), "auth.email_taken");
    let bad = json!({ "email": "x", "name": "", "role": "staff" });
    assert_eq!(boss.post("/users", bad).await.problem(422), "auth.user_invalid");
    let acted = service.published::<StaffActed>().await;
    assert_eq!(acted.iter().map(|a| a.action.as_str()).collect::<Vec<_>>(), ["auth.user.create"]);
    let (meera, _) = member(&service, "staff@example.com").await;
    meera.get("/users").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_rights_ends_every_session() {
    let service = house::start().await;
    let (boss, _) = admin(&service).await;
    let (clerk, id) = staff(&service, &boss, "clerk@example.com").await;
    let path = format!("/users/{id}");
    boss.patch(&path, json!({ "is_distributor": true })).await.expect(200);
    clerk.get("/users").await.expect(200);
    let changed = boss.patch(&path, json!({ "role": "user" })).await.expect(200);
    assert_eq!((text(&changed, "role").as_str(), changed["is_distributor"].as_bool()), ("user", Some(true)));
    assert_eq!(clerk.get("/users").await.problem(401), "auth.token_invalid");
    service.clock.advance_secs(30);
    let (clerk, _) = member(&service, "clerk@example.com").await;
    assert_eq!(clerk.get("/users").await.problem(403), "auth.forbidden");
    boss.patch(&path, json!({ "is_active": false })).await.expect(200);
    assert_eq!(clerk.get("/users/me").await.problem(401), "auth.token_invalid");
    service.clock.advance_secs(30);
    let code = house::ask(&service, "clerk@example.com").await;
    let refused = json!({ "identifier": "clerk@example.com", "code": code });
    assert_eq!(service.anonymous().post("/auth/otp/verify", refused.clone()).await.problem(403), "auth.user_inactive");
    boss.patch(&path, json!({ "is_active": true })).await.expect(200);
    service.anonymous().post("/auth/otp/verify", refused).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_always_an_administrator_left() {
    let service = house::start().await;
    let (boss, boss_id) = admin(&service).await;
    for change in [json!({ "role": "staff" }), json!({ "is_active": false })] {
        let reply = boss.patch(&format!("/users/{boss_id}"), change).await;
        assert_eq!(reply.problem(409), "auth.own_rights");
    }
    let body = json!({ "email": "second@example.com", "name": "Second", "role": "admin" });
    boss.post("/users", body).await.expect(201);
    let (second, second_id) = member(&service, "second@example.com").await;
    let demote = json!({ "role": "user" });
    let (one, other) = (format!("/users/{second_id}"), format!("/users/{boss_id}"));
    let both = join_all([boss.patch(&one, demote.clone()), second.patch(&other, demote)]).await;
    let mut outcomes: Vec<u16> = both.iter().map(|reply| reply.status).collect();
    outcomes.sort_unstable();
    assert!(outcomes == [200, 401] || outcomes == [200, 403], "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_find_people_by_a_part_of_what_they_are_called() {
    let service = house::start().await;
    let (boss, _) = admin(&service).await;
    for (email, name) in
        [("asha@example.com", "Asha Rao"), ("ashok_100%@example.com", "Ashok"), ("x@example.com", "Zoë")]
    {
        house::sign_in_with(&service, email, json!({ "name": name })).await;
    }
    let ravi = json!({ "email": "r@other.org", "mobile": "+919876543210", "name": "Ravi", "role": "user" });
    boss.post("/users", ravi).await.expect(201);
    let found = |query: &'static str| {
        let boss = boss.clone();
        async move {
            let listed = boss.get(&format!("/users?{query}")).await.expect(200);
            let items = listed["items"].as_array().unwrap();
            items.iter().map(|item| text(item, "name")).collect::<Vec<_>>()
        }
    };
    assert_eq!(found("q=ASH").await, ["Ashok", "Asha Rao"]);
    assert_eq!(found("q=ash&limit=1").await, ["Ashok"]);
    assert_eq!(found("q=ashok_1").await, ["Ashok"]);
    assert_eq!(found("q=ashok%251").await, Vec::<String>::new());
    assert_eq!(found("q=a%25").await, Vec::<String>::new());
    assert_eq!(found("q=K_10").await, ["Ashok"]);
    assert_eq!(found("q=100%25@").await, ["Ashok"]);
    assert_eq!(found("q=RAO").await, ["Asha Rao"]);
    assert_eq!(found("q=EXAMPLE.com&limit=2").await, ["Zoë", "Ashok"]);
    assert_eq!(found("q=O%C3%8B").await, ["Zoë"]);
    assert_eq!(found("q=43210").await, ["Ravi"]);
    assert_eq!(found("q=zo%C3%AB").await, ["Zoë"]);
    assert_eq!(found("role=admin").await, ["Administrator"]);
    assert_eq!(found("active_buyer=true").await, Vec::<String>::new());
    assert_eq!(found("kyc_status=none&q=x@").await, ["Zoë"]);
    for query in ["role=king", "active_buyer=maybe", "limit=0", "cursor=%21"] {
        assert_eq!(boss.get(&format!("/users?{query}")).await.status, 422, "{query}");
    }
    let first = boss.get("/users?limit=3").await.expect(200);
    let next = boss.get(&format!("/users?limit=3&cursor={}", text(&first, "next_cursor"))).await.expect(200);
    assert_eq!((next["items"].as_array().unwrap().len(), &next["next_cursor"]), (2, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_highest_version_says_who_is_an_active_buyer() {
    let service = house::start().await;
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

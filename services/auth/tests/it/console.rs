//! Reads of staff and administrators: names by id, filters of users, nominees and sessions of a user.

use crate::fixture::{self, admin, client, member, sign_in, sign_in_with, text};
use proto_events::auth::v1::SessionRevoked;
use proto_events::binary::v1::PlacementMade;
use proto_events::booking::v1::{PaymentCompleted, Standing};
use proto_events::platform::v1::StaffActed;
use serde_json::{Value, json};
use testkit::{Client, TestService};

fn ids(listed: &Value) -> Vec<String> {
    listed["items"].as_array().unwrap().iter().map(|item| text(item, "id")).collect()
}

/// Registers a user; returns the id.
async fn register(service: &TestService, email: &str, fields: Value) -> String {
    text(&sign_in_with(service, email, fields).await, "user.id")
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_get_the_names_of_users_by_id() {
    let service = fixture::start().await;
    let asha = register(&service, "asha@example.com", json!({ "name": "Asha Rao" })).await;
    let ravi = register(&service, "ravi@example.com", json!({ "name": "Ravi" })).await;
    let unknown = || runtime::id::fresh::<domain::UserId>().to_string();
    let staff = service.as_staff();
    let listed = staff.get(&format!("/users/names?ids={asha},{},{ravi},{asha}", unknown())).await.expect(200);
    let named = |id: &str, name: &str| json!({ "id": id, "name": name, "role": "user", "is_active": true });
    assert_eq!(listed, json!({ "items": [named(&ravi, "Ravi"), named(&asha, "Asha Rao")] }));
    assert_eq!(staff.get(&format!("/users/names?ids={}", unknown())).await.expect(200), json!({ "items": [] }));
    for (others, status) in [(98, 200), (99, 200), (100, 422)] {
        let many: Vec<String> = std::iter::repeat_with(unknown).take(others).chain([asha.clone()]).collect();
        let answer = staff.get(&format!("/users/names?ids={}", many.join(","))).await;
        assert_eq!(answer.status, status, "{others} and one");
    }
    for bad in ["", "ids=", "ids=x", &format!("ids={asha},"), &format!("ids={asha}&ids={ravi}")] {
        assert_eq!(staff.get(&format!("/users/names?{bad}")).await.problem(422), "request.bad_query", "{bad}");
    }
    let (me, _) = member(&service, "other@example.com").await;
    assert_eq!(me.get(&format!("/users/names?ids={asha}")).await.problem(403), "auth.forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_filter_users_by_referrer() {
    let service = fixture::start().await;
    let asha = sign_in(&service, "asha@example.com").await;
    let (code, referrer) = (text(&asha, "user.referral_code"), text(&asha, "user.id"));
    let mut referred = Vec::new();
    for n in 1..=3 {
        let fields = json!({ "referral_code": code, "name": format!("Member {n}") });
        referred.push(register(&service, &format!("m{n}@example.com"), fields).await);
    }
    referred.reverse();
    let staff = service.as_staff();
    for (limit, expected) in [(2, &referred[..2]), (3, &referred[..]), (4, &referred[..])] {
        let listed = staff.get(&format!("/users?referrer_id={referrer}&limit={limit}")).await.expect(200);
        assert_eq!(ids(&listed), expected, "{limit}");
        assert_eq!(listed["next_cursor"].is_null(), limit > 2, "{limit}");
    }
    let first = staff.get(&format!("/users?referrer_id={referrer}&limit=2")).await.expect(200);
    let cursor = text(&first, "next_cursor");
    let rest = staff.get(&format!("/users?referrer_id={referrer}&limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!((ids(&rest), &rest["next_cursor"]), (referred[2..].to_vec(), &Value::Null));
    let oldest = format!("/users?referrer_id={referrer}&order=asc&limit=2");
    let first = staff.get(&oldest).await.expect(200);
    let rest = staff.get(&format!("{oldest}&cursor={}", text(&first, "next_cursor"))).await.expect(200);
    assert!([ids(&first), ids(&rest)].concat().iter().eq(referred.iter().rev()));
    assert_eq!(ids(&staff.get(&format!("/users?referrer_id={}", referred[0])).await.expect(200)), Vec::<String>::new());
    assert_eq!(
        ids(&staff.get(&format!("/users?referrer_id={referrer}&q=member%202")).await.expect(200)),
        referred[1..2]
    );
    assert_eq!(staff.get("/users?referrer_id=x").await.problem(422), "request.bad_query");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_find_active_buyers_without_a_position() {
    let service = fixture::start().await;
    let mut users = Vec::new();
    for (name, pays, is_placed) in [("a", true, true), ("b", true, false), ("c", false, false)] {
        let id = register(&service, &format!("{name}@example.com"), json!({})).await;
        let user: domain::UserId = id.parse().unwrap();
        if pays {
            let standing = Some(Standing { version: 1, active_buyer_after: true, ..Standing::default() });
            let (method, completed_at) = ("online".into(), 1_800_000_000_000_000);
            let user_id = user.into();
            let paid = PaymentCompleted { user_id, method, standing, completed_at, ..PaymentCompleted::default() };
            service.deliver_now(&paid).await;
        }
        if is_placed {
            service.deliver_now(&PlacementMade { user_id: user.into(), ..PlacementMade::default() }).await;
        }
        users.push(id);
    }
    let staff = service.as_staff();
    let found = async |query: &str| ids(&staff.get(&format!("/users?role=user&{query}")).await.expect(200));
    assert_eq!(found("placed=false&active_buyer=true").await, users[1..2]);
    assert_eq!(found("placed=true").await, users[..1]);
    assert_eq!(found("placed=false").await, [users[2].clone(), users[1].clone()]);
    assert_eq!(found("placed=true&active_buyer=false").await, Vec::<String>::new());
    assert_eq!(staff.get("/users?placed=maybe").await.problem(422), "request.bad_query");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_read_the_nominee_of_a_user() {
    let service = fixture::start().await;
    let (me, id) = member(&service, "asha@example.com").await;
    let (other, _) = member(&service, "other@example.com").await;
    let path = format!("/users/{id}/nominee");
    assert_eq!(service.as_staff().get(&path).await.problem(404), "request.not_found");
    let nominee = json!({ "name": "Om", "relationship": "son", "date_of_birth": "2015-01-01" });
    let set = me.put("/users/me/nominee", nominee).await.expect(200);
    assert_eq!(service.as_staff().get(&path).await.expect(200), set);
    for client in [&me, &other] {
        assert_eq!(client.get(&path).await.problem(403), "auth.forbidden");
    }
    assert_eq!(service.as_staff().get("/users/x/nominee").await.problem(404), "request.not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_ends_their_other_sessions_at_once() {
    let service = fixture::start().await;
    let mut devices = Vec::new();
    for _ in 0..3 {
        devices.push(sign_in(&service, "asha@example.com").await);
        service.clock.advance_secs(30);
    }
    let other = sign_in(&service, "other@example.com").await;
    let laptop = client(&service, &devices[1]);
    for bad in ["/auth/sessions", "/auth/sessions?except=", "/auth/sessions?except=all"] {
        assert_eq!(laptop.delete(bad).await.problem(422), "request.bad_query", "{bad}");
    }
    for _ in 0..2 {
        laptop.delete("/auth/sessions?except=current").await.expect(204);
        assert_eq!(service.published::<SessionRevoked>().await.len(), 2);
    }
    for ended in [&devices[0], &devices[2]] {
        assert_eq!(client(&service, ended).get("/users/me").await.problem(401), "auth.token_invalid");
        let refresh = json!({ "refresh_token": ended["refresh_token"] });
        assert_eq!(service.anonymous().post("/auth/refresh", refresh).await.problem(401), "auth.refresh_invalid");
    }
    let listed = laptop.get("/auth/sessions").await.expect(200);
    assert_eq!((ids(&listed).len(), &listed["items"][0]["current"]), (1, &json!(true)));
    client(&service, &other).get("/users/me").await.expect(200);
    let refresh = json!({ "refresh_token": devices[1]["refresh_token"] });
    service.anonymous().post("/auth/refresh", refresh).await.expect(200);
}

/// Lists the sessions of a user, as their ids.
async fn session_ids(admin: &Client, path: &str) -> Vec<String> {
    ids(&admin.get(path).await.expect(200))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_lists_and_ends_the_sessions_of_a_user() {
    let service = fixture::start().await;
    let (admin, admin_id) = admin(&service).await;
    let mut devices = Vec::new();
    for _ in 0..2 {
        devices.push(sign_in(&service, "asha@example.com").await);
        service.clock.advance_secs(30);
    }
    let path = format!("/users/{}/sessions", text(&devices[0], "user.id"));
    let listed = admin.get(&path).await.expect(200);
    assert_eq!((ids(&listed).len(), &listed["items"][0]["current"]), (2, &json!(false)));
    for (limit, is_last) in [(1, false), (2, true), (3, true)] {
        let page = admin.get(&format!("{path}?limit={limit}")).await.expect(200);
        assert_eq!(page["next_cursor"].is_null(), is_last, "{limit}");
    }
    assert!(
        ids(&admin.get(&format!("{path}?order=asc&limit=500")).await.expect(200)).iter().eq(ids(&listed).iter().rev())
    );
    let oldest = format!("{path}/{}", ids(&listed)[1]);
    for client in [client(&service, &devices[0]), service.as_staff()] {
        assert_eq!(client.get(&path).await.problem(403), "auth.forbidden");
        assert_eq!(client.delete(&oldest).await.problem(403), "auth.forbidden");
    }
    let unknown = runtime::id::fresh::<domain::UserId>();
    assert_eq!(admin.get(&format!("/users/{unknown}/sessions")).await.problem(404), "request.not_found");
    for wrong in [format!("/users/{admin_id}/sessions/{}", ids(&listed)[1]), format!("{path}/{unknown}")] {
        assert_eq!(admin.delete(&wrong).await.problem(404), "request.not_found", "{wrong}");
    }
    for _ in 0..2 {
        admin.delete(&oldest).await.expect(204);
    }
    assert_eq!(client(&service, &devices[0]).get("/users/me").await.problem(401), "auth.token_invalid");
    client(&service, &devices[1]).get("/users/me").await.expect(200);
    assert_eq!(session_ids(&admin, &path).await, ids(&listed)[..1]);
    assert_eq!(service.published::<SessionRevoked>().await.len(), 1);
    let acted: Vec<(String, String)> =
        service.published::<StaffActed>().await.into_iter().map(|acted| (acted.action, acted.subject_type)).collect();
    assert_eq!(acted, [("auth.session.end".to_owned(), "session".to_owned())]);
    let body = json!({ "email": "new@example.com", "name": "New", "role": "user" });
    let new = text(&admin.post("/users", body).await.expect(201), "id");
    assert_eq!(session_ids(&admin, &format!("/users/{new}/sessions")).await, Vec::<String>::new());
}

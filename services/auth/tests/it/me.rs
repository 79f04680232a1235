//! Own profile, referrals and nominee.

use crate::fixture::{self, client, member, sign_in, sign_in_with, text};
use proto_events::auth::v1::UserUpdated;
use proto_events::binary::v1::PlacementMade;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_changes_their_own_profile_but_not_their_addresses() {
    let service = fixture::start().await;
    let (me, _) = member(&service, "asha@example.com").await;
    let address = json!({ "line1": "1 MG Road", "line2": "Flat 2", "city": "Pune", "state": "MH", "pincode": "411001", "country": "IN" });
    me.patch("/users/me", json!({ "first_name": "Asha", "last_name": "Rao", "address": address })).await.expect(200);
    let after = me.patch("/users/me", json!({ "gender": "female" })).await.expect(200);
    assert_eq!((text(&after, "name").as_str(), text(&after, "address.line2").as_str()), ("Asha Rao", "Flat 2"));
    assert_eq!((text(&after, "gender").as_str(), text(&after, "role").as_str()), ("female", "user"));
    assert_eq!(service.published::<UserUpdated>().await.len(), 1);
    me.patch("/users/me", json!({ "email": "ASHA@example.com" })).await.expect(200);
    for (bad, field) in [
        (json!({ "email": "other@example.com" }), "email"),
        (json!({ "mobile": "9876543210" }), "mobile"),
        (json!({ "name": "" }), "name"),
        (json!({ "date_of_birth": "2020-01-01" }), "date_of_birth"),
    ] {
        let reply = me.patch("/users/me", bad).await;
        assert_eq!(text(&reply.body["errors"][0], "field"), field);
        assert_eq!(reply.problem(422), "auth.profile_invalid");
    }
    for wrong in [json!({ "gender": "x" }), json!({ "date_of_birth": "1.1.1990" }), json!({ "name": 1 }), json!([])] {
        assert_eq!(me.patch("/users/me", wrong).await.problem(400), "request.wrong_type");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referrer_lists_the_users_they_referred() {
    let service = fixture::start().await;
    let asha = sign_in(&service, "asha@example.com").await;
    let code = text(&asha, "user.referral_code");
    let mut ids = Vec::new();
    for name in ["Bina", "Chand", "Dev"] {
        let fields = json!({ "referral_code": code, "name": name });
        let referred = sign_in_with(&service, &format!("{name}@example.com").to_lowercase(), fields).await;
        ids.push(text(&referred, "user.id"));
    }
    let placed = ids[1].parse::<domain::UserId>().unwrap();
    let event = PlacementMade { user_id: placed.into(), side: "left".into(), ..PlacementMade::default() };
    service.deliver_now(&event).await;
    let me = client(&service, &asha);
    let first = me.get("/users/me/referrals?limit=2").await.expect(200);
    let cursor = text(&first, "next_cursor");
    let rest = me.get(&format!("/users/me/referrals?limit=2&cursor={cursor}")).await.expect(200);
    let seen: Vec<(String, bool)> = [&first, &rest]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap().clone())
        .map(|item| (text(&item, "name"), item["placed"] == true))
        .collect();
    assert_eq!(seen, [("Dev".to_owned(), false), ("Chand".to_owned(), true), ("Bina".to_owned(), false)]);
    assert_eq!(rest["next_cursor"], Value::Null);
    let link = me.get("/users/me/referral-link").await.expect(200);
    assert_eq!(text(&link, "url"), format!("https://ev.example/?ref={code}"));
    assert!(text(&link, "qr_svg").contains("<svg"));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_has_one_nominee() {
    let service = fixture::start().await;
    let (me, _) = member(&service, "asha@example.com").await;
    let path = "/users/me/nominee";
    assert_eq!(me.get(path).await.problem(404), "request.not_found");
    assert_eq!(me.delete(path).await.problem(404), "request.not_found");
    for bad in [
        json!({ "name": "", "relationship": "son", "date_of_birth": "2015-01-01" }),
        json!({ "name": "Om", "relationship": " ", "date_of_birth": "2015-01-01" }),
        json!({ "name": "Om", "relationship": "son", "date_of_birth": "2026-11-11" }),
        json!({ "name": "Om", "relationship": "son", "date_of_birth": "1850-01-01" }),
    ] {
        assert_eq!(me.put(path, bad).await.problem(422), "auth.nominee_invalid");
    }
    for name in ["Om", "Uma"] {
        let body = json!({ "name": name, "relationship": "child", "date_of_birth": "2026-11-10" });
        assert_eq!(text(&me.put(path, body).await.expect(200), "name"), name);
    }
    assert_eq!(text(&me.get(path).await.expect(200), "name"), "Uma");
    me.delete(path).await.expect(204);
    assert_eq!(me.get(path).await.problem(404), "request.not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_or_read_only_field_is_refused_by_name() {
    let service = fixture::start().await;
    let (me, _) = member(&service, "asha@example.com").await;
    for (field, value) in [
        ("role", json!("admin")),
        ("referrer_id", json!(null)),
        ("kyc_status", json!("approved")),
        ("is_active_buyer", json!(true)),
        ("nickname", json!("A")),
    ] {
        let reply = me.patch("/users/me", json!({ "name": "Asha", field: value })).await;
        assert_eq!(reply.body["errors"][0]["field"], field);
        assert_eq!(reply.problem(422), "request.unknown_field", "{field}");
    }
    let address = json!({
        "line1": "1 MG Road", "city": "Pune", "state": "Maharashtra", "pincode": "411001", "country": "IN", "planet": "Earth",
    });
    let reply = me.patch("/users/me", json!({ "address": address })).await;
    assert_eq!(reply.body["errors"][0]["field"], "address.planet");
    assert_eq!(reply.problem(422), "request.unknown_field");
    assert_ne!(me.get("/users/me").await.expect(200)["name"], "Asha");
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_normalized_and_invisible_characters_refused() {
    let service = fixture::start().await;
    let (me, _) = member(&service, "asha@example.com").await;
    for name in ["a\u{202e}b", "Asha\u{200b}", "As\u{200d}ha", "\u{feff}Asha", "Asha\u{7}"] {
        let reply = me.patch("/users/me", json!({ "name": name })).await;
        assert_eq!(reply.body["errors"][0]["field"], "name");
        assert_eq!(reply.status, 422, "{name:?}");
    }
    for (given, stored) in
        [("Jose\u{301}", "José"), ("क्\u{200d}षमा", "क्\u{200d}षमा"), ("D'Souza-Rao Jr.", "D'Souza-Rao Jr.")]
    {
        assert_eq!(me.patch("/users/me", json!({ "name": given })).await.expect(200)["name"], stored);
    }
    let nominee = json!({ "name": "Ravi", "relationship": "bro\u{2066}ther", "date_of_birth": "1990-01-01" });
    let reply = me.put("/users/me/nominee", nominee).await;
    assert_eq!((reply.status, reply.body["errors"][0]["field"].as_str()), (422, Some("relationship")));
}

//! Own profile, referrals and nominee.

use crate::fixture::{self, client, member, sign_in, sign_in_with, text};
use proto_events::auth::v1::{UserRegistered, UserUpdated};
use proto_events::binary::v1::PlacementMade;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_changes_their_own_profile_but_not_their_addresses() {
    let service = fixture::start().await;
    let (me, _) = member(&service, "asha@example.com").await;
    let address = json!({ "line1": "1 MG Road", "line2": "Flat 2", "city": "Pune", "state": "MH", "pincode": "411 001", "country": "IN" });
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
    assert_eq!(text(&link, "url"), format!("https://ev.example/join/{code}"));
    assert!(text(&link, "qr_svg").contains("<svg"));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_sees_the_short_name_of_their_referrer_and_staff_the_whole_one() {
    let service = fixture::start().await;
    let asha = sign_in_with(&service, "asha@example.com", json!({ "name": "Asha Patel" })).await;
    let fields = json!({ "referral_code": asha["user"]["referral_code"] });
    let bina = sign_in_with(&service, "bina@example.com", fields).await;
    let me = client(&service, &bina);
    assert_eq!(me.get("/users/me").await.expect(200)["referrer_name"], "Asha P.");
    assert_eq!(me.patch("/users/me", json!({ "name": "Bina" })).await.expect(200)["referrer_name"], "Asha P.");
    assert_eq!(client(&service, &asha).get("/users/me").await.expect(200)["referrer_name"], Value::Null);
    let path = format!("/users/{}", text(&bina, "user.id"));
    assert_eq!(service.as_staff().get(&path).await.expect(200)["referrer_name"], "Asha Patel");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_chooses_their_locale() {
    let service = fixture::start().await;
    let (me, _) = member(&service, "asha@example.com").await;
    let bina = sign_in_with(&service, "bina@example.com", json!({ "locale": "hi" })).await;
    let bina = client(&service, &bina);
    assert_eq!(me.get("/users/me").await.expect(200)["locale"], "en");
    assert_eq!(bina.get("/users/me").await.expect(200)["locale"], "hi");
    let registered: Vec<String> =
        service.published::<UserRegistered>().await.into_iter().map(|e| e.user.unwrap().locale).collect();
    assert_eq!(registered, ["en", "en", "hi"]);
    // A sign-in of a registered user does not change it.
    service.clock.advance_secs(30);
    sign_in_with(&service, "bina@example.com", json!({ "locale": "en" })).await;
    assert_eq!(bina.get("/users/me").await.expect(200)["locale"], "hi");
    for (body, locale) in [
        (json!({ "locale": "hi" }), "hi"),
        (json!({ "locale": "hi" }), "hi"),
        (json!({ "locale": null, "gender": "female" }), "hi"),
        (json!({ "locale": "en", "name": "Asha Rao" }), "en"),
    ] {
        assert_eq!(me.patch("/users/me", body).await.expect(200)["locale"], locale);
    }
    let updated: Vec<(u64, String, String)> = service
        .published::<UserUpdated>()
        .await
        .into_iter()
        .map(|event| event.user.unwrap())
        .map(|user| (user.version, user.locale, user.name))
        .collect();
    assert_eq!((updated.len(), updated[0].0, updated[0].1.as_str()), (2, 2, "hi"));
    assert_eq!(updated[1], (3, "en".to_owned(), "Asha Rao".to_owned()));
    for wrong in [json!("fr"), json!("EN"), json!(""), json!(1)] {
        let reply = me.patch("/users/me", json!({ "locale": wrong })).await;
        assert_eq!(reply.problem(400), "request.wrong_type", "{wrong}");
    }
    let code = fixture::request_code(&service, "dev@example.com").await;
    let wrong = json!({ "identifier": "dev@example.com", "code": code, "locale": "fr" });
    assert_eq!(service.anonymous().post("/auth/otp/verify", wrong).await.problem(400), "request.wrong_type");
    let right = json!({ "identifier": "dev@example.com", "code": code, "locale": "hi" });
    service.anonymous().post("/auth/otp/verify", right).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_city_is_published_and_another_change_of_the_address_is_not() {
    let service = fixture::start().await;
    let (me, _) = member(&service, "asha@example.com").await;
    let address = |line1: &str, city: &str| json!({ "address": { "line1": line1, "city": city, "state": "MH", "pincode": "411001", "country": "IN" } });
    for (line1, city) in [("1 MG Road", "Pune"), ("2 MG Road", "Pune"), ("2 MG Road", "Nagpur")] {
        me.patch("/users/me", address(line1, city)).await.expect(200);
    }
    me.patch("/users/me", json!({ "gender": "female" })).await.expect(200);
    let registered = service.published::<UserRegistered>().await.into_iter().map(|e| e.user.unwrap().city);
    assert!(registered.into_iter().all(|city| city.is_empty()));
    let updated = service.published::<UserUpdated>().await.into_iter().map(|e| e.user.unwrap());
    let cities: Vec<(u64, String)> = updated.map(|user| (user.version, user.city)).collect();
    assert_eq!(cities, [(2, "Pune".to_owned()), (3, "Nagpur".to_owned())]);
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

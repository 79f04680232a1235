//! Tests of a member's choice of channels and times.

use super::{bonus_paid, registered};
use domain::UserId;
use runtime::id;
use serde_json::{Value, json};
use testkit::TestService;

#[tokio::test(flavor = "multi_thread")]
async fn a_member_chooses_the_channels_of_a_kind_and_still_finds_all_notifications_in_the_list() {
    let service = TestService::start(notification::service()).await;
    let (user, now): (UserId, _) = (id::fresh(), service.now());
    let me = service.as_user(user);
    let before = me.get("/notifications/preferences").await.expect(200);
    let on = json!({ "is_on": true, "is_locked": false });
    assert_eq!(before["kinds"]["booking"], json!({ "email": on }));
    assert_eq!(before["kinds"]["earning"]["email"], json!({ "is_on": false, "is_locked": false }));
    assert_eq!(before["channels"], json!(["email", "sms"]), "web push is not configured");
    let chosen = json!({ "kinds": { "earning": { "email": true }, "welcome": { "email": false } } });
    let saved = me.put("/notifications/preferences", chosen).await.expect(200);
    assert_eq!(
        (&saved["kinds"]["earning"]["email"]["is_on"], &saved["kinds"]["welcome"]["email"]["is_on"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(saved["kinds"]["booking"], before["kinds"]["booking"], "the others do not change");
    service.deliver_now(&registered(user, now)).await;
    service.deliver_now(&bonus_paid(user, now, 1)).await;
    service.run_job("email").await;
    let subjects: Vec<String> = service.messages.list(None).into_iter().map(|message| message.subject).collect();
    assert_eq!(subjects, ["Referral bonus"]);
    assert_eq!(me.get("/notifications/unread-count").await.expect(200), json!({ "unread": 2 }));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mandatory_channel_cannot_be_turned_off_and_another_members_choice_is_untouched() {
    let service = TestService::start(notification::service()).await;
    let (mine, other): (UserId, UserId) = (id::fresh(), id::fresh());
    let me = service.as_user(mine);
    let set = async |kinds: Value| me.put("/notifications/preferences", json!({ "kinds": kinds })).await;
    for (kind, channel) in [("payout", "email"), ("payout", "sms"), ("security", "email"), ("security", "push")] {
        let both = json!({ "booking": { "email": false }, kind: { channel: false } });
        assert_eq!(set(both).await.problem(422), "notification.mandatory", "{kind} {channel}");
    }
    assert_eq!(set(json!({ "booking": { "sms": true } })).await.problem(422), "notification.no_such_channel");
    assert_eq!(set(json!({ "nonsense": { "email": true } })).await.problem(400), "request.wrong_type");
    assert_eq!(set(json!({ "booking": false })).await.status, 400);
    let unchanged = service.as_user(other).get("/notifications/preferences").await.expect(200);
    assert_eq!(me.get("/notifications/preferences").await.expect(200), unchanged, "a refused choice changes nothing");
    let locked = json!({ "is_on": true, "is_locked": true });
    assert_eq!(unchanged["kinds"]["payout"], json!({ "email": locked, "sms": locked }));
    set(json!({ "booking": { "email": false } })).await.expect(200);
    assert_eq!(service.as_user(other).get("/notifications/preferences").await.expect(200), unchanged);
    assert_eq!(service.anonymous().get("/notifications/preferences").await.problem(401), "auth.token_invalid");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_of_the_day_are_checked_and_replaced_as_a_whole() {
    let service = TestService::start(notification::service()).await;
    let me = service.as_user(id::fresh());
    let times = "/notifications/preferences/times";
    let night = json!({ "quiet_hours": { "from": "22:00", "until": "07:00" }, "digest_at": "09:30" });
    let saved = me.put(times, night.clone()).await.expect(200);
    assert_eq!((&saved["quiet_hours"], &saved["digest_at"]), (&night["quiet_hours"], &night["digest_at"]));
    for bad in [
        json!({ "quiet_hours": { "from": "22:00", "until": "22:00" }, "digest_at": null }),
        json!({ "quiet_hours": { "from": "24:00", "until": "07:00" }, "digest_at": null }),
        json!({ "quiet_hours": null, "digest_at": "9" }),
    ] {
        assert_eq!(me.put(times, bad).await.problem(422), "notification.bad_times");
    }
    assert_eq!(me.get("/notifications/preferences").await.expect(200), saved);
    let none = me.put(times, json!({ "quiet_hours": null, "digest_at": null })).await.expect(200);
    assert_eq!((&none["quiet_hours"], &none["digest_at"]), (&json!(null), &json!(null)));
    service.finish().await;
}

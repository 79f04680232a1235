//! Fixture: members, payments, and the events of other services.

use db::DbConnection;
use diesel_async::SimpleAsyncConnection;
use domain::{PaymentId, Role, Timestamp, UserId};
use proto_events::auth::v1::{User, UserRegistered};
use proto_events::booking::v1::{DayStarted, PaymentCompleted, PaymentRefunded};
use runtime::id;
use serde_json::Value;
use testkit::TestService;

pub(crate) async fn start() -> TestService {
    TestService::start(binary::service()).await
}

pub(crate) fn user(id: UserId, name: &str, referrer: Option<UserId>) -> User {
    User {
        user_id: id.into(),
        version: 1,
        name: name.to_owned(),
        role: "user".into(),
        is_active: true,
        referrer_id: referrer.map(Into::into),
        ..User::default()
    }
}

pub(crate) async fn register(s: &TestService, name: &str, referrer: Option<UserId>) -> UserId {
    let id: UserId = id::fresh();
    s.deliver_now(&UserRegistered { user: Some(user(id, name, referrer)) }).await;
    id
}

/// Delivers events as one backlog, members before payments.
pub(crate) async fn join_all(s: &TestService, members: &[User]) {
    let registered = members.iter().map(|m| TestService::envelope(s.now(), &UserRegistered { user: Some(m.clone()) }));
    s.deliver_all(registered.collect()).await;
    let paid = members.iter().map(|m| {
        let id = UserId::try_from(m.user_id.as_slice()).unwrap();
        TestService::envelope(s.now(), &payment(id, 500, "online", s.now()))
    });
    s.deliver_all(paid.collect()).await;
}

pub(crate) fn payment(user: UserId, rupees: i64, method: &str, at: Timestamp) -> PaymentCompleted {
    PaymentCompleted {
        payment_id: id::fresh::<PaymentId>().into(),
        booking_id: id::fresh::<UserId>().into(),
        user_id: user.into(),
        amount_paise: rupees * 100,
        method: method.to_owned(),
        completed_at: at.micros(),
        ..PaymentCompleted::default()
    }
}

pub(crate) fn refund_of(paid: &PaymentCompleted, at: Timestamp) -> PaymentRefunded {
    PaymentRefunded {
        refund_id: id::fresh::<UserId>().into(),
        payment_id: paid.payment_id.clone(),
        booking_id: paid.booking_id.clone(),
        user_id: paid.user_id.clone(),
        amount_paise: paid.amount_paise,
        method: paid.method.clone(),
        refund_to: "wallet".into(),
        refunded_at: at.micros(),
        ..PaymentRefunded::default()
    }
}

pub(crate) async fn pay(s: &TestService, user: UserId, rupees: i64) -> PaymentCompleted {
    let paid = payment(user, rupees, "online", s.now());
    s.deliver_now(&paid).await;
    paid
}

pub(crate) async fn refund(s: &TestService, paid: &PaymentCompleted) {
    s.deliver_now(&refund_of(paid, s.now())).await;
}

/// Registers a member under a referrer and pays the minimum for a placement.
pub(crate) async fn join(s: &TestService, name: &str, referrer: Option<UserId>) -> (UserId, PaymentCompleted) {
    let id = register(s, name, referrer).await;
    let paid = pay(s, id, 500).await;
    (id, paid)
}

pub(crate) async fn start_day(s: &TestService, day: &str) {
    let at = day.parse::<domain::Day>().unwrap().starts_at();
    s.deliver(at, &DayStarted { day: day.into(), started_at: at.micros() }).await;
}

pub(crate) async fn me(s: &TestService, user: UserId) -> Value {
    s.as_user(user).get("/binary/me").await.expect(200)
}

/// Left count, right count and number of matched pairs.
pub(crate) async fn counts_and_pairs(s: &TestService, user: UserId) -> (u64, u64, u64) {
    let me = me(s, user).await;
    let number = |field: &str| me[field].as_u64().unwrap();
    (number("left_count"), number("right_count"), number("pairs_total"))
}

/// Number, left, right and status of the pairs of one earner, oldest first.
pub(crate) async fn pairs(s: &TestService, earner: UserId) -> Vec<(u64, String, String, String)> {
    let list = s.as_role(earner, Role::User).get("/binary/pairs?limit=100").await.expect(200);
    let text = |v: &Value, field: &str| v[field].as_str().unwrap().to_owned();
    let mut all: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["number"].as_u64().unwrap(), text(p, "left_user_id"), text(p, "right_user_id"), text(p, "status")))
        .collect();
    all.reverse();
    all
}

pub(crate) async fn digest(s: &TestService) -> Value {
    s.as_staff().get("/binary/digest").await.expect(200)
}

/// Drops the triggers that refuse a change of the table.
pub(crate) async fn drop_write_protection(c: &mut DbConnection, table: &str) {
    for change in ["update", "delete", "replace", "rewrite"] {
        c.batch_execute(&format!("DROP TRIGGER IF EXISTS {table}_refuse_{change}")).await.unwrap();
    }
}

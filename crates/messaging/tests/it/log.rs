//! Retention and republishing of sent events.

use super::fixture::{Effects, Fixture, TempFolder, ctx, effects_of, once, start_consumer, subjects};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use messaging::bus::EventBus;
use messaging::log::{self, RepublishFilter, Retention};
use messaging::memory::MemoryBus;
use messaging::schema::{inbox, outbox};
use runtime::config::Env;
use runtime::ctx::Ctx;
use runtime::id;
use std::sync::Arc;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(60);
const EVERYTHING: RepublishFilter = RepublishFilter { from: Timestamp::UNIX_EPOCH, until: None, event_type: None };

fn retention(days: &str) -> Retention {
    Retention::from_env(&Env::from_pairs([("EVENTS_KEPT_DAYS", days)])).unwrap().unwrap()
}

#[test]
fn retention_is_unlimited_or_at_least_30_days() {
    assert_eq!(Retention::from_env(&Env::default()).unwrap(), None);
    assert!(Retention::from_env(&Env::from_pairs([("EVENTS_KEPT_DAYS", "30")])).unwrap().is_some());
    for bad in ["29", "0", "-1", "a month"] {
        let refused = Retention::from_env(&Env::from_pairs([("EVENTS_KEPT_DAYS", bad)])).unwrap_err();
        assert_eq!(refused.variable, "EVENTS_KEPT_DAYS");
    }
}

/// Creates outbox and inbox rows whose age is `days` less some milliseconds.
struct AgedRows<'a> {
    ctx: &'a Ctx,
    now: Timestamp,
}

impl AgedRows<'_> {
    fn id(&self, days: i64, millis: i64) -> EventId {
        id::earliest(self.now.plus_hours(-24 * days).plus(chrono::TimeDelta::milliseconds(millis)))
    }
    async fn publish(&self, subject: &str, days: i64, millis: i64, is_sent: bool) {
        let row = (
            outbox::event_id.eq(self.id(days, millis)),
            outbox::event_type.eq("auth.v1.UserRegistered"),
            outbox::subject.eq(subject),
            outbox::occurred_at.eq(self.now),
            outbox::traceparent.eq(""),
            outbox::payload.eq(Vec::<u8>::new()),
            outbox::sent_at.eq(is_sent.then_some(self.now)),
        );
        let c = &mut *self.ctx.db().write().await.unwrap();
        diesel::insert_into(outbox::table).values(row).execute(c).await.unwrap();
    }
    async fn handle(&self, days: i64, millis: i64, handled_at: Timestamp) {
        let row = (inbox::event_id.eq(self.id(days, millis)), inbox::received_at.eq(handled_at));
        let c = &mut *self.ctx.db().write().await.unwrap();
        diesel::insert_into(inbox::table).values(row).execute(c).await.unwrap();
    }
}

async fn list_subjects(ctx: &Ctx) -> Vec<String> {
    let c = &mut *ctx.db().read().await.unwrap();
    outbox::table.order(outbox::position).select(outbox::subject).load(c).await.unwrap()
}

async fn list_handled(ctx: &Ctx) -> Vec<EventId> {
    let c = &mut *ctx.db().read().await.unwrap();
    inbox::table.order(inbox::event_id).select(inbox::event_id).load(c).await.unwrap()
}

/// Test of pruning, for any database. The clock advances between `now` and the pruning, so rows are an hour apart from
/// the limit.
pub(super) async fn only_old_rows_are_pruned(ctx: &Ctx) {
    const HOUR: i64 = 3_600_000;
    let aged = AgedRows { ctx, now: ctx.now() };
    for n in 0..1_200 {
        aged.publish(&format!("old{n}"), 90, -HOUR - n, true).await;
        aged.handle(97, -HOUR - n, aged.now.plus_hours(-24 * 8)).await;
    }
    aged.publish("never sent", 90, -HOUR, false).await;
    aged.publish("just old", 90, -1, true).await;
    aged.publish("not yet old", 90, HOUR, true).await;
    aged.publish("new", 0, 0, true).await;
    aged.handle(97, -1, aged.now.plus_hours(-24 * 8)).await;
    aged.handle(97, -2, aged.now.plus_hours(-24 * 6)).await;
    aged.handle(97, HOUR, aged.now.plus_hours(-24 * 97)).await;
    aged.handle(0, 0, aged.now).await;

    assert_eq!(log::prune(ctx, retention("90")).await.unwrap(), 1_201 + 1_201);
    assert_eq!(list_subjects(ctx).await, ["never sent", "not yet old", "new"]);
    assert_eq!(list_handled(ctx).await, [aged.id(97, -2), aged.id(97, HOUR), aged.id(0, 0)]);
    assert_eq!(log::prune(ctx, retention("90")).await.unwrap(), 0);
}

#[tokio::test]
async fn old_sent_events_are_pruned_and_their_inbox_rows_some_days_later() {
    let folder = TempFolder::new();
    only_old_rows_are_pruned(&ctx("wallet", folder.url("wallet.db")).await).await;
}

#[tokio::test]
async fn a_republished_event_takes_effect_only_in_a_new_consumer() {
    let fixture = Fixture::new().await;
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn EventBus> = Arc::new(memory.clone());
    let (relay, consumer) = (fixture.start_relay(&bus), fixture.start_consumer(&bus));
    // More than are in flight at once.
    let all = subjects("user", 2_100);
    fixture.publish(&all).await;
    fixture.all_sent().await;
    assert_eq!(log::republish(fixture.producer.db(), &EVERYTHING, TIMEOUT).await.unwrap(), all.len());
    assert_eq!(fixture.effects().await, once(&all));
    consumer.stop().await;

    let folder = TempFolder::new();
    let (rebuilt, effects) = (ctx("wallet", folder.url("wallet.db")).await, Arc::new(Effects::default()));
    let consumer = start_consumer(&rebuilt, &effects, &bus);
    assert_eq!(log::republish(fixture.producer.db(), &EVERYTHING, TIMEOUT).await.unwrap(), all.len());
    assert_eq!(effects_of(&rebuilt).await, once(&all));
    consumer.stop().await;
    relay.stop().await;
}

#[tokio::test]
async fn only_selected_events_are_republished() {
    let fixture = Fixture::new().await;
    let bus: Arc<dyn EventBus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let (relay, consumer) = (fixture.start_relay(&bus), fixture.start_consumer(&bus));
    for subject in ["before", "at", "after"] {
        fixture.publish(&[subject.to_owned()]).await;
        fixture.all_sent().await;
    }
    let times: Vec<Timestamp> = {
        let c = &mut *fixture.producer.db().read().await.unwrap();
        outbox::table.order(outbox::position).select(outbox::occurred_at).load(c).await.unwrap()
    };
    let count = async |from, until, event_type: Option<&str>| {
        let filter = RepublishFilter { from, until, event_type: event_type.map(str::to_owned) };
        log::republish(fixture.producer.db(), &filter, TIMEOUT).await.unwrap()
    };
    assert_eq!(count(times[1], None, None).await, 2);
    assert_eq!(count(times[1], Some(times[2]), None).await, 1);
    assert_eq!(count(times[2].plus_secs(1), None, None).await, 0);
    assert_eq!(count(times[0], None, Some("auth.v1.UserRegistered")).await, 3);
    assert_eq!(count(times[0], None, Some("auth.v1.UserUpdated")).await, 0);
    relay.stop().await;
    consumer.stop().await;
}

#[tokio::test]
async fn republishing_times_out_while_the_service_is_stopped() {
    let fixture = Fixture::new().await;
    let bus: Arc<dyn EventBus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let (relay, consumer) = (fixture.start_relay(&bus), fixture.start_consumer(&bus));
    fixture.publish(&subjects("user", 3)).await;
    fixture.all_sent().await;
    relay.stop().await;
    let refused = log::republish(fixture.producer.db(), &EVERYTHING, Duration::ZERO).await.unwrap_err();
    assert!(refused.to_string().starts_with("3 events are marked for republishing"), "{refused}");
    // They are sent when it runs again.
    let relay = fixture.start_relay(&bus);
    fixture.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
}

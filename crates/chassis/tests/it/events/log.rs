//! What was sent stays for a while, and can be sent again.

use super::world::{Effects, Folder, World, ctx, effects_of, once, start_consumer, subjects};
use chassis::config::Env;
use chassis::ctx::Ctx;
use chassis::events::bus::Bus;
use chassis::events::log::{self, Choice, Retention};
use chassis::events::memory::MemoryBus;
use chassis::id;
use chassis::schema::{inbox, outbox};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const EVERYTHING: Choice = Choice { from: Timestamp::UNIX_EPOCH, until: None, event_type: None };

fn kept(days: &str) -> Retention {
    Retention::from_env(&Env::from_pairs([("EVENTS_KEPT_DAYS", days)])).unwrap().unwrap()
}

#[test]
fn events_are_kept_for_ever_or_for_a_month_at_least() {
    assert_eq!(Retention::from_env(&Env::default()).unwrap(), None);
    assert!(Retention::from_env(&Env::from_pairs([("EVENTS_KEPT_DAYS", "30")])).unwrap().is_some());
    for bad in ["29", "0", "-1", "a month"] {
        let refused = Retention::from_env(&Env::from_pairs([("EVENTS_KEPT_DAYS", bad)])).unwrap_err();
        assert_eq!(refused.variable, "EVENTS_KEPT_DAYS");
    }
}

/// An event that was made so many milliseconds after the end of `days`, and the mark that it was handled just then.
struct Aged<'a> {
    ctx: &'a Ctx,
    now: Timestamp,
}

impl Aged<'_> {
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

async fn published(ctx: &Ctx) -> Vec<String> {
    let c = &mut *ctx.db().read().await.unwrap();
    outbox::table.order(outbox::position).select(outbox::subject).load(c).await.unwrap()
}

async fn handled(ctx: &Ctx) -> Vec<EventId> {
    let c = &mut *ctx.db().read().await.unwrap();
    inbox::table.order(inbox::event_id).select(inbox::event_id).load(c).await.unwrap()
}

/// On any database. The clock runs on between `now` and the pruning, so nothing here is younger than an hour by chance.
pub(super) async fn what_is_old_goes_and_nothing_else(ctx: &Ctx) {
    const HOUR: i64 = 3_600_000;
    let aged = Aged { ctx, now: ctx.now() };
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

    assert_eq!(log::prune(ctx, kept("90")).await.unwrap(), 1_201 + 1_201);
    assert_eq!(published(ctx).await, ["never sent", "not yet old", "new"]);
    assert_eq!(handled(ctx).await, [aged.id(97, -2), aged.id(97, HOUR), aged.id(0, 0)]);
    assert_eq!(log::prune(ctx, kept("90")).await.unwrap(), 0);
}

#[tokio::test]
async fn events_that_are_old_and_sent_go_and_their_marks_some_days_later() {
    let folder = Folder::new();
    what_is_old_goes_and_nothing_else(&ctx("wallet", folder.url("wallet.db")).await).await;
}

#[tokio::test]
async fn what_is_sent_again_is_new_to_who_is_new_alone() {
    let world = World::new().await;
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn Bus> = Arc::new(memory.clone());
    let (relay, consumer) = (world.start_relay(&bus), world.start_consumer(&bus));
    // More than are on their way at once.
    let all = subjects("user", 2_100);
    world.publish(&all).await;
    world.all_sent().await;
    assert_eq!(log::republish(world.producer.db(), &EVERYTHING, PATIENCE).await.unwrap(), all.len());
    assert_eq!(world.effects().await, once(&all));
    consumer.stop().await;

    let folder = Folder::new();
    let (rebuilt, effects) = (ctx("wallet", folder.url("wallet.db")).await, Arc::new(Effects::default()));
    let consumer = start_consumer(&rebuilt, &effects, &bus);
    assert_eq!(log::republish(world.producer.db(), &EVERYTHING, PATIENCE).await.unwrap(), all.len());
    assert_eq!(effects_of(&rebuilt).await, once(&all));
    consumer.stop().await;
    relay.stop().await;
}

#[tokio::test]
async fn only_what_was_asked_for_is_sent_again() {
    let world = World::new().await;
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let (relay, consumer) = (world.start_relay(&bus), world.start_consumer(&bus));
    for subject in ["before", "at", "after"] {
        world.publish(&[subject.to_owned()]).await;
        world.all_sent().await;
    }
    let times: Vec<Timestamp> = {
        let c = &mut *world.producer.db().read().await.unwrap();
        outbox::table.order(outbox::position).select(outbox::occurred_at).load(c).await.unwrap()
    };
    let count = async |from, until, event_type: Option<&str>| {
        let choice = Choice { from, until, event_type: event_type.map(str::to_owned) };
        log::republish(world.producer.db(), &choice, PATIENCE).await.unwrap()
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
async fn a_service_that_does_not_run_is_not_waited_for_for_ever() {
    let world = World::new().await;
    let bus: Arc<dyn Bus> = Arc::new(MemoryBus::limited_to(&["wallet"]));
    let (relay, consumer) = (world.start_relay(&bus), world.start_consumer(&bus));
    world.publish(&subjects("user", 3)).await;
    world.all_sent().await;
    relay.stop().await;
    let refused = log::republish(world.producer.db(), &EVERYTHING, Duration::ZERO).await.unwrap_err();
    assert!(refused.to_string().starts_with("3 events were asked for"), "{refused}");
    // They are sent when it runs again.
    let relay = world.start_relay(&bus);
    world.all_sent().await;
    relay.stop().await;
    consumer.stop().await;
}

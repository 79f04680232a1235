//! Consumers of the wallet service. Events become commands with the amounts and inputs that were sent; nothing is
//! decided here.

mod bookings;
mod pairs;
mod payouts;

use crate::app::posting::{self, EventWork};
use crate::app::{member, plan};
use crate::domain::Command;
use db::DbConnection;
use domain::{PlanVersion, UserId};
use messaging::{ApplyBatch, EventConsumer, HandleError, decode};
use proto_events::auth::v1::UserRegistered;
use proto_events::binary::v1::PlanPublished;
use proto_events::{Envelope, Event};
use runtime::Ctx;
use std::collections::BTreeMap;
use uuid::Uuid;

type CommandBatch = Result<Vec<Command>, HandleError>;

/// The consumer of the wallet service.
pub(crate) fn consumer(ctx: Ctx) -> EventConsumer<Ledger, Batch> {
    table(Ledger { ctx, readers: ledger_events(CommandReaders::default()) })
}

fn table<S: ApplyBatch<Batch>>(state: S) -> EventConsumer<S, Batch> {
    let copies = EventConsumer::new(state).on::<UserRegistered>(user_registered).on::<PlanPublished>(plan_published);
    ledger_events(copies)
}

/// Adds the events that become commands to `table`.
fn ledger_events<T: LedgerTable>(table: T) -> T {
    payouts::add(pairs::add(bookings::add(table)))
}

/// A table of the events that become commands: the consumer's, or that of [`CommandReaders`].
trait LedgerTable: Sized {
    /// Adds a type and how its events become commands: none for an event that does not concern the ledger, poison for a
    /// malformed one.
    fn on_ledger<M: Event + 'static>(self, commands: fn(M) -> CommandBatch) -> Self;
}

impl<S: ApplyBatch<Batch>> LedgerTable for EventConsumer<S, Batch> {
    fn on_ledger<M: Event + 'static>(self, commands: fn(M) -> CommandBatch) -> Self {
        self.on_envelope::<M>(move |batch, event, envelope| {
            let commands = commands(event)?;
            if !commands.is_empty() {
                batch.work.push(EventWork { event: envelope.clone(), commands });
            }
            Ok(())
        })
    }
}

type ReadCommands = Box<dyn Fn(&Envelope) -> CommandBatch + Send + Sync>;

/// Reads stored events, which waited to take effect, into commands again.
#[derive(Default)]
struct CommandReaders(BTreeMap<String, ReadCommands>);

impl LedgerTable for CommandReaders {
    fn on_ledger<M: Event + 'static>(mut self, commands: fn(M) -> CommandBatch) -> Self {
        self.0.insert(M::event_type(), Box::new(move |event| commands(event.decode()?)));
        self
    }
}

impl CommandReaders {
    /// The commands of an event. Errors with poison for a type that has none.
    fn read(&self, event: &Envelope) -> CommandBatch {
        match self.0.get(&event.event_type) {
            Some(read) => read(event),
            None => Err(HandleError::poison(format!("no commands for events of type {}", event.event_type))),
        }
    }
}

/// What the events of a transaction hold.
#[derive(Default)]
pub(crate) struct Batch {
    /// Registered members with their names.
    members: Vec<(UserId, String)>,
    plan_versions: Vec<PlanVersion>,
    /// In the order of the events; without those that have no commands.
    work: Vec<EventWork>,
}

/// Applies a batch to the ledger.
pub(crate) struct Ledger {
    ctx: Ctx,
    readers: CommandReaders,
}

#[async_trait::async_trait]
impl ApplyBatch<Batch> for Ledger {
    async fn apply(&self, c: &mut DbConnection, batch: Batch) -> Result<(), HandleError> {
        let Batch { members, plan_versions, work } = batch;
        plan::save_all(c, &plan_versions).await?;
        member::save_all(c, members).await?;
        if work.is_empty() && plan_versions.is_empty() {
            return Ok(());
        }
        let published: Vec<u32> = plan_versions.iter().map(|plan| plan.version).collect();
        posting::post_events(c, &**self.ctx.clock(), work, &published, &|event| self.readers.read(event)).await
    }
}

fn user_registered(batch: &mut Batch, event: UserRegistered) -> Result<(), HandleError> {
    let user = decode::required("user", &event.user)?;
    batch.members.push((decode::id("user_id", &user.user_id)?, user.name.clone()));
    Ok(())
}

fn plan_published(batch: &mut Batch, event: PlanPublished) -> Result<(), HandleError> {
    let plan = serde_json::from_str(&event.plan_json).map_err(|e| HandleError::poison(format!("plan_json: {e}")))?;
    let effective_from = decode::time("effective_from", event.effective_from)?;
    batch.plan_versions.push(PlanVersion { version: event.version, effective_from, plan });
    Ok(())
}

fn single(command: Command) -> CommandBatch {
    Ok(vec![command])
}

fn parse_uuid(field: &str, bytes: &[u8]) -> Result<Uuid, HandleError> {
    Uuid::from_slice(bytes).map_err(|_| HandleError::poison(format!("{field} is not a UUID")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging::handler::EventHandler;
    use proto_events::auth::v1::SessionRevoked;
    use proto_events::subscriptions;

    struct NoLedger;

    #[async_trait::async_trait]
    impl ApplyBatch<Batch> for NoLedger {
        async fn apply(&self, _: &mut DbConnection, _: Batch) -> Result<(), HandleError> {
            Ok(())
        }
    }

    #[test]
    fn the_table_has_every_subscribed_type_and_no_other() {
        let mut types = table(NoLedger).types();
        types.push(SessionRevoked::event_type());
        types.sort_unstable();
        let mut subscribed = subscriptions::for_service("wallet").to_vec();
        subscribed.sort_unstable();
        assert_eq!(types, subscribed);
    }
}

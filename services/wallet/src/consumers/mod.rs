//! Consumers of the wallet service. Events become commands with the amounts and inputs that were sent; nothing is
//! decided here.

mod bookings;
mod pairs;
mod payouts;

use crate::app::member::Profiles;
use crate::app::plan;
use crate::app::posting::{self, EventWork};
use crate::domain::Command;
use db::DbConnection;
use domain::PlanVersion;
use messaging::handler::EventHandler;
use messaging::{EventTable, HandleError, decode};
use proto_events::auth::v1::{UserRegistered, UserUpdated};
use proto_events::binary::v1::PlanPublished;
use proto_events::{Envelope, Event};
use runtime::Ctx;
use uuid::Uuid;

/// The commands of an event: none when it does not concern the ledger; poison when it is malformed.
type CommandBatch = Result<Vec<Command>, HandleError>;

fn table() -> EventTable<Batch> {
    let copies = EventTable::default()
        .on::<UserRegistered>(|batch: &mut Batch, event| batch.members.add(&event.user))
        .on::<UserUpdated>(|batch, event| batch.members.add(&event.user))
        .on::<PlanPublished>(plan_published);
    payouts::add(pairs::add(bookings::add(copies)))
}

/// A table with events that become commands.
trait LedgerTable {
    /// Adds a type and how its events become commands.
    fn on_ledger<M: Event + 'static>(self, commands: fn(M) -> CommandBatch) -> Self;
}

impl LedgerTable for EventTable<Batch> {
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

/// What the events of a transaction hold.
#[derive(Default)]
struct Batch {
    /// Names and languages of members.
    members: Profiles,
    plan_versions: Vec<PlanVersion>,
    /// In the order of the events; without those that have no commands.
    work: Vec<EventWork>,
}

/// The consumer of the wallet service: applies events to the ledger.
pub(crate) struct LedgerWriter {
    ctx: Ctx,
    table: EventTable<Batch>,
}

impl LedgerWriter {
    pub(crate) fn new(ctx: Ctx) -> Self {
        Self { ctx, table: table() }
    }
}

#[async_trait::async_trait]
impl EventHandler for LedgerWriter {
    fn types(&self) -> Vec<String> {
        self.table.types()
    }

    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let Batch { members, plan_versions, work } = self.table.read(events)?;
        plan::save_all(c, &plan_versions).await?;
        members.save(c).await?;
        if work.is_empty() && plan_versions.is_empty() {
            return Ok(());
        }
        let published: Vec<u32> = plan_versions.iter().map(|plan| plan.version).collect();
        let read = |released: &[Envelope]| Ok(self.table.read(released)?.work);
        posting::post_events(c, &**self.ctx.clock(), work, &published, &read).await
    }
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
    use testkit::subscriptions;

    #[test]
    fn the_table_has_every_subscribed_type_and_no_other() {
        subscriptions::assert_complete("wallet", super::table().types());
    }
}

//! Revocations as events of the consumer loop.

use auth_token::revocation;
use db::DbConnection;
use messaging::bus::EventBus;
use messaging::handler::EventHandler;
use messaging::memory::MemoryBus;
use messaging::processor::EventProcessor;
use messaging::{HandleError, consumer, parked};
use proto_events::Envelope;
use proto_events::auth::v1::SessionRevoked;
use std::sync::Arc;
use testkit::{TempDatabase, TestService, context};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A service that handles no event.
struct NoEvents;

#[async_trait::async_trait]
impl EventHandler for NoEvents {
    fn types(&self) -> Vec<String> {
        Vec::new()
    }
    async fn handle(&self, _: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        panic!("{} events reached the service", events.len());
    }
}

#[tokio::test]
async fn revoked_sessions_are_stored_and_cached_in_every_service_and_malformed_ones_are_parked() {
    let file = TempDatabase::new("revocations");
    let ctx = context("wallet", file.migrated().await);
    let framework = revocation::event_handler(Arc::clone(ctx.cache()), Arc::clone(ctx.clock()));
    let processor = EventProcessor::new(ctx.clone(), Arc::new(NoEvents)).with_framework(framework);
    let (bus, cancel) = (MemoryBus::limited_to(&["wallet"]), CancellationToken::new());
    let (session, expired, now) = (Uuid::from_u128(7), Uuid::from_u128(8), ctx.now());
    let event = |session_id: &[u8], hours: i64| {
        let expires_at = now.plus_hours(hours).micros();
        let message = SessionRevoked { session_id: session_id.to_vec(), expires_at, ..SessionRevoked::default() };
        TestService::envelope(now, &message)
    };
    let once = event(session.as_bytes(), 1);
    let events = [once.clone(), event(expired.as_bytes(), -1), event(b"short", 1), once];
    let running = tokio::spawn(consumer::run(processor, Arc::new(bus.clone()), cancel.clone()));
    for event in events {
        bus.publish(event).await.unwrap().await.unwrap();
    }
    cancel.cancel();
    running.await.unwrap();
    let mut c = ctx.db().write().await.unwrap();
    assert_eq!(revocation::list_revoked(&mut c, &[session, expired], now).await.unwrap(), [session]);
    assert!(ctx.cache().get(&format!("revoked:{session}")).await.unwrap().is_some());
    assert_eq!(parked::count(&mut c).await.unwrap(), 1);
    assert_eq!(revocation::delete_expired(&mut c, now.plus_hours(2)).await.unwrap(), 1);
}

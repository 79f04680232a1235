//! Trace context: outgoing events continue the trace of the incoming event, also within a batch.

use crate::fixture::{payment, start, user};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::UserId;
use messaging::bus::EventBus;
use messaging::schema::outbox;
use proto_events::Event;
use proto_events::auth::v1::UserRegistered;
use proto_events::binary::v1::PlacementMade;
use runtime::{Env, id, telemetry};
use std::collections::BTreeMap;
use testkit::TestService;

const MEMBERS: u32 = 12;

fn trace(n: u32) -> String {
    format!("{n:032x}")
}

#[tokio::test]
async fn an_outgoing_event_has_the_trace_of_its_incoming_event_and_not_of_the_batch() {
    let telemetry = telemetry::init("binary", &Env::from_pairs([("LOG", "off")])).unwrap();
    let s = start().await;
    let (mut events, mut expected) = (Vec::new(), BTreeMap::new());
    // Payments first: they wait for their members, whose events have traces of their own.
    let members: Vec<UserId> = (0..MEMBERS).map(|_| id::fresh()).collect();
    for (n, member) in (1..).zip(&members) {
        let mut paid = TestService::envelope(s.now(), &payment(*member, 500, "online", s.now()));
        paid.traceparent = format!("00-{}-b7ad6b7169203331-01", trace(n));
        expected.insert(member.to_string(), trace(n));
        events.push(paid);
    }
    for (n, member) in (1..).zip(&members) {
        let registration = UserRegistered { user: Some(user(*member, "M", None)) };
        let mut registration = TestService::envelope(s.now(), &registration);
        registration.traceparent = format!("00-{}-b7ad6b7169203331-01", trace(1_000 + n));
        events.push(registration);
    }
    let mut confirms = Vec::new();
    for event in events {
        confirms.push(s.bus.publish(event).await.unwrap());
    }
    for confirm in confirms {
        confirm.await.unwrap();
    }
    let mut c = s.ctx().db().read().await.unwrap();
    let rows: Vec<(String, String)> = outbox::table
        .filter(outbox::event_type.eq(PlacementMade::event_type()))
        .select((outbox::subject, outbox::traceparent))
        .load(&mut c)
        .await
        .unwrap();
    drop(c);
    let found: BTreeMap<String, String> = rows
        .into_iter()
        .map(|(member, parent)| (member, parent.split('-').nth(1).unwrap_or_default().to_owned()))
        .collect();
    assert_eq!(found, expected);
    s.finish().await;
    drop(telemetry);
}

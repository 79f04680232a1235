//! Notification service: notifications in the application, by e-mail, SMS and web push.
//!
//! Owns notifications, their deliveries, and what members chose. Read in this order: [`domain`] (the table of
//! notifications, their texts, deliveries), `store`, `app`, `http`, `consumers`, `outgoing` (sends deliveries), `jobs`,
//! `streams` (registry of open streams), `signal` (port that wakes them), `shared_signal` (of all processes), `config`.
//!
//! Invariants:
//! - Each fact creates at most one notification, and one delivery for each channel and browser, however often its event
//!   arrives.
//! - Ids of a member's notifications grow in the order of their commits.
//! - A member sees only their own notifications.
//! - No text contains a PAN or a full account number.
//! - A stream sends committed notifications only, and none after its session has ended.
//! - A change of data is announced after its commit, only to the member's own streams, and never stored.
//! - A member has at most five open streams.

mod app;
mod config;
mod consumers;
pub mod domain;
mod error;
mod http;
mod jobs;
mod outgoing;
mod pairs;
mod schema;
mod shared_signal;
mod signal;
mod store;
mod streams;

use crate::app::notify::Policy;
use crate::domain::{Area, Channel};
use ::domain::UserId;
use auth_token::Verifier;
use chassis::service::BootError;
use chassis::{Service, ServiceParts};
use config::Config;
use outgoing::web_push::WebPush;
use parking_lot::Mutex;
use runtime::Ctx;
use shared_signal::SharedSignal;
use signal::{NotificationSignal, Signals};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use streams::OpenStreams;

const MIGRATIONS: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!("migrations");

/// Application state of the notification service, used by the HTTP handlers and the consumer.
#[derive(Clone)]
pub struct NotificationState {
    ctx: Ctx,
    config: Arc<Config>,
    policy: Arc<Policy>,
    /// `None` where web push is not configured.
    web_push: Option<Arc<WebPush>>,
    verifier: Arc<Verifier>,
    streams: Arc<OpenStreams>,
    signal: Arc<dyn NotificationSignal>,
    /// Signals of which the transaction is not known to be committed.
    unannounced: Arc<Mutex<Signals>>,
}

impl NotificationState {
    /// Remembers what to announce after the commit. If the transaction fails, members get a signal without a change,
    /// which is harmless.
    fn announce_later(&self, notified: BTreeSet<UserId>, changed: BTreeMap<UserId, BTreeSet<Area>>) {
        let mut signals = self.unannounced.lock();
        for user in notified {
            signals.entry(user).or_default().has_notifications = true;
        }
        for (user, areas) in changed {
            signals.entry(user).or_default().changed.extend(areas);
        }
    }

    /// Sends the remembered signals.
    async fn announce(&self) {
        let signals = std::mem::take(&mut *self.unannounced.lock());
        self.signal.announce(&signals).await;
    }
}

/// The notification service, ready to run in its own process or next to the others.
// Inlined, the whole service would be compiled again in the crate that calls this.
#[inline(never)]
pub fn service() -> Service {
    Service {
        name: "notification",
        migrations: MIGRATIONS,
        records: &[],
        sealed: &[],
        tasks: &[],
        build: |ctx, framework| Box::pin(std::future::ready(build(ctx, framework.verifier))),
    }
}

fn build(ctx: Ctx, verifier: Arc<Verifier>) -> Result<ServiceParts, BootError> {
    let config = Config::from_env(ctx.env())?;
    let web_push = WebPush::from_env(ctx.env(), &config.public_url)?.map(Arc::new);
    let streams = Arc::new(OpenStreams::new(config.max_streams));
    let signal = Arc::new(SharedSignal::start(&streams, ctx.cache()));
    let has_channel = |channel: &Channel| match channel {
        Channel::Email | Channel::Sms => ctx.mailer().has_channel(channel.as_str()),
        Channel::Push => web_push.is_some(),
    };
    let channels = Channel::ALL.iter().copied().filter(has_channel).collect();
    let policy = Arc::new(Policy { channels, keep_read_days: config.keep_read_days });
    let (config, unannounced) = (Arc::new(config), Arc::default());
    let state = NotificationState { ctx, config, policy, web_push, verifier, streams, signal, unannounced };
    Ok(ServiceParts {
        graph: Some(http::graph::part(state.clone())),
        routes: http::routes(state.clone()),
        jobs: jobs::all(&state),
        consumer: Some(Arc::new(consumers::consumer(state))),
    })
}

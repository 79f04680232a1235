//! Live notifications of one member, whatever carries them: what is new, once and in order, and what ends it.

use crate::NotificationState;
use crate::domain::feed::Feed;
use crate::domain::{Area, NotificationId};
use crate::signal::MemberSignal;
use crate::store::notifications::{self, NotificationRow};
use crate::streams::{Registration, StreamEndCause};
use actix_web::web;
use auth_token::AuthFailure;
use domain::UserId;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};
use uuid::Uuid;

const PAGE_ROWS: i64 = 100;
/// Interval of polling, for lost signals and for notifications stored by another process.
const FALLBACK_POLL_INTERVAL: Duration = Duration::from_secs(30);
/// Delay of the next poll after a database error.
const RETRY_POLL_INTERVAL: Duration = Duration::from_secs(2);
/// Interval of checking whether the session has ended. The check reads memory only.
const SESSION_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The member whose notifications are sent, by their verified token.
pub(super) struct Listener {
    pub(super) user: UserId,
    pub(super) session: Uuid,
    pub(super) expires_at_secs: i64,
    pub(super) token: String,
}

/// What is sent.
pub(super) enum LiveEvent {
    Notification(NotificationRow),
    /// These areas of the member's data have changed.
    Changed(BTreeSet<Area>),
}

/// Why nothing more is sent.
pub(super) enum LiveFailure {
    /// The token is not accepted any more.
    Token(AuthFailure),
    /// A newer stream of the member has replaced this one.
    Replaced,
    /// The database cannot be read.
    Unavailable,
}

impl From<AuthFailure> for LiveFailure {
    fn from(failure: AuthFailure) -> Self {
        Self::Token(failure)
    }
}

impl From<StreamEndCause> for LiveFailure {
    fn from(cause: StreamEndCause) -> Self {
        match cause {
            StreamEndCause::SessionEnded => Self::Token(AuthFailure::SessionEnded),
            StreamEndCause::Replaced => Self::Replaced,
        }
    }
}

/// What comes next for a member, until it fails. The position is kept when a wait for it is cancelled.
pub(super) type LiveEvents = BoxStream<'static, Result<LiveEvent, LiveFailure>>;

/// Registers a stream of the member, which begins after the notification `after`, or with the next new one.
pub(super) async fn open(
    state: web::Data<NotificationState>,
    listener: Listener,
    after: Option<NotificationId>,
    with_changes: bool,
) -> Result<LiveEvents, LiveFailure> {
    let registration = state.streams.register(listener.user, listener.session, with_changes);
    let mut live = Live {
        state,
        listener,
        registration,
        verified_at: None,
        feed: Feed::after(after),
        page: VecDeque::new(),
        scan: None,
        changed: BTreeSet::new(),
        // The first poll is immediate. Anything stored since the registration has left a signal.
        polls: delayed_interval(FALLBACK_POLL_INTERVAL),
        checks: delayed_interval(SESSION_CHECK_INTERVAL),
    };
    live.init_feed(after.is_none()).await?;
    let next = |live: Option<Live>| async move {
        let mut live = live?;
        match live.next().await {
            Ok(event) => Some((Ok(event), Some(live))),
            Err(failure) => Some((Err(failure), None)),
        }
    };
    Ok(stream::unfold(Some(live), next).boxed())
}

fn delayed_interval(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

struct Live {
    state: web::Data<NotificationState>,
    listener: Listener,
    registration: Registration,
    /// When the token was verified last.
    verified_at: Option<Instant>,
    feed: Feed,
    /// Rows that were read and are not sent yet.
    page: VecDeque<NotificationRow>,
    /// Where the next page begins, while there may be one.
    scan: Option<NotificationId>,
    /// Areas that changed and are not reported yet.
    changed: BTreeSet<Area>,
    polls: Interval,
    checks: Interval,
}

impl Live {
    async fn next(&mut self) -> Result<LiveEvent, LiveFailure> {
        loop {
            while let Some(row) = self.page.pop_front() {
                if self.feed.record_shown(row.id) {
                    self.check_token().await?;
                    return Ok(LiveEvent::Notification(row));
                }
            }
            if let Some(from) = self.scan.take() {
                self.read_page(from).await;
            } else if !self.changed.is_empty() {
                self.check_token().await?;
                return Ok(LiveEvent::Changed(std::mem::take(&mut self.changed)));
            } else {
                self.wait().await?;
            }
        }
    }

    async fn wait(&mut self) -> Result<(), LiveFailure> {
        tokio::select! {
            signal = self.registration.wait_for_change() => {
                let MemberSignal { has_notifications, changed } = signal?;
                // Forces a new verification of the token before anything is sent.
                self.verified_at = None;
                if has_notifications {
                    self.scan = Some(self.feed.scan_start());
                }
                self.changed.extend(changed);
                Ok(())
            }
            _ = self.polls.tick() => {
                self.scan = Some(self.feed.scan_start());
                Ok(())
            }
            _ = self.checks.tick() => self.check_session().await,
        }
    }

    /// Positions the feed after the newest notification if the client gave none (`only_new`). Marks the notifications
    /// that the client has and the next scan would find as shown.
    async fn init_feed(&mut self, only_new: bool) -> Result<(), LiveFailure> {
        let user = self.listener.user;
        let mut c = self.state.ctx.db().read().await.map_err(|_| LiveFailure::Unavailable)?;
        if only_new {
            let newest = notifications::list(&mut c, user, false, None, 1).await;
            let newest = newest.map_err(|_| LiveFailure::Unavailable)?;
            self.feed = Feed::after(newest.first().map(|row| row.id));
        }
        let Some(start) = self.feed.newest() else { return Ok(()) };
        let mut from = self.feed.scan_start();
        loop {
            let rows = notifications::list_after(&mut c, user, from, PAGE_ROWS).await;
            let rows = rows.map_err(|_| LiveFailure::Unavailable)?;
            for row in rows.iter().filter(|row| row.id <= start) {
                self.feed.record_shown(row.id);
            }
            match rows.last() {
                Some(last) if last.id < start => from = last.id,
                _ => return Ok(()),
            }
        }
    }

    /// Reads the page after `from`. After a database error, the next poll reads the same one.
    async fn read_page(&mut self, from: NotificationId) {
        // Rows come in ascending order of ids, so memory does not grow with the length of a replay.
        self.feed.trim();
        let user = self.listener.user;
        let read = async {
            let mut c = self.state.ctx.db().read().await?;
            Ok::<_, db::DbError>(notifications::list_after(&mut c, user, from, PAGE_ROWS).await?)
        };
        match read.await {
            Ok(rows) => {
                // Forces a new verification of the token before this page is sent.
                self.verified_at = None;
                self.scan = rows.last().map(|row| row.id);
                self.page.extend(rows);
            }
            Err(error) => {
                tracing::warn!(%error, "notifications of a stream could not be read");
                self.polls.reset_after(RETRY_POLL_INTERVAL);
            }
        }
    }

    /// Errors if the session has ended, also while there is nothing to send.
    async fn check_session(&self) -> Result<(), LiveFailure> {
        if self.state.ctx.now().utc().timestamp() >= self.listener.expires_at_secs {
            return Err(AuthFailure::Expired.into());
        }
        self.state.streams.end_revoked(&self.state.ctx).await;
        Ok(self.registration.check_open()?)
    }

    /// Verifies the token, at most once in [`SESSION_CHECK_INTERVAL`].
    async fn check_token(&mut self) -> Result<(), LiveFailure> {
        self.registration.check_open()?;
        if self.verified_at.is_none_or(|at| at.elapsed() >= SESSION_CHECK_INTERVAL) {
            self.state.verifier.verify(&self.listener.token).await?;
            self.verified_at = Some(Instant::now());
        }
        Ok(())
    }
}

//! Registry of the open streams of this process: limits, owners, wake-ups and ends.

use crate::signal::{MemberSignal, Signals};
use auth_token::revocation;
use db::DbError;
use domain::UserId;
use parking_lot::{Mutex, MutexGuard};
use runtime::Ctx;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use uuid::Uuid;

/// Limit of open streams of one member. A further stream ends the oldest, so that connections that were lost silently
/// never block their owner.
pub(crate) const MAX_STREAMS_PER_MEMBER: usize = 5;
/// Shortest time between two queries for ended sessions, whatever the number of streams: while ended sessions are
/// published to this process, and while they are not.
const PUSHED_CHECK_INTERVAL: Duration = Duration::from_secs(30);
const SESSION_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// The limit of unauthenticated connections is the limit of all connections divided by this.
const UNAUTHENTICATED_DIVISOR: usize = 10;

/// All open streams of the process and the limits of connections.
pub(crate) struct OpenStreams {
    connections: Arc<Semaphore>,
    unauthenticated: Arc<Semaphore>,
    by_member: Mutex<HashMap<UserId, Vec<Arc<OpenStream>>>>,
    /// Whether this process receives ended sessions as they end.
    are_ends_pushed: AtomicBool,
    /// Time of the last query for ended sessions.
    checked_at: tokio::sync::Mutex<Option<Instant>>,
}

/// Permit of one connection, which counts against the limits until it is dropped.
pub(crate) struct ConnectionPermit {
    _any: OwnedSemaphorePermit,
    unauthenticated: Option<OwnedSemaphorePermit>,
}

impl ConnectionPermit {
    /// Stops counting the connection as unauthenticated.
    pub(crate) fn mark_authenticated(&mut self) {
        self.unauthenticated = None;
    }
}

/// Cause for which the service ends a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamEndCause {
    /// The session of the token has ended.
    SessionEnded,
    /// The member has opened more than [`MAX_STREAMS_PER_MEMBER`].
    Replaced,
}

struct OpenStream {
    user: UserId,
    session: Uuid,
    /// Whether the stream reports changed areas.
    with_changes: bool,
    /// Signals that the stream has not received yet, as one.
    pending: Mutex<MemberSignal>,
    wake: Notify,
    end: OnceLock<StreamEndCause>,
}

impl OpenStream {
    /// Adds what the stream reports of the signal to the pending one. Wakes the stream if it reports anything.
    fn signal(&self, signal: &MemberSignal) {
        let mut pending = self.pending();
        pending.has_notifications |= signal.has_notifications;
        if self.with_changes {
            pending.changed.extend(&signal.changed);
        }
        if *pending != MemberSignal::default() {
            self.wake.notify_one();
        }
    }

    fn pending(&self) -> MutexGuard<'_, MemberSignal> {
        self.pending.lock()
    }

    fn end(&self, cause: StreamEndCause) {
        // Only the first cause is recorded.
        let _ended_before = self.end.set(cause);
        self.wake.notify_one();
    }
}

/// A registered stream. Dropping it removes the stream from the registry.
pub(crate) struct Registration {
    streams: Arc<OpenStreams>,
    stream: Arc<OpenStream>,
}

impl Registration {
    /// Waits for a signal and returns it. Several signals become one. Errors if the service ends the stream.
    pub(crate) async fn wait_for_change(&self) -> Result<MemberSignal, StreamEndCause> {
        self.stream.wake.notified().await;
        self.check_open()?;
        Ok(std::mem::take(&mut *self.stream.pending()))
    }

    /// Errors with the cause if the service has ended the stream.
    pub(crate) fn check_open(&self) -> Result<(), StreamEndCause> {
        self.stream.end.get().map_or(Ok(()), |cause| Err(*cause))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut members = self.streams.members();
        if let Some(streams) = members.get_mut(&self.stream.user) {
            streams.retain(|stream| !Arc::ptr_eq(stream, &self.stream));
            if streams.is_empty() {
                members.remove(&self.stream.user);
            }
        }
    }
}

impl OpenStreams {
    /// An empty registry with a limit of `max_streams` connections.
    pub(crate) fn new(max_streams: usize) -> Self {
        Self {
            connections: Arc::new(Semaphore::new(max_streams)),
            unauthenticated: Arc::new(Semaphore::new((max_streams / UNAUTHENTICATED_DIVISOR).max(1))),
            by_member: Mutex::default(),
            are_ends_pushed: AtomicBool::new(false),
            checked_at: tokio::sync::Mutex::default(),
        }
    }

    /// Admits one more connection. Returns `None` if a limit is reached.
    pub(crate) fn try_admit(&self, authenticated: bool) -> Option<ConnectionPermit> {
        let any = Arc::clone(&self.connections).try_acquire_owned().ok()?;
        let unauthenticated = match authenticated {
            true => None,
            false => Some(Arc::clone(&self.unauthenticated).try_acquire_owned().ok()?),
        };
        Some(ConnectionPermit { _any: any, unauthenticated })
    }

    /// Adds a stream of the member, which reports changed areas if `with_changes` and ends with the session. Ends the
    /// member's oldest stream beyond [`MAX_STREAMS_PER_MEMBER`].
    pub(crate) fn register(self: &Arc<Self>, user: UserId, session: Uuid, with_changes: bool) -> Registration {
        let stream = Arc::new(OpenStream {
            user,
            session,
            with_changes,
            pending: Mutex::default(),
            wake: Notify::new(),
            end: OnceLock::new(),
        });
        let mut members = self.members();
        let streams = members.entry(stream.user).or_default();
        streams.push(Arc::clone(&stream));
        let surplus = streams.len().saturating_sub(MAX_STREAMS_PER_MEMBER);
        for oldest in streams.drain(..surplus) {
            oldest.end(StreamEndCause::Replaced);
        }
        drop(members);
        Registration { streams: Arc::clone(self), stream }
    }

    /// Passes the signals to the streams of their members.
    pub(crate) fn wake(&self, signals: &Signals) {
        let members = self.members();
        for (user, signal) in signals {
            members.get(user).into_iter().flatten().for_each(|stream| stream.signal(signal));
        }
    }

    /// Wakes every stream to look for notifications, because signals may have been lost.
    pub(crate) fn wake_all(&self) {
        let signal = MemberSignal { has_notifications: true, ..MemberSignal::default() };
        self.members().values().flatten().for_each(|stream| stream.signal(&signal));
    }

    /// Records whether this process receives ended sessions as they end. The next check asks the database at once.
    pub(crate) fn set_ends_pushed(&self, are_pushed: bool) {
        AtomicBool::store(&self.are_ends_pushed, are_pushed, Ordering::Relaxed);
        if let Ok(mut checked_at) = self.checked_at.try_lock() {
            *checked_at = None;
        }
    }

    /// Ends the streams of this session.
    pub(crate) fn end_session(&self, session: Uuid) {
        let members = self.members();
        let ended = members.values().flatten().filter(|stream| stream.session == session);
        ended.for_each(|stream| stream.end(StreamEndCause::SessionEnded));
    }

    /// Ends the streams with ended sessions. Every stream may call this at any time: one query serves all streams, at
    /// most once in [`SESSION_CHECK_INTERVAL`], or [`PUSHED_CHECK_INTERVAL`].
    pub(crate) async fn end_revoked(&self, ctx: &Ctx) {
        let Ok(mut checked_at) = self.checked_at.try_lock() else { return };
        let are_pushed = AtomicBool::load(&self.are_ends_pushed, Ordering::Relaxed);
        let interval = if are_pushed { PUSHED_CHECK_INTERVAL } else { SESSION_CHECK_INTERVAL };
        if checked_at.is_some_and(|at| at.elapsed() < interval) {
            return;
        }
        match self.list_revoked_sessions(ctx).await {
            Ok(sessions) if sessions.is_empty() => {}
            Ok(sessions) => {
                let members = self.members();
                let ended = members.values().flatten().filter(|stream| sessions.contains(&stream.session));
                ended.for_each(|stream| stream.end(StreamEndCause::SessionEnded));
            }
            // Each stream verifies its token again before it sends.
            Err(error) => tracing::warn!(%error, "revoked sessions of open streams could not be read"),
        }
        *checked_at = Some(Instant::now());
    }

    async fn list_revoked_sessions(&self, ctx: &Ctx) -> Result<BTreeSet<Uuid>, DbError> {
        let open: BTreeSet<Uuid> = self.members().values().flatten().map(|stream| stream.session).collect();
        let open: Vec<Uuid> = open.into_iter().collect();
        let mut c = ctx.db().read().await?;
        Ok(revocation::list_revoked(&mut c, &open, ctx.now()).await?.into_iter().collect())
    }

    fn members(&self) -> MutexGuard<'_, HashMap<UserId, Vec<Arc<OpenStream>>>> {
        self.by_member.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Area;
    use futures_util::FutureExt;
    use runtime::id;

    #[test]
    fn a_sixth_stream_of_a_member_ends_the_oldest() {
        let streams = Arc::new(OpenStreams::new(100));
        let (asha, ravi): (UserId, UserId) = (id::fresh(), id::fresh());
        let others = streams.register(ravi, id::fresh(), false);
        let open: Vec<Registration> = (0..5).map(|_| streams.register(asha, id::fresh(), false)).collect();
        assert!(open.iter().all(|stream| stream.check_open().is_ok()));
        let sixth = streams.register(asha, id::fresh(), false);
        let ended: Vec<bool> = open.iter().map(|stream| stream.check_open() == Err(StreamEndCause::Replaced)).collect();
        assert_eq!(ended, [true, false, false, false, false]);
        assert_eq!(open[0].wait_for_change().now_or_never(), Some(Err(StreamEndCause::Replaced)));
        assert_eq!((sixth.check_open(), others.check_open()), (Ok(()), Ok(())));
        drop(open);
        drop((sixth, others));
        assert!(streams.members().is_empty());
    }

    fn signals(user: UserId, has_notifications: bool, changed: &[Area]) -> Signals {
        Signals::from([(user, MemberSignal { has_notifications, changed: changed.iter().copied().collect() })])
    }

    #[test]
    fn a_signal_wakes_only_its_member_and_is_stored_until_received() {
        let streams = Arc::new(OpenStreams::new(100));
        let (asha, ravi): (UserId, UserId) = (id::fresh(), id::fresh());
        let mine = [streams.register(asha, id::fresh(), false), streams.register(asha, id::fresh(), false)];
        let other = streams.register(ravi, id::fresh(), true);
        // No stream is waiting yet; the signals merge into one.
        for _ in 0..1_000 {
            streams.wake(&signals(asha, true, &[]));
        }
        let expected = MemberSignal { has_notifications: true, changed: BTreeSet::new() };
        for stream in &mine {
            assert_eq!(stream.wait_for_change().now_or_never(), Some(Ok(expected.clone())));
            assert_eq!(stream.wait_for_change().now_or_never(), None);
        }
        assert_eq!(other.wait_for_change().now_or_never(), None);
    }

    #[test]
    fn changed_areas_merge_and_do_not_wake_a_stream_without_changes() {
        let streams = Arc::new(OpenStreams::new(100));
        let asha: UserId = id::fresh();
        let (plain, with_changes) =
            (streams.register(asha, id::fresh(), false), streams.register(asha, id::fresh(), true));
        streams.wake(&signals(asha, false, &[Area::Wallet]));
        streams.wake(&signals(asha, false, &[Area::Wallet, Area::Tree]));
        streams.wake(&signals(asha, false, &[]));
        assert_eq!(plain.wait_for_change().now_or_never(), None);
        let areas = BTreeSet::from([Area::Wallet, Area::Tree]);
        let merged = MemberSignal { has_notifications: false, changed: areas.clone() };
        assert_eq!(with_changes.wait_for_change().now_or_never(), Some(Ok(merged)));
        assert_eq!(with_changes.wait_for_change().now_or_never(), None);
        // A notification does not bring the areas to the stream without changes.
        streams.wake(&signals(asha, true, &[Area::Wallet]));
        let notified = MemberSignal { has_notifications: true, changed: BTreeSet::new() };
        assert_eq!(plain.wait_for_change().now_or_never(), Some(Ok(notified)));
    }

    #[test]
    fn connections_are_limited_and_unauthenticated_ones_more_strictly() {
        let streams = OpenStreams::new(20);
        let mut unknown: Vec<_> = (0..2).filter_map(|_| streams.try_admit(false)).collect();
        assert_eq!((unknown.len(), streams.try_admit(false).is_none()), (2, true));
        unknown.iter_mut().for_each(ConnectionPermit::mark_authenticated);
        assert!(streams.try_admit(false).is_some(), "an authenticated connection frees its permit");
        let known: Vec<_> = (0..20).filter_map(|_| streams.try_admit(true)).collect();
        assert_eq!(known.len(), 18);
        drop(unknown);
        assert!(streams.try_admit(true).is_some());
    }
}

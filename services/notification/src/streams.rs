//! Registry of the open streams of this process: how many there may be, whose they are, what wakes and ends them.

use chassis::Ctx;
use chassis::auth::{Claims, revocation};
use db::DbError;
use domain::UserId;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use uuid::Uuid;

/// Open streams of one member. With one more the oldest ends, so that connections which were lost without a word
/// never keep their owner out.
pub(crate) const MAX_STREAMS_PER_MEMBER: usize = 5;
/// Least time between two looks at which sessions have ended, whatever the number of streams.
const SESSION_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// One in so many connections may be one that has not said yet whose it is.
const UNIDENTIFIED_SHARE: usize = 10;

pub(crate) struct OpenStreams {
    connections: Arc<Semaphore>,
    unidentified: Arc<Semaphore>,
    of_member: Mutex<HashMap<UserId, Vec<Arc<OpenStream>>>>,
    /// When the sessions were looked at last.
    checked_at: tokio::sync::Mutex<Option<Instant>>,
}

/// A connection that counts against the limits until it is dropped.
pub(crate) struct Connection {
    _any: OwnedSemaphorePermit,
    unidentified: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// It is known whose it is.
    pub(crate) fn identified(&mut self) {
        self.unidentified = None;
    }
}

/// Why the service ends a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndCause {
    SessionEnded,
    /// The member has opened more than [`MAX_STREAMS_PER_MEMBER`].
    Replaced,
}

struct OpenStream {
    user: UserId,
    session: Uuid,
    wake: Notify,
    end: OnceLock<EndCause>,
}

impl OpenStream {
    fn end(&self, cause: EndCause) {
        // The first cause stands.
        let _ended_before = self.end.set(cause);
        self.wake.notify_one();
    }
}

/// A registered stream; it leaves the registry when dropped.
pub(crate) struct Registration {
    streams: Arc<OpenStreams>,
    stream: Arc<OpenStream>,
}

impl Registration {
    /// Waits until there may be something new for the member. Signals that come meanwhile are one.
    pub(crate) async fn changed(&self) -> Result<(), EndCause> {
        self.stream.wake.notified().await;
        self.ended()
    }

    pub(crate) fn ended(&self) -> Result<(), EndCause> {
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
    pub(crate) fn new(max_streams: usize) -> Self {
        Self {
            connections: Arc::new(Semaphore::new(max_streams)),
            unidentified: Arc::new(Semaphore::new((max_streams / UNIDENTIFIED_SHARE).max(1))),
            of_member: Mutex::default(),
            checked_at: tokio::sync::Mutex::default(),
        }
    }

    /// Room for one more connection; none when the process has as many as it may have.
    pub(crate) fn admit(&self, identified: bool) -> Option<Connection> {
        let any = Arc::clone(&self.connections).try_acquire_owned().ok()?;
        let unidentified = match identified {
            true => None,
            false => Some(Arc::clone(&self.unidentified).try_acquire_owned().ok()?),
        };
        Some(Connection { _any: any, unidentified })
    }

    /// Adds a stream of the token's member. With more than [`MAX_STREAMS_PER_MEMBER`] their oldest ends.
    pub(crate) fn register(self: &Arc<Self>, claims: &Claims) -> Registration {
        let stream =
            Arc::new(OpenStream { user: claims.sub, session: claims.sid, wake: Notify::new(), end: OnceLock::new() });
        let mut members = self.members();
        let streams = members.entry(stream.user).or_default();
        streams.push(Arc::clone(&stream));
        let surplus = streams.len().saturating_sub(MAX_STREAMS_PER_MEMBER);
        for oldest in streams.drain(..surplus) {
            oldest.end(EndCause::Replaced);
        }
        drop(members);
        Registration { streams: Arc::clone(self), stream }
    }

    /// Wakes the streams of these members.
    pub(crate) fn wake(&self, users: &BTreeSet<UserId>) {
        let members = self.members();
        for stream in users.iter().filter_map(|user| members.get(user)).flatten() {
            stream.wake.notify_one();
        }
    }

    /// Ends the streams whose sessions have ended. Every stream may ask for it as often as it likes: one look at the
    /// database serves all of them, and only so often.
    pub(crate) async fn end_revoked(&self, ctx: &Ctx) {
        let Ok(mut checked_at) = self.checked_at.try_lock() else { return };
        if checked_at.is_some_and(|at| at.elapsed() < SESSION_CHECK_INTERVAL) {
            return;
        }
        match self.revoked(ctx).await {
            Ok(sessions) if sessions.is_empty() => {}
            Ok(sessions) => {
                let members = self.members();
                let ended = members.values().flatten().filter(|stream| sessions.contains(&stream.session));
                ended.for_each(|stream| stream.end(EndCause::SessionEnded));
            }
            // Nothing is sent without asking about the session once more.
            Err(error) => tracing::warn!(%error, "ended sessions could not be looked up for open streams"),
        }
        *checked_at = Some(Instant::now());
    }

    async fn revoked(&self, ctx: &Ctx) -> Result<BTreeSet<Uuid>, DbError> {
        let open: BTreeSet<Uuid> = self.members().values().flatten().map(|stream| stream.session).collect();
        let open: Vec<Uuid> = open.into_iter().collect();
        let mut c = ctx.db().read().await?;
        Ok(revocation::ended(&mut c, &open, ctx.now()).await?.into_iter().collect())
    }

    fn members(&self) -> MutexGuard<'_, HashMap<UserId, Vec<Arc<OpenStream>>>> {
        self.of_member.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::auth::token::{AUDIENCE, ISSUER};
    use chassis::id;
    use domain::Role;
    use futures_util::FutureExt;

    fn token(user: UserId) -> Claims {
        Claims {
            sub: user,
            role: Role::User,
            referrer: None,
            sid: id::fresh(),
            jti: id::fresh(),
            iat: 0,
            exp: 900,
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
        }
    }

    #[test]
    fn a_member_has_five_streams_and_the_oldest_makes_room_for_the_sixth() {
        let streams = Arc::new(OpenStreams::new(100));
        let (asha, ravi): (UserId, UserId) = (id::fresh(), id::fresh());
        let others = streams.register(&token(ravi));
        let open: Vec<Registration> = (0..5).map(|_| streams.register(&token(asha))).collect();
        assert!(open.iter().all(|stream| stream.ended().is_ok()));
        let sixth = streams.register(&token(asha));
        let ended: Vec<bool> = open.iter().map(|stream| stream.ended() == Err(EndCause::Replaced)).collect();
        assert_eq!(ended, [true, false, false, false, false]);
        assert_eq!(open[0].changed().now_or_never(), Some(Err(EndCause::Replaced)));
        assert_eq!((sixth.ended(), others.ended()), (Ok(()), Ok(())));
        drop(open);
        drop((sixth, others));
        assert!(streams.members().is_empty());
    }

    #[test]
    fn a_signal_wakes_the_member_it_is_for_and_is_kept_until_it_is_heard() {
        let streams = Arc::new(OpenStreams::new(100));
        let (asha, ravi): (UserId, UserId) = (id::fresh(), id::fresh());
        let mine = [streams.register(&token(asha)), streams.register(&token(asha))];
        let other = streams.register(&token(ravi));
        // Nobody waits yet, and however many come they are one.
        for _ in 0..1_000 {
            streams.wake(&BTreeSet::from([asha]));
        }
        for stream in &mine {
            assert_eq!(stream.changed().now_or_never(), Some(Ok(())));
            assert_eq!(stream.changed().now_or_never(), None);
        }
        assert_eq!(other.changed().now_or_never(), None);
    }

    #[test]
    fn connections_are_limited_and_those_of_nobody_known_even_more() {
        let streams = OpenStreams::new(20);
        let mut unknown: Vec<_> = (0..2).filter_map(|_| streams.admit(false)).collect();
        assert_eq!((unknown.len(), streams.admit(false).is_none()), (2, true));
        unknown.iter_mut().for_each(Connection::identified);
        assert!(streams.admit(false).is_some(), "whoever is known makes room");
        let known: Vec<_> = (0..20).filter_map(|_| streams.admit(true)).collect();
        assert_eq!(known.len(), 18);
        drop(unknown);
        assert!(streams.admit(true).is_some());
    }
}

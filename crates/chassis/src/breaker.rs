//! When to stop calling something outside that does not answer.
//!
//! | state | a call | becomes |
//! |---|---|---|
//! | closed | is made | open after [`FAILURES`] in a row without an answer |
//! | open | is refused at once | half-open after [`PAUSE`] |
//! | half-open | one is made, the others are refused | closed when it is answered, else open |
//!
//! Only no answer, or one that says that the other side is unwell, is a failure: to be refused is an answer.

use crate::clock::Clock;
use crate::id;
use domain::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Failures in a row that open a breaker.
pub const FAILURES: u32 = 5;
/// How long an open breaker refuses every call.
pub const PAUSE: Duration = Duration::from_secs(30);

/// The shortest wait before another try.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// A call that was not made because those before it were not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it does not answer and is left alone for {} s", after.as_secs())]
pub struct Open {
    /// How long until it is worth asking again: at least a second.
    pub after: Duration,
}

/// What a failed call tells its breaker.
pub trait Outage {
    /// Whether the other side did not answer, or is unwell.
    fn is_outage(&self) -> bool;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Timestamp,
    },
    /// One call is on its way to see.
    HalfOpen,
}

/// The state, and how often it was another: the outcome of a call that was made in an earlier one means nothing.
#[derive(Debug)]
struct Kept {
    state: State,
    era: u64,
}

pub struct Breaker {
    name: &'static str,
    service: &'static str,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

/// A call that is being made. Dropped without an outcome, a trial leaves the next one to another.
struct Call<'a> {
    breaker: &'a Breaker,
    era: u64,
    ended: bool,
}

impl Breaker {
    pub fn new(name: &'static str, service: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self { name, service, clock, kept: Mutex::new(Kept { state: State::Closed { failures: 0 }, era: 0 }) }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Makes `call`, or refuses it at once.
    pub async fn call<T, E: Outage + From<Open>>(&self, call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let made = self.begin()?;
        let answer = call.await;
        made.end(answer.as_ref().err().is_some_and(Outage::is_outage));
        answer
    }

    /// Makes the call up to `tries` times, a moment apart, while it is not answered; for calls that do no harm twice.
    pub async fn retry<T, E, F>(&self, tries: u32, call: impl Fn() -> F) -> Result<T, E>
    where
        E: Outage + From<Open>,
        F: Future<Output = Result<T, E>>,
    {
        let mut tried = 1;
        loop {
            match self.call(call()).await {
                Err(error) if error.is_outage() && tried < tries && self.is_closed() => {}
                done => return done,
            }
            tried += 1;
            // Not at once, and not all callers together.
            let [chance] = id::random_bytes::<1>();
            tokio::time::sleep(FIRST_WAIT + Duration::from_millis(u64::from(chance))).await;
        }
    }

    /// Whether calls are made; half-open, they are not yet.
    pub fn is_closed(&self) -> bool {
        matches!(self.lock().state, State::Closed { .. })
    }

    fn begin(&self) -> Result<Call<'_>, Open> {
        let now = self.clock.now();
        let mut kept = self.lock();
        match kept.state {
            State::Closed { .. } => {}
            State::Open { until } if until <= now => self.enter(&mut kept, State::HalfOpen),
            State::Open { until } => {
                let left = until.since(now).to_std().unwrap_or_default();
                return Err(Open { after: left.max(Duration::from_secs(1)) });
            }
            State::HalfOpen => return Err(Open { after: Duration::from_secs(1) }),
        }
        Ok(Call { breaker: self, era: kept.era, ended: false })
    }

    fn end(&self, era: u64, outage: bool) {
        let mut kept = self.lock();
        if kept.era != era {
            return;
        }
        let failures = match (kept.state, outage) {
            (State::Closed { failures: 0 }, false) | (State::Open { .. }, _) => return,
            (State::Closed { .. } | State::HalfOpen, false) => 0,
            (State::Closed { failures }, true) => failures + 1,
            (State::HalfOpen, true) => FAILURES,
        };
        match (kept.state, failures) {
            (_, FAILURES..) => {
                let pause = chrono::TimeDelta::from_std(PAUSE).unwrap_or(chrono::TimeDelta::MAX);
                self.enter(&mut kept, State::Open { until: self.clock.now().plus(pause) });
            }
            (State::HalfOpen, _) => self.enter(&mut kept, State::Closed { failures }),
            (State::Closed { .. } | State::Open { .. }, _) => kept.state = State::Closed { failures },
        }
    }

    /// Nothing is known of a trial that was given up: the next call is one.
    fn give_up(&self, era: u64) {
        let mut kept = self.lock();
        if kept.era == era && kept.state == State::HalfOpen {
            self.enter(&mut kept, State::Open { until: self.clock.now() });
        }
    }

    fn enter(&self, kept: &mut Kept, state: State) {
        kept.state = state;
        kept.era += 1;
        let (name, service) = (self.name, self.service);
        metrics::gauge!("breaker_open", "service" => service, "name" => name)
            .set(if matches!(state, State::Closed { .. }) { 0.0 } else { 1.0 });
        match state {
            State::Open { .. } => tracing::warn!(service, name, "it does not answer and is left alone for a while"),
            State::HalfOpen => tracing::info!(service, name, "one call sees whether it answers again"),
            State::Closed { .. } => tracing::info!(service, name, "it answers again"),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call<'_> {
    fn end(mut self, outage: bool) {
        self.ended = true;
        self.breaker.end(self.era, outage);
    }
}
impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.breaker.give_up(self.era);
        }
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Breaker").field(&self.name).field(&self.lock().state).finish()
    }
}

/// The breakers of a service, one for each thing it calls.
pub struct Breakers {
    service: &'static str,
    clock: Arc<dyn Clock>,
    by_name: Mutex<BTreeMap<&'static str, Arc<Breaker>>>,
}

impl Breakers {
    pub fn new(service: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self { service, clock, by_name: Mutex::default() }
    }
    /// The breaker of that name, the same for all who ask.
    pub fn of(&self, name: &'static str) -> Arc<Breaker> {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Breaker::new(name, self.service, Arc::clone(&self.clock)));
        Arc::clone(by_name.entry(name).or_insert_with(fresh))
    }
    pub fn all(&self) -> Vec<Arc<Breaker>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FakeClock;

    #[derive(Debug, PartialEq)]
    enum Failed {
        NoAnswer,
        Refused,
        NotMade(Open),
    }
    impl Outage for Failed {
        fn is_outage(&self) -> bool {
            matches!(self, Self::NoAnswer)
        }
    }
    impl From<Open> for Failed {
        fn from(open: Open) -> Self {
            Self::NotMade(open)
        }
    }

    fn breaker() -> (Arc<FakeClock>, Arc<Breaker>) {
        let clock = Arc::new(FakeClock::at("2026-11-10T00:00:00Z".parse().expect("a time")));
        let breaker = Breaker::new("it", "test", clock.clone());
        (clock, Arc::new(breaker))
    }
    async fn answered(breaker: &Breaker) -> Result<(), Failed> {
        breaker.call(async { Ok(()) }).await
    }
    async fn unanswered(breaker: &Breaker) -> Result<(), Failed> {
        breaker.call(async { Err(Failed::NoAnswer) }).await
    }
    async fn opened() -> (Arc<FakeClock>, Arc<Breaker>) {
        let (clock, breaker) = breaker();
        for _ in 0..FAILURES {
            assert_eq!(unanswered(&breaker).await, Err(Failed::NoAnswer));
        }
        (clock, breaker)
    }

    #[tokio::test]
    async fn only_so_many_failures_in_a_row_open_it() {
        let (_, breaker) = breaker();
        for round in 0..3 {
            for _ in 1..FAILURES {
                assert_eq!(unanswered(&breaker).await, Err(Failed::NoAnswer), "{round}");
            }
            assert_eq!(answered(&breaker).await, Ok(()));
        }
        // To be refused is an answer.
        for _ in 0..FAILURES * 2 {
            assert_eq!(breaker.call(async { Err::<(), _>(Failed::Refused) }).await, Err(Failed::Refused));
        }
        assert!(breaker.is_closed());
        for _ in 0..FAILURES {
            assert_eq!(unanswered(&breaker).await, Err(Failed::NoAnswer));
        }
        assert!(!breaker.is_closed());
    }

    #[tokio::test]
    async fn open_it_makes_no_call_and_says_when_to_come_back() {
        let (clock, breaker) = opened().await;
        let call = async { panic!("a call was made") };
        let Err(Failed::NotMade(open)) = breaker.call::<(), _>(call).await else { panic!("made") };
        assert_eq!(open.after.as_secs(), PAUSE.as_secs() - 1);
        clock.advance_secs(i64::try_from(PAUSE.as_secs()).expect("a number") - 1);
        assert!(matches!(answered(&breaker).await, Err(Failed::NotMade(open)) if open.after.as_secs() == 1));
        clock.advance_secs(1);
        assert_eq!(answered(&breaker).await, Ok(()));
        assert!(breaker.is_closed());
        assert_eq!(unanswered(&breaker).await, Err(Failed::NoAnswer), "one failure does not open it again");
        assert!(breaker.is_closed());
    }

    #[tokio::test]
    async fn a_call_is_tried_again_so_often_and_not_once_it_is_open() {
        let (_, breaker) = breaker();
        let made = std::cell::Cell::new(0);
        let call = |good: u32| {
            made.set(made.get() + 1);
            let good = made.get() == good;
            async move { if good { Ok(()) } else { Err(Failed::NoAnswer) } }
        };
        assert_eq!(breaker.retry(3, || call(3)).await, Ok(()));
        assert_eq!(breaker.retry(2, || call(0)).await, Err(Failed::NoAnswer));
        assert_eq!(made.get(), 5);
        assert_eq!(breaker.retry(9, || call(0)).await, Err(Failed::NoAnswer));
        assert_eq!(made.get(), 8, "two failures and three more open it");
        let refused = breaker.retry(9, || async { Err::<(), _>(Failed::Refused) }).await;
        assert!(matches!(refused, Err(Failed::NotMade(_))));
    }

    #[tokio::test]
    async fn a_trial_without_an_answer_opens_it_for_another_pause() {
        let (clock, breaker) = opened().await;
        for _ in 0..3 {
            clock.advance_secs(30);
            assert_eq!(unanswered(&breaker).await, Err(Failed::NoAnswer));
            assert!(matches!(answered(&breaker).await, Err(Failed::NotMade(_))));
        }
    }

    #[tokio::test]
    async fn of_many_callers_one_makes_the_trial() {
        let (clock, breaker) = opened().await;
        clock.advance_secs(30);
        let waiting = tokio::sync::Semaphore::new(0);
        let call = async |_: u32| {
            breaker
                .call(async {
                    drop(waiting.acquire().await);
                    Ok::<_, Failed>(())
                })
                .await
        };
        let everybody = futures_util::future::join_all((0..50).map(call));
        let (answers, ()) = tokio::join!(everybody, async {
            tokio::task::yield_now().await;
            assert!(!breaker.is_closed());
            waiting.add_permits(50);
        });
        assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1);
        assert!(breaker.is_closed());
    }

    #[tokio::test]
    async fn a_trial_that_is_given_up_leaves_the_next_to_another() {
        let (clock, breaker) = opened().await;
        clock.advance_secs(30);
        let never = breaker.call(std::future::pending::<Result<(), Failed>>());
        assert!(futures_util::FutureExt::now_or_never(never).is_none());
        assert_eq!(answered(&breaker).await, Ok(()));
        assert!(breaker.is_closed());
    }

    #[tokio::test]
    async fn what_was_asked_before_it_opened_decides_nothing() {
        let (clock, breaker) = breaker();
        let late = breaker.begin().expect("closed");
        let later = breaker.begin().expect("closed");
        for _ in 0..FAILURES {
            assert_eq!(unanswered(&breaker).await, Err(Failed::NoAnswer));
        }
        late.end(false);
        assert!(!breaker.is_closed(), "an old answer closes nothing");
        clock.advance_secs(30);
        let trial = breaker.begin().expect("a trial");
        later.end(true);
        trial.end(false);
        assert!(breaker.is_closed(), "an old failure spoils no trial");
    }
}

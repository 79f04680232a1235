//! The circuit breaker, with a clock that the tests set.

use futures_util::poll;
use runtime::breaker::{CircuitBreaker, CircuitOpen, FAILURE_LIMIT, IsOutage, OPEN_DURATION};
use std::pin::pin;
use std::sync::Arc;
use testkit::FakeClock;
use tokio::sync::Notify;

#[derive(Debug, PartialEq)]
enum Failed {
    NoResponse,
    Refused,
    NotMade(CircuitOpen),
}
impl IsOutage for Failed {
    fn is_outage(&self) -> bool {
        matches!(self, Self::NoResponse)
    }
}
impl From<CircuitOpen> for Failed {
    fn from(open: CircuitOpen) -> Self {
        Self::NotMade(open)
    }
}

fn breaker() -> (Arc<FakeClock>, Arc<CircuitBreaker>) {
    let clock = Arc::new(FakeClock::at("2026-11-10T00:00:00Z".parse().unwrap()));
    let breaker = CircuitBreaker::new("it", "test", clock.clone());
    (clock, Arc::new(breaker))
}
async fn succeed(breaker: &CircuitBreaker) -> Result<(), Failed> {
    breaker.call(async { Ok(()) }).await
}
async fn fail(breaker: &CircuitBreaker) -> Result<(), Failed> {
    breaker.call(async { Err(Failed::NoResponse) }).await
}
async fn opened() -> (Arc<FakeClock>, Arc<CircuitBreaker>) {
    let (clock, breaker) = breaker();
    for _ in 0..FAILURE_LIMIT {
        assert_eq!(fail(&breaker).await, Err(Failed::NoResponse));
    }
    (clock, breaker)
}

#[tokio::test]
async fn failures_in_a_row_open_it_at_the_limit() {
    let (_, breaker) = breaker();
    for round in 0..3 {
        for _ in 1..FAILURE_LIMIT {
            assert_eq!(fail(&breaker).await, Err(Failed::NoResponse), "{round}");
        }
        assert_eq!(succeed(&breaker).await, Ok(()));
    }
    // A refused request is no failure.
    for _ in 0..FAILURE_LIMIT * 2 {
        assert_eq!(breaker.call(async { Err::<(), _>(Failed::Refused) }).await, Err(Failed::Refused));
    }
    assert!(breaker.is_closed());
    for _ in 0..FAILURE_LIMIT {
        assert_eq!(fail(&breaker).await, Err(Failed::NoResponse));
    }
    assert!(!breaker.is_closed());
}

#[tokio::test]
async fn an_open_one_makes_no_call_and_says_when_to_retry() {
    let (clock, breaker) = opened().await;
    let call = async { panic!("a call was made") };
    let Err(Failed::NotMade(open)) = breaker.call::<(), _>(call).await else { panic!("made") };
    assert_eq!(open.retry_after.as_secs(), OPEN_DURATION.as_secs() - 1);
    clock.advance_secs(i64::try_from(OPEN_DURATION.as_secs()).expect("a number") - 1);
    assert!(matches!(succeed(&breaker).await, Err(Failed::NotMade(open)) if open.retry_after.as_secs() == 1));
    clock.advance_secs(1);
    assert_eq!(succeed(&breaker).await, Ok(()));
    assert!(breaker.is_closed());
    assert_eq!(fail(&breaker).await, Err(Failed::NoResponse), "one failure does not open it again");
    assert!(breaker.is_closed());
}

#[tokio::test]
async fn a_call_is_retried_up_to_the_limit_and_not_while_it_is_open() {
    let (_, breaker) = breaker();
    let made = std::cell::Cell::new(0);
    let call = |good: u32| {
        made.set(made.get() + 1);
        let good = made.get() == good;
        async move { if good { Ok(()) } else { Err(Failed::NoResponse) } }
    };
    assert_eq!(breaker.retry(3, || call(3)).await, Ok(()));
    assert_eq!(breaker.retry(2, || call(0)).await, Err(Failed::NoResponse));
    assert_eq!(made.get(), 5);
    assert_eq!(breaker.retry(9, || call(0)).await, Err(Failed::NoResponse));
    assert_eq!(made.get(), 8, "two failures and three more open it");
    let refused = breaker.retry(9, || async { Err::<(), _>(Failed::Refused) }).await;
    assert!(matches!(refused, Err(Failed::NotMade(_))));
}

#[tokio::test]
async fn a_trial_that_fails_opens_it_again() {
    let (clock, breaker) = opened().await;
    for _ in 0..3 {
        clock.advance_secs(30);
        assert_eq!(fail(&breaker).await, Err(Failed::NoResponse));
        assert!(matches!(succeed(&breaker).await, Err(Failed::NotMade(_))));
    }
}

#[tokio::test]
async fn one_of_many_callers_makes_the_trial() {
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
    let calls = futures_util::future::join_all((0..50).map(call));
    let (results, ()) = tokio::join!(calls, async {
        tokio::task::yield_now().await;
        assert!(!breaker.is_closed());
        waiting.add_permits(50);
    });
    assert_eq!(results.iter().filter(|a| a.is_ok()).count(), 1);
    assert!(breaker.is_closed());
}

#[tokio::test]
async fn after_a_dropped_trial_the_next_call_is_the_trial() {
    let (clock, breaker) = opened().await;
    clock.advance_secs(30);
    let never = breaker.call(std::future::pending::<Result<(), Failed>>());
    assert!(futures_util::FutureExt::now_or_never(never).is_none());
    assert_eq!(succeed(&breaker).await, Ok(()));
    assert!(breaker.is_closed());
}

#[tokio::test]
async fn the_outcome_of_a_call_from_before_it_opened_is_ignored() {
    let (clock, breaker) = breaker();
    let (success, failure, trial) = (Notify::new(), Notify::new(), Notify::new());
    let call = async |released: &Notify, outcome: Result<(), Failed>| {
        let waiting = async {
            released.notified().await;
            outcome
        };
        breaker.call(waiting).await
    };
    let mut late = pin!(call(&success, Ok(())));
    let mut later = pin!(call(&failure, Err(Failed::NoResponse)));
    assert!(poll!(&mut late).is_pending() && poll!(&mut later).is_pending());
    for _ in 0..FAILURE_LIMIT {
        assert_eq!(fail(&breaker).await, Err(Failed::NoResponse));
    }
    success.notify_one();
    assert_eq!(late.await, Ok(()));
    assert!(!breaker.is_closed(), "an old success does not close it");
    clock.advance_secs(30);
    let mut tried = pin!(call(&trial, Ok(())));
    assert!(poll!(&mut tried).is_pending());
    failure.notify_one();
    assert_eq!(later.await, Err(Failed::NoResponse));
    trial.notify_one();
    assert_eq!(tried.await, Ok(()));
    assert!(breaker.is_closed(), "an old failure does not end the trial");
}

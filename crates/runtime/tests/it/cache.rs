//! The cache, in memory and in Redis.

use futures_util::future::join_all;
use runtime::cache::{self, Acquired, Cache, MemoryCache, RateLimit};
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::FakeClock;

const MINUTE: Duration = Duration::from_secs(60);

/// Test of get and set, for every cache.
async fn stores_values(cache: &dyn Cache) {
    cache.ping().await.unwrap();
    assert_eq!(cache.get("a").await.unwrap(), None);
    cache.set("a", &[0, 255, 10], MINUTE).await.unwrap();
    assert_eq!(cache.get("a").await.unwrap(), Some(vec![0, 255, 10]));
    cache.set("a", b"", MINUTE).await.unwrap();
    assert_eq!(cache.get("a").await.unwrap(), Some(Vec::new()));
    cache.ping().await.unwrap();
}

/// A key is set once, and `delete_if` deletes it only by its value.
async fn sets_once(cache: &dyn Cache) {
    let claims = join_all((0..20_u8).map(|n| async move { cache.set_if_absent("claim", &[n], MINUTE).await.unwrap() }));
    assert_eq!(claims.await.into_iter().filter(|claimed| *claimed).count(), 1);
    let holder = cache.get("claim").await.unwrap().unwrap();
    assert!(!cache.delete_if("claim", b"another").await.unwrap());
    assert!(cache.delete_if("claim", &holder).await.unwrap());
    assert!(!cache.delete_if("claim", &holder).await.unwrap());
    assert!(cache.set_if_absent("claim", b"next", MINUTE).await.unwrap());
    cache.delete("claim").await.unwrap();
    cache.delete("never there").await.unwrap();
    assert_eq!(cache.get("claim").await.unwrap(), None);
}

/// Every subscription of a channel gets what is published after it began, in order, and nothing of another channel.
async fn publishes(cache: &dyn Cache) {
    cache.publish("updates", b"before").await.unwrap();
    let (mut one, mut two) = (cache.subscribe("updates").await.unwrap(), cache.subscribe("updates").await.unwrap());
    let mut other = cache.subscribe("other").await.unwrap();
    for message in [&[0, 255, 10][..], b"", b"last"] {
        cache.publish("updates", message).await.unwrap();
    }
    cache.publish("other", b"own").await.unwrap();
    for subscription in [&mut one, &mut two] {
        for message in [&[0, 255, 10][..], b"", b"last"] {
            assert_eq!(subscription.next().await.unwrap(), message);
        }
    }
    assert_eq!(other.next().await.unwrap(), b"own");
}

/// Counters and limits are exact however many use them at once.
async fn counts_exactly(cache: &dyn Cache) {
    let sums = join_all((0..50).map(|_| async { cache.increment("counter", MINUTE).await.unwrap() })).await;
    assert_eq!((sums.iter().max(), cache.count("counter").await.unwrap()), (Some(&50), 50));
    assert_eq!(cache.count("no counter").await.unwrap(), 0);
    let limit = |key: &str, max, secs| RateLimit { key: key.to_owned(), max, window: Duration::from_secs(secs) };
    let both = [limit("five", 5, 600), limit("seven", 7, 60)];
    let uses = join_all((0..30).map(|_| async { cache.acquire(&both).await.unwrap() })).await;
    assert_eq!(uses.iter().filter(|used| **used == Acquired::Granted).count(), 5);
    assert_eq!(cache.count("five").await.unwrap(), 5);
    assert_eq!(cache.count("seven").await.unwrap(), 5, "a refused use counts against no limit");
    let Acquired::Refused { index, retry_after } = cache.acquire(&both).await.unwrap() else { panic!("granted") };
    assert!(index == 0 && retry_after > Duration::from_secs(500) && retry_after <= Duration::from_secs(600));
    for _ in 0..2 {
        assert_eq!(cache.acquire(&both[1..]).await.unwrap(), Acquired::Granted);
    }
    // Both are reached: the one whose window ends last is reported.
    assert!(matches!(cache.acquire(&both).await.unwrap(), Acquired::Refused { index: 0, .. }));
    cache.release(&both).await.unwrap();
    assert_eq!(cache.acquire(&both).await.unwrap(), Acquired::Granted);
    assert!(matches!(cache.acquire(&both).await.unwrap(), Acquired::Refused { .. }));
    // A release without a use has no effect.
    let one = [limit("one", 1, 60)];
    for _ in 0..3 {
        cache.release(&one).await.unwrap();
    }
    assert_eq!(cache.acquire(&one).await.unwrap(), Acquired::Granted);
    assert!(matches!(cache.acquire(&one).await.unwrap(), Acquired::Refused { index: 0, .. }));
    assert_eq!(cache.acquire(&[]).await.unwrap(), Acquired::Granted);
    cache.release(&[]).await.unwrap();
    assert!(matches!(cache.acquire(&[limit("none", 0, 60)]).await.unwrap(), Acquired::Refused { index: 0, .. }));
}

/// A list holds its newest entries.
async fn lists(cache: &dyn Cache) {
    assert_eq!(cache.list("list").await.unwrap(), Vec::<Vec<u8>>::new());
    for (entry, dropped) in [(b"a", vec![]), (b"b", vec![]), (b"c", vec![b"a".to_vec()])] {
        assert_eq!(cache.append("list", entry, 2, MINUTE).await.unwrap(), dropped);
    }
    assert_eq!(cache.list("list").await.unwrap(), [b"b".to_vec(), b"c".to_vec()]);
    cache.delete("list").await.unwrap();
    assert_eq!(cache.list("list").await.unwrap(), Vec::<Vec<u8>>::new());
}

fn clocked() -> (Arc<FakeClock>, MemoryCache) {
    let clock = Arc::new(FakeClock::at("2026-07-01T10:00:00Z".parse().unwrap()));
    (clock.clone(), MemoryCache::with_clock(clock))
}

#[tokio::test]
async fn memory_stores_values() {
    stores_values(&MemoryCache::new()).await;
}

#[tokio::test]
async fn memory_sets_counts_and_lists_atomically() {
    let cache = MemoryCache::new();
    sets_once(&cache).await;
    counts_exactly(&cache).await;
    lists(&cache).await;
    publishes(&cache).await;
}

#[tokio::test]
async fn a_window_begins_with_its_first_use_and_is_not_extended_by_later_ones() {
    let (clock, cache) = clocked();
    let limit = [RateLimit { key: "limit".into(), max: 2, window: MINUTE }];
    assert_eq!(cache.acquire(&limit).await.unwrap(), Acquired::Granted);
    clock.advance_secs(40);
    assert_eq!(cache.acquire(&limit).await.unwrap(), Acquired::Granted);
    assert!(matches!(cache.acquire(&limit).await.unwrap(), Acquired::Refused { .. }));
    assert_eq!(cache.increment("counter", MINUTE).await.unwrap(), 1);
    clock.advance_secs(20);
    assert_eq!(cache.acquire(&limit).await.unwrap(), Acquired::Granted);
    assert_eq!(cache.increment("counter", MINUTE).await.unwrap(), 2);
    clock.advance_secs(40);
    assert_eq!(cache.increment("counter", MINUTE).await.unwrap(), 1);
}

#[tokio::test]
async fn an_entry_expires_after_its_lifetime() {
    let (clock, cache) = clocked();
    cache.set("a", b"1", MINUTE).await.unwrap();
    clock.advance_secs(59);
    assert!(cache.get("a").await.unwrap().is_some());
    clock.advance_secs(1);
    assert_eq!(cache.get("a").await.unwrap(), None);
}

#[tokio::test]
async fn a_huge_lifetime_does_not_overflow() {
    let cache = MemoryCache::new();
    cache.set("a", b"1", Duration::MAX).await.unwrap();
    assert!(cache.get("a").await.unwrap().is_some());
    cache.set("a", b"1", Duration::ZERO).await.unwrap();
    assert_eq!(cache.get("a").await.unwrap(), None);
}

#[tokio::test]
async fn expired_entries_are_removed_and_others_stay() {
    let (clock, cache) = clocked();
    cache.set("long", b"1", MINUTE * 10).await.unwrap();
    for n in 0..5000 {
        cache.set(&format!("short-{n}"), b"1", MINUTE).await.unwrap();
        if n == 2500 {
            clock.advance_secs(61);
        }
    }
    assert!(cache.get("long").await.unwrap().is_some());
    assert_eq!(cache.get("short-0").await.unwrap(), None);
    assert!(cache.get("short-4999").await.unwrap().is_some());
}

#[tokio::test]
async fn an_unreachable_redis_fails_quickly() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let dead = cache::connect(&format!("redis://127.0.0.1:{port}"), "t", None).unwrap();
    let began = Instant::now();
    for _ in 0..100 {
        assert!(dead.get("a").await.is_err());
        assert!(dead.ping().await.is_err());
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_redis_that_accepts_and_never_responds_fails_quickly() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let accepting = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            open.push(stream);
        }
    });
    let cache = cache::connect(&format!("redis://{address}"), "t", None).unwrap();
    let began = Instant::now();
    for _ in 0..20 {
        assert!(cache.get("a").await.is_err());
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    accepting.abort();
}

#[test]
fn a_bad_cache_url_is_refused_by_name_and_its_password_never_shown() {
    for url in
        ["", "localhost", "http://x", "redis://:hunter2@host:notaport", "redis://:hunter2@", "memcached://hunter2"]
    {
        let error = cache::connect(url, "t", None).err().unwrap_or_else(|| panic!("{url}"));
        assert_eq!(error.variable, "CACHE_URL");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    assert!(cache::connect("memory://", "t", None).is_ok());
    assert!(cache::connect("rediss://:secret@redis.example:6380/1", "t", None).is_ok());
}

mod on_services {
    use super::*;
    use runtime::id;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinSet;

    fn url() -> String {
        runtime::Env::from_process().required("TEST_REDIS_URL").unwrap().to_owned()
    }
    fn namespace() -> String {
        format!("test-{}", id::fresh::<uuid::Uuid>())
    }

    #[tokio::test]
    async fn redis_stores_values() {
        stores_values(&*cache::connect(&url(), &namespace(), None).unwrap()).await;
    }

    #[tokio::test]
    async fn redis_sets_counts_and_lists_atomically() {
        let cache = cache::connect(&url(), &namespace(), None).unwrap();
        sets_once(&*cache).await;
        counts_exactly(&*cache).await;
        lists(&*cache).await;
        publishes(&*cache).await;
    }

    #[tokio::test]
    async fn in_redis_everything_expires() {
        let cache = cache::connect(&url(), &namespace(), None).unwrap();
        let ttl = Duration::from_millis(50);
        let limit = [RateLimit { key: "limit".into(), max: 1, window: ttl }];
        assert!(cache.set_if_absent("claim", b"1", ttl).await.unwrap());
        assert_eq!(cache.increment("counter", ttl).await.unwrap(), 1);
        cache.append("list", b"1", 3, ttl).await.unwrap();
        assert_eq!(cache.acquire(&limit).await.unwrap(), Acquired::Granted);
        let gone = async {
            while !(cache.get("claim").await.unwrap().is_none()
                && cache.count("counter").await.unwrap() == 0
                && cache.list("list").await.unwrap().is_empty()
                && cache.count("limit").await.unwrap() == 0)
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
        assert_eq!(cache.acquire(&limit).await.unwrap(), Acquired::Granted);
    }

    #[tokio::test]
    async fn namespaces_keep_installations_apart() {
        let (one, two) =
            (cache::connect(&url(), &namespace(), None).unwrap(), cache::connect(&url(), &namespace(), None).unwrap());
        one.set("a", b"1", MINUTE).await.unwrap();
        assert_eq!(two.get("a").await.unwrap(), None);
        assert_eq!(one.get("a").await.unwrap(), Some(b"1".to_vec()));
    }

    /// Lets connections through to Redis until it is dropped, and then cuts them.
    async fn bridge(listener: TcpListener, target: String) {
        let mut open = JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = TcpStream::connect(&target).await.unwrap();
            open.spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    }

    #[tokio::test]
    async fn a_redis_that_comes_back_is_used_again() {
        let url = url();
        let target = url.trim_start_matches("redis://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let up = tokio::spawn(bridge(listener, target.clone()));
        let cache = cache::connect(&format!("redis://{address}"), &namespace(), None).unwrap();
        cache.set("a", b"1", MINUTE).await.unwrap();
        up.abort();
        drop(up.await);
        let began = Instant::now();
        assert!(cache.get("a").await.is_err());
        assert!(cache.get("a").await.is_err());
        assert!(began.elapsed() < Duration::from_secs(2));
        let up = tokio::spawn(bridge(TcpListener::bind(address).await.unwrap(), target));
        let back = async {
            while cache.get("a").await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), back).await.unwrap();
        assert_eq!(cache.get("a").await.unwrap(), Some(b"1".to_vec()));
        up.abort();
    }
}

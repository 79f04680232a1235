//! Ids and randomness: fresh ids that sort by time, ids derived from other values, random bytes for keys, codes and
//! nonces.

use domain::Timestamp;
use uuid::Uuid;

/// A new UUIDv7.
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn fresh<T: From<Uuid>>() -> T {
    T::from(Uuid::now_v7())
}

/// The smallest UUIDv7 of the millisecond of `at`. Ids created before that millisecond are smaller.
///
/// ```
/// # use domain::Timestamp;
/// # use uuid::Uuid;
/// let id = |at: Timestamp| runtime::id::earliest::<Uuid>(at);
/// let now = Timestamp::from_micros(1_780_000_000_000_999).unwrap();
/// let made: Uuid = "019e7044-8800-7000-8000-000000000000".parse().unwrap();
/// assert!(id(now) <= made && made < id(now.plus_secs(1)));
/// ```
pub fn earliest<T: From<Uuid>>(at: Timestamp) -> T {
    let millis = u128::try_from(at.micros().div_euclid(1_000)).unwrap_or(0);
    T::from(Uuid::from_u128(millis << 80))
}

/// An id derived from `parts`, a UUIDv5: equal parts give equal ids.
///
/// ```
/// # use domain::UserId;
/// let once: UserId = runtime::id::derived(&[b"referral", b"payment-1"]);
/// assert_eq!(once, runtime::id::derived(&[b"referral", b"payment-1"]));
/// assert_ne!(once, runtime::id::derived::<UserId>(&[b"referralp", b"ayment-1"]));
/// ```
pub fn derived<T: From<Uuid>>(parts: &[&[u8]]) -> T {
    const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_98a4_5be1_5d0f_8d2b_7c40_a9e3_1f52);
    let mut name = Vec::with_capacity(parts.iter().map(|p| p.len() + 8).sum());
    for part in parts {
        name.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        name.extend_from_slice(part);
    }
    T::from(Uuid::new_v5(&NAMESPACE, &name))
}

/// An id derived from `cause` and `parts`, a UUIDv7 with the time of `cause`, itself a UUIDv7. So the id is next to
/// its cause in an index, and equal arguments give equal ids.
///
/// ```
/// # use uuid::Uuid;
/// let payment: Uuid = runtime::id::fresh();
/// let entry: Uuid = runtime::id::derived_from(payment, &[b"referral"]);
/// assert_eq!(entry, runtime::id::derived_from::<Uuid>(payment, &[b"referral"]));
/// assert_ne!(entry, runtime::id::derived_from::<Uuid>(payment, &[b"refund"]));
/// assert_eq!((entry.get_version_num(), entry.as_u128() >> 80), (7, payment.as_u128() >> 80));
/// ```
pub fn derived_from<T: From<Uuid>>(cause: Uuid, parts: &[&[u8]]) -> T {
    const TIME: u128 = !0 << 80;
    const VERSION: u128 = 0xf << 76;
    let all: Vec<&[u8]> = std::iter::once(cause.as_bytes().as_slice()).chain(parts.iter().copied()).collect();
    // The variant's bits are the same in both versions.
    let rest = derived::<Uuid>(&all).as_u128() & !TIME & !VERSION;
    T::from(Uuid::from_u128(cause.as_u128() & TIME | 7 << 76 | rest))
}

/// Cryptographically secure random bytes.
#[expect(clippy::expect_used, reason = "without randomness nothing here is safe, and no caller could go on")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    bytes
}

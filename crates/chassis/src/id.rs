//! Where ids come from: fresh ones that sort by time, and derived ones that a replay makes again. And where
//! randomness comes from: keys, codes, nonces.

use uuid::Uuid;

/// A new UUIDv7.
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn fresh<T: From<Uuid>>() -> T {
    T::from(Uuid::now_v7())
}

/// The same id for the same parts, always: a UUIDv5 of them under a fixed namespace.
///
/// ```
/// # use domain::UserId;
/// let once: UserId = chassis::id::derived(&[b"referral", b"payment-1"]);
/// assert_eq!(once, chassis::id::derived(&[b"referral", b"payment-1"]));
/// assert_ne!(once, chassis::id::derived::<UserId>(&[b"referralp", b"ayment-1"]));
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

/// Bytes nobody can guess.
#[expect(clippy::expect_used, reason = "without randomness nothing here is safe, and no caller could go on")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

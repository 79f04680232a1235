//! Web push subscriptions of browsers, and the addresses to which they may point.

domain::id_type! {
    /// Id of a subscription.
    SubscriptionId,
}

/// Limit of browsers of one member; a further one replaces the oldest.
pub const MAX_SUBSCRIPTIONS: usize = 10;
/// Limit of an address.
pub const MAX_ENDPOINT_CHARS: usize = 1_000;
/// Length of a public key: an uncompressed point of P-256.
pub const PUBLIC_KEY_BYTES: usize = 65;
/// Length of the secret of a subscription.
pub const SECRET_BYTES: usize = 16;

/// Whether the host of an address is that of a push service. `hosts` are names, or with a leading dot all names below:
/// the service posts to the address, so a member must not choose it freely.
pub fn is_push_service(host: &str, hosts: &[String]) -> bool {
    hosts.iter().any(|allowed| match allowed.strip_prefix('.') {
        Some(domain) => host.strip_suffix(domain).is_some_and(|before| before.len() > 1 && before.ends_with('.')),
        None => host == allowed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_listed_hosts_are_push_services() {
        let hosts = ["fcm.googleapis.com".to_owned(), ".push.services.mozilla.com".to_owned()];
        for (host, allowed) in [
            ("fcm.googleapis.com", true),
            ("updates.push.services.mozilla.com", true),
            ("push.services.mozilla.com", false),
            (".push.services.mozilla.com", false),
            ("evilpush.services.mozilla.com", false),
            ("fcm.googleapis.com.example", false),
            ("localhost", false),
            ("", false),
        ] {
            assert_eq!(is_push_service(host, &hosts), allowed, "{host}");
        }
    }
}

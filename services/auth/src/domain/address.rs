//! Client network address, in the form that rate limits count.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Prefix length of the IPv6 network that one customer usually has.
const IPV6_PREFIX_BITS: u32 = 64;

/// An IPv4 address, an IPv6 network of 64 bits, or an unknown address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(Option<IpAddr>);

impl ClientAddress {
    /// Parses an address. All texts that are not an address become the same unknown address.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim().parse::<IpAddr>().ok().map(|address| match address.to_canonical() {
            IpAddr::V6(v6) if !v6.is_loopback() => {
                let network = u128::from(v6) & (u128::MAX << (128 - IPV6_PREFIX_BITS));
                IpAddr::V6(Ipv6Addr::from(network))
            }
            other @ (IpAddr::V4(_) | IpAddr::V6(_)) => other,
        }))
    }
    /// The network of the address: an IPv4 /24 or an IPv6 /64. Texts that are not an address have the same unknown one.
    pub(crate) fn network(self) -> String {
        match self.0 {
            Some(IpAddr::V4(v4)) => {
                let [a, b, c, _] = v4.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            Some(IpAddr::V6(_)) | None => self.to_string(),
        }
    }
    /// Whether this is an IPv4 or IPv6 loopback address.
    pub(crate) fn is_loopback(self) -> bool {
        self.0.is_some_and(|address| address.is_loopback())
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(IpAddr::V4(v4)) => write!(f, "{v4}"),
            Some(IpAddr::V6(v6)) if v6.is_loopback() => write!(f, "{v6}"),
            Some(IpAddr::V6(v6)) => write!(f, "{v6}/{IPV6_PREFIX_BITS}"),
            None => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_counts_as_one_client_and_a_mapped_address_as_ipv4() {
        for (given, counted) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::1", "::1"),
            ("", "unknown"),
            ("unix:", "unknown"),
        ] {
            assert_eq!(ClientAddress::new(given).to_string(), counted, "{given}");
        }
        for (given, network) in [
            ("203.0.113.7", "203.0.113.0/24"),
            ("::ffff:203.0.113.255", "203.0.113.0/24"),
            ("203.0.114.7", "203.0.114.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("unix:", "unknown"),
        ] {
            assert_eq!(ClientAddress::new(given).network(), network, "{given}");
        }
        for (given, loopback) in
            [("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("::ffff:127.0.0.1", true), ("10.0.0.1", false)]
        {
            assert_eq!(ClientAddress::new(given).is_loopback(), loopback, "{given}");
        }
    }
}

//! Loopback addresses for servers. Every server has an address of its own below 127/8, so that
//! all use the standard ports and clusters of tests that run side by side do not meet.

use std::net::{IpAddr, Ipv4Addr, TcpListener};

use anyhow::bail;

use crate::server::ports;

/// `count` addresses in a row, on a random free network 127.a.b/24.
///
/// # Errors
/// No network was free in many tries.
pub fn pick(count: usize) -> anyhow::Result<Vec<IpAddr>> {
    for _ in 0..64 {
        // 127.0 is left to others.
        let (a, b) = (rand::random_range(1..=254), rand::random_range(0..=255));
        let addresses: Vec<IpAddr> = (1..=count)
            .map(|host| Ipv4Addr::new(127, a, b, u8::try_from(host).unwrap_or(u8::MAX)).into())
            .collect();
        if addresses.iter().all(|address| {
            ports::ALL.iter().all(|port| TcpListener::bind((*address, *port)).is_ok())
        }) {
            return Ok(addresses);
        }
    }
    bail!("no free loopback network in 64 tries")
}

#[cfg(test)]
mod tests {
    #[test]
    fn picked_addresses_are_distinct_loopback_addresses() {
        let picked = super::pick(5).expect("free addresses");
        let distinct: std::collections::BTreeSet<_> = picked.iter().collect();
        assert_eq!(distinct.len(), 5);
        assert!(picked.iter().all(std::net::IpAddr::is_loopback));
    }
}

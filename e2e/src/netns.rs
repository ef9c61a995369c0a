//! A network of namespaces, one a server, in which connections can be cut in either direction. Needs root and
//! iproute2, nothing else: every two servers, and every server and the test, are joined by an own pair of virtual
//! interfaces, so nothing is forwarded and no packet filter is needed. A cut is a routing rule that drops what comes
//! from the other's address.
//!
//! The addresses are below 198.18/15, which RFC 2544 keeps for tests.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use tokio::process::Command;

/// The namespaces of one cluster; removed when dropped.
#[derive(Debug)]
pub struct Network {
    names: Vec<String>,
    addresses: Vec<Ipv4Addr>,
}

/// Why there can be no namespaces here, if so.
pub async fn unavailable() -> Option<String> {
    // Tests of one process ask at the same time.
    let probe = format!("mfp{:08x}", rand::random::<u32>());
    let made = ip(["netns", "add", &probe]).await.err().map(|error| format!("{error:#}"));
    if made.is_none() {
        let _ = ip(["netns", "del", &probe]).await;
    }
    made
}

impl Network {
    /// Makes `count` namespaces, joined.
    ///
    /// # Errors
    /// Not root, or `ip` is missing.
    pub async fn create(count: usize) -> anyhow::Result<Self> {
        let tag = format!("{:05x}", rand::random_range(0..0x10_0000));
        let (a, b) = (rand::random_range(18..=19), rand::random_range(0..=255));
        let hosts = (1..=count).map(u8::try_from).collect::<Result<Vec<_>, _>>()?;
        let network = Self {
            names: hosts.iter().map(|host| format!("mf{tag}-{host}")).collect(),
            addresses: hosts.iter().map(|host| Ipv4Addr::new(198, a, b, *host)).collect(),
        };
        let outside = Ipv4Addr::new(198, a, b, 254);
        for index in 0..count {
            let (name, address) = (&network.names[index], network.addresses[index]);
            ip(["netns", "add", name]).await?;
            on(name, ["link", "set", "lo", "up"]).await?;
            on(name, ["addr", "add", &format!("{address}/32"), "dev", "lo"]).await?;
            // The rule that finds own addresses comes first by default; the cuts must come before.
            on(name, ["rule", "add", "pref", "100", "lookup", "local"]).await?;
            on(name, ["rule", "del", "pref", "0"]).await?;
            let (inner, outer) = (format!("mf{tag}{index}x"), format!("mf{tag}x{index}"));
            ip(["link", "add", &outer, "type", "veth", "peer", "name", &inner, "netns", name])
                .await?;
            ip(["addr", "add", &format!("{outside}/32"), "dev", &outer]).await?;
            ip(["link", "set", &outer, "up"]).await?;
            on(name, ["link", "set", &inner, "up"]).await?;
            ip(["route", "add", &address.to_string(), "dev", &outer, "src", &outside.to_string()])
                .await?;
            on(
                name,
                ["route", "add", &outside.to_string(), "dev", &inner, "src", &address.to_string()],
            )
            .await?;
        }
        for one in 0..count {
            for other in one + 1..count {
                let (left, right) =
                    (format!("mf{tag}{one}{other}"), format!("mf{tag}{other}{one}"));
                ip([
                    "link",
                    "add",
                    &left,
                    "netns",
                    &network.names[one],
                    "type",
                    "veth",
                    "peer",
                    "name",
                    &right,
                    "netns",
                    &network.names[other],
                ])
                .await?;
                for (from, to, device) in [(one, other, &left), (other, one, &right)] {
                    let name = &network.names[from];
                    on(name, ["link", "set", device, "up"]).await?;
                    let (peer, own) =
                        (network.addresses[to].to_string(), network.addresses[from].to_string());
                    on(name, ["route", "add", &peer, "dev", device, "src", &own]).await?;
                }
            }
        }
        Ok(network)
    }

    /// Address and namespace of every server.
    pub fn places(&self) -> Vec<(IpAddr, Option<String>)> {
        self.addresses
            .iter()
            .zip(&self.names)
            .map(|(address, name)| (IpAddr::V4(*address), Some(name.clone())))
            .collect()
    }

    /// Drops what `to` receives from `from`.
    ///
    /// # Errors
    /// `ip` fails.
    pub async fn cut(&self, from: usize, to: usize) -> anyhow::Result<()> {
        on(
            &self.names[to],
            ["rule", "add", "pref", "10", "from", &self.addresses[from].to_string(), "blackhole"],
        )
        .await
    }

    /// Undoes [`Self::cut`].
    ///
    /// # Errors
    /// `ip` fails.
    pub async fn heal(&self, from: usize, to: usize) -> anyhow::Result<()> {
        on(
            &self.names[to],
            ["rule", "del", "pref", "10", "from", &self.addresses[from].to_string(), "blackhole"],
        )
        .await
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for name in &self.names {
            // A namespace takes its interfaces, and their peers, with it.
            let _ = std::process::Command::new("ip")
                .args(["netns", "del", name])
                .stderr(Stdio::null())
                .status();
        }
    }
}

async fn on<const N: usize>(netns: &str, args: [&str; N]) -> anyhow::Result<()> {
    let args: Vec<&str> = ["-n", netns].into_iter().chain(args).collect();
    ip(args).await
}

async fn ip<'a>(args: impl IntoIterator<Item = &'a str>) -> anyhow::Result<()> {
    let args: Vec<&str> = args.into_iter().collect();
    let output = Command::new("ip")
        .args(&args)
        .output()
        .await
        .context("cannot run `ip` (Debian: iproute2)")?;
    if !output.status.success() {
        bail!("ip {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

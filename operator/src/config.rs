//! The operator's own options.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Runs MetadataClusters on Kubernetes.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub struct Options {
    /// Image of the servers of clusters that name none.
    #[arg(long, env = "METAFS_IMAGE")]
    pub image: String,

    /// DNS domain of the Kubernetes cluster.
    #[arg(long, env = "METAFS_CLUSTER_DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: String,

    /// Where /healthz and /metrics are served.
    #[arg(long, env = "METAFS_LISTEN", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,

    /// Name of this operator in leader election and Events.
    #[arg(long, env = "POD_NAME", default_value = "metafs-operator")]
    pub identity: String,

    /// Namespace of the Lease that elects one operator.
    #[arg(long, env = "POD_NAMESPACE", default_value = "default")]
    pub lease_namespace: String,

    /// Name of the Lease that elects one operator.
    #[arg(long, env = "METAFS_LEASE_NAME", default_value = "metafs-operator")]
    pub lease_name: String,

    /// Seconds after which another operator takes over from one that is silent.
    #[arg(long, env = "METAFS_LEASE_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(3..=300))]
    pub lease_seconds: u32,

    /// Seconds between two looks at a cluster in which nothing happens.
    #[arg(long, env = "METAFS_POLL_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub poll_seconds: u32,

    /// What is logged: a level, or levels by module.
    #[arg(long, env = "METAFS_LOG", default_value = "info")]
    pub log: String,

    /// Form of the log.
    #[arg(long, env = "METAFS_LOG_FORMAT", value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// What the controller needs of [`Options`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// Image of the servers of clusters that name none.
    pub image: String,
    /// DNS domain of the Kubernetes cluster.
    pub cluster_domain: String,
    /// Name in Events.
    pub identity: String,
    /// Between two looks at a cluster in which nothing happens; also the least time between two
    /// writes of fast-changing numbers to a status.
    pub poll: Duration,
}

impl From<&Options> for Settings {
    fn from(options: &Options) -> Self {
        Self {
            image: options.image.clone(),
            cluster_domain: options.cluster_domain.clone(),
            identity: options.identity.clone(),
            poll: Duration::from_secs(options.poll_seconds.into()),
        }
    }
}

//! The two Services: stable names of the members, and one address for clients.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::names;
use crate::validate::ValidatedCluster;

fn port(name: &str, port: u16) -> ServicePort {
    ServicePort {
        name: Some(name.to_owned()),
        port: port.into(),
        target_port: Some(IntOrString::String(name.to_owned())),
        protocol: Some("TCP".into()),
        ..ServicePort::default()
    }
}

/// Headless: a DNS name for each pod. Those not ready have one too: they must reach each other to
/// become ready.
pub fn members(cluster: &ValidatedCluster) -> Service {
    Service {
        metadata: super::metadata(cluster, names::members_service(&cluster.name)),
        spec: Some(ServiceSpec {
            cluster_ip: Some("None".into()),
            publish_not_ready_addresses: Some(true),
            selector: Some(names::selector(&cluster.name)),
            ports: Some(vec![
                port("rpc", names::RPC_PORT),
                port("web", names::WEB_PORT),
                port("raft", names::RAFT_PORT),
                port("admin", names::ADMIN_PORT),
                port("health", names::HEALTH_PORT),
            ]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

/// Any ready voting member, for clients that follow redirects or ask for reads and retry.
pub fn client(cluster: &ValidatedCluster) -> Service {
    Service {
        metadata: super::metadata(cluster, cluster.name.clone()),
        spec: Some(ServiceSpec {
            selector: Some(names::selector(&cluster.name)),
            ports: Some(vec![port("rpc", names::RPC_PORT), port("web", names::WEB_PORT)]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

//! The Services: stable names of the members, one address for clients that look further by
//! themselves, and one for each role that clients ask for.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::names::{self, Group};
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
            selector: Some(names::all_selector(&cluster.name)),
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
            selector: Some(names::selector(&cluster.name, Group::Voters)),
            ports: Some(vec![port("rpc", names::RPC_PORT), port("web", names::WEB_PORT)]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

/// The active server. Also the virtual address of ObserverReadProxyProviderWithIPFailover.
pub fn active(cluster: &ValidatedCluster) -> Service {
    by_role(cluster, names::active_service(&cluster.name), names::role::ACTIVE)
}

/// The observers.
pub fn observers(cluster: &ValidatedCluster) -> Service {
    by_role(cluster, names::observers_service(&cluster.name), names::role::OBSERVER)
}

fn by_role(cluster: &ValidatedCluster, name: String, role: &str) -> Service {
    Service {
        metadata: super::metadata(cluster, name),
        spec: Some(ServiceSpec {
            selector: Some(names::role_selector(&cluster.name, role)),
            ports: Some(vec![port("rpc", names::RPC_PORT), port("web", names::WEB_PORT)]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

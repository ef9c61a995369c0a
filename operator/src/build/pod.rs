//! The pod template: restricted Pod Security, read-only root, one container.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, Capabilities, ConfigMapVolumeSource, Container, ContainerPort, EnvVar, EnvVarSource,
    HTTPGetAction, KeyToPath, ObjectFieldSelector, PodAffinityTerm, PodAntiAffinity,
    PodSecurityContext, PodSpec, PodTemplateSpec, Probe, SeccompProfile, SecretVolumeSource,
    SecurityContext, TopologySpreadConstraint, Volume, VolumeMount, WeightedPodAffinityTerm,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::core::ObjectMeta;
use metafs_crds::{ImagePullPolicy, Scheduling};

use super::config_map::{CONFIG_DIR, DATA_DIR, FILE, SECRET_DIR, TABLESTORE_DIR};
use super::secret;
use crate::names::{self, Group};
use crate::validate::ValidatedCluster;

/// User and group of the servers, as in the image.
const USER: i64 = 65532;
/// Seconds to hand leadership over and close the stores.
const GRACE_SECONDS: i64 = 30;

/// Builds the template of a group; `config_hash` changes it where the configuration needs a new pod.
pub fn template(cluster: &ValidatedCluster, group: Group, config_hash: &str) -> PodTemplateSpec {
    let Scheduling {
        node_selector,
        tolerations,
        affinity,
        topology_spread_constraints,
        priority_class_name,
    } = cluster.scheduling.clone();
    let pull_secrets = cluster.image_pull_secrets.clone();
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(names::labels(&cluster.name, group)),
            annotations: Some(BTreeMap::from([
                (names::CONFIG_HASH.into(), config_hash.to_owned()),
                ("kubectl.kubernetes.io/default-container".into(), names::CONTAINER.into()),
            ])),
            ..ObjectMeta::default()
        }),
        spec: Some(PodSpec {
            service_account_name: Some(cluster.name.clone()),
            automount_service_account_token: Some(false),
            // Environment variables of all Services of the namespace: of no use here.
            enable_service_links: Some(false),
            termination_grace_period_seconds: Some(GRACE_SECONDS),
            image_pull_secrets: (!pull_secrets.is_empty()).then_some(pull_secrets),
            security_context: Some(PodSecurityContext {
                run_as_non_root: Some(true),
                run_as_user: Some(USER),
                run_as_group: Some(USER),
                fs_group: Some(USER),
                fs_group_change_policy: Some("OnRootMismatch".into()),
                seccomp_profile: Some(SeccompProfile {
                    type_: "RuntimeDefault".into(),
                    ..SeccompProfile::default()
                }),
                ..PodSecurityContext::default()
            }),
            node_selector: (!node_selector.is_empty()).then_some(node_selector),
            tolerations: (!tolerations.is_empty()).then_some(tolerations),
            affinity: Some(affinity.unwrap_or_else(|| apart(&cluster.name, group))),
            topology_spread_constraints: Some(
                topology_spread_constraints
                    .unwrap_or_else(|| vec![over_zones(&cluster.name, group)]),
            ),
            priority_class_name,
            volumes: Some(vec![
                config_volume(cluster),
                secret_volume(cluster),
                tablestore_volume(cluster),
            ]),
            containers: vec![container(cluster)],
            ..PodSpec::default()
        }),
    }
}

fn container(cluster: &ValidatedCluster) -> Container {
    let pull_policy = match cluster.image_pull_policy {
        ImagePullPolicy::Always => "Always",
        ImagePullPolicy::IfNotPresent => "IfNotPresent",
        ImagePullPolicy::Never => "Never",
    };
    let port = |name: &str, port: u16| ContainerPort {
        name: Some(name.into()),
        container_port: port.into(),
        protocol: Some("TCP".into()),
        ..ContainerPort::default()
    };
    let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
        name: name.into(),
        mount_path: path.into(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    };
    Container {
        name: names::CONTAINER.into(),
        image: Some(cluster.image.clone()),
        image_pull_policy: Some(pull_policy.into()),
        command: Some(vec!["metaserver".into(), "--config".into(), format!("{CONFIG_DIR}/{FILE}")]),
        env: Some(vec![EnvVar {
            name: "METAFS_NAME".into(),
            value_from: Some(EnvVarSource {
                field_ref: Some(ObjectFieldSelector {
                    field_path: "metadata.name".into(),
                    ..Default::default()
                }),
                ..EnvVarSource::default()
            }),
            ..EnvVar::default()
        }]),
        ports: Some(vec![
            port("rpc", names::RPC_PORT),
            port("web", names::WEB_PORT),
            port("raft", names::RAFT_PORT),
            port("admin", names::ADMIN_PORT),
            port("health", names::HEALTH_PORT),
        ]),
        volume_mounts: Some(vec![
            mount(names::VOLUME, DATA_DIR, false),
            mount("config", CONFIG_DIR, true),
            mount("secret", SECRET_DIR, true),
            mount("tablestore", TABLESTORE_DIR, true),
        ]),
        resources: Some(cluster.resources.clone()),
        // The last words of a server that fails end up in the resource's conditions.
        termination_message_policy: Some("FallbackToLogsOnError".into()),
        // Opening the stores replays little; two minutes leave room for a slow disk.
        startup_probe: Some(probe("/healthz", 1, 120)),
        // A process that is up but cannot serve says so by readiness; only one that hangs is restarted.
        liveness_probe: Some(probe("/healthz", 10, 6)),
        readiness_probe: Some(probe("/readyz", 2, 3)),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".into()]), add: None }),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}

fn probe(path: &str, period_seconds: i32, failures: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.into()),
            port: IntOrString::String("health".into()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(period_seconds),
        timeout_seconds: Some(period_seconds.clamp(1, 5)),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}

fn config_volume(cluster: &ValidatedCluster) -> Volume {
    Volume {
        name: "config".into(),
        config_map: Some(ConfigMapVolumeSource {
            name: names::config(&cluster.name),
            ..Default::default()
        }),
        ..Volume::default()
    }
}

/// Only the key: the cluster's id in the same Secret is the operator's.
fn secret_volume(cluster: &ValidatedCluster) -> Volume {
    Volume {
        name: "secret".into(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(names::secret(&cluster.name)),
            items: Some(vec![KeyToPath {
                key: secret::KEY.into(),
                path: secret::KEY.into(),
                mode: None,
            }]),
            default_mode: Some(0o440),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    }
}

/// Mounted whether it is there or not: to give a cluster credentials must not restart it.
fn tablestore_volume(cluster: &ValidatedCluster) -> Volume {
    Volume {
        name: "tablestore".into(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(names::tablestore_secret(&cluster.name)),
            optional: Some(true),
            default_mode: Some(0o440),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    }
}

fn labelled(labels: BTreeMap<String, String>) -> LabelSelector {
    LabelSelector { match_labels: Some(labels), ..LabelSelector::default() }
}

/// Voters keep away from voters, read replicas from all members: a voter's place comes first.
fn apart(cluster: &str, group: Group) -> Affinity {
    let others = match group {
        Group::Voters => names::selector(cluster, group),
        Group::Readers => names::all_selector(cluster),
    };
    Affinity {
        pod_anti_affinity: Some(PodAntiAffinity {
            preferred_during_scheduling_ignored_during_execution: Some(vec![
                WeightedPodAffinityTerm {
                    weight: 100,
                    pod_affinity_term: PodAffinityTerm {
                        topology_key: "kubernetes.io/hostname".into(),
                        label_selector: Some(labelled(others)),
                        ..PodAffinityTerm::default()
                    },
                },
            ]),
            ..PodAntiAffinity::default()
        }),
        ..Affinity::default()
    }
}

fn over_zones(cluster: &str, group: Group) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        max_skew: 1,
        topology_key: "topology.kubernetes.io/zone".into(),
        when_unsatisfiable: "ScheduleAnyway".into(),
        label_selector: Some(labelled(names::selector(cluster, group))),
        ..TopologySpreadConstraint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::valid;
    use metafs_crds::MetadataClusterSpec;

    #[test]
    fn is_as_the_restricted_profile_asks() {
        let template = template(&valid(MetadataClusterSpec::default()), Group::Readers, "h");
        let pod = template.spec.unwrap();
        let context = pod.security_context.unwrap();
        assert_eq!(context.run_as_non_root, Some(true));
        assert_eq!(context.seccomp_profile.unwrap().type_, "RuntimeDefault");
        for container in &pod.containers {
            let context = container.security_context.clone().unwrap();
            assert_eq!(context.allow_privilege_escalation, Some(false));
            assert_eq!(context.capabilities.unwrap().drop, Some(vec!["ALL".to_owned()]));
            assert_eq!(context.read_only_root_filesystem, Some(true));
        }
        for volume in pod.volumes.unwrap() {
            assert!(volume.host_path.is_none());
        }
    }

    #[test]
    fn nothing_about_the_copy_makes_another_pod() {
        let plain = valid(MetadataClusterSpec::default());
        let spec = MetadataClusterSpec {
            tablestore: Some(crate::remote::tests::upload()),
            ..MetadataClusterSpec::default()
        };
        for group in [Group::Voters, Group::Readers] {
            assert_eq!(template(&plain, group, "h"), template(&valid(spec.clone()), group, "h"));
        }
        let volumes = template(&plain, Group::Voters, "h").spec.unwrap().volumes.unwrap();
        let secret = volumes.into_iter().find(|v| v.name == "tablestore").unwrap().secret.unwrap();
        assert_eq!(secret.secret_name.as_deref(), Some("demo-tablestore"));
        assert_eq!(secret.optional, Some(true));
    }

    #[test]
    fn the_spec_overrides_the_default_placement() {
        let mut spec = MetadataClusterSpec::default();
        assert!(
            template(&valid(spec.clone()), Group::Voters, "h")
                .spec
                .unwrap()
                .affinity
                .unwrap()
                .pod_anti_affinity
                .is_some()
        );
        spec.scheduling.affinity = Some(Affinity::default());
        spec.scheduling.topology_spread_constraints = Some(Vec::new());
        let pod = template(&valid(spec), Group::Voters, "h").spec.unwrap();
        assert_eq!(pod.affinity, Some(Affinity::default()));
        assert_eq!(pod.topology_spread_constraints, Some(Vec::new()));
    }
}

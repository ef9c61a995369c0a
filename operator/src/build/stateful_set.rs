//! The StatefulSets: the pods and a volume for each. It never restarts pods by itself (OnDelete):
//! the operator rolls ([`crate::decide::rolling`]).

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy};
use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::ObjectMeta;

use super::pod;
use crate::names::{self, Group};
use crate::validate::ValidatedCluster;

/// How many voters to run now. Growth is immediate. Shrinking is not this function's: members leave
/// the cluster first ([`crate::decide::membership`]). Where the StatefulSet is made anew for a
/// cluster that was formed before, every kept volume gets its pod, as a quorum may need them.
pub fn replicas(wanted: u32, live: Option<u32>, formed: bool, highest_claim: Option<u32>) -> u32 {
    match live {
        Some(live) => wanted.max(live),
        None if formed => wanted.max(highest_claim.map_or(0, |ordinal| ordinal + 1)),
        None => wanted,
    }
}

/// How many read replicas to run now. They hold nothing together: kept volumes need no pod.
pub fn readers(wanted: u32, live: Option<u32>) -> u32 {
    wanted.max(live.unwrap_or(0))
}

/// Builds that of a group.
pub fn build(
    cluster: &ValidatedCluster,
    group: Group,
    pods: u32,
    config_hash: &str,
) -> StatefulSet {
    StatefulSet {
        metadata: super::metadata_in(cluster, group, names::set(&cluster.name, group)),
        spec: Some(StatefulSetSpec {
            replicas: Some(i32::try_from(pods).unwrap_or(i32::MAX)),
            service_name: Some(names::members_service(&cluster.name)),
            // Members need each other to become ready.
            pod_management_policy: Some("Parallel".into()),
            update_strategy: Some(StatefulSetUpdateStrategy {
                type_: Some("OnDelete".into()),
                ..StatefulSetUpdateStrategy::default()
            }),
            revision_history_limit: Some(3),
            selector: LabelSelector {
                match_labels: Some(names::selector(&cluster.name, group)),
                ..LabelSelector::default()
            },
            template: pod::template(cluster, group, config_hash),
            volume_claim_templates: Some(vec![claim(cluster, group)]),
            ..StatefulSetSpec::default()
        }),
        ..StatefulSet::default()
    }
}

fn claim(cluster: &ValidatedCluster, group: Group) -> PersistentVolumeClaim {
    PersistentVolumeClaim {
        metadata: ObjectMeta {
            name: Some(names::VOLUME.into()),
            labels: Some(names::labels(&cluster.name, group)),
            ..ObjectMeta::default()
        },
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".into()]),
            storage_class_name: cluster.storage.storage_class_name.clone(),
            resources: Some(VolumeResourceRequirements {
                requests: Some(BTreeMap::from([("storage".into(), cluster.storage.size.clone())])),
                limits: None,
            }),
            ..PersistentVolumeClaimSpec::default()
        }),
        ..PersistentVolumeClaim::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_at_once_and_never_shrinks_by_itself() {
        assert_eq!(replicas(5, Some(3), true, Some(2)), 5);
        assert_eq!(replicas(1, Some(3), true, Some(2)), 3);
    }

    #[test]
    fn read_replicas_have_pods_of_their_own() {
        use crate::validate::tests::valid;
        use metafs_crds::MetadataClusterSpec;
        let cluster = valid(MetadataClusterSpec::default());
        let of = |group| {
            let set = build(&cluster, group, 2, "h");
            let selector = set.spec.unwrap().selector.match_labels.unwrap();
            (set.metadata.name.unwrap(), selector)
        };
        let ((voters, of_voters), (readers, of_readers)) = (of(Group::Voters), of(Group::Readers));
        assert_eq!((voters.as_str(), readers.as_str()), ("demo", "demo-read"));
        assert_ne!(of_voters, of_readers);
        let budget = super::super::pdb::build(&cluster).spec.unwrap();
        assert_eq!(budget.selector.unwrap().match_labels, Some(of_voters));
        assert_eq!(super::readers(0, Some(2)), 2);
        assert_eq!(super::readers(3, None), 3);
    }

    #[test]
    fn kept_volumes_of_a_formed_cluster_all_get_their_pod() {
        assert_eq!(replicas(1, None, true, Some(4)), 5);
        assert_eq!(replicas(3, None, true, None), 3);
        assert_eq!(replicas(1, None, false, Some(4)), 1, "leftovers of a cluster that never was");
    }
}

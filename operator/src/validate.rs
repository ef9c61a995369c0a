//! Step 2: from a resource as it came to one with every default filled in and every rule checked.
//! The rules stand in the schema too; here they are checked again, as a resource may be older
//! than a rule.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Resource, ResourceExt};
use metafs_crds::quantity::{self, BadQuantity};
use metafs_crds::{
    Defaults, Leases, Limits, MetadataCluster, MetadataClusterSpec, ObserverReads, Permissions,
    Raft, Scheduling, Storage, User, VolumeRetention,
};
use metafs_namespace::Settings;
use metafs_namespace::settings::MAX_INLINE_LIMIT;

use crate::names::Group;
use crate::remote::spec::Wanted;
use crate::{config, names};

/// How names of Services and StatefulSets of a cluster end.
const PARTS: [&str; 4] = ["-members", "-active", "-observers", "-read"];
/// Most read replicas.
const MAX_READ_REPLICAS: u32 = 16;

/// A rule that does not hold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// A field's value.
    #[error("{field}: {message}")]
    Field {
        /// The field.
        field: &'static str,
        /// What to do.
        message: String,
    },
    /// A quantity that cannot be read.
    #[error("spec.storage.size: {0}")]
    Quantity(#[from] BadQuantity),
    /// Something that Kubernetes always sets is absent.
    #[error("metadata.{0} is not set")]
    Metadata(&'static str),
}

/// A resource that can be built.
#[derive(Clone, Debug)]
pub struct ValidatedCluster {
    /// The resource's name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its uid.
    pub uid: String,
    /// Its generation.
    pub generation: i64,
    /// What its objects name as their owner.
    pub owner: OwnerReference,
    /// Servers wanted; odd.
    pub replicas: u32,
    /// How many of them are observers.
    pub observers: u32,
    /// Observers beyond them.
    pub read_replicas: u32,
    /// After how many milliseconds clients of observers ask the active server how far it is; -1: never.
    pub auto_msync_period_ms: i64,
    /// Logical name in clients' URIs.
    pub nameservice: String,
    /// Image of the servers.
    pub image: String,
    /// When it is pulled.
    pub image_pull_policy: metafs_crds::ImagePullPolicy,
    /// Secrets for pulling.
    pub image_pull_secrets: Vec<k8s_openapi::api::core::v1::LocalObjectReference>,
    /// The volumes.
    pub storage: Storage,
    /// Their size, bytes.
    pub storage_bytes: u64,
    /// What becomes of them.
    pub volume_retention: VolumeRetention,
    /// CPU and memory.
    pub resources: k8s_openapi::api::core::v1::ResourceRequirements,
    /// Where pods may run.
    pub scheduling: Scheduling,
    /// Whether the operator keeps its hands off.
    pub paused: bool,
    /// Raft's timing.
    pub raft: Raft,
    /// Log filter of the servers.
    pub log_level: String,
    /// Grace for lost nodes.
    pub node_loss_grace: Duration,
    /// DNS domain of the Kubernetes cluster.
    pub cluster_domain: String,
    /// The replicated settings.
    pub settings: Settings,
    /// What is wanted of the copy in Tablestore; `None`: there is to be none.
    pub tablestore: Option<Wanted>,
    /// Somebody asks for the declared roles ([`metafs_crds::RESTORE_ROLES`]).
    pub restore_roles: bool,
}

fn field(field: &'static str, message: impl Into<String>) -> Invalid {
    Invalid::Field { field, message: message.into() }
}

/// Checks `cluster` and fills in what it leaves open.
///
/// # Errors
/// The first rule that does not hold.
pub fn validate(
    cluster: &MetadataCluster,
    config: &config::Settings,
) -> Result<ValidatedCluster, Invalid> {
    let metadata = &cluster.metadata;
    let name = metadata.name.clone().ok_or(Invalid::Metadata("name"))?;
    let namespace = metadata.namespace.clone().ok_or(Invalid::Metadata("namespace"))?;
    let uid = metadata.uid.clone().ok_or(Invalid::Metadata("uid"))?;
    let generation = metadata.generation.ok_or(Invalid::Metadata("generation"))?;
    let created =
        metadata.creation_timestamp.as_ref().ok_or(Invalid::Metadata("creationTimestamp"))?;
    let owner = cluster.controller_owner_ref(&()).ok_or(Invalid::Metadata("uid"))?;
    if name.len() > 40 || !name.starts_with(|c: char| c.is_ascii_lowercase()) || name.contains('.')
    {
        return Err(field(
            "metadata.name",
            "use at most 40 lower-case letters, digits and '-', beginning with a letter",
        ));
    }

    if PARTS.iter().any(|part| name.ends_with(part)) {
        return Err(field(
            "metadata.name",
            "must not end in -members, -active, -observers or -read: parts of another MetadataCluster may have that name",
        ));
    }

    // Without `..`: a new field must be thought of here.
    let MetadataClusterSpec {
        replicas,
        observers,
        read_replicas,
        observer_reads,
        nameservice,
        image,
        image_pull_policy,
        image_pull_secrets,
        storage,
        volume_retention,
        resources,
        scheduling,
        paused,
        permissions,
        limits,
        defaults,
        leases,
        tablestore,
        trash_interval_minutes,
        audit_log,
        log_level,
        raft,
        node_loss_grace_seconds,
    } = cluster.spec.clone();

    let replicas = match u32::try_from(replicas) {
        Ok(n) if n % 2 == 1 && n <= 9 => n,
        _ => {
            return Err(field("spec.replicas", format!("must be 1, 3, 5, 7 or 9, not {replicas}")));
        }
    };
    let observers = match u32::try_from(observers) {
        Ok(n) if n == 0 || n + 2 <= replicas => n,
        _ => {
            return Err(field(
                "spec.observers",
                format!("must be at most spec.replicas - 2 and not negative, not {observers}"),
            ));
        }
    };
    let read_replicas = match u32::try_from(read_replicas) {
        Ok(n) if n <= MAX_READ_REPLICAS => n,
        _ => {
            let message = format!("must be 0 to {MAX_READ_REPLICAS}, not {read_replicas}");
            return Err(field("spec.readReplicas", message));
        }
    };
    let ObserverReads { max_wait_milliseconds, auto_msync_period_milliseconds } = observer_reads;
    if auto_msync_period_milliseconds < -1 {
        return Err(field(
            "spec.observerReads.autoMsyncPeriodMilliseconds",
            "must be -1 (off), 0 (before every read) or a number of milliseconds",
        ));
    }
    if raft.election_min_ms < 3 * raft.heartbeat_ms {
        return Err(field("spec.raft.electionMinMs", "must be at least three times heartbeatMs"));
    }
    if raft.election_max_ms <= raft.election_min_ms {
        return Err(field("spec.raft.electionMaxMs", "must be greater than electionMinMs"));
    }
    if leases.hard_limit_seconds < leases.soft_limit_seconds {
        return Err(field(
            "spec.leases.hardLimitSeconds",
            "must not be smaller than softLimitSeconds",
        ));
    }
    if let Err(error) = tracing_subscriber::EnvFilter::builder().parse(&log_level) {
        return Err(field(
            "spec.logLevel",
            format!("{error}: write for example info or info,metafs_consensus=debug"),
        ));
    }
    let storage_bytes = quantity::units(&storage.size)?;
    let nameservice = nameservice.unwrap_or_else(|| name.clone());
    let roles = Roles {
        observers: observer_names(&name, replicas, observers, read_replicas),
        wait_ms: max_wait_milliseconds,
        managed_by: format!("MetadataCluster {namespace}/{name}"),
    };
    let tablestore = tablestore
        .map(|tablestore| Wanted::new(tablestore, &namespace, &name, &uid))
        .transpose()?;
    let ours = names::tablestore_secret(&name);
    if tablestore.as_ref().is_some_and(|wanted| wanted.credentials.secret == ours) {
        return Err(field(
            "spec.tablestore.credentialsSecret.name",
            format!("must not be {ours}, which the operator makes: name another Secret"),
        ));
    }
    let mut settings = settings(
        settings_generation(created.0.as_second(), generation),
        &nameservice,
        roles,
        permissions,
        limits,
        defaults,
        leases,
        trash_interval_minutes,
        audit_log,
    )?;
    settings.tablestore = tablestore.as_ref().map(|wanted| wanted.settings.clone());
    // Whatever the schema let through: what the servers refuse must be said here, or it stays a riddle.
    settings.check().map_err(|error| field("spec", error.to_string()))?;
    Ok(ValidatedCluster {
        name,
        namespace,
        uid,
        generation,
        owner,
        replicas,
        observers,
        read_replicas,
        auto_msync_period_ms: auto_msync_period_milliseconds,
        nameservice,
        image: image.unwrap_or_else(|| config.image.clone()),
        image_pull_policy,
        image_pull_secrets,
        storage,
        storage_bytes,
        volume_retention,
        resources,
        scheduling,
        paused,
        raft,
        log_level,
        node_loss_grace: Duration::from_secs(node_loss_grace_seconds.into()),
        cluster_domain: config.cluster_domain.clone(),
        settings,
        tablestore,
        restore_roles: cluster.annotations().contains_key(metafs_crds::RESTORE_ROLES),
    })
}

/// The generation of the replicated settings. Members ignore a lower one than they have applied;
/// a resource that is made anew for kept volumes begins at generation 1 again, so the time of its
/// creation (seconds) counts first.
pub fn settings_generation(created_seconds: i64, generation: i64) -> u64 {
    let created = u64::try_from(created_seconds).unwrap_or(0);
    let generation = u64::try_from(generation).unwrap_or(0);
    (created << 20).saturating_add(generation)
}

/// Names of the observers: the voters with the highest ordinals, and all read replicas. A name that
/// nobody has yet, or any more, harms nobody.
fn observer_names(
    cluster: &str,
    replicas: u32,
    observers: u32,
    read_replicas: u32,
) -> BTreeSet<String> {
    let voters = (replicas - observers..replicas).map(|ordinal| names::pod(cluster, ordinal));
    let readers = names::set(cluster, Group::Readers);
    voters.chain((0..read_replicas).map(|ordinal| names::pod(&readers, ordinal))).collect()
}

/// What becomes settings about roles.
struct Roles {
    observers: BTreeSet<String>,
    wait_ms: u32,
    managed_by: String,
}

#[allow(clippy::too_many_arguments)] // one for each part of the spec that becomes a setting
fn settings(
    generation: u64,
    nameservice: &str,
    roles: Roles,
    permissions: Permissions,
    limits: Limits,
    defaults: Defaults,
    leases: Leases,
    trash_interval_minutes: u32,
    audit_log: bool,
) -> Result<Settings, Invalid> {
    let Roles { observers, wait_ms, managed_by } = roles;
    let Permissions { enabled, superuser, supergroup, users } = permissions;
    let Limits {
        inline_limit_bytes,
        max_directory_items,
        max_xattrs_per_inode,
        max_xattr_size_bytes,
    } = limits;
    let Defaults { replication, block_size_bytes } = defaults;
    let Leases { soft_limit_seconds, hard_limit_seconds } = leases;
    if inline_limit_bytes > MAX_INLINE_LIMIT {
        return Err(field(
            "spec.limits.inlineLimitBytes",
            format!("must be at most {}", MAX_INLINE_LIMIT),
        ));
    }
    let block_size = u64::try_from(block_size_bytes)
        .map_err(|_| field("spec.defaults.blockSizeBytes", "must be positive"))?;
    let mut groups = BTreeMap::new();
    for User { name, groups: of_user } in users {
        let mut seen = BTreeSet::new();
        let of_user = of_user.into_iter().filter(|group| seen.insert(group.clone())).collect();
        if groups.insert(name.clone(), of_user).is_some() {
            return Err(field(
                "spec.permissions.users",
                format!("user {name} is listed twice: keep one entry"),
            ));
        }
    }
    Ok(Settings {
        generation,
        nameservice: nameservice.to_owned(),
        superuser,
        supergroup,
        groups,
        permissions_enabled: enabled,
        inline_limit: inline_limit_bytes,
        default_replication: replication,
        default_block_size: block_size,
        max_directory_items,
        max_xattrs_per_inode,
        max_xattr_size: max_xattr_size_bytes,
        lease_soft_limit_seconds: soft_limit_seconds,
        lease_hard_limit_seconds: hard_limit_seconds,
        trash_interval_minutes,
        audit_log,
        observers,
        observer_wait_ms: wait_ms,
        roles_managed_by: Some(managed_by),
        // Never ours; a newer generation ends those that were forced.
        forced_roles: BTreeMap::new(),
        // Set by the caller.
        tablestore: None,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use k8s_openapi::jiff::Timestamp;

    pub(crate) fn config() -> config::Settings {
        config::Settings {
            image: "metafs:test".into(),
            cluster_domain: "cluster.local".into(),
            identity: "test".into(),
            poll: Duration::from_secs(15),
        }
    }

    pub(crate) fn resource(spec: MetadataClusterSpec) -> MetadataCluster {
        let mut cluster = MetadataCluster::new("demo", spec);
        cluster.metadata.namespace = Some("data".into());
        cluster.metadata.uid = Some("0b5c9ab9-5d6f-4c53-9d3c-0a3c5b1d2e3f".into());
        cluster.metadata.generation = Some(7);
        cluster.metadata.creation_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
        cluster
    }

    pub(crate) fn valid(spec: MetadataClusterSpec) -> ValidatedCluster {
        validate(&resource(spec), &config()).unwrap()
    }

    #[test]
    fn an_empty_spec_gets_the_defaults() {
        let cluster = valid(MetadataClusterSpec::default());
        assert_eq!((cluster.replicas, cluster.nameservice.as_str()), (3, "demo"));
        assert_eq!(cluster.image, "metafs:test");
        assert_eq!(cluster.storage_bytes, 10 << 30);
        assert_eq!(cluster.settings.inline_limit, 64 << 10);
        assert_eq!(cluster.settings.generation, 7);
    }

    #[test]
    fn observers_are_the_highest_voters_and_all_read_replicas() {
        let observers = |replicas, observers, read_replicas| {
            let spec = MetadataClusterSpec {
                replicas,
                observers,
                read_replicas,
                ..MetadataClusterSpec::default()
            };
            let settings = valid(spec).settings;
            assert!(settings.forced_roles.is_empty());
            settings.observers.into_iter().collect::<Vec<_>>()
        };
        assert!(observers(1, 0, 0).is_empty());
        assert_eq!(observers(3, 1, 0), ["demo-2"]);
        assert_eq!(observers(5, 2, 0), ["demo-3", "demo-4"]);
        assert_eq!(observers(1, 0, 2), ["demo-read-0", "demo-read-1"]);
        assert_eq!(observers(3, 1, 1), ["demo-2", "demo-read-0"]);
        let mut spec = MetadataClusterSpec::default();
        spec.observer_reads.max_wait_milliseconds = 500;
        let settings = valid(spec).settings;
        assert_eq!(settings.observer_wait_ms, 500);
        assert_eq!(settings.roles_managed_by.as_deref(), Some("MetadataCluster data/demo"));
    }

    #[test]
    fn a_resource_made_anew_has_newer_settings() {
        assert!(
            settings_generation(1_700_000_000, 1) > settings_generation(1_600_000_000, 900_000)
        );
        assert!(settings_generation(1_700_000_000, 2) > settings_generation(1_700_000_000, 1));
    }

    #[test]
    fn refuses_what_the_schema_refuses() {
        let bad = |change: fn(&mut MetadataClusterSpec)| {
            let mut spec = MetadataClusterSpec::default();
            change(&mut spec);
            validate(&resource(spec), &config()).unwrap_err().to_string()
        };
        assert!(bad(|s| s.replicas = 2).contains("spec.replicas"));
        assert!(bad(|s| s.replicas = -1).contains("spec.replicas"));
        assert!(bad(|s| s.observers = 2).contains("spec.observers"));
        assert!(bad(|s| s.observers = -1).contains("spec.observers"));
        assert!(bad(|s| s.read_replicas = 17).contains("spec.readReplicas"));
        assert!(
            bad(|s| s.observer_reads.auto_msync_period_milliseconds = -2).contains("autoMsync")
        );
        assert!(bad(|s| s.storage.size = Quantity("big".into())).contains("spec.storage.size"));
        assert!(bad(|s| s.raft.election_min_ms = 1).contains("electionMinMs"));
        assert!(bad(|s| s.raft.election_max_ms = 1500).contains("electionMaxMs"));
        assert!(
            bad(|s| s.log_level = "info,metafs_consensus=loud".into()).contains("spec.logLevel")
        );
        assert!(bad(|s| s.leases.hard_limit_seconds = 1).contains("hardLimitSeconds"));
        assert!(bad(|s| s.limits.inline_limit_bytes = 2 << 20).contains("inlineLimitBytes"));
        assert!(
            bad(|s| {
                let mut upload = crate::remote::tests::upload();
                upload.endpoint = "inst.example.com".into();
                s.tablestore = Some(upload);
            })
            .contains("tablestore.endpoint")
        );
        assert!(
            bad(|s| {
                let mut upload = crate::remote::tests::upload();
                upload.credentials_secret.name = "demo-tablestore".into();
                s.tablestore = Some(upload);
            })
            .contains("which the operator makes")
        );
        let mut part = resource(MetadataClusterSpec::default());
        part.metadata.name = Some("demo-read".into());
        assert!(validate(&part, &config()).unwrap_err().to_string().contains("must not end in"));
        let twice = || User { name: "a".into(), groups: vec!["g".into()] };
        let mut spec = MetadataClusterSpec::default();
        spec.permissions.users = vec![twice(), twice()];
        assert!(validate(&resource(spec), &config()).unwrap_err().to_string().contains("twice"));
    }
}

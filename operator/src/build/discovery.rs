//! The discovery ConfigMap: core-site.xml and hdfs-site.xml with which an unmodified Hadoop client
//! finds the cluster, fails over, and uses the trash.

use std::fmt::Write as _;

use k8s_openapi::api::core::v1::ConfigMap;

use super::Pods;
use super::config_map::host;
use crate::names::{self, Group};
use crate::validate::ValidatedCluster;

/// Asks whom to ask: the observers, and the active server for writes.
const OBSERVER_READS: &str = "org.apache.hadoop.hdfs.server.namenode.ha.ObserverReadProxyProvider";
/// Asks one after the other for the active server.
const ACTIVE_ONLY: &str =
    "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider";

/// Clients' `fs.defaultFS`.
pub fn uri(nameservice: &str) -> String {
    format!("webhdfs://{nameservice}")
}

/// What clients of the native protocol use.
pub fn rpc_uri(nameservice: &str) -> String {
    format!("hdfs://{nameservice}")
}

/// One element of a site file.
enum Line {
    Property(String, String),
    Comment(&'static str),
}

fn property(name: impl Into<String>, value: impl Into<String>) -> Line {
    Line::Property(name.into(), value.into())
}

/// Builds it; lists the pods that run now, so that it is right while the cluster grows or shrinks.
pub fn build(cluster: &ValidatedCluster, pods: Pods) -> ConfigMap {
    ConfigMap {
        metadata: super::metadata(cluster, names::discovery(&cluster.name)),
        data: Some(
            [
                ("core-site.xml".to_owned(), site(&core(cluster))),
                ("hdfs-site.xml".to_owned(), site(&hdfs(cluster, pods))),
            ]
            .into(),
        ),
        ..ConfigMap::default()
    }
}

fn core(cluster: &ValidatedCluster) -> Vec<Line> {
    vec![
        Line::Comment(
            "hdfs:// reaches the same files for everything but their contents, which it is to carry in a later version",
        ),
        property("fs.defaultFS", uri(&cluster.nameservice)),
        property("fs.trash.interval", cluster.settings.trash_interval_minutes.to_string()),
        // A node that vanished answers nothing at all: go on to the next one soon.
        property("ipc.client.connect.timeout", "5000"),
        // A server that stands still answers nothing either: longer than an observer lets a read wait and
        // than a write takes to be given up, so that who is well is not left.
        property(
            "ipc.client.rpc-timeout.ms",
            (cluster.settings.observer_wait_ms.max(10_000) + 10_000).to_string(),
        ),
    ]
}

fn hdfs(cluster: &ValidatedCluster, pods: Pods) -> Vec<Line> {
    let nameservice = &cluster.nameservice;
    let of = |set: &str, pods: u32| -> Vec<String> {
        (0..pods).map(|ordinal| names::pod(set, ordinal)).collect()
    };
    let voters = of(&cluster.name, pods.voters);
    let readers = of(&names::set(&cluster.name, Group::Readers), pods.readers);
    let all: Vec<&str> = voters.iter().chain(&readers).map(String::as_str).collect();
    let address = |member: &str, port: u16| format!("{}:{port}", host(cluster, member));
    let mut lines = vec![
        property("dfs.nameservices", nameservice),
        property(format!("dfs.ha.namenodes.{nameservice}"), all.join(",")),
    ];
    lines.extend(all.iter().map(|member| {
        let name = format!("dfs.namenode.rpc-address.{nameservice}.{member}");
        property(name, address(member, names::RPC_PORT))
    }));
    // Read replicas never lead, and over webhdfs:// only the leader answers: its clients need not
    // try them.
    lines.extend(voters.iter().map(|member| {
        let name = format!("dfs.namenode.http-address.{nameservice}.{member}");
        property(name, address(member, names::WEB_PORT))
    }));
    let observed = cluster.observers > 0 || cluster.read_replicas > 0;
    let msync = match cluster.auto_msync_period_ms {
        -1 => "-1".to_owned(),
        period => format!("{period}ms"),
    };
    let active = format!(
        "{}.{}.svc.{}:{}",
        names::active_service(&cluster.name),
        cluster.namespace,
        cluster.cluster_domain,
        names::RPC_PORT,
    );
    lines.extend([
        property(
            format!("dfs.client.failover.proxy.provider.{nameservice}"),
            if observed { OBSERVER_READS } else { ACTIVE_ONLY },
        ),
        property(
            format!("dfs.client.failover.observer.auto-msync-period.{nameservice}"),
            msync,
        ),
        // Clients that found no observer look again after this long; Hadoop's default is ten minutes.
        property("dfs.client.failover.observer.probe.retry.period", "10s"),
        property("dfs.client.failover.namenode.ha-state.probe.timeout", "5s"),
        Line::Comment(
            "for those who prefer ObserverReadProxyProviderWithIPFailover: the Service of the active server",
        ),
        property(
            format!("dfs.client.failover.ipfailover.virtual-address.{nameservice}"),
            format!("hdfs://{active}"),
        ),
        property("dfs.client.failover.random.order", "false"),
        // An election takes seconds: short waits at first, then up to five seconds, a minute or so in all.
        property("dfs.client.failover.max.attempts", "20"),
        property("dfs.client.failover.sleep.base.millis", "200"),
        property("dfs.client.failover.sleep.max.millis", "5000"),
        property("dfs.http.client.failover.max.attempts", "20"),
        property("dfs.http.client.failover.sleep.base.millis", "200"),
        property("dfs.http.client.failover.sleep.max.millis", "5000"),
        // A node that vanished answers nothing at all: go on to the next one soon.
        property("dfs.webhdfs.socket.connect-timeout", "5s"),
        property("dfs.webhdfs.socket.read-timeout", "60s"),
        Line::Comment(
            "for haadmin -failover: Raft itself keeps an old leader from writing, so that there is nothing to fence",
        ),
        property("dfs.ha.fencing.methods", "shell(/bin/true)"),
        property("dfs.replication", cluster.settings.default_replication.to_string()),
        property("dfs.blocksize", cluster.settings.default_block_size.to_string()),
    ]);
    lines
}

fn site(lines: &[Line]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\"?>\n<configuration>\n");
    for line in lines {
        // Writing to a String cannot fail.
        let _ = match line {
            Line::Property(name, value) => writeln!(
                xml,
                "  <property><name>{}</name><value>{}</value></property>",
                escape(name),
                escape(value)
            ),
            Line::Comment(text) => writeln!(xml, "  <!-- {} -->", escape(text)),
        };
    }
    xml.push_str("</configuration>\n");
    xml
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::valid;
    use metafs_crds::MetadataClusterSpec;

    fn files(spec: MetadataClusterSpec, readers: u32) -> (String, String) {
        let mut data = build(&valid(spec), Pods { voters: 3, readers }).data.unwrap();
        (data.remove("core-site.xml").unwrap(), data.remove("hdfs-site.xml").unwrap())
    }

    fn value(text: &str, name: &str) -> Option<String> {
        let (_, rest) = text.split_once(&format!("<name>{name}</name><value>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    }

    #[test]
    fn names_every_member_by_its_stable_name() {
        let spec = MetadataClusterSpec {
            nameservice: Some("ns".into()),
            ..MetadataClusterSpec::default()
        };
        let (core, hdfs) = files(spec, 0);
        assert_eq!(value(&core, "fs.defaultFS").as_deref(), Some("webhdfs://ns"));
        assert!(core.contains("<!-- hdfs:// reaches"), "{core}");
        for (name, want) in [
            ("dfs.nameservices", "ns"),
            ("dfs.ha.namenodes.ns", "demo-0,demo-1,demo-2"),
            (
                "dfs.namenode.http-address.ns.demo-2",
                "demo-2.demo-members.data.svc.cluster.local:9870",
            ),
            (
                "dfs.namenode.rpc-address.ns.demo-2",
                "demo-2.demo-members.data.svc.cluster.local:8020",
            ),
            ("dfs.client.failover.proxy.provider.ns", ACTIVE_ONLY),
            ("dfs.client.failover.random.order", "false"),
            (
                "dfs.client.failover.ipfailover.virtual-address.ns",
                "hdfs://demo-active.data.svc.cluster.local:8020",
            ),
            ("dfs.ha.fencing.methods", "shell(/bin/true)"),
        ] {
            assert_eq!(value(&hdfs, name).as_deref(), Some(want), "{name} in {hdfs}");
        }
    }

    #[test]
    fn read_replicas_are_for_the_native_protocol_only() {
        let spec = MetadataClusterSpec { read_replicas: 2, ..MetadataClusterSpec::default() };
        let (_, hdfs) = files(spec, 2);
        assert_eq!(
            value(&hdfs, "dfs.ha.namenodes.demo").as_deref(),
            Some("demo-0,demo-1,demo-2,demo-read-0,demo-read-1")
        );
        assert_eq!(
            value(&hdfs, "dfs.namenode.rpc-address.demo.demo-read-1").as_deref(),
            Some("demo-read-1.demo-members.data.svc.cluster.local:8020")
        );
        assert_eq!(value(&hdfs, "dfs.namenode.http-address.demo.demo-read-1"), None);
    }

    #[test]
    fn observers_are_read_from_where_there_are_any() {
        let provider = |observers, read_replicas| {
            let spec =
                MetadataClusterSpec { observers, read_replicas, ..MetadataClusterSpec::default() };
            let (_, hdfs) = files(spec, 0);
            value(&hdfs, "dfs.client.failover.proxy.provider.demo").unwrap()
        };
        assert_eq!(provider(0, 0), ACTIVE_ONLY);
        assert_eq!(provider(1, 0), OBSERVER_READS);
        assert_eq!(provider(0, 1), OBSERVER_READS);
        for (period, want) in [(-1, "-1"), (0, "0ms"), (1500, "1500ms")] {
            let mut spec = MetadataClusterSpec::default();
            spec.observer_reads.auto_msync_period_milliseconds = period;
            let (_, hdfs) = files(spec, 0);
            let name = "dfs.client.failover.observer.auto-msync-period.demo";
            assert_eq!(value(&hdfs, name).as_deref(), Some(want));
        }
    }

    #[test]
    fn values_are_escaped() {
        assert_eq!(escape("a<b>&c"), "a&lt;b&gt;&amp;c");
    }
}

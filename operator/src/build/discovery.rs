//! The discovery ConfigMap: core-site.xml and hdfs-site.xml with which an unmodified Hadoop client
//! finds the cluster, fails over, and uses the trash.

use std::fmt::Write as _;

use k8s_openapi::api::core::v1::ConfigMap;

use super::config_map::host;
use crate::names;
use crate::validate::ValidatedCluster;

/// Clients' `fs.defaultFS`.
pub fn uri(nameservice: &str) -> String {
    format!("webhdfs://{nameservice}")
}

/// Builds it; lists the pods that run now, so that it is right while the cluster grows or shrinks.
pub fn build(cluster: &ValidatedCluster, pods: u32) -> ConfigMap {
    let nameservice = &cluster.nameservice;
    let core = [
        ("fs.defaultFS".to_owned(), uri(nameservice)),
        ("fs.trash.interval".to_owned(), cluster.settings.trash_interval_minutes.to_string()),
    ];
    let members: Vec<String> =
        (0..pods).map(|ordinal| names::pod(&cluster.name, ordinal)).collect();
    let mut hdfs = vec![
        ("dfs.nameservices".to_owned(), nameservice.clone()),
        (format!("dfs.ha.namenodes.{nameservice}"), members.join(",")),
    ];
    hdfs.extend(members.iter().map(|member| {
        let address = format!("{}:{}", host(cluster, member), names::WEB_PORT);
        (format!("dfs.namenode.http-address.{nameservice}.{member}"), address)
    }));
    hdfs.extend([
        (
            format!("dfs.client.failover.proxy.provider.{nameservice}"),
            "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider".to_owned(),
        ),
        // An election takes seconds: short waits at first, then up to five seconds, a minute or so in all.
        ("dfs.http.client.failover.max.attempts".to_owned(), "20".to_owned()),
        ("dfs.http.client.failover.sleep.base.millis".to_owned(), "200".to_owned()),
        ("dfs.http.client.failover.sleep.max.millis".to_owned(), "5000".to_owned()),
        // A node that vanished answers nothing at all: go on to the next one soon.
        ("dfs.webhdfs.socket.connect-timeout".to_owned(), "5s".to_owned()),
        ("dfs.webhdfs.socket.read-timeout".to_owned(), "60s".to_owned()),
        ("dfs.replication".to_owned(), cluster.settings.default_replication.to_string()),
        ("dfs.blocksize".to_owned(), cluster.settings.default_block_size.to_string()),
    ]);
    ConfigMap {
        metadata: super::metadata(cluster, names::discovery(&cluster.name)),
        data: Some(
            [("core-site.xml".to_owned(), site(&core)), ("hdfs-site.xml".to_owned(), site(&hdfs))]
                .into(),
        ),
        ..ConfigMap::default()
    }
}

fn site(properties: &[(String, String)]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\"?>\n<configuration>\n");
    for (name, value) in properties {
        // Writing to a String cannot fail.
        let _ = writeln!(
            xml,
            "  <property><name>{}</name><value>{}</value></property>",
            escape(name),
            escape(value)
        );
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

    #[test]
    fn names_every_member_by_its_stable_name() {
        let spec = MetadataClusterSpec {
            nameservice: Some("ns".into()),
            ..MetadataClusterSpec::default()
        };
        let data = build(&valid(spec), 3).data.unwrap();
        assert!(
            data["core-site.xml"].contains("<name>fs.defaultFS</name><value>webhdfs://ns</value>")
        );
        let hdfs = &data["hdfs-site.xml"];
        assert!(
            hdfs.contains("<name>dfs.ha.namenodes.ns</name><value>demo-0,demo-1,demo-2</value>")
        );
        assert!(hdfs.contains(
            "<name>dfs.namenode.http-address.ns.demo-2</name><value>demo-2.demo-members.data.svc.cluster.local:9870</value>"
        ));
    }

    #[test]
    fn values_are_escaped() {
        assert_eq!(escape("a<b>&c"), "a&lt;b&gt;&amp;c");
    }
}

//! A stand-in for scheduler and kubelets: binds pods to nodes, gives them addresses on the loopback
//! network, runs a server for each ([`crate::servers`]), and reports what a kubelet would.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{ConfigMap, Node, PersistentVolumeClaim, Pod, Secret};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::servers::Servers;

/// Pods with this in their image's name never start.
pub const BROKEN: &str = "broken";

static ADDRESSES: AtomicU32 = AtomicU32::new(1);

/// An address that no other pod of this process has.
fn draw_address() -> IpAddr {
    let [_, a, b, c] = ADDRESSES.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(127, 40 + a, b, c))
}

#[derive(Default)]
struct Faults {
    lost_nodes: BTreeSet<String>,
}

/// The kubelets of one namespace's pods.
pub struct Kubelet {
    pub servers: Servers,
    faults: Arc<Mutex<Faults>>,
    task: JoinHandle<()>,
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Running {
    uid: String,
    ip: IpAddr,
    ready: Option<bool>,
}

struct Loop {
    client: Client,
    namespace: String,
    servers: Servers,
    faults: Arc<Mutex<Faults>>,
    nodes: Vec<String>,
    running: HashMap<String, Running>,
    heartbeat: Option<Instant>,
}

impl Kubelet {
    /// Starts them for `namespace`, on nodes of these names, which are made.
    pub async fn start(client: Client, namespace: &str, nodes: &[String]) -> Self {
        let api: Api<Node> = Api::all(client.clone());
        for node in nodes {
            let made: Node = serde_json::from_value(json!({
                "apiVersion": "v1", "kind": "Node", "metadata": { "name": node },
            }))
            .unwrap();
            api.create(&PostParams::default(), &made).await.unwrap();
        }
        let (servers, faults) = (Servers::default(), Arc::<Mutex<Faults>>::default());
        let mut work = Loop {
            client,
            namespace: namespace.to_owned(),
            servers: servers.clone(),
            faults: faults.clone(),
            nodes: nodes.to_vec(),
            running: HashMap::new(),
            heartbeat: None,
        };
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = work.round().await {
                    // Conflicts with deletions: the next round sees them.
                    let expected =
                        matches!(&error, kube::Error::Api(s) if matches!(s.code, 404 | 409 | 422));
                    assert!(expected, "kubelet: {error}");
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Self { servers, faults, task }
    }

    /// A node that was lost is back, with its pods.
    pub fn find_node(&self, node: &str) {
        self.faults.lock().unwrap().lost_nodes.remove(node);
    }

    /// A node that is cut off: its pods stop, and nobody reports it.
    pub fn lose_node(&self, node: &str) {
        self.faults.lock().unwrap().lost_nodes.insert(node.to_owned());
    }
}

impl Loop {
    async fn round(&mut self) -> Result<(), kube::Error> {
        let lost = self.faults.lock().unwrap().lost_nodes.clone();
        self.heartbeats(&lost).await?;
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let list = pods.list(&ListParams::default()).await?.items;
        let uids: BTreeMap<String, String> =
            list.iter().map(|pod| (pod.name_any(), pod.uid().unwrap_or_default())).collect();
        let gone: Vec<String> = self
            .running
            .iter()
            .filter(|(name, r)| uids.get(*name) != Some(&r.uid))
            .map(|(n, _)| n.clone())
            .collect();
        for name in gone {
            self.running.remove(&name);
            self.servers.stop(&name);
        }
        self.refresh_keys().await?;
        for pod in list {
            let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
            match node {
                None => self.bind(&pods, &pod, &lost).await?,
                Some(node) if lost.contains(&node) => {
                    self.servers.stop(&pod.name_any());
                    self.running.remove(&pod.name_any());
                }
                Some(_) => self.attend(&pods, &pod).await?,
            }
        }
        Ok(())
    }

    /// Mounted Secrets follow their objects.
    async fn refresh_keys(&self) -> Result<(), kube::Error> {
        let secrets: Api<Secret> = Api::namespaced(self.client.clone(), &self.namespace);
        for secret in secrets.list(&ListParams::default()).await? {
            let key =
                secret.data.as_ref().and_then(|data| str::from_utf8(&data.get("key")?.0).ok());
            if let (Some(key), Some(cluster)) = (key, secret.name_any().strip_suffix("-cluster")) {
                self.servers.set_key(cluster, key);
            }
        }
        Ok(())
    }

    async fn heartbeats(&mut self, lost: &BTreeSet<String>) -> Result<(), kube::Error> {
        if self.heartbeat.is_some_and(|last| last.elapsed() < Duration::from_secs(2)) {
            return Ok(());
        }
        let api: Api<Node> = Api::all(self.client.clone());
        for node in self.nodes.iter().filter(|node| !lost.contains(*node)) {
            let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
            let status = json!({ "status": { "conditions": [{
                "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "",
                "lastHeartbeatTime": now.to_string(),
            }]}});
            api.patch_status(node, &PatchParams::default(), &Patch::Strategic(status)).await?;
        }
        self.heartbeat = Some(Instant::now());
        Ok(())
    }

    /// A pod goes to the node of its ordinal; once that one is lost, to any other.
    async fn bind(
        &self,
        pods: &Api<Pod>,
        pod: &Pod,
        lost: &BTreeSet<String>,
    ) -> Result<(), kube::Error> {
        let name = pod.name_any();
        let healthy: Vec<&String> =
            self.nodes.iter().filter(|node| !lost.contains(*node)).collect();
        let ordinal: usize = name.rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let own = self.nodes.get(ordinal % self.nodes.len()).filter(|node| !lost.contains(*node));
        let node = own.or(healthy.first().copied()).unwrap();
        let binding = json!({
            "apiVersion": "v1", "kind": "Binding", "metadata": { "name": name },
            "target": { "apiVersion": "v1", "kind": "Node", "name": node },
        });
        let _: serde_json::Value =
            pods.create_subresource("binding", &name, &PostParams::default(), &binding).await?;
        Ok(())
    }

    async fn attend(&mut self, pods: &Api<Pod>, pod: &Pod) -> Result<(), kube::Error> {
        let name = pod.name_any();
        if pod.metadata.deletion_timestamp.is_some() {
            self.servers.stop(&name);
            self.running.remove(&name);
            pods.delete(
                &name,
                &DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() },
            )
            .await?;
            return Ok(());
        }
        let image = pod
            .spec
            .as_ref()
            .and_then(|spec| spec.containers.first()?.image.clone())
            .unwrap_or_default();
        if !self.running.contains_key(&name) && !self.start(pod, &image).await? {
            return Ok(());
        }
        let Some(running) = self.running.get_mut(&name) else { return Ok(()) };
        let broken = image.contains(BROKEN);
        let ready = !broken && self.servers.ready(&name);
        if running.ready == Some(ready) {
            return Ok(());
        }
        let status = report(&image, broken, ready, running.ip);
        pods.patch_status(
            &name,
            &PatchParams::default(),
            &Patch::Strategic(json!({ "status": status })),
        )
        .await?;
        running.ready = Some(ready);
        Ok(())
    }

    /// Starts a pod as far as its image allows; `false`: its volume, key or configuration is not
    /// there yet.
    async fn start(&mut self, pod: &Pod, image: &str) -> Result<bool, kube::Error> {
        let (name, namespace) = (pod.name_any(), &self.namespace);
        let cluster = pod.labels().get("app.kubernetes.io/instance").cloned().unwrap_or_default();
        let claims: Api<PersistentVolumeClaim> = Api::namespaced(self.client.clone(), namespace);
        let Some(claim) = claims.get_opt(&format!("data-{name}")).await? else { return Ok(false) };
        if claim.metadata.deletion_timestamp.is_some() {
            return Ok(false);
        }
        let ip = draw_address();
        if !image.contains(BROKEN) {
            let secrets: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
            let Some(secret) = secrets.get_opt(&format!("{cluster}-cluster")).await? else {
                return Ok(false);
            };
            let key =
                secret.data.and_then(|data| String::from_utf8(data.get("key")?.0.clone()).ok());
            let maps: Api<ConfigMap> = Api::namespaced(self.client.clone(), namespace);
            let Some(config) = maps.get_opt(&format!("{cluster}-config")).await? else {
                return Ok(false);
            };
            let yaml: serde_yaml::Value =
                serde_yaml::from_str(&config.data.unwrap()["server.yaml"]).unwrap();
            let filter = yaml["log"]["filter"].as_str().unwrap().to_owned();
            self.servers
                .start(&cluster, &name, &claim.uid().unwrap(), ip, key.unwrap(), filter)
                .await;
        }
        self.running.insert(name, Running { uid: pod.uid().unwrap_or_default(), ip, ready: None });
        Ok(true)
    }
}

fn report(image: &str, broken: bool, ready: bool, ip: IpAddr) -> serde_json::Value {
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap().to_string();
    let is = if ready { "True" } else { "False" };
    let state = match broken {
        true => json!({ "waiting": { "reason": "ImagePullBackOff", "message": "no such image" } }),
        false => json!({ "running": { "startedAt": now } }),
    };
    json!({
        "phase": if broken { "Pending" } else { "Running" },
        "podIP": ip.to_string(),
        "podIPs": [{ "ip": ip.to_string() }],
        "conditions": [
            { "type": "Ready", "status": is, "lastTransitionTime": now },
            { "type": "ContainersReady", "status": is, "lastTransitionTime": now },
        ],
        "containerStatuses": [{
            "name": "metaserver", "image": image, "imageID": "", "ready": ready, "restartCount": 0,
            "started": !broken, "state": state,
        }],
    })
}

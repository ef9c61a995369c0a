//! What every test needs: the API server, the operator under exactly the rights of its chart, a
//! namespace with stand-ins for kubelets and servers, and waiting for what must become true.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::http::{Request, Response};
use clap::Parser;
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::{Namespace, Node, ServiceAccount};
use k8s_openapi::api::events::v1::Event;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::client::{Body, ClientBuilder};
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind, ObjectMeta};
use kube::{Client, Config, ResourceExt};
use metafs_crds::{MetadataCluster, MetadataClusterSpec, Raft};
use metafs_operator::config::Options;
use metafs_operator::metrics::Metrics;
use metafs_operator::run::{End, run};
use serde::Deserialize;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, MutexGuard, oneshot};
use tokio::task::JoinHandle;

use crate::kubelet::Kubelet;
use crate::servers::Servers;

/// One test at a time: there is one Lease, and an operator looks at all namespaces.
static ALONE: Mutex<()> = Mutex::const_new(());
static NAMESPACES: AtomicU32 = AtomicU32::new(0);

const SYSTEM: &str = "metafs-system";
const ACCOUNT: &str = "metafs-operator";

/// The API server and a namespace of the test's own.
pub struct Harness {
    pub admin: Client,
    pub namespace: String,
    pub nodes: Vec<String>,
    pub kubelet: Kubelet,
    config: Config,
    forbidden: Arc<std::sync::Mutex<Vec<String>>>,
    _alone: MutexGuard<'static, ()>,
}

/// A running operator, on threads of its own.
pub struct Operator {
    runtime: Option<Runtime>,
    ended: JoinHandle<End>,
    stop: Option<oneshot::Sender<()>>,
    pub metrics: Arc<Metrics>,
}

impl Operator {
    /// Ends it as SIGKILL would: nothing is finished, nothing is released.
    pub fn kill(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Ends it as SIGTERM would.
    pub async fn stop(mut self) -> End {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let end = (&mut self.ended).await.unwrap();
        self.kill();
        end
    }

    /// Whether it is the elected one.
    pub fn leads(&self) -> bool {
        self.metrics.encode().unwrap().contains("metafs_operator_leading 1")
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn config() -> Config {
    let path = std::env::var("METAFS_TEST_KUBECONFIG").expect(
        "METAFS_TEST_KUBECONFIG must name a kubeconfig; `e2e/up --control-plane-only` starts a cluster and prints one",
    );
    let kubeconfig = Kubeconfig::read_from(path).expect("reading METAFS_TEST_KUBECONFIG");
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap()
}

impl Harness {
    /// Prepares the cluster and a namespace.
    pub async fn new() -> Self {
        let alone = ALONE.lock().await;
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let config = config().await;
        let admin = Client::try_from(config.clone()).unwrap();
        install(&admin).await;
        let number = NAMESPACES.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("test-{}-{number}", std::process::id());
        let api: Api<Namespace> = Api::all(admin.clone());
        let made = Namespace {
            metadata: ObjectMeta { name: Some(namespace.clone()), ..ObjectMeta::default() },
            ..Namespace::default()
        };
        api.create(&PostParams::default(), &made).await.unwrap();
        let nodes: Vec<String> = (0..6).map(|n| format!("{namespace}-node{n}")).collect();
        let kubelet = Kubelet::start(admin.clone(), &namespace, &nodes).await;
        Self { admin, namespace, nodes, kubelet, config, forbidden: Arc::default(), _alone: alone }
    }

    /// A configuration with the rights of the operator's chart and nothing else.
    async fn restricted(&self) -> Config {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.admin.clone(), SYSTEM);
        let request = TokenRequest::default();
        let token: TokenRequest = accounts
            .create_subresource("token", ACCOUNT, &PostParams::default(), &request)
            .await
            .unwrap();
        let mut config = self.config.clone();
        config.auth_info =
            AuthInfo { token: Some(token.status.unwrap().token.into()), ..AuthInfo::default() };
        config
    }

    /// A client with the rights of the operator's chart and nothing else.
    pub async fn restricted_client(&self) -> Client {
        let watch = Watch(self.forbidden.clone());
        ClientBuilder::try_from(self.restricted().await).unwrap().with_layer(&watch).build()
    }

    /// What was forbidden so far; forgets it.
    pub fn take_forbidden(&self) -> Vec<String> {
        std::mem::take(&mut self.forbidden.lock().unwrap())
    }

    /// Starts an operator with the rights of its chart and nothing else.
    pub async fn operator(&self, identity: &str) -> Operator {
        self.operator_that_looks_every(identity, 1).await
    }

    /// The same; where nothing tells it to it looks this seldom (seconds).
    pub async fn operator_that_looks_every(&self, identity: &str, poll: u32) -> Operator {
        let config = self.restricted().await;
        let watch = Watch(self.forbidden.clone());
        let options = Options::parse_from([
            "metafs-operator",
            "--image=metafs:1",
            &format!("--poll-seconds={poll}"),
            "--lease-seconds=3",
            &format!("--identity={identity}"),
            &format!("--lease-namespace={SYSTEM}"),
        ]);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let metrics = Arc::new(Metrics::default());
        let of_run = metrics.clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = runtime.spawn(async move {
            let client = ClientBuilder::try_from(config).unwrap().with_layer(&watch).build();
            run(client, &options, of_run, async {
                let _ = stopped.await;
            })
            .await
        });
        Operator { runtime: Some(runtime), ended, stop: Some(stop), metrics }
    }

    pub fn servers(&self) -> &Servers {
        &self.kubelet.servers
    }

    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.admin.clone(), &self.namespace)
    }

    /// Creates a cluster.
    pub async fn create(&self, name: &str, spec: MetadataClusterSpec) {
        let made = MetadataCluster::new(name, spec);
        self.api::<MetadataCluster>().create(&PostParams::default(), &made).await.unwrap();
    }

    /// Merges into the spec of a cluster.
    pub async fn change(&self, name: &str, spec: serde_json::Value) {
        let patch = Patch::Merge(serde_json::json!({ "spec": spec }));
        self.api::<MetadataCluster>().patch(name, &PatchParams::default(), &patch).await.unwrap();
    }

    pub async fn get(&self, name: &str) -> MetadataCluster {
        self.api::<MetadataCluster>().get(name).await.unwrap()
    }

    /// Waits until the cluster is Ready with its present spec.
    pub async fn ready(&self, name: &str) -> MetadataCluster {
        self.until_status(name, "Ready", |cluster| {
            let observed = cluster.status.as_ref().and_then(|status| status.observed_generation);
            observed == cluster.metadata.generation && condition(cluster, "Ready").0 == "True"
        })
        .await
    }

    /// Waits until the resource is as told.
    pub async fn until_status(
        &self,
        name: &str,
        what: &str,
        is: impl Fn(&MetadataCluster) -> bool,
    ) -> MetadataCluster {
        until(what, || async {
            let cluster = self.get(name).await;
            if is(&cluster) { Ok(cluster) } else { Err(format!("{:#?}", cluster.status)) }
        })
        .await
    }

    /// The Events about a cluster: reasons and texts.
    pub async fn events(&self, name: &str) -> Vec<(String, String)> {
        let events = self.api::<Event>().list(&ListParams::default()).await.unwrap();
        let about = |event: &Event| {
            event.regarding.as_ref().and_then(|of| of.name.clone()).as_deref() == Some(name)
        };
        events
            .items
            .into_iter()
            .filter(about)
            .map(|event| (event.reason.unwrap_or_default(), event.note.unwrap_or_default()))
            .collect()
    }

    /// Waits for an Event.
    pub async fn event(&self, name: &str, reason: &str) {
        until(&format!("Event {reason}"), || async {
            let events = self.events(name).await;
            if events.iter().any(|(of, _)| of == reason) {
                Ok(())
            } else {
                Err(format!("{events:#?}"))
            }
        })
        .await;
    }

    /// Ends the test: nothing the operator asked for was forbidden, and nothing stays.
    pub async fn end(self, operators: Vec<Operator>) {
        let clusters = self.api::<MetadataCluster>();
        for cluster in clusters.list(&ListParams::default()).await.unwrap() {
            clusters.delete(&cluster.name_any(), &DeleteParams::default()).await.unwrap();
        }
        until("no clusters are left", || async {
            let left = clusters.list(&ListParams::default()).await.unwrap().items;
            if left.is_empty() { Ok(()) } else { Err(format!("{} left", left.len())) }
        })
        .await;
        for operator in operators {
            assert_eq!(operator.stop().await, End::Shutdown);
        }
        let forbidden = self.take_forbidden();
        assert!(forbidden.is_empty(), "the chart's rights do not suffice: {forbidden:?}");
        let _ = Api::<Namespace>::all(self.admin.clone())
            .delete(&self.namespace, &DeleteParams::default())
            .await;
        for node in &self.nodes {
            let _ =
                Api::<Node>::all(self.admin.clone()).delete(node, &DeleteParams::default()).await;
        }
    }
}

/// Notes every request that the API server forbids.
#[derive(Clone)]
struct Watch(Arc<std::sync::Mutex<Vec<String>>>);

#[derive(Clone)]
struct Watched<S>(S, Watch);

impl<S> tower::Layer<S> for Watch {
    type Service = Watched<S>;
    fn layer(&self, inner: S) -> Watched<S> {
        Watched(inner, self.clone())
    }
}

impl<S, B> tower::Service<Request<Body>> for Watched<S>
where
    S: tower::Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let what = format!("{} {}", request.method(), request.uri().path());
        let answer = self.0.call(request);
        let Watch(forbidden) = self.1.clone();
        Box::pin(async move {
            let response = answer.await?;
            if response.status() == 403 {
                forbidden.lock().unwrap().push(what);
            }
            Ok(response)
        })
    }
}

/// A spec for tests: quick, small.
pub fn spec(replicas: i32) -> MetadataClusterSpec {
    MetadataClusterSpec { replicas, raft: Raft::default(), ..MetadataClusterSpec::default() }
}

/// Status and reason of a condition.
pub fn condition(cluster: &MetadataCluster, type_: &str) -> (String, String) {
    let conditions = cluster.status.iter().flat_map(|status| &status.conditions);
    conditions
        .filter(|condition| condition.type_ == type_)
        .map(|condition| (condition.status.clone(), condition.reason.clone()))
        .next()
        .unwrap_or_default()
}

/// Waits until `look` succeeds; fails with what it last said.
pub async fn until<T, E: Debug, F: Future<Output = Result<T, E>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let begun = Instant::now();
    loop {
        match look().await {
            Ok(value) => return value,
            Err(last) => {
                assert!(begun.elapsed() < Duration::from_secs(90), "waiting for {what}: {last:#?}")
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Installs definition and rights from the one-file install; the operator of it is not started.
async fn install(admin: &Client) {
    let text = include_str!("../../../manifests/install.yaml");
    for document in serde_yaml::Deserializer::from_str(text) {
        let object = DynamicObject::deserialize(document).unwrap();
        let types = object.types.clone().unwrap();
        if types.kind == "Deployment" {
            continue;
        }
        let kind = ApiResource::from_gvk(&GroupVersionKind::try_from(&types).unwrap());
        let api: Api<DynamicObject> = match object.namespace() {
            Some(namespace) => Api::namespaced_with(admin.clone(), &namespace, &kind),
            None => Api::all_with(admin.clone(), &kind),
        };
        let params = PatchParams::apply("metafs-tests").force();
        api.patch(&object.name_any(), &params, &Patch::Apply(&object)).await.unwrap();
    }
    until("the definition to be served", || async {
        Api::<MetadataCluster>::all(admin.clone())
            .list(&ListParams::default().limit(1))
            .await
            .map(drop)
    })
    .await;
}

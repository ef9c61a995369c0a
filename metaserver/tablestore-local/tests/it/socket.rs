//! The same over sockets: HTTP, a cut connection, the control API.

use std::sync::Arc;

use metafs_tablestore::proto;
use metafs_tablestore_local::Service;
use metafs_tablestore_local::server::{control_router, serve};
use metafs_tablestore_local::service::{Settings, system_clock};
use metafs_tablestore_local::store::Memory;
use prost::Message;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::common::Caller;

struct Running {
    endpoint: String,
    control: String,
    http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    door: tokio::task::JoinHandle<()>,
}

async fn start() -> Running {
    let service =
        Service::start(Settings::default(), Box::new(Memory::default()), system_clock()).unwrap();
    let service = Arc::new(service);
    let port = || async { TcpListener::bind(("127.0.0.1", 0)).await.unwrap() };
    let (listener, control) = (port().await, port().await);
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let control_endpoint = format!("http://{}", control.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel();
    let door = tokio::spawn(serve(listener, None, service.clone(), async {
        let _ = stopped.await;
    }));
    let router = control_router(service);
    tokio::spawn(async move { axum::serve(control, router).await });
    Running {
        endpoint,
        control: control_endpoint,
        http: reqwest::Client::new(),
        stop: Some(stop),
        door,
    }
}

impl Running {
    async fn list(&self) -> reqwest::Result<proto::ListTableResponse> {
        // The head is made by a caller whose clock is the system's.
        let signer = Caller::new();
        signer.advance(system_clock()() - crate::common::START);
        let parts = signer.parts("ListTable", &[], &[]);
        let url = format!("{}/ListTable", self.endpoint);
        let answer = self.http.post(url).headers(parts.headers).send().await?;
        assert_eq!(answer.status(), 200);
        Ok(proto::ListTableResponse::decode(answer.bytes().await?).unwrap())
    }

    async fn faults(&self, plan: Value) {
        let url = format!("{}/faults", self.control);
        let answer = self.http.put(url).json(&plan).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    }
}

#[tokio::test]
async fn requests_faults_and_counts_over_sockets() {
    let mut running = start().await;
    running.list().await.unwrap();
    running
        .faults(json!({"rules": [{"kind": "cutBefore", "operations": ["ListTable"], "times": 1}]}))
        .await;
    running.list().await.unwrap_err();
    running.list().await.unwrap();
    let url = |path: &str| format!("{}/{path}", running.control);
    let counts: Value =
        running.http.get(url("counters")).send().await.unwrap().json().await.unwrap();
    assert_eq!(counts["ListTable"]["requests"], 3);
    assert_eq!(counts["ListTable"]["faults"], 1);
    let metrics = running.http.get(url("metrics")).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("tablestore_local_requests_total{operation=\"ListTable\"} 3"));
    let plan: Value = running.http.get(url("faults")).send().await.unwrap().json().await.unwrap();
    assert_eq!(plan["rules"][0]["times"], 0);
    running.http.delete(url("faults")).send().await.unwrap();
    running.http.delete(url("counters")).send().await.unwrap();
    let damage = json!({"table": "none", "primaryKey": [1]});
    let answer = running.http.post(url("damage")).json(&damage).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    running.stop.take().unwrap().send(()).unwrap();
    running.door.await.unwrap();
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused_and_not_kept() {
    let running = start().await;
    let body = vec![0_u8; 20 << 20];
    let answer = running.http.post(format!("{}/PutRow", running.endpoint)).body(body).send().await;
    assert_eq!(answer.unwrap().status(), 413);
    let body = vec![0_u8; 40 << 20];
    running.http.post(format!("{}/PutRow", running.endpoint)).body(body).send().await.unwrap_err();
}

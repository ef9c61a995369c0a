//! The project's own client, over sockets and in the same process.

use std::sync::Arc;

use metafs_tablestore::model::{PrimaryKey, Row, RowExistence, Value};
use metafs_tablestore::proto::PrimaryKeyType;
use metafs_tablestore::{
    Client, Config, Credentials, ErrorKind, RangeRead, ReadOptions, RetryPolicy, RowWrite,
    TableSpec,
};
use metafs_tablestore_local::server::{acceptor, serve};
use metafs_tablestore_local::service::{FaultKind, FaultPlan, FaultRule, Settings};
use metafs_tablestore_local::{LocalTransport, Service};
use tokio::net::{TcpListener, TcpStream};

use crate::common::key;

fn config(endpoint: &str) -> Config {
    let mut config = Config::new(endpoint, "local", Credentials::new("testid", "testsecret"));
    config.retry = RetryPolicy::brisk();
    config.compress_requests_from = Some(1);
    config.compress_responses = true;
    config
}

async fn exercise(client: &Client) {
    let table = TableSpec::new("t").key("pk", PrimaryKeyType::Integer).local_transactions(true);
    client.create_table(&table).await.unwrap();
    let row = |pk: i64| Row::new(key(pk)).with("v", "x".repeat(50));
    let writes: Vec<RowWrite> = (0..200)
        .map(|pk| RowWrite::put("t", row(pk)).expect(RowExistence::ExpectNotExist))
        .collect();
    client.batch_write(&writes).await.unwrap().all().unwrap();
    let failed = client.batch_write(&writes).await.unwrap();
    assert_eq!(failed.failed().count(), 200);
    let got = client.get_row("t", &key(7), &ReadOptions::default()).await.unwrap();
    assert_eq!(got.row.unwrap().get("v"), row(7).get("v"));
    let bound = |value| PrimaryKey::new().with("pk", value);
    let read = RangeRead::forward("t", bound(Value::InfMin), bound(Value::InfMax)).page_rows(30);
    let mut pages = client.get_range(read);
    let mut seen = 0;
    while let Some(page) = pages.next_page().await.unwrap() {
        seen += page.rows.len();
    }
    assert_eq!(seen, 200);
    let mut transaction = client.start_transaction("t", &key(1)).await.unwrap();
    transaction.write_row(&RowWrite::delete("t", key(1))).await.unwrap();
    transaction.commit().await.unwrap();
    let got = client.get_row("t", &key(1), &ReadOptions::default()).await.unwrap();
    assert_eq!(got.row, None);
    let refused = client.put_row("none", row(1)).await.unwrap_err();
    assert!(matches!(refused.kind, ErrorKind::Service(_)), "{refused:?}");
}

#[tokio::test]
async fn over_sockets() {
    let service = Arc::new(Service::in_memory(Settings::default()).unwrap());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, None, service, std::future::pending()));
    exercise(&Client::new(config(&endpoint)).unwrap()).await;
}

#[tokio::test]
async fn over_https() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (certificate, secret) = (dir.path().join("certificate.pem"), dir.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&secret, made.signing_key.serialize_pem()).unwrap();
    let tls = acceptor(&certificate, &secret).unwrap();
    acceptor(&secret, &secret).err().expect("a key was taken for a certificate");

    let service = Arc::new(Service::in_memory(Settings::default()).unwrap());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, Some(tls), service, std::future::pending()));
    // Who begins a connection and says nothing keeps nobody else waiting.
    let _silent = TcpStream::connect(address).await.unwrap();
    let mut config = config(&format!("https://{address}"));
    let distrusting = Client::new(config.clone()).unwrap();
    let refused = distrusting.list_tables().await.unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
    config.http.root_certificates = vec![made.cert.pem().into()];
    exercise(&Client::new(config).unwrap()).await;
}

#[tokio::test]
async fn in_the_same_process_under_faults() {
    let service = Arc::new(Service::in_memory(Settings::default()).unwrap());
    let transport = Arc::new(LocalTransport::new(service.clone()));
    let client = Client::with_transport(config("http://local"), transport).unwrap();
    exercise(&client).await;
    let rules = vec![
        FaultRule::new(FaultKind::Busy, 0.2),
        FaultRule::new(FaultKind::RowBusy, 0.2),
        FaultRule::new(FaultKind::CutBefore, 0.1),
        FaultRule::new(FaultKind::DamagedAnswer, 0.1),
    ];
    service.set_faults(FaultPlan { seed: 3, rules });
    for n in 0..50 {
        let row = Row::new(key(n)).with("v", n);
        client.put_row("t", row).await.unwrap();
    }
    service.set_faults(FaultPlan::default());
    let got = client.get_row("t", &key(49), &ReadOptions::default()).await.unwrap();
    assert_eq!(got.row.unwrap().get("v"), Some(&Value::Integer(49)));
}

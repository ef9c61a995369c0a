//! What each operation sends, and what it makes of the answer.

use metafs_tablestore::filter::{Comparator, Filter};
use metafs_tablestore::model::{ColumnChange, PrimaryKey, Row, RowChange, Value};
use metafs_tablestore::plain_buffer::{decode_row_change, encode_primary_key, encode_row};
use metafs_tablestore::{Client, Config};
use metafs_tablestore::{
    ConfigError, Credentials, ErrorKind, PrimaryKeyType, ReadOptions, Returning, RowWrite,
    SignatureVersion, TableOptions, TableSpec, TableUpdate, Versions, proto,
};

use crate::common::{Step, client, key, put_ok, row};

#[tokio::test]
async fn tables() {
    let described = proto::DescribeTableResponse {
        table_meta: proto::TableMeta { table_name: "t".into(), ..Default::default() },
        shard_splits: vec![encode_primary_key(&key(5))],
        ..Default::default()
    };
    let (client, script) = client([
        Step::ok(&proto::CreateTableResponse {}),
        Step::ok(&proto::UpdateTableResponse::default()),
        Step::ok(&described),
        Step::ok(&proto::ListTableResponse { table_names: vec!["t".into()] }),
        Step::ok(&proto::DeleteTableResponse {}),
    ]);
    let spec = TableSpec::new("t")
        .key("k", PrimaryKeyType::Integer)
        .auto_increment("n")
        .local_transactions(true);
    client.create_table(&spec).await.unwrap();
    let options = Some(TableOptions { max_versions: Some(2), ..Default::default() });
    client.update_table("t", &TableUpdate { options, ..Default::default() }).await.unwrap();
    let description = client.describe_table("t").await.unwrap();
    assert_eq!((description.name.as_str(), description.splits), ("t", vec![key(5)]));
    assert_eq!(client.list_tables().await.unwrap(), ["t"]);
    client.delete_table("t").await.unwrap();

    let sent = script.sent();
    let names: Vec<_> = sent.iter().map(|request| request.operation.as_str()).collect();
    assert_eq!(names, ["CreateTable", "UpdateTable", "DescribeTable", "ListTable", "DeleteTable"]);
    assert!(sent[3].body.is_empty());
    let created: proto::CreateTableRequest = sent[0].read();
    assert_eq!(created.enable_local_txn, Some(true));
    assert_eq!(created.table_meta.primary_key[1].option(), proto::PrimaryKeyOption::AutoIncrement);
    assert!(client.create_table(&TableSpec::new("t")).await.is_err());
}

#[tokio::test]
async fn rows() {
    let given = Row::new(key(1).with("n", 8));
    let returned = proto::PutRowResponse { row: Some(encode_row(&given)), ..Default::default() };
    let got = proto::GetRowResponse { row: encode_row(&row(1)), ..Default::default() };
    let (client, script) = client([
        Step::ok(&returned),
        Step::ok(&proto::UpdateRowResponse::default()),
        Step::ok(&proto::DeleteRowResponse::default()),
        Step::ok(&got),
    ]);
    let put = RowWrite::put("t", Row::new(key(1).with("n", Value::AutoIncrement)));
    let written = client.write_row(&put.returning(Returning::PrimaryKey)).await.unwrap();
    assert_eq!(written.row, Some(given));
    let change = vec![ColumnChange::delete_all("v")];
    let older = Filter::column_or_missing("version", Comparator::LessThan, 7);
    let update = RowWrite::update("t", key(1), change.clone()).only_if(older.clone());
    assert_eq!(client.write_row(&update).await.unwrap().row, None);
    client.delete_row("t", key(1)).await.unwrap();
    let options = ReadOptions::default().columns(["v"]).versions(Versions::Exactly(5));
    let got = client.get_row("t", &key(1), &options).await.unwrap();
    assert_eq!(got.row, Some(row(1)));

    let sent = script.sent();
    let put: proto::PutRowRequest = sent[0].read();
    assert_eq!(
        put.return_content.map(|content| content.return_type()),
        Some(proto::ReturnType::Pk)
    );
    let update: proto::UpdateRowRequest = sent[1].read();
    assert_eq!(update.condition.column_condition, Some(older.encode()));
    let decoded = decode_row_change(update.row_change, proto::OperationType::Update).unwrap();
    assert_eq!(decoded, RowChange::Update { primary_key: key(1), columns: change });
    let get: proto::GetRowRequest = sent[3].read();
    assert_eq!(get.columns_to_get, ["v"]);
    assert_eq!(get.time_range.and_then(|range| range.specific_time), Some(5));
}

#[tokio::test]
async fn transactions() {
    let started = proto::StartLocalTransactionResponse { transaction_id: "x".into() };
    let (client, script) = client([
        Step::ok(&started),
        put_ok(),
        Step::ok(&proto::GetRowResponse::default()),
        Step::ok(&proto::CommitTransactionResponse {}),
        Step::Refuse(404, "OTSSessionNotExist"),
        Step::NoAnswer,
    ]);
    let two = PrimaryKey::new().with("k", 1).with("l", 1);
    assert!(client.start_transaction("t", &two).await.is_err());
    let mut transaction = client.start_transaction("t", &key(1)).await.unwrap();
    transaction.write_row(&RowWrite::put("t", row(1))).await.unwrap();
    transaction.get_row("t", &key(1), &ReadOptions::default()).await.unwrap();
    transaction.commit().await.unwrap();
    client.transaction("y").abort().await.unwrap();
    let error = client.transaction("z").commit().await.unwrap_err();
    assert!(error.may_have_applied());

    let sent = script.sent();
    assert_eq!(sent[1].read::<proto::PutRowRequest>().transaction_id.as_deref(), Some("x"));
    assert_eq!(sent[2].read::<proto::GetRowRequest>().transaction_id.as_deref(), Some("x"));
    assert_eq!(sent[3].read::<proto::CommitTransactionRequest>().transaction_id, "x");
}

#[tokio::test]
async fn requests_that_make_no_sense_are_not_sent() {
    let (client, script) = client([]);
    let nothing = client.update_row("t", key(1), vec![]).await.unwrap_err();
    assert!(matches!(nothing.kind, ErrorKind::Invalid(_)));
    let unnamed = client.put_row("", row(1)).await.unwrap_err();
    assert!(matches!(unnamed.kind, ErrorKind::Invalid(_)));
    let large = Row::new(PrimaryKey::new().with("k", vec![0_u8; 1025]));
    let large = client.put_row("t", large).await.unwrap_err();
    assert!(matches!(large.kind, ErrorKind::Limit(_)));
    assert!(script.sent().is_empty());
}

#[test]
fn configurations_are_looked_over() {
    let with = |endpoint: &str, instance: &str| {
        let mut config = Config::new(endpoint, instance, Credentials::new("id", "secret"));
        config.signature = SignatureVersion::V4 { region: "cn-hangzhou".into() };
        Client::new(config)
    };
    with("https://inst.cn-hangzhou.ots.aliyuncs.com/", "inst").unwrap();
    with("http://127.0.0.1:8087", "a-1").unwrap();
    for endpoint in ["inst.example", "ftp://x", "http://", "http://x/y", "http://x?y", ""] {
        assert!(matches!(with(endpoint, "inst"), Err(ConfigError::Endpoint(_))), "{endpoint}");
    }
    for instance in ["", "a b", "a\n"] {
        assert!(matches!(with("http://x", instance), Err(ConfigError::Instance(_))));
    }
}

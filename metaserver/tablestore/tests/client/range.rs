//! Ranges, page by page.

use bytes::Bytes;
use futures::TryStreamExt;
use metafs_tablestore::model::{PrimaryKey, Value};
use metafs_tablestore::plain_buffer::{decode_primary_key, encode_primary_key, encode_rows};
use metafs_tablestore::{ErrorKind, RangeRead, proto};

use crate::common::{Step, client, key, row};

fn page(rows: std::ops::Range<i64>, next: Option<i64>) -> Step {
    let rows: Vec<_> = rows.map(row).collect();
    Step::ok(&proto::GetRangeResponse {
        rows: encode_rows(&rows),
        next_start_primary_key: next.map(|next| encode_primary_key(&key(next))),
        ..Default::default()
    })
}

fn all() -> RangeRead {
    let place = |value: Value| PrimaryKey::new().with("k", value);
    RangeRead::forward("t", place(Value::InfMin), place(Value::InfMax))
}

#[tokio::test]
async fn pages_follow_each_other() {
    let (client, script) =
        client([page(0..2, Some(2)), Step::NoAnswer, page(0..0, Some(5)), page(5..6, None)]);
    let rows: Vec<_> = client.get_range(all()).rows().try_collect().await.unwrap();
    assert_eq!(rows, [row(0), row(1), row(5)]);
    let starts: Vec<PrimaryKey> = script
        .sent()
        .iter()
        .map(|request| request.read::<proto::GetRangeRequest>().inclusive_start_primary_key)
        .map(|start| decode_primary_key(start).unwrap())
        .collect();
    let first = PrimaryKey::new().with("k", Value::InfMin);
    assert_eq!(starts, [first, key(2), key(2), key(5)]);
}

#[tokio::test]
async fn a_limit_is_for_all_pages_together() {
    let (client, script) = client([page(0..3, Some(3)), page(3..5, Some(5))]);
    let mut pages = client.get_range(all().limit(5).page_rows(4));
    let mut rows = 0;
    while let Some(page) = pages.next_page().await.unwrap() {
        rows += page.rows.len();
    }
    assert_eq!((rows, pages.position()), (5, Some(&key(5))));
    let limits: Vec<_> =
        script.sent().iter().map(|r| r.read::<proto::GetRangeRequest>().limit).collect();
    assert_eq!(limits, [Some(4), Some(2)]);
}

#[tokio::test]
async fn a_range_that_does_not_go_on_is_an_error() {
    let (client, _) = client([page(0..1, Some(1)), page(0..0, Some(1))]);
    let mut pages = client.get_range(all());
    pages.next_page().await.unwrap();
    let error = pages.next_page().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Answer(_)));
}

#[tokio::test]
async fn a_damaged_row_is_an_error() {
    let mut rows = encode_rows(&[row(1)]).to_vec();
    rows[12] ^= 1;
    let damaged = proto::GetRangeResponse { rows: rows.into(), ..Default::default() };
    let (client, _) = client([Step::ok(&damaged)]);
    let error = client.get_range(all()).next_page().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Row(_)));
    assert_eq!(error.attempts, 1);
}

#[tokio::test]
async fn split_points_have_all_key_columns() {
    let column = |name: &str| proto::PrimaryKeySchema {
        name: name.into(),
        r#type: proto::PrimaryKeyType::Integer.into(),
        option: None,
    };
    let answer = proto::ComputeSplitPointsBySizeResponse {
        schema: vec![column("k"), column("l")],
        split_points: vec![encode_primary_key(&key(7))],
        ..Default::default()
    };
    let (client, script) = client([Step::ok(&answer)]);
    let points = client.split_points("t", (10 << 20) + 1).await.unwrap();
    assert_eq!(points.keys, [key(7).with("l", Value::InfMin)]);
    let request: proto::ComputeSplitPointsBySizeRequest = script.sent()[0].read();
    assert_eq!((request.split_size, request.split_size_unit_in_byte), (11, Some(1 << 20)));
}

#[tokio::test]
async fn an_empty_next_key_is_the_end() {
    let answer = proto::GetRangeResponse {
        next_start_primary_key: Some(Bytes::new()),
        ..Default::default()
    };
    let (client, _) = client([Step::ok(&answer)]);
    let mut pages = client.get_range(all());
    assert_eq!(pages.next_page().await.unwrap().unwrap().rows, []);
    assert_eq!(pages.next_page().await.unwrap(), None);
    assert_eq!(pages.position(), None);
}

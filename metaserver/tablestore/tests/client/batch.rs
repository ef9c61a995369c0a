//! Batches: which rows are sent again, and which row had which outcome.

use metafs_tablestore::error::ErrorCode;
use metafs_tablestore::model::{ColumnChange, RowExistence};
use metafs_tablestore::plain_buffer::encode_row;
use metafs_tablestore::{ErrorKind, ReadOptions, RowWrite, TableGet, proto};

use crate::common::{Step, client, key, row};

fn written(code: Option<&str>) -> proto::RowInBatchWriteRowResponse {
    let error = code.map(|code| proto::Error { code: code.into(), message: None });
    let is_ok = error.is_none();
    proto::RowInBatchWriteRowResponse { is_ok, error, ..Default::default() }
}

fn answer(tables: &[&[Option<&str>]]) -> Step {
    let table = |rows: &&[Option<&str>]| proto::TableInBatchWriteRowResponse {
        table_name: "t".into(),
        rows: rows.iter().copied().map(written).collect(),
    };
    Step::ok(&proto::BatchWriteRowResponse { tables: tables.iter().map(table).collect() })
}

const BUSY: Option<&str> = Some("OTSServerBusy");
const REFUSED: Option<&str> = Some("OTSConditionCheckFail");

#[tokio::test]
async fn only_failed_rows_are_sent_again() {
    let rows: Vec<_> = (0..4).map(|i| RowWrite::put("t", row(i))).collect();
    let (client, script) = client([
        answer(&[&[None, BUSY, REFUSED, BUSY]]),
        answer(&[&[BUSY, None]]),
        answer(&[&[None]]),
    ]);
    let outcome = client.batch_write(&rows).await.unwrap();
    let sent: Vec<proto::BatchWriteRowRequest> =
        script.sent().iter().map(|request| request.read()).collect();
    let counts: Vec<_> = sent.iter().map(|request| request.tables[0].rows.len()).collect();
    assert_eq!(counts, [4, 2, 1]);
    assert_eq!(sent[1].tables[0].rows[0], sent[0].tables[0].rows[1]);
    assert_eq!(sent[2].tables[0].rows[0], sent[0].tables[0].rows[1]);
    let failed: Vec<_> = outcome.failed().map(|(i, error)| (i, error.code())).collect();
    assert_eq!(failed, [(2, Some(ErrorCode::ConditionCheckFail))]);
    assert!(outcome.all().is_err());
}

#[tokio::test]
async fn after_a_lost_answer_only_harmless_rows_are_sent_again() {
    let rows = [
        RowWrite::put("t", row(1)),
        RowWrite::put("t", row(2)).expect(RowExistence::ExpectNotExist),
        RowWrite::update("t", key(3), vec![ColumnChange::increment("n", 1)]),
        RowWrite::delete("t", key(4)),
        // Of the same key as the increment, and after it.
        RowWrite::put("t", row(3)),
    ];
    let (client, script) = client([Step::NoAnswer, answer(&[&[None, None, None]])]);
    let outcome = client.batch_write(&rows).await.unwrap();
    let second: proto::BatchWriteRowRequest = script.sent()[1].read();
    assert_eq!(second.tables[0].rows.len(), 3);
    let failed: Vec<_> = outcome.failed().map(|(i, error)| (i, error.may_have_applied())).collect();
    assert_eq!(failed, [(1, true), (2, true)]);
}

#[tokio::test]
async fn a_row_is_not_sent_after_a_later_one_of_its_key() {
    let rows =
        [RowWrite::put("t", row(1)), RowWrite::delete("t", key(1)), RowWrite::put("t", row(2))];
    let (client, script) = client([answer(&[&[BUSY, None, BUSY]]), answer(&[&[None]])]);
    let outcome = client.batch_write(&rows).await.unwrap();
    let failed: Vec<_> = outcome.failed().map(|(i, error)| (i, error.code())).collect();
    assert_eq!(failed, [(0, Some(ErrorCode::ServerBusy))]);
    assert_eq!(script.left(), 0);
}

#[tokio::test]
async fn an_atomic_batch_stands_or_falls_as_one() {
    let rows = [RowWrite::put("t", row(1)), RowWrite::put("t", row(1))];
    let (client, script) = client([answer(&[&[None, BUSY]]), answer(&[&[None, REFUSED]])]);
    let outcome = client.batch_write_atomic(&rows).await.unwrap();
    let codes: Vec<_> = outcome.failed().map(|(_, error)| error.code()).collect();
    assert_eq!(codes, [Some(ErrorCode::ConditionCheckFail); 2]);
    let second: proto::BatchWriteRowRequest = script.sent()[1].read();
    assert_eq!((second.tables[0].rows.len(), second.is_atomic), (2, Some(true)));
}

#[tokio::test]
async fn nothing_is_sent_over_a_limit() {
    let rows: Vec<_> = (0..201).map(|i| RowWrite::put("t", row(i))).collect();
    let (client, script) = client([]);
    let error = client.batch_write(&rows).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Limit(limit) if limit.limit == 200));
    assert!(!error.may_have_applied());
    assert!(script.sent().is_empty());
}

#[tokio::test]
async fn reads_ask_again_for_failed_rows_only() {
    let got = |number: Option<i64>| proto::RowInBatchGetRowResponse {
        is_ok: true,
        row: number.map(|number| encode_row(&row(number))),
        ..Default::default()
    };
    let failed = proto::RowInBatchGetRowResponse {
        is_ok: false,
        error: Some(proto::Error { code: "OTSTimeout".into(), message: None }),
        ..Default::default()
    };
    let answer = |tables: Vec<Vec<proto::RowInBatchGetRowResponse>>| {
        let table = |(name, rows): (&str, _)| proto::TableInBatchGetRowResponse {
            table_name: name.into(),
            rows,
        };
        let tables = ["a", "b"].into_iter().zip(tables).map(table).collect();
        Step::ok(&proto::BatchGetRowResponse { tables })
    };
    let first = answer(vec![vec![got(Some(1)), failed.clone()], vec![failed]]);
    let (client, script) = client([first, answer(vec![vec![got(None)], vec![got(Some(3))]])]);
    let get = |table: &str, keys: &[i64]| TableGet {
        table: table.into(),
        keys: keys.iter().copied().map(key).collect(),
        options: ReadOptions::default(),
    };
    let rows = client.batch_get(&[get("a", &[1, 2]), get("b", &[3])]).await.unwrap();
    let rows: Vec<Vec<_>> = rows
        .into_iter()
        .map(|table| table.into_iter().map(|row| row.unwrap().row).collect())
        .collect();
    assert_eq!(rows, [vec![Some(row(1)), None], vec![Some(row(3))]]);
    let second: proto::BatchGetRowRequest = script.sent()[1].read();
    let counts: Vec<_> = second.tables.iter().map(|table| table.primary_key.len()).collect();
    assert_eq!(counts, [1, 1]);
}

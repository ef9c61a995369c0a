//! Faults on demand, and damage.

use metafs_tablestore::model::{Row, RowChange, Value};
use metafs_tablestore::proto::{self, RowExistenceExpectation as Expect};
use metafs_tablestore_local::service::{Damage, FaultKind, FaultPlan, FaultRule};
use prost::Message;
use serde_json::json;

use crate::common::{Caller, key};

fn plan(rule: FaultRule) -> FaultPlan {
    FaultPlan { seed: 1, rules: vec![rule] }
}

fn rule(kind: FaultKind) -> FaultRule {
    FaultRule {
        operations: vec!["PutRow".into(), "BatchWriteRow".into()],
        ..FaultRule::new(kind, 1.0)
    }
}

fn row(pk: i64) -> Row {
    Row::new(key(pk)).with("a", pk)
}

#[test]
fn errors_before_and_after_the_effect() {
    let caller = Caller::with_tables();
    for (kind, code, done) in [
        (FaultKind::Busy, "OTSServerBusy", false),
        (FaultKind::Unavailable, "OTSServerUnavailable", false),
        (FaultKind::QuotaExhausted, "OTSQuotaExhausted", false),
        (FaultKind::TimeoutBefore, "OTSTimeout", false),
        (FaultKind::TimeoutAfter, "OTSTimeout", true),
    ] {
        let pk = kind as i64;
        caller.service.set_faults(plan(FaultRule { times: Some(1), ..rule(kind) }));
        assert_eq!(caller.put("t", row(pk), Expect::Ignore).unwrap_err().code, code);
        assert_eq!(caller.get("t", &key(pk)).unwrap().is_some(), done, "{kind:?}");
        caller.put("t", row(pk), Expect::Ignore).unwrap();
    }
}

#[test]
fn connections_are_cut_before_and_after_the_effect() {
    let caller = Caller::with_tables();
    for (kind, done) in [(FaultKind::CutBefore, false), (FaultKind::CutAfter, true)] {
        let pk = kind as i64;
        caller.service.set_faults(plan(rule(kind)));
        let request = proto::PutRowRequest {
            table_name: "t".into(),
            row: metafs_tablestore::plain_buffer::encode_row_change(&RowChange::Put(row(pk))),
            condition: crate::common::condition(Expect::Ignore),
            ..Default::default()
        };
        assert!(caller.raw("PutRow", request.encode_to_vec(), &[]).response.is_none());
        assert_eq!(caller.get("t", &key(pk)).unwrap().is_some(), done, "{kind:?}");
    }
}

#[test]
fn rows_of_a_batch_fail_apart() {
    let caller = Caller::with_tables();
    let rows: Vec<_> = (0..100).map(|pk| (RowChange::Put(row(pk)), Expect::Ignore)).collect();
    for (kind, code) in
        [(FaultKind::RowBusy, "OTSServerBusy"), (FaultKind::RowTimeout, "OTSTimeout")]
    {
        caller.service.set_faults(plan(FaultRule { rate: 0.5, ..rule(kind) }));
        let outcome = caller.batch("t", &rows, false).unwrap();
        let failed = outcome.iter().filter(|row| row.is_err()).count();
        assert!((20..80).contains(&failed), "{failed}");
        for (pk, outcome) in outcome.iter().enumerate() {
            let done = outcome.is_ok() || kind == FaultKind::RowTimeout;
            let there = caller.get("t", &key(i64::try_from(pk).unwrap())).unwrap().is_some();
            assert_eq!(there, done);
            assert!(outcome.as_ref().err().is_none_or(|found| found == code));
        }
    }
}

#[test]
fn damaged_answers_do_not_fit_their_checksum() {
    let caller = Caller::with_tables();
    caller.service.set_faults(plan(FaultRule::new(FaultKind::DamagedAnswer, 1.0)));
    let answer = caller.raw("ListTable", Vec::new(), &[]).response.unwrap();
    let sum = metafs_tablestore::sign::content_md5(answer.body());
    assert_ne!(answer.headers()["x-ots-contentmd5"].to_str().unwrap(), sum);
}

#[test]
fn everything_is_counted() {
    let caller = Caller::with_tables();
    caller.put("t", row(1), Expect::Ignore).unwrap();
    caller.put("t", row(1), Expect::ExpectNotExist).unwrap_err();
    let counts = caller.service.counters().read();
    let (_, put) = counts.iter().find(|(operation, _)| operation.name() == "PutRow").unwrap();
    assert_eq!((put.requests, put.errors, put.rows_written), (2, 1, 1));
    let text = caller.service.counters().prometheus();
    assert!(text.contains("tablestore_local_requests_total{operation=\"PutRow\"} 2\n"), "{text}");
    caller.service.counters().reset();
    assert!(caller.service.counters().read().is_empty());
}

#[test]
fn stored_rows_are_damaged_on_demand() {
    let caller = Caller::with_tables();
    caller.put("t", row(1), Expect::Ignore).unwrap();
    let damage = |value: serde_json::Value| -> Damage { serde_json::from_value(value).unwrap() };
    let to =
        |value| damage(json!({"table": "t", "primaryKey": [1], "column": "a", "value": value}));
    caller.service.damage(&to(json!("x"))).unwrap();
    let seen = |caller: &Caller| caller.get("t", &key(1)).unwrap().unwrap().get("a").cloned();
    assert_eq!(seen(&caller), Some(Value::string("x")));
    caller.service.damage(&to(json!({"binary": "AAE="}))).unwrap();
    assert_eq!(seen(&caller), Some(Value::from(vec![0_u8, 1])));
    caller.service.damage(&to(json!(null))).unwrap();
    assert_eq!(seen(&caller), None);
    caller.service.damage(&damage(json!({"table": "t", "primaryKey": [1]}))).unwrap();
    assert_eq!(caller.get("t", &key(1)).unwrap(), None);
    assert!(caller.service.damage(&to(json!(1))).is_err());
}

//! Single rows and batches of them.

use metafs_tablestore::model::{ColumnChange, PrimaryKey, Row, RowChange, Value};
use metafs_tablestore::plain_buffer::{decode_row, encode_primary_key, encode_row_change};
use metafs_tablestore::proto::{self, ReturnType, RowExistenceExpectation as Expect};

use crate::common::{Caller, condition, key};
use crate::tables::create;

fn put(pk: i64, value: i64) -> RowChange {
    RowChange::Put(Row::new(key(pk)).with("a", value))
}

fn update(pk: i64, columns: Vec<ColumnChange>) -> RowChange {
    RowChange::Update { primary_key: key(pk), columns }
}

#[test]
fn a_row_from_its_making_to_its_end() {
    let caller = Caller::with_tables();
    let row = Row::new(key(7))
        .with("binary", vec![0_u8, 1, 2])
        .with("boolean", true)
        .with("double", 2.5)
        .with("integer", -1)
        .with("阿里巴巴", "文");
    caller.put("t", row.clone(), Expect::ExpectNotExist).unwrap();
    let refused = caller.put("t", row.clone(), Expect::ExpectNotExist).unwrap_err();
    assert_eq!((refused.status, refused.message.as_str()), (403, "Condition check failed."));
    let seen = caller.get("t", &key(7)).unwrap().unwrap();
    for (seen, put) in seen.columns.iter().zip(&row.columns) {
        assert_eq!((&seen.name, &seen.value), (&put.name, &put.value));
        assert_eq!(seen.timestamp, Some(crate::common::START));
    }
    assert_eq!(seen.columns.len(), 5);
    let deleted = caller.batch("t", &[(RowChange::Delete(key(7)), Expect::ExpectExist)], false);
    assert_eq!(deleted.unwrap(), [Ok(())]);
    assert_eq!(caller.get("t", &key(7)).unwrap(), None);
}

#[test]
fn a_row_of_nothing_but_its_key() {
    let caller = Caller::with_tables();
    caller.put("t", Row::new(key(1)), Expect::Ignore).unwrap();
    assert_eq!(caller.get("t", &key(1)).unwrap(), Some(Row::new(key(1))));
    caller.put("t", Row::new(key(1)), Expect::ExpectExist).unwrap();
}

#[test]
fn keys_that_are_refused() {
    let caller = Caller::with_tables();
    let refused = |key: &PrimaryKey| {
        let refused = caller.get("t", key).unwrap_err();
        (refused.code, refused.message)
    };
    let invalid = |message: &str| ("OTSInvalidPK".to_owned(), message.to_owned());
    let parameter = |message: &str| ("OTSParameterInvalid".to_owned(), message.to_owned());
    let two = key(1).with("b", 1);
    assert_eq!(refused(&two), invalid("Validate PK size fail. Input: 2, Meta: 1."));
    let other = PrimaryKey::new().with("x", "y");
    assert_eq!(refused(&other), invalid("Validate PK name fail. Input: x, Meta: pk."));
    let text = PrimaryKey::new().with("pk", "y");
    assert_eq!(
        refused(&text),
        invalid("Validate PK type fail. Input: VT_STRING, Meta: VT_INTEGER.")
    );
    let bound = PrimaryKey::new().with("pk", Value::InfMin);
    let message = "VT_INF_MIN is an invalid type for the primary key.";
    assert_eq!(refused(&bound), parameter(message));
    let long = PrimaryKey::new().with("pk", "a".repeat(1025));
    let message = "The length of primary key column: 'pk' exceeds the MaxLength:1024 \
                   with CurrentLength:1025.";
    assert_eq!(refused(&long), parameter(message));
    let five = (0..4).fold(key(1), |key, n| key.with(format!("c{n}"), 1));
    let message = "The number of primary key columns must be in range: [1, 4].";
    assert_eq!(refused(&five), parameter(message));
}

#[test]
fn values_at_the_limit_and_over_it() {
    let caller = Caller::with_tables();
    let row = |length| Row::new(key(1)).with("attr", "a".repeat(length));
    assert_eq!(caller.put("t", row(2 << 20), Expect::Ignore).unwrap(), 513);
    assert_eq!(
        caller.put("t", row((2 << 20) + 1), Expect::Ignore).unwrap_err().message,
        "The length of attribute column: 'attr' exceeds the MaxLength:2097152 \
         with CurrentLength:2097153."
    );
    let rows = |last: usize| {
        let row = |pk, length: usize| {
            (RowChange::Put(Row::new(key(pk)).with("a", "x".repeat(length))), Expect::Ignore)
        };
        // Key 2 + 8, column 1: 11 bytes a row beside the value.
        [row(1, (2 << 20) - 11), row(2, (2 << 20) - 22 - 100), row(3, last)]
    };
    assert_eq!(caller.batch("t", &rows(100), false).unwrap(), [Ok(()), Ok(()), Ok(())]);
    assert_eq!(
        caller.batch("t", &rows(101), false).unwrap_err().message,
        "The total data size of BatchWriteRow request exceeds the limit, \
         limit size: 4194304, data size: 4194305."
    );
}

#[test]
fn a_batch_fails_row_by_row() {
    let caller = Caller::with_tables();
    caller.put("t", Row::new(key(1)).with("a", 1), Expect::Ignore).unwrap();
    let wrong = RowChange::Put(Row::new(PrimaryKey::new().with("x", 1)));
    let rows = [
        (put(1, 2), Expect::ExpectNotExist),
        (put(2, 2), Expect::ExpectNotExist),
        (wrong, Expect::Ignore),
        (RowChange::Delete(key(3)), Expect::ExpectExist),
    ];
    let outcome = caller.batch("t", &rows, false).unwrap();
    let condition = || Err("OTSConditionCheckFail".to_owned());
    assert_eq!(outcome, [condition(), Ok(()), Err("OTSInvalidPK".into()), condition()]);
    let missing = caller.batch("none", &rows[1..2], false).unwrap();
    assert_eq!(missing, [Err("OTSObjectNotExist".into())]);
}

#[test]
fn rows_that_come_twice_in_a_batch() {
    let caller = Caller::with_tables();
    let increment = || update(1, vec![ColumnChange::increment("n", 1)]);
    let rows =
        [(put(1, 5), Expect::Ignore), (increment(), Expect::Ignore), (increment(), Expect::Ignore)];
    caller.batch("t", &rows, false).unwrap();
    let row = caller.get("t", &key(1)).unwrap().unwrap();
    assert_eq!(row.get("n"), Some(&Value::Integer(2)));
    assert_eq!(row.get("a"), Some(&Value::Integer(5)));
    let rows = [(put(1, 5), Expect::Ignore), (RowChange::Delete(key(1)), Expect::Ignore)];
    caller.batch("t", &rows, false).unwrap();
    assert_eq!(caller.get("t", &key(1)).unwrap(), None);
    let rows = [(put(1, 5), Expect::Ignore), (put(1, 6), Expect::ExpectNotExist)];
    let refused = caller.batch("t", &rows, false).unwrap_err();
    assert_eq!(
        (refused.status, refused.message.as_str()),
        (400, "Repeated rows do not support row exist expectation check in BatchModify.")
    );
    assert_eq!(caller.get("t", &key(1)).unwrap(), None);
}

#[test]
fn an_atomic_batch_is_one_partition_key_and_all_or_nothing() {
    let caller = Caller::with_tables();
    let rows: Vec<_> = (0..3).map(|pk| (put(pk, 1), Expect::Ignore)).collect();
    let out = caller.batch("t", &rows, true).unwrap();
    assert_eq!(out, vec![Err("OTSDataOutOfRange".to_owned()); 3]);
    let row =
        |name: &str| Row::new(PrimaryKey::new().with("PK0", 1).with("PK1", name)).with("a", 1);
    let rows = [
        (RowChange::Put(row("a")), Expect::ExpectNotExist),
        (RowChange::Put(row("b")), Expect::ExpectExist),
    ];
    let out = caller.batch("txn", &rows, true).unwrap();
    assert_eq!(out, vec![Err("OTSConditionCheckFail".to_owned()); 2]);
    assert_eq!(caller.get("txn", &row("a").primary_key).unwrap(), None);
    let rows =
        [(RowChange::Put(row("a")), Expect::Ignore), (RowChange::Put(row("b")), Expect::Ignore)];
    assert_eq!(caller.batch("txn", &rows, true).unwrap(), [Ok(()), Ok(())]);
}

#[test]
fn what_batches_refuse_as_a_whole() {
    let caller = Caller::with_tables();
    let many: Vec<_> = (0..201).map(|pk| (put(pk, 1), Expect::Ignore)).collect();
    let message =
        |rows: &[(RowChange, Expect)]| caller.batch("t", rows, false).unwrap_err().message;
    assert_eq!(message(&many), "Rows count exceeds the upper limit: 200.");
    assert!(caller.batch("t", &many[..200], false).is_ok());
    assert_eq!(message(&[]), "No operation is specified for table: 't'.");
    let nothing = proto::BatchWriteRowRequest::default();
    let refused =
        caller.call::<proto::BatchWriteRowResponse>("BatchWriteRow", &nothing).unwrap_err();
    assert_eq!(refused.message, "No row is specified in BatchWriteRow.");
    let nothing = proto::BatchGetRowRequest::default();
    let refused = caller.call::<proto::BatchGetRowResponse>("BatchGetRow", &nothing).unwrap_err();
    assert_eq!(refused.message, "No row specified in the request of BatchGetRow.");
}

fn batch_get(caller: &Caller, keys: &[PrimaryKey]) -> Vec<proto::RowInBatchGetRowResponse> {
    let request = proto::BatchGetRowRequest {
        tables: vec![proto::TableInBatchGetRowRequest {
            table_name: "t".into(),
            primary_key: keys.iter().map(encode_primary_key).collect(),
            max_versions: Some(1),
            ..Default::default()
        }],
    };
    let answer: proto::BatchGetRowResponse = caller.call("BatchGetRow", &request).unwrap();
    answer.tables.into_iter().flat_map(|table| table.rows).collect()
}

#[test]
fn rows_are_read_together() {
    let caller = Caller::with_tables();
    caller.put("t", Row::new(key(1)).with("a", 1), Expect::Ignore).unwrap();
    let wrong = PrimaryKey::new().with("x", 1);
    let rows = batch_get(&caller, &[key(1), key(2), wrong, key(1)]);
    assert_eq!(rows.iter().map(|row| row.is_ok).collect::<Vec<_>>(), [true, true, false, true]);
    assert!(decode_row(rows[0].row.clone().unwrap()).unwrap().is_some());
    assert!(decode_row(rows[1].row.clone().unwrap()).unwrap().is_none());
    assert_eq!(rows[2].error.as_ref().unwrap().code, "OTSInvalidPK");
    assert_eq!(rows[1].consumed.as_ref().unwrap().capacity_unit.read, Some(1));
    assert!(batch_get(&caller, &[]).is_empty());
}

#[test]
fn increments_give_back_what_they_made() {
    let caller = Caller::with_tables();
    let request = |names: &[&str]| proto::UpdateRowRequest {
        table_name: "t".into(),
        row_change: encode_row_change(&update(
            1,
            vec![ColumnChange::increment("n", 10), ColumnChange::increment("m", 1)],
        )),
        condition: condition(Expect::Ignore),
        return_content: Some(proto::ReturnContent {
            return_type: Some(ReturnType::AfterModify.into()),
            return_column_names: names.iter().map(|name| (*name).into()).collect(),
        }),
        transaction_id: None,
    };
    let call =
        |names: &[&str]| caller.call::<proto::UpdateRowResponse>("UpdateRow", &request(names));
    let row = decode_row(call(&["n"]).unwrap().row.unwrap()).unwrap().unwrap();
    assert_eq!((row.get("n"), row.get("m")), (Some(&Value::Integer(10)), None));
    assert!(call(&["other"]).is_err());
    let row = decode_row(call(&["n", "m"]).unwrap().row.unwrap()).unwrap().unwrap();
    assert_eq!((row.get("n"), row.get("m")), (Some(&Value::Integer(20)), Some(&Value::Integer(2))));
}

#[test]
fn the_server_fills_columns_of_keys() {
    let caller = Caller::new();
    create(&caller, "plain", &[("pk", 1)]).unwrap();
    let request = proto::CreateTableRequest {
        table_meta: proto::TableMeta {
            table_name: "auto".into(),
            primary_key: vec![
                proto::PrimaryKeySchema { name: "a".into(), r#type: 1, option: None },
                proto::PrimaryKeySchema { name: "b".into(), r#type: 1, option: Some(1) },
            ],
            ..Default::default()
        },
        table_options: Some(proto::TableOptions {
            time_to_live: Some(-1),
            max_versions: Some(1),
            ..Default::default()
        }),
        ..Default::default()
    };
    caller.call::<proto::CreateTableResponse>("CreateTable", &request).unwrap();
    let put = |key: PrimaryKey, expect| proto::PutRowRequest {
        table_name: "auto".into(),
        row: encode_row_change(&RowChange::Put(Row::new(key).with("c", 1))),
        condition: condition(expect),
        return_content: Some(proto::ReturnContent {
            return_type: Some(ReturnType::Pk.into()),
            return_column_names: Vec::new(),
        }),
        transaction_id: None,
    };
    let new = || PrimaryKey::new().with("a", 1).with("b", Value::AutoIncrement);
    let made = || {
        let answer: proto::PutRowResponse =
            caller.call("PutRow", &put(new(), Expect::Ignore)).unwrap();
        decode_row(answer.row.unwrap()).unwrap().unwrap().primary_key
    };
    let (first, second) = (made(), made());
    assert!(first.get("b").unwrap().as_integer() < second.get("b").unwrap().as_integer());
    assert!(caller.get("auto", &first).unwrap().is_some());
    let call = |key, expect| caller.call::<proto::PutRowResponse>("PutRow", &put(key, expect));
    assert!(call(new(), Expect::ExpectNotExist).is_err());
    assert!(call(first.clone(), Expect::Ignore).is_err());
    assert!(call(first, Expect::ExpectExist).is_ok());
}

#[test]
fn expired_rows_are_not_there() {
    let caller = Caller::new();
    create(&caller, "t", &[("pk", 1)]).unwrap();
    let update = proto::UpdateTableRequest {
        table_name: "t".into(),
        table_options: Some(proto::TableOptions { time_to_live: Some(60), ..Default::default() }),
        ..Default::default()
    };
    caller.call::<proto::UpdateTableResponse>("UpdateTable", &update).unwrap();
    caller.put("t", Row::new(key(1)).with("a", 1), Expect::Ignore).unwrap();
    caller.advance(60_000);
    assert!(caller.get("t", &key(1)).unwrap().is_some());
    caller.advance(1);
    assert_eq!(caller.get("t", &key(1)).unwrap(), None);
    caller.put("t", Row::new(key(1)).with("a", 1), Expect::ExpectNotExist).unwrap();
}

//! Local transactions.

use metafs_tablestore::model::{PrimaryKey, Row, Value};
use metafs_tablestore::plain_buffer::encode_primary_key;
use metafs_tablestore::proto::{self, RowExistenceExpectation as Expect};

use crate::common::{Caller, Refused};

fn row(pk0: i64, pk1: &str, value: i64) -> Row {
    Row::new(PrimaryKey::new().with("PK0", pk0).with("PK1", pk1)).with("value", value)
}

fn start(caller: &Caller, table: &str, key: PrimaryKey) -> Result<String, Refused> {
    let request = proto::StartLocalTransactionRequest {
        table_name: table.into(),
        key: encode_primary_key(&key),
        ..Default::default()
    };
    caller
        .call::<proto::StartLocalTransactionResponse>("StartLocalTransaction", &request)
        .map(|answer| answer.transaction_id)
}

fn begin(caller: &Caller, pk0: i64) -> Result<String, Refused> {
    start(caller, "txn", PrimaryKey::new().with("PK0", pk0))
}

fn end(caller: &Caller, operation: &str, id: &str) -> Result<(), Refused> {
    let request = proto::CommitTransactionRequest { transaction_id: id.into() };
    caller.call::<proto::CommitTransactionResponse>(operation, &request).map(|_| ())
}

fn value(caller: &Caller, key: &PrimaryKey, transaction: Option<&str>) -> Option<Value> {
    caller.get_in("txn", key, transaction).unwrap().and_then(|row| row.get("value").cloned())
}

#[test]
fn others_see_the_old_data_until_the_commit() {
    let caller = Caller::with_tables();
    let old = row(1, "a", 1);
    let key = old.primary_key.clone();
    for (operation, after) in [("AbortTransaction", 1), ("CommitTransaction", 2)] {
        caller.put("txn", old.clone(), Expect::Ignore).unwrap();
        let id = begin(&caller, 1).unwrap();
        caller.put_in("txn", row(1, "a", 2), &id).unwrap();
        assert_eq!(value(&caller, &key, Some(&id)), Some(Value::Integer(2)));
        assert_eq!(value(&caller, &key, None), Some(Value::Integer(1)));
        end(&caller, operation, &id).unwrap();
        assert_eq!(value(&caller, &key, None), Some(Value::Integer(after)));
        let refused = end(&caller, operation, &id).unwrap_err();
        assert_eq!(refused.code, "OTSSessionNotExist");
        assert_eq!(refused.message, "Session not exist or may be timeout.");
    }
}

#[test]
fn others_cannot_write_what_is_locked() {
    let caller = Caller::with_tables();
    let id = begin(&caller, 1).unwrap();
    let refused = caller.put("txn", row(1, "other", 1), Expect::Ignore).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (409, "OTSRowOperationConflict"));
    assert_eq!(refused.message, "Data is being modified by the other request.");
    assert_eq!(begin(&caller, 1).unwrap_err().code, "OTSRowOperationConflict");
    caller.put("txn", row(2, "other", 1), Expect::Ignore).unwrap();
    let refused = caller.put_in("txn", row(2, "a", 1), &id).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.message.as_str()),
        (
            "OTSDataOutOfRange",
            "Data out of scope of transaction. Transaction PartKey:1. Data PartKey:2"
        )
    );
    end(&caller, "CommitTransaction", &id).unwrap();
    caller.put("txn", row(1, "other", 1), Expect::Ignore).unwrap();
}

#[test]
fn a_transaction_ends_after_a_minute() {
    let caller = Caller::with_tables();
    let id = begin(&caller, 1).unwrap();
    caller.put_in("txn", row(1, "a", 1), &id).unwrap();
    caller.advance(59_999);
    assert_eq!(begin(&caller, 1).unwrap_err().code, "OTSRowOperationConflict");
    caller.advance(1);
    assert_eq!(end(&caller, "CommitTransaction", &id).unwrap_err().code, "OTSSessionNotExist");
    assert_eq!(value(&caller, &row(1, "a", 1).primary_key, None), None);
    begin(&caller, 1).unwrap();
}

#[test]
fn what_is_refused() {
    let caller = Caller::with_tables();
    let two = PrimaryKey::new().with("PK0", 1).with("PK1", "a");
    let refused = start(&caller, "txn", two).unwrap_err();
    assert_eq!(refused.message, "StartLocalTransaction support only one primary key.");
    let refused = start(&caller, "t", crate::common::key(1)).unwrap_err();
    assert_eq!(
        refused.message,
        "Try to call method using explicit transaction on explicit-transaction-disabled table."
    );
    for id in ["", "nonsense"] {
        let refused = end(&caller, "CommitTransaction", id).unwrap_err();
        assert_eq!(refused.message, "TransactionID is invalid.");
    }
    let id = begin(&caller, 1).unwrap();
    for n in 0..4 {
        let large = row(1, &n.to_string(), 1).with("large", "a".repeat(1_048_000));
        caller.put_in("txn", large, &id).unwrap();
    }
    let large = row(1, "over", 1).with("large", "a".repeat(10_000));
    let refused = caller.put_in("txn", large, &id).unwrap_err();
    assert_eq!(refused.code, "OTSOutOfTransactionDataSizeLimit");
    end(&caller, "CommitTransaction", &id).unwrap();
}

#[test]
fn ranges_within_a_transaction_see_its_changes() {
    let caller = Caller::with_tables();
    for name in ["a", "c", "e"] {
        caller.put("txn", row(1, name, 0), Expect::Ignore).unwrap();
    }
    let id = begin(&caller, 1).unwrap();
    for name in ["b", "c", "f"] {
        caller.put_in("txn", row(1, name, 1), &id).unwrap();
    }
    let delete = proto::DeleteRowRequest {
        table_name: "txn".into(),
        primary_key: metafs_tablestore::plain_buffer::encode_row_change(
            &metafs_tablestore::model::RowChange::Delete(row(1, "a", 0).primary_key),
        ),
        condition: crate::common::condition(Expect::ExpectExist),
        transaction_id: Some(id.clone()),
        ..Default::default()
    };
    caller.call::<proto::DeleteRowResponse>("DeleteRow", &delete).unwrap();
    let read = |backward: bool, transaction: Option<&str>| {
        let bound =
            |value| encode_primary_key(&PrimaryKey::new().with("PK0", 1).with("PK1", value));
        let (mut start, mut end) = (bound(Value::InfMin), bound(Value::InfMax));
        if backward {
            std::mem::swap(&mut start, &mut end);
        }
        let request = proto::GetRangeRequest {
            table_name: "txn".into(),
            direction: i32::from(backward),
            max_versions: Some(1),
            inclusive_start_primary_key: start,
            exclusive_end_primary_key: end,
            transaction_id: transaction.map(Into::into),
            ..Default::default()
        };
        let answer: proto::GetRangeResponse = caller.call("GetRange", &request).unwrap();
        let rows = metafs_tablestore::plain_buffer::decode_rows(answer.rows).unwrap();
        let name =
            |row: &Row| row.primary_key.get("PK1").unwrap().as_text().unwrap().as_str().to_owned();
        rows.iter().map(name).collect::<String>()
    };
    assert_eq!(read(false, Some(&id)), "bcef");
    assert_eq!(read(true, Some(&id)), "fecb");
    assert_eq!(read(false, None), "ace");
    end(&caller, "CommitTransaction", &id).unwrap();
    assert_eq!(read(false, None), "bcef");
}

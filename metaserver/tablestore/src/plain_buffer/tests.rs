use bytes::Bytes;
use proptest::prelude::*;

use super::encode::{primary_key_len, row_change_len, row_len};
use super::*;
use crate::model::{Change, Column, ColumnChange, PrimaryKey, Row, RowChange, Text, Value};
use crate::proto::OperationType;

fn hex(text: &str) -> Bytes {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn key() -> PrimaryKey {
    PrimaryKey::new().with("pk1", "iampk").with("pk2", 100)
}

// The three bodies below were printed by the official Python SDK, 6.4.8.
const KEY: &str = "75000000010304\
    03000000706b31050a000000030500000069616d706b0a98\
    030403000000706b3205090000000064000000000000000a05";
const UPDATE: &str = "020304020000006331050600000003\
    01000000760a7603040200000063320603\
    07ea030000000000000a50\
    03040200000063330601\
    0ab90304020000006334050900000000\
    050000000000000006040ab7";

#[test]
fn a_key_as_the_python_sdk_writes_it() {
    let body = hex(&format!("{KEY}09b9"));
    assert_eq!(encode_primary_key(&key()), body);
    assert_eq!(decode_primary_key(body.clone()).unwrap(), key());
    assert_eq!(decode_row(body).unwrap(), Some(Row::new(key())));
}

#[test]
fn a_deletion_as_the_python_sdk_writes_it() {
    let body = hex(&format!("{KEY}0809be"));
    let change = RowChange::Delete(key());
    assert_eq!(encode_row_change(&change), body);
    assert_eq!(decode_row_change(body.clone(), OperationType::Delete).unwrap(), change);
    assert!(matches!(decode_primary_key(body.clone()), Err(PlainBufferError::Shape { .. })));
    assert!(matches!(decode_row(body), Err(PlainBufferError::Shape { .. })));
}

#[test]
fn an_update_as_the_python_sdk_writes_it() {
    let body = hex(&format!("{KEY}{UPDATE}09e3"));
    let change = RowChange::Update {
        primary_key: key(),
        columns: vec![
            ColumnChange::put("c1", "v"),
            ColumnChange::delete_one("c2", 1002),
            ColumnChange::delete_all("c3"),
            ColumnChange::increment("c4", 5),
        ],
    };
    assert_eq!(encode_row_change(&change), body);
    assert_eq!(row_change_len(&change), body.len());
    assert_eq!(decode_row_change(body, OperationType::Update).unwrap(), change);
}

#[test]
fn an_absent_row_is_empty() {
    assert_eq!(decode_row(Bytes::new()).unwrap(), None);
    assert_eq!(decode_rows(Bytes::new()).unwrap(), vec![]);
    assert_eq!(encode_rows(&[]), Bytes::new());
    assert!(decode_primary_key(Bytes::new()).is_err());
}

#[test]
fn a_row_without_key_cells_is_taken() {
    let row = Row::new(PrimaryKey::new()).with_version("a", 1, 5);
    let body = encode_row(&row);
    assert_eq!(decode_row(body.clone()).unwrap(), Some(row.clone()));
    let mut without = body.to_vec();
    assert_eq!(without.remove(HEADER_LEN), 1);
    assert_eq!(decode_row(without.into()).unwrap(), Some(row));
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let body = hex(&format!("{KEY}09b9"));
    let at = |index: usize, byte: u8| {
        let mut changed = body.to_vec();
        changed[index] = byte;
        decode_row(changed.into()).unwrap_err()
    };
    let last = body.len() - 1;
    assert_eq!(at(0, 0x76), PlainBufferError::Header(0x76));
    assert!(matches!(at(4, 9), PlainBufferError::Tag { at: 4, found: 9, .. }));
    let missing = 200 - (body.len() - 11);
    assert_eq!(at(7, 200), PlainBufferError::CutOff { at: body.len(), missing });
    assert!(matches!(at(11, b'x'), PlainBufferError::CellChecksum { .. }));
    assert_eq!(at(19, 6), PlainBufferError::ValueType { at: 19, found: 6 });
    assert_eq!(at(15, 9), PlainBufferError::ValueLength { at: 19, length: 9 });
    assert_eq!(at(24, 0xFF), PlainBufferError::Utf8 { at: 24 });
    let stored = PlainBufferError::RowChecksum { at: last + 1, stored: 0, computed: 0xb9 };
    assert_eq!(at(last, 0), stored);
    let longer: Bytes = [&body[..], &[1]].concat().into();
    assert!(matches!(decode_row(longer), Err(PlainBufferError::Shape { .. })));
    for length in 1..body.len() {
        let cut = decode_row(body.slice(..length));
        assert!(matches!(cut, Err(PlainBufferError::CutOff { .. })), "{length} {cut:?}");
    }
}

#[test]
fn after_an_error_there_are_no_more_rows() {
    let one = encode_row(&Row::new(key()));
    let mut two = one.to_vec();
    two.extend_from_slice(&one[HEADER_LEN..]);
    let end = one.len() - 1;
    two[end] ^= 1;
    let rows: Vec<_> = Rows::new(two.into()).unwrap().collect();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].is_err());
}

fn text() -> impl Strategy<Value = Text> {
    any::<String>().prop_map(Text::from)
}

fn data() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Double),
        any::<bool>().prop_map(Value::Boolean),
        text().prop_map(Value::String),
        any::<Vec<u8>>().prop_map(Value::from),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let places = prop_oneof![Just(Value::InfMin), Just(Value::InfMax), Just(Value::AutoIncrement)];
    prop_oneof![4 => data(), 1 => places]
}

fn any_key() -> impl Strategy<Value = PrimaryKey> {
    prop::collection::vec((text(), any_value()), 1..5).prop_map(|columns| {
        columns.into_iter().fold(PrimaryKey::new(), |key, (n, v)| key.with(n, v))
    })
}

fn any_row() -> impl Strategy<Value = Row> {
    let column = (text(), data(), any::<Option<i64>>())
        .prop_map(|(name, value, timestamp)| Column { name, value, timestamp });
    (any_key(), prop::collection::vec(column, 0..6))
        .prop_map(|(primary_key, columns)| Row { primary_key, columns })
}

fn any_change() -> impl Strategy<Value = (OperationType, RowChange)> {
    let change = prop_oneof![
        (data(), any::<Option<i64>>())
            .prop_map(|(value, timestamp)| Change::Put { value, timestamp }),
        any::<i64>().prop_map(|timestamp| Change::DeleteOne { timestamp }),
        Just(Change::DeleteAll),
        any::<i64>().prop_map(|by| Change::Increment { by }),
    ];
    let columns = (text(), change).prop_map(|(name, change)| ColumnChange { name, change });
    prop_oneof![
        any_row().prop_map(|row| (OperationType::Put, RowChange::Put(row))),
        any_key().prop_map(|key| (OperationType::Delete, RowChange::Delete(key))),
        (any_key(), prop::collection::vec(columns, 0..6)).prop_map(|(primary_key, columns)| {
            (OperationType::Update, RowChange::Update { primary_key, columns })
        }),
    ]
}

proptest! {
    #[test]
    fn rows_come_back(rows in prop::collection::vec(any_row(), 0..5)) {
        let body = encode_rows(&rows);
        prop_assert_eq!(decode_rows(body).unwrap(), rows);
    }

    #[test]
    fn changes_come_back((operation, change) in any_change()) {
        let body = encode_row_change(&change);
        prop_assert_eq!(row_change_len(&change), body.len());
        prop_assert_eq!(decode_row_change(body, operation).unwrap(), change);
    }

    #[test]
    fn lengths_are_known_before(row in any_row()) {
        prop_assert_eq!(HEADER_LEN + row_len(&row), encode_row(&row).len());
        let key = &row.primary_key;
        prop_assert_eq!(HEADER_LEN + primary_key_len(key), encode_primary_key(key).len());
    }

    #[test]
    fn values_come_back(value in any_value()) {
        prop_assert_eq!(decode_value(encode_value(&value)).unwrap(), value);
    }

    #[test]
    fn damage_is_seen(row in any_row(), at: prop::sample::Index, flip in 1_u8..) {
        let mut body = encode_row(&row).to_vec();
        let at = at.index(body.len());
        body[at] ^= flip;
        // Eight bits cannot see everything (a changed length may make other cells of it), but what
        // is taken for a row must encode to what was read.
        if let Ok(Some(read)) = decode_row(body.clone().into()) {
            prop_assert_eq!(encode_row(&read), body);
        }
    }

    #[test]
    fn any_bytes_are_survived(mut body: Vec<u8>, header: bool) {
        if header {
            body.splice(0..0, HEADER.to_le_bytes());
        }
        let body = Bytes::from(body);
        let _ = decode_rows(body.clone());
        let _ = decode_value(body.clone());
        let _ = decode_primary_key(body.clone());
        for operation in [OperationType::Put, OperationType::Update, OperationType::Delete] {
            let _ = decode_row_change(body.clone(), operation);
        }
    }

    #[test]
    fn tags_in_any_order_are_survived(tags in prop::collection::vec(0_u8..13, 0..60)) {
        let body: Bytes = [&HEADER.to_le_bytes()[..], &tags].concat().into();
        let _ = decode_rows(body);
    }
}

use super::*;
use crate::model::{PrimaryKey, Row};

fn put(table: &str, key: i64, value: i64) -> RowWrite {
    RowWrite::put(table, Row::new(PrimaryKey::new().with("k", key)).with("v", value))
}

#[test]
fn requests_group_by_table_and_keep_the_order() {
    let rows = [put("a", 1, 0), put("b", 1, 0), put("a", 2, 0), put("b", 2, 0), put("a", 1, 1)];
    let encoded = encode(&rows).unwrap();
    let whole = round(&rows, &encoded, &[0, 1, 2, 3, 4]);
    assert_eq!(whole.order, [0, 2, 4, 1, 3]);
    let names: Vec<_> = whole.request.tables.iter().map(|t| t.table_name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(whole.request.tables[0].rows[2].row_change, encoded[4]);

    let some = round(&rows, &encoded, &[1, 4]);
    assert_eq!(some.order, [1, 4]);
    assert_eq!(some.request.tables[0].table_name, "b");
}

#[test]
fn rows_are_encoded_as_alone() {
    let rows = [put("a", 1, 0), RowWrite::delete("a", PrimaryKey::new().with("k", 2))];
    let encoded = encode(&rows).unwrap();
    for (row, bytes) in rows.iter().zip(&encoded) {
        assert_eq!(*bytes, crate::plain_buffer::encode_row_change(&row.change));
    }
}

#[test]
fn an_answer_of_another_shape_is_no_answer() {
    let rows = [put("a", 1, 0), put("a", 2, 0)];
    let round = round(&rows, &encode(&rows).unwrap(), &[0, 1]);
    let message = proto::BatchWriteRowResponse::default();
    let answer = Ok(Answered { message, request_id: String::new() });
    let outcomes = outcomes(&round, answer);
    assert_eq!(outcomes.len(), 2);
    assert!(outcomes.iter().all(|(_, row)| matches!(row, Err(ErrorKind::Answer(_)))));
}

#[test]
fn an_older_value_is_not_written_over_a_newer_one() {
    // Of one key: the first is to be sent again, the second is done.
    let rows = [put("a", 1, 0), put("a", 1, 1), put("b", 1, 0), put("a", 2, 0), put("a", 2, 1)];
    let mut ledger = Ledger::new(OPERATION, rows.len());
    for index in 0..rows.len() {
        ledger.fail(index, ErrorKind::Timeout, true);
    }
    ledger.succeed(1, Written::default());
    ledger.succeed(3, Written::default());
    keep_order(&rows, &mut ledger);
    assert_eq!(ledger.pending(), [2, 4]);
    let outcomes = ledger.finish();
    assert!(matches!(&outcomes[0], Err(error) if error.may_have_applied()));
}

#[test]
fn limits_are_known_before_sending() {
    let rows: Vec<_> = (0..201).map(|i| put("a", i, 0)).collect();
    assert!(matches!(encode(&rows), Err(ErrorKind::Limit(error)) if error.found == 201));
    assert!(matches!(encode(&[]), Err(ErrorKind::Invalid(_))));
    let large = |key: i64| {
        let row = Row::new(PrimaryKey::new().with("k", key)).with("v", vec![0_u8; 2 << 20]);
        RowWrite::put("a", row)
    };
    assert!(matches!(encode(&[large(1), large(2)]), Err(ErrorKind::Limit(_))));
}

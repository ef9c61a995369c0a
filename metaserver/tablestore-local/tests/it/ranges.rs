//! GetRange, against a map.

use std::collections::BTreeMap;

use metafs_tablestore::model::{PrimaryKey, Row, RowChange, Value};
use metafs_tablestore::plain_buffer::{decode_primary_key, decode_rows, encode_primary_key};
use metafs_tablestore::proto::{self, Direction, RowExistenceExpectation as Expect};
use proptest::prelude::*;

use crate::common::{Caller, Refused, key};
use crate::tables::create;

struct Page {
    rows: Vec<Row>,
    next: Option<PrimaryKey>,
    consumed: i32,
}

fn range(
    caller: &Caller,
    direction: Direction,
    (start, end): (&PrimaryKey, &PrimaryKey),
    limit: Option<i32>,
) -> Result<Page, Refused> {
    let request = proto::GetRangeRequest {
        table_name: "t".into(),
        direction: direction.into(),
        max_versions: Some(1),
        limit,
        inclusive_start_primary_key: encode_primary_key(start),
        exclusive_end_primary_key: encode_primary_key(end),
        ..Default::default()
    };
    let answer: proto::GetRangeResponse = caller.call("GetRange", &request)?;
    Ok(Page {
        rows: decode_rows(answer.rows).unwrap(),
        next: answer.next_start_primary_key.map(|key| decode_primary_key(key).unwrap()),
        consumed: answer.consumed.capacity_unit.read.unwrap(),
    })
}

fn all() -> (PrimaryKey, PrimaryKey) {
    let bound = |value| PrimaryKey::new().with("pk", value);
    (bound(Value::InfMin), bound(Value::InfMax))
}

#[test]
fn bounds_and_limits_that_are_refused() {
    let caller = Caller::with_tables();
    let message = |direction, start, end, limit| {
        range(&caller, direction, (&key(start), &key(end)), limit).err().map(|e| e.message)
    };
    let forward = Some("Begin key must less than end key in FORWARD".to_owned());
    let backward = Some("Begin key must more than end key in BACKWARD".to_owned());
    assert_eq!(message(Direction::Forward, 2, 1, None), forward);
    assert_eq!(message(Direction::Forward, 1, 1, None), forward);
    assert_eq!(message(Direction::Backward, 1, 2, None), backward);
    for limit in [0, -1] {
        let refused = message(Direction::Forward, 1, 2, Some(limit));
        assert_eq!(refused, Some("The limit must be greater than 0.".to_owned()));
    }
    assert_eq!(message(Direction::Forward, 1, 2, None), None);
}

#[test]
fn five_thousand_rows_and_no_more() {
    let caller = Caller::with_tables();
    for start in (0..5001).step_by(200) {
        let rows: Vec<_> = (start..(start + 200).min(5001))
            .map(|pk| (RowChange::Put(Row::new(key(pk)).with("attr", "hello")), Expect::Ignore))
            .collect();
        caller.batch("t", &rows, false).unwrap();
    }
    let (low, high) = all();
    let page = range(&caller, Direction::Forward, (&low, &high), None).unwrap();
    assert_eq!((page.rows.len(), page.next), (5000, Some(key(5000))));
    let page = range(&caller, Direction::Forward, (&key(5000), &high), None).unwrap();
    assert_eq!((page.rows.len(), page.next, page.consumed), (1, None, 1));
    let page = range(&caller, Direction::Forward, (&key(1), &high), None).unwrap();
    assert_eq!((page.rows.len(), page.next), (5000, None));
}

#[test]
fn four_megabytes_and_no_more() {
    let caller = Caller::with_tables();
    for pk in 0..5 {
        let row = Row::new(key(pk)).with("attr", "a".repeat(1 << 20));
        caller.put("t", row, Expect::Ignore).unwrap();
    }
    let (low, high) = all();
    let page = range(&caller, Direction::Forward, (&low, &high), None).unwrap();
    assert_eq!((page.rows.len(), page.next), (3, Some(key(3))));
}

#[test]
fn a_column_that_no_row_has_gives_no_rows() {
    let caller = Caller::with_tables();
    caller.put("t", Row::new(key(1)).with("a", 1), Expect::Ignore).unwrap();
    let (low, high) = all();
    let request = |columns: &[&str]| proto::GetRangeRequest {
        table_name: "t".into(),
        max_versions: Some(1),
        columns_to_get: columns.iter().map(|name| (*name).into()).collect(),
        inclusive_start_primary_key: encode_primary_key(&low),
        exclusive_end_primary_key: encode_primary_key(&high),
        ..Default::default()
    };
    let rows = |columns: &[&str]| {
        let answer: proto::GetRangeResponse = caller.call("GetRange", &request(columns)).unwrap();
        decode_rows(answer.rows).unwrap()
    };
    assert_eq!(rows(&["b"]), []);
    assert_eq!(rows(&["a", "b"]).len(), 1);
    assert_eq!(rows(&["pk"]), [Row::new(key(1))]);
}

#[derive(Clone, Debug)]
enum Bound {
    Min,
    At(i64),
    Max,
}

fn bounds() -> impl Strategy<Value = (Bound, Bound)> {
    let bound = prop_oneof![
        1 => Just(Bound::Min),
        4 => (0_i64..6).prop_map(Bound::At),
        1 => Just(Bound::Max),
    ];
    (bound.clone(), bound)
}

fn two(a: &Bound, b: &Bound) -> PrimaryKey {
    let value = |bound: &Bound| match bound {
        Bound::Min => Value::InfMin,
        Bound::At(n) => Value::Integer(*n),
        Bound::Max => Value::InfMax,
    };
    let text = |bound: &Bound| match bound {
        Bound::At(n) => Value::string("x".repeat(usize::try_from(*n).unwrap())),
        other => value(other),
    };
    PrimaryKey::new().with("a", value(a)).with("b", text(b))
}

/// A bound that sorts as the service says, against keys (a, length of b).
fn rank(a: &Bound, b: &Bound) -> (i64, i64) {
    let rank = |bound: &Bound| match bound {
        Bound::Min => -1,
        Bound::At(n) => 2 * n,
        Bound::Max => 99,
    };
    (rank(a), rank(b))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn ranges_are_those_of_a_map(
        puts in prop::collection::vec((0_i64..6, 0_i64..6, any::<bool>()), 0..40),
        ranges in prop::collection::vec((bounds(), bounds(), any::<bool>(), 1_i32..9), 1..20),
    ) {
        let caller = Caller::new();
        create(&caller, "t", &[("a", 1), ("b", 2)]).unwrap();
        let mut model = BTreeMap::new();
        for (a, b, delete) in &puts {
            let key = two(&Bound::At(*a), &Bound::At(*b));
            let change = if *delete {
                model.remove(&(2 * a, 2 * b));
                RowChange::Delete(key)
            } else {
                model.insert((2 * a, 2 * b), key.clone());
                RowChange::Put(Row::new(key).with("c", 1))
            };
            caller.batch("t", &[(change, Expect::Ignore)], false).unwrap();
        }
        for ((a, b), (c, d), backward, limit) in &ranges {
            let (start, end) = (two(a, b), two(c, d));
            let (from, to) = (rank(a, b), rank(c, d));
            let direction = if *backward { Direction::Backward } else { Direction::Forward };
            let page = range(&caller, direction, (&start, &end), Some(*limit));
            let valid = if *backward { from > to } else { from < to };
            prop_assert_eq!(page.is_ok(), valid);
            let Ok(page) = page else { continue };
            let expected: Vec<&PrimaryKey> = if *backward {
                let inside = model.iter().rev().filter(|(k, _)| **k <= from && **k > to);
                inside.map(|(_, key)| key).collect()
            } else {
                model.iter().filter(|(k, _)| **k >= from && **k < to).map(|(_, key)| key).collect()
            };
            let limit = usize::try_from(*limit).unwrap();
            let keys: Vec<&PrimaryKey> = page.rows.iter().map(|row| &row.primary_key).collect();
            prop_assert_eq!(&keys, &expected.iter().take(limit).copied().collect::<Vec<_>>());
            prop_assert_eq!(page.next.as_ref(), expected.get(limit).copied());
        }
    }
}

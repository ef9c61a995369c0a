use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_700_000_000_000;

fn options(max_versions: i32) -> Options {
    Options { time_to_live: -1, max_versions, deviation: i64::MAX / 1_000_000, allow_update: true }
}

fn setting(options: &Options) -> Setting<'_> {
    Setting { now: NOW, oldest: i64::MIN, options }
}

fn cell(name: &str, op: Option<Op>, time: Option<i64>, value: Option<i64>) -> Cell<'_> {
    Cell { name, value: value.map(Value::Integer), op, time }
}

fn read(row: &[u8]) -> Vec<(String, i64, i64)> {
    StoredRow::open(row)
        .unwrap()
        .cells()
        .map(|cell| {
            let cell = cell.unwrap();
            let Value::Integer(value) = cell.value else { panic!("{cell:?}") };
            (String::from_utf8(cell.name.to_vec()).unwrap(), cell.time, value)
        })
        .collect()
}

fn update_row(old: Option<&[u8]>, cells: &[Cell<'_>], options: &Options) -> Option<Vec<u8>> {
    let old = old.map(|row| StoredRow::open(row).unwrap());
    update(old, cells, &setting(options)).unwrap().row
}

#[test]
fn deletions_of_an_absent_row_leave_none() {
    let deletions = [cell("a", Some(Op::DeleteAll), None, None)];
    assert_eq!(update_row(None, &deletions, &options(1)), None);
    let row = put(&[cell("a", None, None, Some(1))], &setting(&options(1))).unwrap();
    let row = update_row(Some(&row), &deletions, &options(1)).unwrap();
    assert_eq!(read(&row), [], "deleting all columns is not deleting the row");
}

#[test]
fn writes_of_one_millisecond_are_versions_of_their_own() {
    let options = options(3);
    let mut row = None;
    for value in 1..=4 {
        row = update_row(row.as_deref(), &[cell("a", None, None, Some(value))], &options);
    }
    let seen: Vec<_> =
        read(&row.unwrap()).into_iter().map(|(_, time, value)| (time, value)).collect();
    assert_eq!(seen, [(NOW + 3, 4), (NOW + 2, 3), (NOW + 1, 2)]);
}

#[test]
fn with_one_version_times_do_not_run_ahead_and_no_write_is_lost() {
    let options = options(1);
    let mut row = None;
    for value in 1..=9000 {
        row = update_row(row.as_deref(), &[cell("a", None, None, Some(value))], &options);
    }
    assert_eq!(read(&row.unwrap()), [("a".to_owned(), NOW, 9000)]);
}

#[test]
fn a_clock_that_was_set_back_loses_no_write() {
    let options = options(1);
    let later = Setting { now: NOW + 1000, ..setting(&options) };
    let row = put(&[cell("a", None, None, Some(1))], &later).unwrap();
    let row = update_row(Some(&row), &[cell("a", None, None, Some(2))], &options).unwrap();
    assert_eq!(read(&row), [("a".to_owned(), NOW + 1000, 2)]);
}

#[test]
fn increments_begin_at_nothing_and_add_up() {
    let options = options(1);
    let by = |by| [cell("n", Some(Op::Increment), None, Some(by))];
    let first = update(None, &by(10), &setting(&options)).unwrap();
    assert_eq!(first.incremented, [(0, 10, NOW)]);
    let row = first.row.unwrap();
    let old = StoredRow::open(&row).unwrap();
    assert_eq!(update(Some(old), &by(-3), &setting(&options)).unwrap().incremented[0].1, 7);
    let text = [Cell { value: Some(Value::String(b"x")), ..cell("n", None, None, None) }];
    let row = put(&text, &setting(&options)).unwrap();
    let old = StoredRow::open(&row).unwrap();
    assert_eq!(update(Some(old), &by(1), &setting(&options)).unwrap_err().status, 400);
}

#[test]
fn times_too_far_from_the_clock_are_refused() {
    let options = Options { deviation: 86_400, ..options(1) };
    let at = |time| put(&[cell("a", None, Some(time), Some(1))], &setting(&options));
    assert!(at(NOW - 86_400_000).is_ok());
    assert!(at(NOW - 86_400_001).is_err());
    assert!(at(NOW + 86_399_999).is_ok());
    assert!(at(NOW + 86_400_000).is_err());
}

#[test]
fn what_makers_refuse() {
    let keys = [cell("pk", None, None, Some(1))];
    let put = |cell| check_put(&keys, &[cell]).unwrap_err().message.into_owned();
    assert!(put(cell("pk", None, None, Some(1))).starts_with("Duplicated attribute column"));
    assert!(put(cell("a", Some(Op::DeleteAll), None, None)).starts_with("OpType cannot be given"));
    let update = |cell| check_update(&keys, &[cell]).unwrap_err().message.into_owned();
    assert!(update(cell("a", Some(Op::DeleteOne), None, None)).starts_with("Timestamp must be"));
    assert!(update(cell("a", Some(Op::DeleteAll), Some(1), None)).starts_with("Timestamp cannot"));
    let names: Vec<String> = (0..1025).map(|n| format!("c{n}")).collect();
    let many: Vec<_> = names.iter().map(|name| cell(name, None, None, Some(1))).collect();
    assert_eq!(
        check_put(&keys, &many).unwrap_err().message,
        "The number of attribute columns exceeds the limit, limit count: 1024, column count: 1025."
    );
    assert!(check_put(&keys, &many[..1024]).is_ok());
    let versions: Vec<_> = (0..2000).map(|n| cell("a", None, Some(n), Some(1))).collect();
    assert!(check_put(&keys, &versions).is_ok(), "versions of one column are not columns");
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, i64, i64),
    DeleteOne(u8, i64),
    DeleteAll(u8),
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![
        4 => (0_u8..3, 0_i64..6, any::<i64>()).prop_map(|(c, t, v)| Step::Put(c, t, v)),
        1 => (0_u8..3, 0_i64..6).prop_map(|(c, t)| Step::DeleteOne(c, t)),
        1 => (0_u8..3).prop_map(Step::DeleteAll),
    ];
    prop::collection::vec(prop::collection::vec(step, 1..6), 1..12)
}

proptest! {
    /// Against a map of column -> time -> value, trimmed after every update.
    #[test]
    fn updates_are_those_of_a_map(updates in steps(), max_versions in 1_usize..4) {
        let options = options(i32::try_from(max_versions).unwrap());
        let mut model: BTreeMap<String, BTreeMap<i64, i64>> = BTreeMap::new();
        let mut row: Option<Vec<u8>> = None;
        for update in &updates {
            let name = |column: u8| format!("c{column}");
            let names: Vec<String> = update.iter().map(|step| match step {
                Step::Put(c, ..) | Step::DeleteOne(c, _) | Step::DeleteAll(c) => name(*c),
            }).collect();
            let cells: Vec<Cell<'_>> = update.iter().zip(&names).map(|(step, name)| match step {
                Step::Put(_, time, value) => cell(name, None, Some(*time), Some(*value)),
                Step::DeleteOne(_, time) => cell(name, Some(Op::DeleteOne), Some(*time), None),
                Step::DeleteAll(_) => cell(name, Some(Op::DeleteAll), None, None),
            }).collect();
            for step in update {
                match step {
                    Step::Put(c, t, v) => {
                        model.entry(name(*c)).or_default().insert(*t, *v);
                    }
                    Step::DeleteOne(c, t) => {
                        model.entry(name(*c)).or_default().remove(t);
                    }
                    Step::DeleteAll(c) => {
                        model.remove(&name(*c));
                    }
                }
            }
            for versions in model.values_mut() {
                while versions.len() > max_versions {
                    versions.pop_first();
                }
            }
            row = update_row(row.as_deref(), &cells, &options);
            let expected: Vec<_> = model.iter().flat_map(|(name, versions)| {
                versions.iter().rev().map(|(time, value)| (name.clone(), *time, *value))
            }).collect();
            prop_assert_eq!(row.as_deref().map(read).unwrap_or_default(), expected);
        }
    }
}

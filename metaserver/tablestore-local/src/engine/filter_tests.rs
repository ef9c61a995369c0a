use super::*;

fn encode(value: &Value<'_>) -> Bytes {
    let mut bytes = vec![value.code()];
    match value {
        Value::Integer(v) => bytes.extend_from_slice(&v.to_le_bytes()),
        Value::Double(v) => bytes.extend_from_slice(&v.to_le_bytes()),
        Value::String(v) => {
            bytes.extend_from_slice(&u32::try_from(v.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(v);
        }
        other => panic!("{other:?}"),
    }
    bytes.into()
}

fn single(name: &str, comparator: Comparator, value: &Value<'_>) -> proto::SingleColumnValueFilter {
    proto::SingleColumnValueFilter {
        comparator: comparator.into(),
        column_name: name.into(),
        column_value: encode(value),
        filter_if_missing: true,
        latest_version_only: true,
        value_trans_rule: None,
    }
}

fn wrap(filter: &proto::SingleColumnValueFilter) -> proto::Filter {
    proto::Filter {
        r#type: FilterType::SingleColumnValue.into(),
        filter: filter.encode_to_vec().into(),
    }
}

fn composite(operator: LogicalOperator, below: Vec<proto::Filter>) -> proto::Filter {
    let composite =
        proto::CompositeColumnValueFilter { combinator: operator.into(), sub_filters: below };
    proto::Filter {
        r#type: FilterType::CompositeColumnValue.into(),
        filter: composite.encode_to_vec().into(),
    }
}

fn read(filter: &proto::Filter) -> Result<Filter> {
    Filter::read(&filter.encode_to_vec().into())
}

/// Columns `a` = 2 (now) and 1 (before), `s` = "t1:15,t2:x".
fn holds(filter: &proto::Filter) -> bool {
    let cells = [
        StoredCell::new(b"a", 20, Value::Integer(2)),
        StoredCell::new(b"a", 10, Value::Integer(1)),
        StoredCell::new(b"s", 20, Value::String(b"t1:15,t2:x")),
    ];
    let key = |name: &str| (name == "pk").then_some(Value::Integer(9));
    read(filter).unwrap().holds(&cells, &key)
}

#[test]
fn comparisons() {
    use Comparator as C;
    let two = Value::Integer(2);
    let cases = [
        (C::Equal, true),
        (C::NotEqual, false),
        (C::GreaterThan, false),
        (C::GreaterEqual, true),
        (C::LessThan, false),
        (C::LessEqual, true),
    ];
    for (comparator, expected) in cases {
        assert_eq!(holds(&wrap(&single("a", comparator, &two))), expected, "{comparator:?}");
    }
    assert!(!holds(&wrap(&single("a", C::Equal, &Value::String(b"2")))), "another type");
    assert!(holds(&wrap(&single("pk", C::Equal, &Value::Integer(9)))), "a column of the key");
    assert!(holds(&wrap(&single("a", C::Exist, &two))));
    assert!(holds(&wrap(&single("b", C::NotExist, &two))));
}

#[test]
fn missing_columns_and_older_versions() {
    let mut filter = single("b", Comparator::Equal, &Value::Integer(1));
    assert!(!holds(&wrap(&filter)));
    filter.filter_if_missing = false;
    assert!(holds(&wrap(&filter)));
    let mut filter = single("a", Comparator::Equal, &Value::Integer(1));
    assert!(!holds(&wrap(&filter)));
    filter.latest_version_only = false;
    assert!(holds(&wrap(&filter)));
}

#[test]
fn pieces_of_strings() {
    let mut filter = single("s", Comparator::GreaterThan, &Value::Integer(14));
    filter.value_trans_rule = Some(proto::ValueTransferRule {
        regex: "t1:([0-9]+),".into(),
        cast_type: Some(VariantType::Integer.into()),
    });
    assert!(holds(&wrap(&filter)));
    filter.column_value = encode(&Value::Integer(15));
    assert!(!holds(&wrap(&filter)));
}

#[test]
fn combinations() {
    let yes = wrap(&single("a", Comparator::Equal, &Value::Integer(2)));
    let no = wrap(&single("a", Comparator::Equal, &Value::Integer(3)));
    let of = |operator, below: &[&proto::Filter]| {
        composite(operator, below.iter().map(|filter| (*filter).clone()).collect())
    };
    assert!(holds(&of(LogicalOperator::Not, &[&no])));
    assert!(holds(&of(LogicalOperator::Or, &[&no, &yes])));
    assert!(!holds(&of(LogicalOperator::And, &[&no, &yes])));
    assert_eq!(
        read(&of(LogicalOperator::Not, &[&no, &no])).unwrap_err().message,
        "Invalid NOT operator: the number of sub-filters must be 1."
    );
    assert_eq!(
        read(&of(LogicalOperator::Or, &[&no])).unwrap_err().message,
        "Invalid AND/OR operator: the number of sub-filters must be more than 1."
    );
}

#[test]
fn ten_filters_and_no_more_however_deep() {
    let leaf = wrap(&single("a", Comparator::Equal, &Value::Integer(2)));
    let deep =
        |levels| (1..levels).fold(leaf.clone(), |f, _| composite(LogicalOperator::Not, vec![f]));
    assert!(read(&deep(10)).is_ok());
    for levels in [11, 1000] {
        assert_eq!(
            read(&deep(levels)).unwrap_err().message,
            "The count of filter exceeds the max: 10."
        );
    }
}

//! Secondary indexes.

use metafs_tablestore::model::{PrimaryKey, Row, RowChange, Value};
use metafs_tablestore::proto::{self, RowExistenceExpectation as Expect};
use prost::Message;

use crate::common::{Caller, Refused, key};

/// CreateIndex and DropIndex as the Java SDK writes them.
#[derive(Clone, PartialEq, Message)]
struct CreateIndex {
    #[prost(string, required, tag = "1")]
    main_table_name: String,
    #[prost(message, required, tag = "2")]
    index_meta: proto::IndexMeta,
    #[prost(bool, optional, tag = "3")]
    include_base_data: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
struct DropIndex {
    #[prost(string, required, tag = "1")]
    main_table_name: String,
    #[prost(string, required, tag = "2")]
    index_name: String,
}

fn index(name: &str) -> proto::IndexMeta {
    proto::IndexMeta {
        name: name.into(),
        primary_key: vec!["s".into()],
        defined_column: vec!["d".into()],
        ..Default::default()
    }
}

fn table(caller: &Caller, indexes: Vec<proto::IndexMeta>) {
    let column = |name: &str, code| proto::DefinedColumnSchema { name: name.into(), r#type: code };
    let request = proto::CreateTableRequest {
        table_meta: proto::TableMeta {
            table_name: "main".into(),
            primary_key: vec![proto::PrimaryKeySchema {
                name: "pk".into(),
                r#type: 1,
                option: None,
            }],
            defined_column: vec![column("s", 4), column("d", 1)],
            ..Default::default()
        },
        table_options: Some(proto::TableOptions {
            time_to_live: Some(-1),
            max_versions: Some(1),
            ..Default::default()
        }),
        index_metas: indexes,
        ..Default::default()
    };
    caller.call::<proto::CreateTableResponse>("CreateTable", &request).unwrap();
}

fn found(caller: &Caller, name: &str, s: &str, pk: i64) -> Result<Option<Row>, Refused> {
    caller.get(name, &PrimaryKey::new().with("s", s).with("pk", pk))
}

fn put(caller: &Caller, pk: i64, s: &str) {
    let row = Row::new(key(pk)).with("d", pk).with("s", s).with("x", 1);
    caller.put("main", row, Expect::Ignore).unwrap();
}

#[test]
fn an_index_goes_with_its_table() {
    let caller = Caller::new();
    table(&caller, vec![index("by_s")]);
    put(&caller, 1, "a");
    let row = found(&caller, "by_s", "a", 1).unwrap().unwrap();
    assert_eq!((row.get("d"), row.get("x")), (Some(&Value::Integer(1)), None));
    put(&caller, 1, "b");
    assert_eq!(found(&caller, "by_s", "a", 1).unwrap(), None);
    assert!(found(&caller, "by_s", "b", 1).unwrap().is_some());
    caller.put("main", Row::new(key(2)).with("d", 1), Expect::Ignore).unwrap();
    caller.batch("main", &[(RowChange::Delete(key(1)), Expect::Ignore)], false).unwrap();
    assert_eq!(found(&caller, "by_s", "b", 1).unwrap(), None);
    let row = Row::new(PrimaryKey::new().with("s", "z").with("pk", 1));
    let refused = caller.put("by_s", row, Expect::Ignore).unwrap_err();
    assert_eq!(refused.message, "Can't write index table directly.");
    let names: proto::ListTableResponse =
        caller.call("ListTable", &proto::ListTableRequest {}).unwrap();
    assert_eq!(names.table_names, ["main"]);
    let delete = proto::DeleteTableRequest { table_name: "main".into() };
    caller.call::<proto::DeleteTableResponse>("DeleteTable", &delete).unwrap();
    assert_eq!(found(&caller, "by_s", "b", 1).unwrap_err().status, 404);
}

#[test]
fn an_index_made_later_has_the_rows_that_were_there() {
    let caller = Caller::new();
    table(&caller, vec![]);
    for pk in 0..2500 {
        put(&caller, pk, &format!("s{pk}"));
    }
    let create = |name: &str, base| CreateIndex {
        main_table_name: "main".into(),
        index_meta: index(name),
        include_base_data: Some(base),
    };
    caller.call::<proto::CreateTableResponse>("CreateIndex", &create("full", true)).unwrap();
    caller.call::<proto::CreateTableResponse>("CreateIndex", &create("new", false)).unwrap();
    assert!(found(&caller, "full", "s2499", 2499).unwrap().is_some());
    assert!(found(&caller, "full", "s0", 0).unwrap().is_some());
    assert_eq!(found(&caller, "new", "s0", 0).unwrap(), None);
    let describe = proto::DescribeTableRequest { table_name: "main".into() };
    let described: proto::DescribeTableResponse = caller.call("DescribeTable", &describe).unwrap();
    assert_eq!(described.index_metas.len(), 2);
    assert_eq!(described.index_metas[0].primary_key, ["s"]);
    let drop = DropIndex { main_table_name: "main".into(), index_name: "full".into() };
    caller.call::<proto::CreateTableResponse>("DropIndex", &drop).unwrap();
    assert_eq!(found(&caller, "full", "s0", 0).unwrap_err().status, 404);
    put(&caller, 0, "again");
    assert!(found(&caller, "new", "again", 0).unwrap().is_some());
}

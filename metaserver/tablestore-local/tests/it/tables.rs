//! Operations on tables.

use metafs_tablestore::model::Row;
use metafs_tablestore::proto::{self, PrimaryKeyOption, RowExistenceExpectation as Expect};
use metafs_tablestore_local::service::Settings;
use metafs_tablestore_local::store::Rocks;

use crate::common::{Caller, Refused, key};

pub fn create(caller: &Caller, name: &str, keys: &[(&str, i32)]) -> Result<(), Refused> {
    let keys = keys.iter().map(|(name, code)| proto::PrimaryKeySchema {
        name: (*name).into(),
        r#type: *code,
        option: None,
    });
    caller
        .call::<proto::CreateTableResponse>("CreateTable", &request(name, keys.collect()))
        .map(|_| ())
}

fn request(name: &str, primary_key: Vec<proto::PrimaryKeySchema>) -> proto::CreateTableRequest {
    proto::CreateTableRequest {
        table_meta: proto::TableMeta { table_name: name.into(), primary_key, ..Default::default() },
        reserved_throughput: proto::ReservedThroughput {
            capacity_unit: proto::CapacityUnit { read: Some(1), write: Some(2) },
        },
        table_options: Some(proto::TableOptions {
            time_to_live: Some(-1),
            max_versions: Some(1),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn names(caller: &Caller) -> Vec<String> {
    let answer: proto::ListTableResponse =
        caller.call("ListTable", &proto::ListTableRequest {}).unwrap();
    answer.table_names
}

fn describe(caller: &Caller, name: &str) -> Result<proto::DescribeTableResponse, Refused> {
    caller.call("DescribeTable", &proto::DescribeTableRequest { table_name: name.into() })
}

fn delete(caller: &Caller, name: &str) -> Result<proto::DeleteTableResponse, Refused> {
    caller.call("DeleteTable", &proto::DeleteTableRequest { table_name: name.into() })
}

#[test]
fn a_table_from_its_making_to_its_end() {
    let caller = Caller::new();
    create(&caller, "t", &[("pk", 1), ("name", 2), ("bin", 3)]).unwrap();
    let refused = create(&caller, "t", &[("other", 1)]).unwrap_err();
    assert_eq!(
        (refused.status, refused.message.as_str()),
        (409, "Requested table already exists.")
    );
    let described = describe(&caller, "t").unwrap();
    assert_eq!(described.table_options.time_to_live, Some(-1));
    assert_eq!(described.table_options.deviation_cell_version_in_sec, Some(86_400));
    assert_eq!(described.reserved_throughput_details.capacity_unit.write, Some(2));
    let types: Vec<i32> = described.table_meta.primary_key.iter().map(|key| key.r#type).collect();
    assert_eq!(types, [1, 2, 3]);
    let update = proto::UpdateTableRequest {
        table_name: "t".into(),
        table_options: Some(proto::TableOptions {
            max_versions: Some(3),
            allow_update: Some(false),
            ..Default::default()
        }),
        ..Default::default()
    };
    let updated: proto::UpdateTableResponse = caller.call("UpdateTable", &update).unwrap();
    assert_eq!(updated.table_options.max_versions, Some(3));
    assert_eq!(describe(&caller, "t").unwrap().table_options.allow_update, Some(false));
    delete(&caller, "t").unwrap();
    assert_eq!(names(&caller), Vec::<String>::new());
    for refused in [describe(&caller, "t").unwrap_err(), delete(&caller, "t").unwrap_err()] {
        let Refused { status, code, message } = refused;
        assert_eq!((status, code.as_str()), (404, "OTSObjectNotExist"));
        assert_eq!(message, "Requested table does not exist.");
    }
}

#[test]
fn definitions_that_are_refused() {
    let caller = Caller::new();
    let message =
        |name: &str, keys: &[(&str, i32)]| create(&caller, name, keys).unwrap_err().message;
    assert_eq!(message("3t", &[("pk", 1)]), "Invalid table name: '3t'.");
    assert_eq!(message("t", &[("a", 1), ("a", 2)]), "Duplicated primary key name: 'a'.");
    let range = "The number of primary key columns must be in range: [1, 4].";
    assert_eq!(message("t", &[]), range);
    assert_eq!(message("t", &[("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1)]), range);
    assert_eq!(message("t", &[("a", 5)]), "BOOLEAN is an invalid type for the primary key.");
    let mut first = request("t", vec![]);
    first.table_meta.primary_key = vec![proto::PrimaryKeySchema {
        name: "a".into(),
        r#type: 1,
        option: Some(PrimaryKeyOption::AutoIncrement.into()),
    }];
    let refused = caller.call::<proto::CreateTableResponse>("CreateTable", &first).unwrap_err();
    assert_eq!(refused.message, "First primary key can't be auto increment, table: t.");
    assert_eq!(names(&caller), Vec::<String>::new());
}

#[test]
fn sixty_four_tables_and_no_more() {
    let caller = Caller::new();
    for n in 0..64 {
        create(&caller, &format!("t{n}"), &[("pk", 1)]).unwrap();
    }
    let refused = create(&caller, "more", &[("pk", 1)]).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (403, "OTSQuotaExhausted"));
    assert_eq!(refused.message, "Number of tables exceeds the quota:64.");
    delete(&caller, "t0").unwrap();
    create(&caller, "more", &[("pk", 1)]).unwrap();
}

#[test]
fn frequent_operations_are_refused_where_that_is_set() {
    let settings = Settings { table_operations_per_second: 10, ..Settings::default() };
    let caller = Caller::on(Box::new(metafs_tablestore_local::store::Memory::default()), settings);
    let made = (0..20).filter(|n| create(&caller, &format!("t{n}"), &[("pk", 1)]).is_ok()).count();
    assert_eq!(made, 10);
    let refused = create(&caller, "again", &[("pk", 1)]).unwrap_err();
    assert_eq!(refused.message, "Too frequent table operations.");
    caller.advance(1000);
    create(&caller, "again", &[("pk", 1)]).unwrap();
}

#[test]
fn a_table_made_again_has_none_of_the_old_rows() {
    let caller = Caller::new();
    create(&caller, "t", &[("pk", 1)]).unwrap();
    caller.put("t", Row::new(key(1)).with("a", 1), Expect::Ignore).unwrap();
    delete(&caller, "t").unwrap();
    create(&caller, "t", &[("pk", 1)]).unwrap();
    assert_eq!(caller.get("t", &key(1)).unwrap(), None);
}

#[test]
fn tables_and_rows_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Caller::on(Box::new(Rocks::open(dir.path()).unwrap()), Settings::default());
    let caller = open();
    create(&caller, "t", &[("pk", 1)]).unwrap();
    create(&caller, "gone", &[("pk", 1)]).unwrap();
    caller.put("t", Row::new(key(1)).with("a", "x"), Expect::ExpectNotExist).unwrap();
    delete(&caller, "gone").unwrap();
    drop(caller);
    let caller = open();
    assert_eq!(names(&caller), ["t"]);
    let row = caller.get("t", &key(1)).unwrap().unwrap();
    assert_eq!(row.get("a").unwrap().as_text().unwrap().as_str(), "x");
    create(&caller, "new", &[("pk", 1)]).unwrap();
    assert_eq!(caller.get("new", &key(1)).unwrap(), None, "ids are not given out twice");
}

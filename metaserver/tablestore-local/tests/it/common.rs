//! A caller in the same process: messages in, messages or errors out, through the real heads.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use metafs_tablestore::model::{PrimaryKey, Row, RowChange};
use metafs_tablestore::plain_buffer::{decode_row, encode_primary_key, encode_row_change};
use metafs_tablestore::proto::{self, OperationType, RowExistenceExpectation as Expect};
use metafs_tablestore::sign::{API_VERSION, SigningKey, content_md5, header};
use metafs_tablestore_local::service::{KeySetting, Settings, TableSetting};
use metafs_tablestore_local::store::{Memory, Store};
use metafs_tablestore_local::{Reply, Service};
use prost::Message;

/// An error as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub status: u16,
    pub code: String,
    pub message: String,
}

pub struct Caller {
    pub service: Service,
    now: Arc<AtomicI64>,
}

pub const START: i64 = 1_767_323_045_000;

impl Caller {
    pub fn new() -> Self {
        Self::on(Box::new(Memory::default()), Settings::default())
    }

    pub fn on(store: Box<dyn Store>, settings: Settings) -> Self {
        let now = Arc::new(AtomicI64::new(START));
        let clock = now.clone();
        let clock = Arc::new(move || clock.load(Ordering::Relaxed));
        Self { service: Service::start(settings, store, clock).unwrap(), now }
    }

    /// With a table `t` of one key column `pk`, an integer; and `txn`, PK0 INTEGER, PK1 STRING, with
    /// transactions.
    pub fn with_tables() -> Self {
        let integer = |name: &str| KeySetting {
            name: name.into(),
            kind: "INTEGER".into(),
            auto_increment: false,
        };
        let string = KeySetting { kind: "STRING".into(), ..integer("PK1") };
        let table = |name: &str, keys| TableSetting {
            name: name.into(),
            instance: None,
            primary_key: keys,
            transactions: name == "txn",
            time_to_live: -1,
            max_versions: 1,
        };
        let tables =
            vec![table("t", vec![integer("pk")]), table("txn", vec![integer("PK0"), string])];
        Self::on(Box::new(Memory::default()), Settings { tables, ..Settings::default() })
    }

    pub fn advance(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
    }

    pub fn parts(&self, operation: &str, body: &[u8], more: &[(&str, &str)]) -> Parts {
        let date = jiff::Timestamp::from_millisecond(self.now.load(Ordering::Relaxed)).unwrap();
        let date = date.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
        let md5 = content_md5(body);
        let mut headers = vec![
            (header::DATE, date.as_str()),
            (header::API_VERSION, API_VERSION),
            (header::ACCESS_KEY_ID, "testid"),
            (header::INSTANCE_NAME, "local"),
            (header::CONTENT_MD5, md5.as_str()),
        ];
        for (name, value) in more {
            headers.retain(|(other, _)| other != name);
            headers.push((name, value));
        }
        let signature = SigningKey::v2("testsecret").sign_request(operation, headers.clone());
        let mut request = Request::post(format!("/{operation}"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.header(header::SIGNATURE, signature).body(()).unwrap().into_parts().0
    }

    pub fn raw(&self, operation: &str, body: Vec<u8>, more: &[(&str, &str)]) -> Reply {
        self.service.handle(&self.parts(operation, &body, more), body.into())
    }

    pub fn call<A: Message + Default>(
        &self,
        operation: &str,
        request: &impl Message,
    ) -> Result<A, Refused> {
        let response =
            self.raw(operation, request.encode_to_vec(), &[]).response.expect("an answer");
        verify(operation, &response);
        read(&response)
    }

    pub fn put(&self, table: &str, row: Row, expect: Expect) -> Result<i32, Refused> {
        let request = proto::PutRowRequest {
            table_name: table.into(),
            row: encode_row_change(&RowChange::Put(row)),
            condition: condition(expect),
            ..Default::default()
        };
        let answer: proto::PutRowResponse = self.call("PutRow", &request)?;
        Ok(answer.consumed.capacity_unit.write.unwrap())
    }

    pub fn put_in(&self, table: &str, row: Row, transaction: &str) -> Result<(), Refused> {
        let request = proto::PutRowRequest {
            table_name: table.into(),
            row: encode_row_change(&RowChange::Put(row)),
            condition: condition(Expect::Ignore),
            transaction_id: Some(transaction.into()),
            ..Default::default()
        };
        self.call::<proto::PutRowResponse>("PutRow", &request).map(|_| ())
    }

    pub fn get(&self, table: &str, key: &PrimaryKey) -> Result<Option<Row>, Refused> {
        self.get_in(table, key, None)
    }

    pub fn get_in(
        &self,
        table: &str,
        key: &PrimaryKey,
        transaction: Option<&str>,
    ) -> Result<Option<Row>, Refused> {
        let request = proto::GetRowRequest {
            table_name: table.into(),
            primary_key: encode_primary_key(key),
            max_versions: Some(1),
            transaction_id: transaction.map(Into::into),
            ..Default::default()
        };
        let answer: proto::GetRowResponse = self.call("GetRow", &request)?;
        Ok(decode_row(answer.row).unwrap())
    }

    pub fn batch(
        &self,
        table: &str,
        rows: &[(RowChange, Expect)],
        atomic: bool,
    ) -> Result<Vec<Result<(), String>>, Refused> {
        let rows = rows.iter().map(|(change, expect)| proto::RowInBatchWriteRowRequest {
            r#type: match change {
                RowChange::Put(_) => OperationType::Put,
                RowChange::Update { .. } => OperationType::Update,
                RowChange::Delete(_) => OperationType::Delete,
            }
            .into(),
            row_change: encode_row_change(change),
            condition: condition(*expect),
            return_content: None,
        });
        let request = proto::BatchWriteRowRequest {
            tables: vec![proto::TableInBatchWriteRowRequest {
                table_name: table.into(),
                rows: rows.collect(),
            }],
            transaction_id: None,
            is_atomic: Some(atomic),
        };
        let answer: proto::BatchWriteRowResponse = self.call("BatchWriteRow", &request)?;
        let rows = answer.tables.into_iter().flat_map(|table| table.rows);
        Ok(rows.map(|row| if row.is_ok { Ok(()) } else { Err(row.error.unwrap().code) }).collect())
    }
}

pub fn condition(expect: Expect) -> proto::Condition {
    proto::Condition { row_existence: expect.into(), column_condition: None }
}

pub fn key(pk: i64) -> PrimaryKey {
    PrimaryKey::new().with("pk", pk)
}

pub fn read<A: Message + Default>(response: &Response<Bytes>) -> Result<A, Refused> {
    let body = response.body().clone();
    if response.status().is_success() {
        return Ok(A::decode(body).unwrap());
    }
    let error = proto::Error::decode(body).unwrap();
    Err(Refused {
        status: response.status().as_u16(),
        code: error.code,
        message: error.message.unwrap_or_default(),
    })
}

/// As the makers' SDKs verify answers.
pub fn verify(operation: &str, response: &Response<Bytes>) {
    let get = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
    assert_eq!(get(header::CONTENT_MD5), Some(content_md5(response.body()).as_str()));
    assert_eq!(get(header::REQUEST_ID).unwrap().len(), 36);
    assert!(get(header::DATE).is_some() && get(header::CONTENT_TYPE).is_some());
    let pairs = response.headers().iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap()));
    let authorization = get(header::AUTHORIZATION).expect("signed");
    let signing = SigningKey::v2("testsecret");
    assert!(signing.verify_authorization(operation, pairs, "testid", authorization));
}

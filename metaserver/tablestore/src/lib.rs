//! Client of Alibaba Cloud Tablestore.
//!
//! Shared with servers of the same protocol, and pure:
//! - [`model`]: values, keys, rows, changes.
//! - [`plain_buffer`]: the bytes of rows.
//! - [`proto`]: the messages.
//! - [`sign`]: signatures of requests and answers.
//! - [`limits`], [`error`]: the service's limits and error codes.
//!
//! The client's own:
//! - [`Client`]: every operation; retries that know what may be done twice; batches whose rows each
//!   have an outcome; ranges page by page.
//! - [`filter`]: conditions and filters.
//! - [`Transport`]: what carries requests; [`HttpTransport`] is the real one.
//! - [`CredentialsProvider`], [`Observer`], [`Clock`]: what the client asks and tells.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use metafs_tablestore::filter::{Comparator, Filter};
//! use metafs_tablestore::model::{ColumnChange, PrimaryKey, Value};
//! use metafs_tablestore::{Client, Config, Credentials, RangeRead, RowWrite};
//!
//! let credentials = Credentials::new("access key id", "access key secret");
//! let endpoint = "https://inst.cn-hangzhou.ots.aliyuncs.com";
//! let client = Client::new(Config::new(endpoint, "inst", credentials))?;
//!
//! // Only if the stored version is older, or there is none.
//! let key = PrimaryKey::new().with("key", vec![1, 2, 3]);
//! let change = vec![ColumnChange::put("value", "v"), ColumnChange::put("version", 7)];
//! let newer = Filter::column_or_missing("version", Comparator::LessThan, 7);
//! let outcome = client.write_row(&RowWrite::update("rows", key, change).only_if(newer)).await;
//! match outcome {
//!     Err(error) if error.is_condition_failed() && !error.may_have_applied() => {}
//!     other => drop(other?),
//! }
//!
//! let all = |place| PrimaryKey::new().with("key", place);
//! let range = RangeRead::forward("rows", all(Value::InfMin), all(Value::InfMax));
//! let mut pages = client.get_range(range);
//! while let Some(page) = pages.next_page().await? {
//!     println!("{} rows", page.rows.len());
//! }
//! # Ok(())
//! # }
//! ```

mod client;
mod credentials;
pub mod error;
pub mod filter;
pub mod limits;
pub mod model;
mod observe;
mod operation;
pub mod plain_buffer;
pub mod proto;
mod request;
mod response;
mod retry;
pub mod sign;
mod transport;

pub use client::*;
pub use credentials::{Credentials, CredentialsError, CredentialsProvider};
pub use observe::{Attempt, AttemptResult, NoObserver, Observer};
pub use operation::Operation;
pub use response::ResponseError;
pub use retry::RetryPolicy;
pub use sign::SignatureVersion;
pub use transport::{HttpSettings, HttpTransport, Transport, TransportError};

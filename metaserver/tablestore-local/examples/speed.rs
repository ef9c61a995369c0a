//! How fast a running server is, with the project's client over HTTP:
//!
//!   speed http://127.0.0.1:8087 ROWS [WRITERS]
//!
//! Writes ROWS small rows in batches of 200 that must not be there yet, then reads them all by ranges.
//! Key and secret are the server's defaults.

use std::time::Instant;

use metafs_tablestore::model::{PrimaryKey, Row, RowExistence, Value};
use metafs_tablestore::proto::PrimaryKeyType;
use metafs_tablestore::{Client, Config, Credentials, RangeRead, RowWrite, TableSpec};

const TABLE: &str = "speed";
const BATCH: u64 = 200;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Spread over the keys, so that batches touch many partition keys.
fn key(n: u64) -> PrimaryKey {
    let spread = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    PrimaryKey::new()
        .with("hash", i64::from(spread.to_be_bytes()[0]))
        .with("key", Value::from(spread.to_be_bytes().to_vec()))
}

fn row(n: u64) -> RowWrite {
    let value = vec![u8::try_from(n % 251).unwrap_or_default(); 60];
    let row = Row::new(key(n)).with("v", Value::from(value)).with("n", n.cast_signed());
    RowWrite::put(TABLE, row).expect(RowExistence::ExpectNotExist)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    let mut args = std::env::args().skip(1);
    let endpoint = args.next().unwrap_or_else(|| "http://127.0.0.1:8087".into());
    let rows: u64 = args.next().map_or(Ok(200_000), |rows| rows.parse())?;
    let writers: u64 = args.next().map_or(Ok(8), |writers| writers.parse())?;
    let config = Config::new(endpoint, "local", Credentials::new("testid", "testsecret"));
    let client = Client::new(config)?;
    if client.list_tables().await?.iter().any(|name| name == TABLE) {
        client.delete_table(TABLE).await?;
    }
    let table = TableSpec::new(TABLE)
        .key("hash", PrimaryKeyType::Integer)
        .key("key", PrimaryKeyType::Binary);
    client.create_table(&table).await?;

    let start = Instant::now();
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            let mut batch = writer;
            while batch * BATCH < rows {
                let end = rows.min((batch + 1) * BATCH);
                let writes: Vec<RowWrite> = (batch * BATCH..end).map(row).collect();
                client.batch_write(&writes).await?.all()?;
                batch += writers;
            }
            Ok::<(), Failed>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    report("written", rows, start);

    let start = Instant::now();
    let bound = |value: Value| PrimaryKey::new().with("hash", value.clone()).with("key", value);
    let read = RangeRead::forward(TABLE, bound(Value::InfMin), bound(Value::InfMax));
    let mut pages = client.get_range(read);
    let mut seen = 0;
    while let Some(page) = pages.next_page().await? {
        seen += u64::try_from(page.rows.len())?;
    }
    report("read", seen, start);
    if seen != rows {
        return Err(format!("{seen} rows instead of {rows}").into());
    }
    Ok(())
}

fn report(what: &str, rows: u64, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    // Only for people: precision does not matter.
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let rate = rows as f64 / seconds;
    println!("{what} {rows} rows in {seconds:.2} s: {rate:.0} rows/s");
}

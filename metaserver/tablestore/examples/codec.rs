//! How fast rows are encoded into batches and decoded out of ranges, on one core:
//! `cargo run --release -p metafs-tablestore --example codec`.

use std::hint::black_box;
use std::time::Instant;

use metafs_tablestore::filter::{Comparator, Filter};
use metafs_tablestore::model::{ColumnChange, PrimaryKey, Row};
use metafs_tablestore::plain_buffer::{decode_rows, encode_row_change, encode_rows};
use metafs_tablestore::{RowWrite, proto};
use prost::Message;

const ROWS: i64 = 5000;
const ROUNDS: u32 = 40;

fn key(number: i64) -> PrimaryKey {
    let tail = number.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64).to_be_bytes();
    let key = [&tail[..], b"a-name-of-a-file.txt"].concat();
    PrimaryKey::new().with("generation", 3).with("shard", number & 255).with("key", key)
}

fn measure(what: &str, bytes: usize, mut work: impl FnMut()) {
    work();
    let start = Instant::now();
    for _ in 0..ROUNDS {
        work();
    }
    let seconds = start.elapsed().as_secs_f64() / f64::from(ROUNDS);
    let rows = ROWS as f64 / seconds;
    println!("{what}: {rows:.0} rows/s, {:.0} MB/s", bytes as f64 / seconds / 1e6);
}

fn main() {
    let value = |number: i64| number.to_be_bytes().repeat(12);
    let writes: Vec<RowWrite> = (0..ROWS)
        .map(|i| {
            let change =
                vec![ColumnChange::put("value", value(i)), ColumnChange::put("version", i)];
            let older = Filter::column_or_missing("version", Comparator::LessThan, i);
            RowWrite::update("rows", key(i), change).only_if(older)
        })
        .collect();
    let encode = || -> Vec<_> { writes.iter().map(|w| encode_row_change(&w.change)).collect() };
    let bytes = encode().iter().map(|row| row.len()).sum();
    measure("encode changes", bytes, || drop(black_box(encode())));

    let rows: Vec<Row> = (0..ROWS)
        .map(|i| {
            let row = Row::new(key(i)).with_version("value", value(i), i);
            row.with_version("version", i, i)
        })
        .collect();
    let body = encode_rows(&rows);
    let answer = proto::GetRangeResponse { rows: body.clone(), ..Default::default() };
    let answer = bytes::Bytes::from(answer.encode_to_vec());
    measure("encode rows", body.len(), || drop(black_box(encode_rows(&rows))));
    measure("decode rows", body.len(), || {
        let answer = proto::GetRangeResponse::decode(answer.clone());
        drop(black_box(answer.map(|answer| decode_rows(answer.rows))));
    });
}

//! A store on disk. A batch is in the write-ahead log and visible first, then one sync makes it and
//! all that came meanwhile durable: nobody holds a lock while the disk works.

use std::path::Path;

use parking_lot::{Condvar, Mutex};
use rocksdb::{
    BlockBasedOptions, Cache, DB, DBCompressionType, Options, ReadOptions, WriteBatch, WriteOptions,
};

use super::{Change, Order, Store, StoreError, Visit, Written};

/// Blocks in memory, bytes.
const BLOCK_CACHE: usize = 64 << 20;
/// Size of one write buffer, bytes.
const WRITE_BUFFER: usize = 32 << 20;

/// See the module.
#[derive(Debug)]
pub struct Rocks {
    db: DB,
    syncs: Mutex<Syncs>,
    synced: Condvar,
}

#[derive(Debug, Default)]
struct Syncs {
    written: u64,
    durable: u64,
    running: bool,
}

impl Rocks {
    /// Opens the database in `dir`, or makes it.
    ///
    /// # Errors
    /// Another process has it open, or it cannot be read.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let mut table = BlockBasedOptions::default();
        table.set_block_cache(&Cache::new_lru_cache(BLOCK_CACHE));
        table.set_block_size(16 << 10);
        table.set_bloom_filter(10.0, false);
        table.set_format_version(6);
        let mut options = Options::default();
        options.create_if_missing(true);
        options.set_block_based_table_factory(&table);
        options.set_compression_type(DBCompressionType::Lz4);
        options.set_write_buffer_size(WRITE_BUFFER);
        options.set_max_write_buffer_number(3);
        // Most conditional writes look for keys that are not there.
        options.set_memtable_whole_key_filtering(true);
        options.set_memtable_prefix_bloom_ratio(0.02);
        options.set_max_background_jobs(2);
        options.set_max_open_files(512);
        options.set_bytes_per_sync(1 << 20);
        options.set_keep_log_file_num(3);
        options.set_max_log_file_size(1 << 20);
        options.set_stats_dump_period_sec(0);
        options.set_stats_persist_period_sec(0);
        let db = DB::open(&options, dir)?;
        Ok(Self { db, syncs: Mutex::default(), synced: Condvar::new() })
    }
}

impl Store for Rocks {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.get(key)?)
    }

    fn scan(
        &self,
        low: &[u8],
        high: &[u8],
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        if low >= high {
            return Ok(());
        }
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound(low);
        options.set_iterate_upper_bound(high);
        let mut rows = self.db.raw_iterator_opt(options);
        match order {
            Order::Forward => rows.seek_to_first(),
            Order::Backward => rows.seek_to_last(),
        }
        while let Some((key, value)) = rows.item() {
            if visit(key, value).is_break() {
                return Ok(());
            }
            match order {
                Order::Forward => rows.next(),
                Order::Backward => rows.prev(),
            }
        }
        Ok(rows.status()?)
    }

    fn write(&self, changes: Vec<Change>) -> Result<Written, StoreError> {
        let mut batch = WriteBatch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.put(key, value),
                None => batch.delete(key),
            }
        }
        self.db.write_opt(batch, &WriteOptions::default())?;
        let mut syncs = self.syncs.lock();
        syncs.written += 1;
        Ok(Written(syncs.written))
    }

    fn settle(&self, written: Written) -> Result<(), StoreError> {
        let mut syncs = self.syncs.lock();
        loop {
            if syncs.durable >= written.0 {
                return Ok(());
            }
            if syncs.running {
                self.synced.wait(&mut syncs);
                continue;
            }
            syncs.running = true;
            let upto = syncs.written;
            drop(syncs);
            let outcome = self.db.flush_wal(true);
            syncs = self.syncs.lock();
            syncs.running = false;
            if outcome.is_ok() {
                syncs.durable = upto;
            }
            self.synced.notify_all();
            outcome?;
        }
    }

    fn delete_range(&self, low: &[u8], high: &[u8]) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        batch.delete_range(low, high);
        let mut options = WriteOptions::default();
        options.set_sync(true);
        Ok(self.db.write_opt(batch, &options)?)
    }
}

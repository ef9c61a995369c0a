//! The rows of the log's RocksDB: column family `entries` (index, big-endian -> entry record) and
//! column family `meta` (vote, committed, purged). Opens it with the options that fit a log.

use std::ops::Deref;
use std::sync::Arc;

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType,
    DBRecoveryMode, Options,
};

use crate::identity::Identity;

/// Column family of the entries.
pub const ENTRIES: &str = "entries";
/// Column family of the three single values.
pub const META: &str = "meta";
/// Key in [`META`]: the vote.
pub const VOTE: &[u8] = b"vote";
/// Key in [`META`]: the last known committed log id.
pub const COMMITTED: &[u8] = b"committed";
/// Key in [`META`]: the last purged log id; rows at or below it are dead.
pub const PURGED: &[u8] = b"purged";

/// An entry's key.
pub fn entry_key(index: u64) -> [u8; 8] {
    index.to_be_bytes()
}

/// The index of a key.
pub fn entry_index(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

/// A column family that was opened and therefore exists.
pub fn family<'a>(db: &'a DB, name: &str) -> Result<&'a ColumnFamily, std::io::Error> {
    db.cf_handle(name)
        .ok_or_else(|| std::io::Error::other(format!("the log has no column family {name}")))
}

/// The log's database. It keeps the volume's lock for as long as it is open.
pub struct LogDb {
    // Closed before the volume is let go: fields drop in this order.
    db: DB,
    _volume: Arc<Identity>,
}

impl Deref for LogDb {
    type Target = DB;

    fn deref(&self) -> &DB {
        &self.db
    }
}

/// Opens (or makes) the log's database.
pub fn open(volume: Arc<Identity>) -> Result<LogDb, rocksdb::Error> {
    let path = Identity::log_dir(volume.dir());
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // A torn tail is what a crash leaves; anything else that does not add up is an error, never
    // a silently shorter log. (Recycled log files would save a third of a sync, but RocksDB
    // cannot tell damage from an old tail in them.)
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    // One writer: no need to spin for partners.
    options.set_enable_write_thread_adaptive_yield(false);
    options.set_allow_concurrent_memtable_write(false);
    options.set_max_background_jobs(2);
    options.set_max_open_files(64);
    // The meta family is tiny and would pin old write-ahead files for ever.
    options.set_max_total_wal_size(64 << 20);
    options.set_keep_log_file_num(3);
    options.set_max_log_file_size(1 << 20);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);

    let cache = Cache::new_lru_cache(4 << 20);
    let mut table = BlockBasedOptions::default();
    table.set_block_size(32 << 10);
    table.set_block_cache(&cache);
    table.set_cache_index_and_filter_blocks(true);

    let mut entries = Options::default();
    entries.set_block_based_table_factory(&table);
    entries.set_write_buffer_size(16 << 20);
    entries.set_max_write_buffer_number(4);
    entries.set_compression_type(DBCompressionType::None);
    // Files are disjoint ranges of indexes: they only move down a level and are deleted whole
    // when purged; nothing is worth rewriting.
    entries.set_level_compaction_dynamic_level_bytes(false);
    entries.set_level_zero_file_num_compaction_trigger(2);
    entries.set_max_bytes_for_level_base(4 << 30);
    entries.set_target_file_size_base(32 << 20);

    let mut meta = Options::default();
    meta.set_block_based_table_factory(&table);
    meta.set_write_buffer_size(1 << 20);
    meta.set_compression_type(DBCompressionType::None);

    let families =
        [ColumnFamilyDescriptor::new(ENTRIES, entries), ColumnFamilyDescriptor::new(META, meta)];
    let db = DB::open_cf_descriptors(&options, path, families)?;
    Ok(LogDb { db, _volume: volume })
}

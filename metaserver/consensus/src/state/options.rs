//! How the state machine's RocksDB is set up: no write-ahead log (the Raft log is it), contents
//! of files apart in blob files, and a memory budget that leaves a server with millions of inodes
//! below 400 MiB.

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DBCompressionType, Options, WriteOptions,
};

/// Rows at least this long (inline contents) go to blob files, so that compactions do not move
/// them again and again.
const MIN_BLOB: u64 = 4 << 10;

/// Blocks, indexes and filters in memory.
const BLOCK_CACHE: usize = 80 << 20;

/// Size of one write buffer; there are at most [`WRITE_BUFFERS`].
const WRITE_BUFFER: usize = 16 << 20;
const WRITE_BUFFERS: i32 = 3;

/// Options for opening.
pub fn database() -> Options {
    let cache = Cache::new_lru_cache(BLOCK_CACHE);
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&cache);
    table.set_block_size(8 << 10);
    table.set_format_version(6);
    table.set_bloom_filter(10.0, false);
    table.set_optimize_filters_for_memory(true);
    // In parts: the filter of a whole file is larger than what the cache holds of one shard, and would be
    // read and checked anew for each lookup.
    table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    table.set_partition_filters(true);
    table.set_metadata_block_size(8 << 10);
    table.set_cache_index_and_filter_blocks(true);
    table.set_cache_index_and_filter_blocks_with_high_priority(true);
    table.set_pin_top_level_index_and_filter(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);

    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_block_based_table_factory(&table);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_write_buffer_size(WRITE_BUFFER);
    options.set_max_write_buffer_number(WRITE_BUFFERS);
    // Most lookups of a create are for names that are not there.
    options.set_memtable_whole_key_filtering(true);
    options.set_memtable_prefix_bloom_ratio(0.02);
    // One writer: the state machine.
    options.set_allow_concurrent_memtable_write(false);
    options.set_enable_write_thread_adaptive_yield(false);
    options.set_max_background_jobs(2);
    options.set_max_open_files(512);
    options.set_max_bytes_for_level_base(128 << 20);
    options.set_target_file_size_base(32 << 20);
    // Spread writeback, so that the log's syncs do not wait behind a burst of it.
    options.set_bytes_per_sync(1 << 20);
    options.set_enable_blob_files(true);
    options.set_min_blob_size(MIN_BLOB);
    options.set_blob_file_size(64 << 20);
    options.set_blob_compression_type(DBCompressionType::Lz4);
    options.set_enable_blob_gc(true);
    options.set_keep_log_file_num(3);
    options.set_max_log_file_size(1 << 20);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options
}

/// Options for writing a batch.
pub fn write() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.disable_wal(true);
    options
}

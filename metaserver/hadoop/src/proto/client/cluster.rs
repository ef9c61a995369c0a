//! What is asked of the cluster as a whole.

/// `GetServerDefaultsResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetServerDefaultsResponseProto {
    #[prost(message, required, tag = "1")]
    pub server_defaults: crate::proto::hdfs::FsServerDefaultsProto,
}

/// `GetStoragePoliciesResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetStoragePoliciesResponseProto {
    #[prost(message, repeated, tag = "1")]
    pub policies: Vec<crate::proto::hdfs::BlockStoragePolicyProto>,
}

/// `GetFsStatsResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetFsStatsResponseProto {
    #[prost(uint64, required, tag = "1")]
    pub capacity: u64,
    #[prost(uint64, required, tag = "2")]
    pub used: u64,
    #[prost(uint64, required, tag = "3")]
    pub remaining: u64,
    #[prost(uint64, required, tag = "4")]
    pub under_replicated: u64,
    #[prost(uint64, required, tag = "5")]
    pub corrupt_blocks: u64,
    #[prost(uint64, required, tag = "6")]
    pub missing_blocks: u64,
    #[prost(uint64, optional, tag = "7")]
    pub missing_repl_one_blocks: Option<u64>,
    #[prost(uint64, optional, tag = "8")]
    pub blocks_in_future: Option<u64>,
    #[prost(uint64, optional, tag = "9")]
    pub pending_deletion_blocks: Option<u64>,
}

/// `GetFsReplicatedBlockStatsResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetFsReplicatedBlockStatsResponseProto {
    #[prost(uint64, required, tag = "1")]
    pub low_redundancy: u64,
    #[prost(uint64, required, tag = "2")]
    pub corrupt_blocks: u64,
    #[prost(uint64, required, tag = "3")]
    pub missing_blocks: u64,
    #[prost(uint64, required, tag = "4")]
    pub missing_repl_one_blocks: u64,
    #[prost(uint64, required, tag = "5")]
    pub blocks_in_future: u64,
    #[prost(uint64, required, tag = "6")]
    pub pending_deletion_blocks: u64,
    #[prost(uint64, optional, tag = "7")]
    pub highest_prio_low_redundancy_blocks: Option<u64>,
}

/// `GetFsECBlockGroupStatsResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetFsECBlockGroupStatsResponseProto {
    #[prost(uint64, required, tag = "1")]
    pub low_redundancy: u64,
    #[prost(uint64, required, tag = "2")]
    pub corrupt_blocks: u64,
    #[prost(uint64, required, tag = "3")]
    pub missing_blocks: u64,
    #[prost(uint64, required, tag = "4")]
    pub blocks_in_future: u64,
    #[prost(uint64, required, tag = "5")]
    pub pending_deletion_blocks: u64,
    #[prost(uint64, optional, tag = "6")]
    pub highest_prio_low_redundancy_blocks: Option<u64>,
}

/// `GetDatanodeReportRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetDatanodeReportRequestProto {
    #[prost(enumeration = "DatanodeReportTypeProto", required, tag = "1")]
    pub r#type: i32,
}

/// `DatanodeReportTypeProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum DatanodeReportTypeProto {
    All = 1,
    Live = 2,
    Dead = 3,
    Decommissioning = 4,
    EnteringMaintenance = 5,
    InMaintenance = 6,
}

/// `SetSafeModeRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SetSafeModeRequestProto {
    #[prost(enumeration = "SafeModeActionProto", required, tag = "1")]
    pub action: i32,
    #[prost(bool, optional, tag = "2", default = "false")]
    pub checked: Option<bool>,
}

/// `SafeModeActionProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum SafeModeActionProto {
    SafemodeLeave = 1,
    SafemodeEnter = 2,
    SafemodeGet = 3,
    SafemodeForceExit = 4,
}

/// `SetSafeModeResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SetSafeModeResponseProto {
    #[prost(bool, required, tag = "1")]
    pub result: bool,
}

/// `ListCorruptFileBlocksResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListCorruptFileBlocksResponseProto {
    #[prost(message, required, tag = "1")]
    pub corrupt: crate::proto::hdfs::CorruptFileBlocksProto,
}

/// `HAServiceStateResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct HAServiceStateResponseProto {
    #[prost(enumeration = "crate::proto::ha::HAServiceStateProto", required, tag = "1")]
    pub state: i32,
}

/// `ListCachePoolsResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListCachePoolsResponseProto {
    #[prost(message, repeated, tag = "1")]
    pub entries: Vec<CachePoolEntryProto>,
    #[prost(bool, required, tag = "2")]
    pub has_more: bool,
}

/// `CachePoolEntryProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CachePoolEntryProto {
    #[prost(message, required, tag = "1")]
    pub info: CachePoolInfoProto,
    #[prost(message, required, tag = "2")]
    pub stats: CachePoolStatsProto,
}

/// `CachePoolInfoProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CachePoolInfoProto {
    #[prost(string, optional, tag = "1")]
    pub pool_name: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub owner_name: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub group_name: Option<String>,
    #[prost(int32, optional, tag = "4")]
    pub mode: Option<i32>,
    #[prost(int64, optional, tag = "5")]
    pub limit: Option<i64>,
    #[prost(int64, optional, tag = "6")]
    pub max_relative_expiry: Option<i64>,
    #[prost(uint32, optional, tag = "7", default = "1")]
    pub default_replication: Option<u32>,
}

/// `CachePoolStatsProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CachePoolStatsProto {
    #[prost(int64, required, tag = "1")]
    pub bytes_needed: i64,
    #[prost(int64, required, tag = "2")]
    pub bytes_cached: i64,
    #[prost(int64, required, tag = "3")]
    pub bytes_overlimit: i64,
    #[prost(int64, required, tag = "4")]
    pub files_needed: i64,
    #[prost(int64, required, tag = "5")]
    pub files_cached: i64,
}

/// `CacheDirectiveInfoProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CacheDirectiveInfoProto {
    #[prost(int64, optional, tag = "1")]
    pub id: Option<i64>,
    #[prost(string, optional, tag = "2")]
    pub path: Option<String>,
    #[prost(uint32, optional, tag = "3")]
    pub replication: Option<u32>,
    #[prost(string, optional, tag = "4")]
    pub pool: Option<String>,
    #[prost(message, optional, tag = "5")]
    pub expiration: Option<CacheDirectiveInfoExpirationProto>,
}

/// `CacheDirectiveInfoExpirationProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CacheDirectiveInfoExpirationProto {
    #[prost(int64, required, tag = "1")]
    pub millis: i64,
    #[prost(bool, required, tag = "2")]
    pub is_relative: bool,
}

/// `ListCacheDirectivesResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListCacheDirectivesResponseProto {
    #[prost(message, repeated, tag = "1")]
    pub elements: Vec<CacheDirectiveEntryProto>,
    #[prost(bool, required, tag = "2")]
    pub has_more: bool,
}

/// `CacheDirectiveEntryProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CacheDirectiveEntryProto {
    #[prost(message, required, tag = "1")]
    pub info: CacheDirectiveInfoProto,
    #[prost(message, required, tag = "2")]
    pub stats: CacheDirectiveStatsProto,
}

/// `CacheDirectiveStatsProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CacheDirectiveStatsProto {
    #[prost(int64, required, tag = "1")]
    pub bytes_needed: i64,
    #[prost(int64, required, tag = "2")]
    pub bytes_cached: i64,
    #[prost(int64, required, tag = "3")]
    pub files_needed: i64,
    #[prost(int64, required, tag = "4")]
    pub files_cached: i64,
    #[prost(bool, required, tag = "5")]
    pub has_expired: bool,
}

/// `UpgradeStatusResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct UpgradeStatusResponseProto {
    #[prost(bool, required, tag = "1")]
    pub upgrade_finalized: bool,
}

//! What HDFS protocols share: statuses, blocks, tokens.

/// `LocatedBlocksProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct LocatedBlocksProto {
    #[prost(uint64, required, tag = "1")]
    pub file_length: u64,
    #[prost(message, repeated, tag = "2")]
    pub blocks: Vec<LocatedBlockProto>,
    #[prost(bool, required, tag = "3")]
    pub under_construction: bool,
    #[prost(message, optional, tag = "4")]
    pub last_block: Option<LocatedBlockProto>,
    #[prost(bool, required, tag = "5")]
    pub is_last_block_complete: bool,
    #[prost(message, optional, tag = "6")]
    pub file_encryption_info: Option<FileEncryptionInfoProto>,
    #[prost(message, optional, tag = "7")]
    pub ec_policy: Option<ErasureCodingPolicyProto>,
}

/// `LocatedBlockProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct LocatedBlockProto {
    #[prost(message, required, tag = "1")]
    pub b: ExtendedBlockProto,
    #[prost(uint64, required, tag = "2")]
    pub offset: u64,
    #[prost(message, repeated, tag = "3")]
    pub locs: Vec<DatanodeInfoProto>,
    #[prost(bool, required, tag = "4")]
    pub corrupt: bool,
    #[prost(message, required, tag = "5")]
    pub block_token: TokenProto,
    #[prost(bool, repeated, packed = "false", tag = "6")]
    pub is_cached: Vec<bool>,
    #[prost(enumeration = "StorageTypeProto", repeated, packed = "false", tag = "7")]
    pub storage_types: Vec<i32>,
    #[prost(string, repeated, tag = "8")]
    pub storage_ids: Vec<String>,
    #[prost(bytes = "vec", optional, tag = "9")]
    pub block_indices: Option<Vec<u8>>,
    #[prost(message, repeated, tag = "10")]
    pub block_tokens: Vec<TokenProto>,
}

/// `ExtendedBlockProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ExtendedBlockProto {
    #[prost(string, required, tag = "1")]
    pub pool_id: String,
    #[prost(uint64, required, tag = "2")]
    pub block_id: u64,
    #[prost(uint64, required, tag = "3")]
    pub generation_stamp: u64,
    #[prost(uint64, optional, tag = "4", default = "0")]
    pub num_bytes: Option<u64>,
}

/// `DatanodeInfoProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DatanodeInfoProto {
    #[prost(message, required, tag = "1")]
    pub id: DatanodeIDProto,
    #[prost(uint64, optional, tag = "2", default = "0")]
    pub capacity: Option<u64>,
    #[prost(uint64, optional, tag = "3", default = "0")]
    pub dfs_used: Option<u64>,
    #[prost(uint64, optional, tag = "4", default = "0")]
    pub remaining: Option<u64>,
    #[prost(uint64, optional, tag = "5", default = "0")]
    pub block_pool_used: Option<u64>,
    #[prost(uint64, optional, tag = "6", default = "0")]
    pub last_update: Option<u64>,
    #[prost(uint32, optional, tag = "7", default = "0")]
    pub xceiver_count: Option<u32>,
    #[prost(string, optional, tag = "8")]
    pub location: Option<String>,
    #[prost(uint64, optional, tag = "9")]
    pub non_dfs_used: Option<u64>,
    #[prost(enumeration = "DatanodeInfoProtoAdminState", optional, tag = "10", default = "Normal")]
    pub admin_state: Option<i32>,
    #[prost(uint64, optional, tag = "11", default = "0")]
    pub cache_capacity: Option<u64>,
    #[prost(uint64, optional, tag = "12", default = "0")]
    pub cache_used: Option<u64>,
    #[prost(uint64, optional, tag = "13", default = "0")]
    pub last_update_monotonic: Option<u64>,
    #[prost(string, optional, tag = "14")]
    pub upgrade_domain: Option<String>,
    #[prost(uint64, optional, tag = "15", default = "0")]
    pub last_block_report_time: Option<u64>,
    #[prost(uint64, optional, tag = "16", default = "0")]
    pub last_block_report_monotonic: Option<u64>,
    #[prost(uint32, optional, tag = "17", default = "0")]
    pub num_blocks: Option<u32>,
}

/// `DatanodeIDProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DatanodeIDProto {
    #[prost(string, required, tag = "1")]
    pub ip_addr: String,
    #[prost(string, required, tag = "2")]
    pub host_name: String,
    #[prost(string, required, tag = "3")]
    pub datanode_uuid: String,
    #[prost(uint32, required, tag = "4")]
    pub xfer_port: u32,
    #[prost(uint32, required, tag = "5")]
    pub info_port: u32,
    #[prost(uint32, required, tag = "6")]
    pub ipc_port: u32,
    #[prost(uint32, optional, tag = "7", default = "0")]
    pub info_secure_port: Option<u32>,
}

/// `DatanodeInfoProto.AdminState` of hdfs.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum DatanodeInfoProtoAdminState {
    Normal = 0,
    DecommissionInprogress = 1,
    Decommissioned = 2,
    EnteringMaintenance = 3,
    InMaintenance = 4,
}

/// `TokenProto` of Security.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TokenProto {
    #[prost(bytes = "vec", required, tag = "1")]
    pub identifier: Vec<u8>,
    #[prost(bytes = "vec", required, tag = "2")]
    pub password: Vec<u8>,
    #[prost(string, required, tag = "3")]
    pub kind: String,
    #[prost(string, required, tag = "4")]
    pub service: String,
}

/// `StorageTypeProto` of hdfs.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum StorageTypeProto {
    Disk = 1,
    Ssd = 2,
    Archive = 3,
    RamDisk = 4,
    Provided = 5,
    Nvdimm = 6,
}

/// `FileEncryptionInfoProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct FileEncryptionInfoProto {
    #[prost(enumeration = "CipherSuiteProto", required, tag = "1")]
    pub suite: i32,
    #[prost(enumeration = "CryptoProtocolVersionProto", required, tag = "2")]
    pub crypto_protocol_version: i32,
    #[prost(bytes = "vec", required, tag = "3")]
    pub key: Vec<u8>,
    #[prost(bytes = "vec", required, tag = "4")]
    pub iv: Vec<u8>,
    #[prost(string, required, tag = "5")]
    pub key_name: String,
    #[prost(string, required, tag = "6")]
    pub ez_key_version_name: String,
}

/// `CipherSuiteProto` of hdfs.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum CipherSuiteProto {
    Unknown = 1,
    AesCtrNopadding = 2,
    Sm4CtrNopadding = 3,
}

/// `CryptoProtocolVersionProto` of hdfs.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum CryptoProtocolVersionProto {
    UnknownProtocolVersion = 1,
    EncryptionZones = 2,
}

/// `ErasureCodingPolicyProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ErasureCodingPolicyProto {
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub schema: Option<ECSchemaProto>,
    #[prost(uint32, optional, tag = "3")]
    pub cell_size: Option<u32>,
    #[prost(uint32, required, tag = "4")]
    pub id: u32,
    #[prost(enumeration = "ErasureCodingPolicyState", optional, tag = "5", default = "Enabled")]
    pub state: Option<i32>,
}

/// `ECSchemaProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ECSchemaProto {
    #[prost(string, required, tag = "1")]
    pub codec_name: String,
    #[prost(uint32, required, tag = "2")]
    pub data_units: u32,
    #[prost(uint32, required, tag = "3")]
    pub parity_units: u32,
    #[prost(message, repeated, tag = "4")]
    pub options: Vec<ECSchemaOptionEntryProto>,
}

/// `ECSchemaOptionEntryProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ECSchemaOptionEntryProto {
    #[prost(string, required, tag = "1")]
    pub key: String,
    #[prost(string, required, tag = "2")]
    pub value: String,
}

/// `ErasureCodingPolicyState` of hdfs.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum ErasureCodingPolicyState {
    Disabled = 1,
    Enabled = 2,
    Removed = 3,
}

/// `FsServerDefaultsProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct FsServerDefaultsProto {
    #[prost(uint64, required, tag = "1")]
    pub block_size: u64,
    #[prost(uint32, required, tag = "2")]
    pub bytes_per_checksum: u32,
    #[prost(uint32, required, tag = "3")]
    pub write_packet_size: u32,
    #[prost(uint32, required, tag = "4")]
    pub replication: u32,
    #[prost(uint32, required, tag = "5")]
    pub file_buffer_size: u32,
    #[prost(bool, optional, tag = "6", default = "false")]
    pub encrypt_data_transfer: Option<bool>,
    #[prost(uint64, optional, tag = "7", default = "0")]
    pub trash_interval: Option<u64>,
    #[prost(enumeration = "ChecksumTypeProto", optional, tag = "8", default = "ChecksumCrc32")]
    pub checksum_type: Option<i32>,
    #[prost(string, optional, tag = "9")]
    pub key_provider_uri: Option<String>,
    #[prost(uint32, optional, tag = "10", default = "0")]
    pub policy_id: Option<u32>,
    #[prost(bool, optional, tag = "11", default = "false")]
    pub snapshot_trash_root_enabled: Option<bool>,
}

/// `ChecksumTypeProto` of hdfs.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum ChecksumTypeProto {
    ChecksumNull = 0,
    ChecksumCrc32 = 1,
    ChecksumCrc32c = 2,
}

/// `HdfsFileStatusProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct HdfsFileStatusProto {
    #[prost(enumeration = "HdfsFileStatusProtoFileType", required, tag = "1")]
    pub file_type: i32,
    #[prost(bytes = "vec", required, tag = "2")]
    pub path: Vec<u8>,
    #[prost(uint64, required, tag = "3")]
    pub length: u64,
    #[prost(message, required, tag = "4")]
    pub permission: super::acl::FsPermissionProto,
    #[prost(string, required, tag = "5")]
    pub owner: String,
    #[prost(string, required, tag = "6")]
    pub group: String,
    #[prost(uint64, required, tag = "7")]
    pub modification_time: u64,
    #[prost(uint64, required, tag = "8")]
    pub access_time: u64,
    #[prost(bytes = "vec", optional, tag = "9")]
    pub symlink: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "10", default = "0")]
    pub block_replication: Option<u32>,
    #[prost(uint64, optional, tag = "11", default = "0")]
    pub blocksize: Option<u64>,
    #[prost(message, optional, tag = "12")]
    pub locations: Option<LocatedBlocksProto>,
    #[prost(uint64, optional, tag = "13", default = "0")]
    pub file_id: Option<u64>,
    #[prost(int32, optional, tag = "14", default = "-1")]
    pub children_num: Option<i32>,
    #[prost(message, optional, tag = "15")]
    pub file_encryption_info: Option<FileEncryptionInfoProto>,
    #[prost(uint32, optional, tag = "16", default = "0")]
    pub storage_policy: Option<u32>,
    #[prost(message, optional, tag = "17")]
    pub ec_policy: Option<ErasureCodingPolicyProto>,
    #[prost(uint32, optional, tag = "18", default = "0")]
    pub flags: Option<u32>,
    #[prost(string, optional, tag = "19")]
    pub namespace: Option<String>,
}

/// `HdfsFileStatusProto.FileType` of hdfs.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum HdfsFileStatusProtoFileType {
    IsDir = 1,
    IsFile = 2,
    IsSymlink = 3,
}

/// `BlockStoragePolicyProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct BlockStoragePolicyProto {
    #[prost(uint32, required, tag = "1")]
    pub policy_id: u32,
    #[prost(string, required, tag = "2")]
    pub name: String,
    #[prost(message, required, tag = "3")]
    pub creation_policy: StorageTypesProto,
    #[prost(message, optional, tag = "4")]
    pub creation_fallback_policy: Option<StorageTypesProto>,
    #[prost(message, optional, tag = "5")]
    pub replication_fallback_policy: Option<StorageTypesProto>,
}

/// `StorageTypesProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct StorageTypesProto {
    #[prost(enumeration = "StorageTypeProto", repeated, packed = "false", tag = "1")]
    pub storage_types: Vec<i32>,
}

/// `DirectoryListingProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DirectoryListingProto {
    #[prost(message, repeated, tag = "1")]
    pub partial_listing: Vec<HdfsFileStatusProto>,
    #[prost(uint32, required, tag = "2")]
    pub remaining_entries: u32,
}

/// `BatchedDirectoryListingProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct BatchedDirectoryListingProto {
    #[prost(message, repeated, tag = "1")]
    pub partial_listing: Vec<HdfsFileStatusProto>,
    #[prost(uint32, required, tag = "2")]
    pub parent_idx: u32,
    #[prost(message, optional, tag = "3")]
    pub exception: Option<RemoteExceptionProto>,
}

/// `RemoteExceptionProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RemoteExceptionProto {
    #[prost(string, required, tag = "1")]
    pub class_name: String,
    #[prost(string, optional, tag = "2")]
    pub message: Option<String>,
}

/// `CorruptFileBlocksProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CorruptFileBlocksProto {
    #[prost(string, repeated, tag = "1")]
    pub files: Vec<String>,
    #[prost(string, required, tag = "2")]
    pub cookie: String,
}

/// `ContentSummaryProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ContentSummaryProto {
    #[prost(uint64, required, tag = "1")]
    pub length: u64,
    #[prost(uint64, required, tag = "2")]
    pub file_count: u64,
    #[prost(uint64, required, tag = "3")]
    pub directory_count: u64,
    #[prost(uint64, required, tag = "4")]
    pub quota: u64,
    #[prost(uint64, required, tag = "5")]
    pub space_consumed: u64,
    #[prost(uint64, required, tag = "6")]
    pub space_quota: u64,
    #[prost(message, optional, tag = "7")]
    pub type_quota_infos: Option<StorageTypeQuotaInfosProto>,
    #[prost(uint64, optional, tag = "8")]
    pub snapshot_length: Option<u64>,
    #[prost(uint64, optional, tag = "9")]
    pub snapshot_file_count: Option<u64>,
    #[prost(uint64, optional, tag = "10")]
    pub snapshot_directory_count: Option<u64>,
    #[prost(uint64, optional, tag = "11")]
    pub snapshot_space_consumed: Option<u64>,
    #[prost(string, optional, tag = "12")]
    pub erasure_coding_policy: Option<String>,
}

/// `StorageTypeQuotaInfosProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct StorageTypeQuotaInfosProto {
    #[prost(message, repeated, tag = "1")]
    pub type_quota_info: Vec<StorageTypeQuotaInfoProto>,
}

/// `StorageTypeQuotaInfoProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct StorageTypeQuotaInfoProto {
    #[prost(enumeration = "StorageTypeProto", optional, tag = "1", default = "Disk")]
    pub r#type: Option<i32>,
    #[prost(uint64, required, tag = "2")]
    pub quota: u64,
    #[prost(uint64, required, tag = "3")]
    pub consumed: u64,
}

/// `ListEncryptionZonesResponseProto` of encryption.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListEncryptionZonesResponseProto {
    #[prost(message, repeated, tag = "1")]
    pub zones: Vec<EncryptionZoneProto>,
    #[prost(bool, required, tag = "2")]
    pub has_more: bool,
}

/// `EncryptionZoneProto` of encryption.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct EncryptionZoneProto {
    #[prost(int64, required, tag = "1")]
    pub id: i64,
    #[prost(string, required, tag = "2")]
    pub path: String,
    #[prost(enumeration = "CipherSuiteProto", required, tag = "3")]
    pub suite: i32,
    #[prost(enumeration = "CryptoProtocolVersionProto", required, tag = "4")]
    pub crypto_protocol_version: i32,
    #[prost(string, required, tag = "5")]
    pub key_name: String,
}

/// `GetEZForPathRequestProto` of encryption.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetEZForPathRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
}

/// `GetErasureCodingPolicyRequestProto` of erasurecoding.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetErasureCodingPolicyRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
}

/// `QuotaUsageProto` of hdfs.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct QuotaUsageProto {
    #[prost(uint64, required, tag = "1")]
    pub file_and_directory_count: u64,
    #[prost(uint64, required, tag = "2")]
    pub quota: u64,
    #[prost(uint64, required, tag = "3")]
    pub space_consumed: u64,
    #[prost(uint64, required, tag = "4")]
    pub space_quota: u64,
    #[prost(message, optional, tag = "5")]
    pub type_quota_infos: Option<StorageTypeQuotaInfosProto>,
}

//! ClientProtocol: requests and responses, as far as they have fields.

/// `GetBlockLocationsRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetBlockLocationsRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(uint64, required, tag = "2")]
    pub offset: u64,
    #[prost(uint64, required, tag = "3")]
    pub length: u64,
}

/// `GetBlockLocationsResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetBlockLocationsResponseProto {
    #[prost(message, optional, tag = "1")]
    pub locations: Option<super::hdfs::LocatedBlocksProto>,
}

/// `GetServerDefaultsResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetServerDefaultsResponseProto {
    #[prost(message, required, tag = "1")]
    pub server_defaults: super::hdfs::FsServerDefaultsProto,
}

/// `CreateRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CreateRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(message, required, tag = "2")]
    pub masked: super::acl::FsPermissionProto,
    #[prost(string, required, tag = "3")]
    pub client_name: String,
    #[prost(uint32, required, tag = "4")]
    pub create_flag: u32,
    #[prost(bool, required, tag = "5")]
    pub create_parent: bool,
    #[prost(uint32, required, tag = "6")]
    pub replication: u32,
    #[prost(uint64, required, tag = "7")]
    pub block_size: u64,
    #[prost(
        enumeration = "super::hdfs::CryptoProtocolVersionProto",
        repeated,
        packed = "false",
        tag = "8"
    )]
    pub crypto_protocol_version: Vec<i32>,
    #[prost(message, optional, tag = "9")]
    pub unmasked: Option<super::acl::FsPermissionProto>,
    #[prost(string, optional, tag = "10")]
    pub ec_policy_name: Option<String>,
    #[prost(string, optional, tag = "11")]
    pub storage_policy: Option<String>,
}

/// `CreateResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CreateResponseProto {
    #[prost(message, optional, tag = "1")]
    pub fs: Option<super::hdfs::HdfsFileStatusProto>,
}

/// `AppendRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AppendRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(string, required, tag = "2")]
    pub client_name: String,
    #[prost(uint32, optional, tag = "3")]
    pub flag: Option<u32>,
}

/// `AppendResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AppendResponseProto {
    #[prost(message, optional, tag = "1")]
    pub block: Option<super::hdfs::LocatedBlockProto>,
    #[prost(message, optional, tag = "2")]
    pub stat: Option<super::hdfs::HdfsFileStatusProto>,
}

/// `SetReplicationRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SetReplicationRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(uint32, required, tag = "2")]
    pub replication: u32,
}

/// `SetReplicationResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SetReplicationResponseProto {
    #[prost(bool, required, tag = "1")]
    pub result: bool,
}

/// `SetStoragePolicyRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SetStoragePolicyRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(string, required, tag = "2")]
    pub policy_name: String,
}

/// `UnsetStoragePolicyRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct UnsetStoragePolicyRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
}

/// `GetStoragePolicyRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetStoragePolicyRequestProto {
    #[prost(string, required, tag = "1")]
    pub path: String,
}

/// `GetStoragePolicyResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetStoragePolicyResponseProto {
    #[prost(message, required, tag = "1")]
    pub storage_policy: super::hdfs::BlockStoragePolicyProto,
}

/// `GetStoragePoliciesResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetStoragePoliciesResponseProto {
    #[prost(message, repeated, tag = "1")]
    pub policies: Vec<super::hdfs::BlockStoragePolicyProto>,
}

/// `SetPermissionRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SetPermissionRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(message, required, tag = "2")]
    pub permission: super::acl::FsPermissionProto,
}

/// `SetOwnerRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SetOwnerRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(string, optional, tag = "2")]
    pub username: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub groupname: Option<String>,
}

/// `AbandonBlockRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AbandonBlockRequestProto {
    #[prost(message, required, tag = "1")]
    pub b: super::hdfs::ExtendedBlockProto,
    #[prost(string, required, tag = "2")]
    pub src: String,
    #[prost(string, required, tag = "3")]
    pub holder: String,
    #[prost(uint64, optional, tag = "4", default = "0")]
    pub file_id: Option<u64>,
}

/// `AddBlockRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AddBlockRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(string, required, tag = "2")]
    pub client_name: String,
    #[prost(message, optional, tag = "3")]
    pub previous: Option<super::hdfs::ExtendedBlockProto>,
    #[prost(message, repeated, tag = "4")]
    pub exclude_nodes: Vec<super::hdfs::DatanodeInfoProto>,
    #[prost(uint64, optional, tag = "5", default = "0")]
    pub file_id: Option<u64>,
    #[prost(string, repeated, tag = "6")]
    pub favored_nodes: Vec<String>,
    #[prost(enumeration = "AddBlockFlagProto", repeated, packed = "false", tag = "7")]
    pub flags: Vec<i32>,
}

/// `AddBlockFlagProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum AddBlockFlagProto {
    NoLocalWrite = 1,
    IgnoreClientLocality = 2,
}

/// `AddBlockResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AddBlockResponseProto {
    #[prost(message, required, tag = "1")]
    pub block: super::hdfs::LocatedBlockProto,
}

/// `GetAdditionalDatanodeRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetAdditionalDatanodeRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(message, required, tag = "2")]
    pub blk: super::hdfs::ExtendedBlockProto,
    #[prost(message, repeated, tag = "3")]
    pub existings: Vec<super::hdfs::DatanodeInfoProto>,
    #[prost(message, repeated, tag = "4")]
    pub excludes: Vec<super::hdfs::DatanodeInfoProto>,
    #[prost(uint32, required, tag = "5")]
    pub num_additional_nodes: u32,
    #[prost(string, required, tag = "6")]
    pub client_name: String,
    #[prost(string, repeated, tag = "7")]
    pub existing_storage_uuids: Vec<String>,
    #[prost(uint64, optional, tag = "8", default = "0")]
    pub file_id: Option<u64>,
}

/// `GetAdditionalDatanodeResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetAdditionalDatanodeResponseProto {
    #[prost(message, required, tag = "1")]
    pub block: super::hdfs::LocatedBlockProto,
}

/// `CompleteRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CompleteRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(string, required, tag = "2")]
    pub client_name: String,
    #[prost(message, optional, tag = "3")]
    pub last: Option<super::hdfs::ExtendedBlockProto>,
    #[prost(uint64, optional, tag = "4", default = "0")]
    pub file_id: Option<u64>,
}

/// `CompleteResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CompleteResponseProto {
    #[prost(bool, required, tag = "1")]
    pub result: bool,
}

/// `ConcatRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ConcatRequestProto {
    #[prost(string, required, tag = "1")]
    pub trg: String,
    #[prost(string, repeated, tag = "2")]
    pub srcs: Vec<String>,
}

/// `TruncateRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TruncateRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(uint64, required, tag = "2")]
    pub new_length: u64,
    #[prost(string, required, tag = "3")]
    pub client_name: String,
}

/// `TruncateResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TruncateResponseProto {
    #[prost(bool, required, tag = "1")]
    pub result: bool,
}

/// `RenameRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RenameRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(string, required, tag = "2")]
    pub dst: String,
}

/// `RenameResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RenameResponseProto {
    #[prost(bool, required, tag = "1")]
    pub result: bool,
}

/// `Rename2RequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct Rename2RequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(string, required, tag = "2")]
    pub dst: String,
    #[prost(bool, required, tag = "3")]
    pub overwrite_dest: bool,
    #[prost(bool, optional, tag = "4")]
    pub move_to_trash: Option<bool>,
}

/// `DeleteRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DeleteRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(bool, required, tag = "2")]
    pub recursive: bool,
}

/// `DeleteResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DeleteResponseProto {
    #[prost(bool, required, tag = "1")]
    pub result: bool,
}

/// `MkdirsRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct MkdirsRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(message, required, tag = "2")]
    pub masked: super::acl::FsPermissionProto,
    #[prost(bool, required, tag = "3")]
    pub create_parent: bool,
    #[prost(message, optional, tag = "4")]
    pub unmasked: Option<super::acl::FsPermissionProto>,
}

/// `MkdirsResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct MkdirsResponseProto {
    #[prost(bool, required, tag = "1")]
    pub result: bool,
}

/// `GetListingRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetListingRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(bytes = "vec", required, tag = "2")]
    pub start_after: Vec<u8>,
    #[prost(bool, required, tag = "3")]
    pub need_location: bool,
}

/// `GetListingResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetListingResponseProto {
    #[prost(message, optional, tag = "1")]
    pub dir_list: Option<super::hdfs::DirectoryListingProto>,
}

/// `GetBatchedListingRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetBatchedListingRequestProto {
    #[prost(string, repeated, tag = "1")]
    pub paths: Vec<String>,
    #[prost(bytes = "vec", required, tag = "2")]
    pub start_after: Vec<u8>,
    #[prost(bool, required, tag = "3")]
    pub need_location: bool,
}

/// `GetBatchedListingResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetBatchedListingResponseProto {
    #[prost(message, repeated, tag = "1")]
    pub listings: Vec<super::hdfs::BatchedDirectoryListingProto>,
    #[prost(bool, required, tag = "2")]
    pub has_more: bool,
    #[prost(bytes = "vec", required, tag = "3")]
    pub start_after: Vec<u8>,
}

/// `RenewLeaseRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RenewLeaseRequestProto {
    #[prost(string, required, tag = "1")]
    pub client_name: String,
    #[prost(string, repeated, tag = "2")]
    pub namespaces: Vec<String>,
}

/// `RecoverLeaseRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RecoverLeaseRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(string, required, tag = "2")]
    pub client_name: String,
}

/// `RecoverLeaseResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RecoverLeaseResponseProto {
    #[prost(bool, required, tag = "1")]
    pub result: bool,
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

/// `GetDatanodeReportResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetDatanodeReportResponseProto {
    #[prost(message, repeated, tag = "1")]
    pub di: Vec<super::hdfs::DatanodeInfoProto>,
}

/// `GetDatanodeStorageReportRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetDatanodeStorageReportRequestProto {
    #[prost(enumeration = "DatanodeReportTypeProto", required, tag = "1")]
    pub r#type: i32,
}

/// `GetDatanodeStorageReportResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetDatanodeStorageReportResponseProto {
    #[prost(message, repeated, tag = "1")]
    pub datanode_storage_reports: Vec<DatanodeStorageReportProto>,
}

/// `DatanodeStorageReportProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DatanodeStorageReportProto {
    #[prost(message, required, tag = "1")]
    pub datanode_info: super::hdfs::DatanodeInfoProto,
    #[prost(message, repeated, tag = "2")]
    pub storage_reports: Vec<super::hdfs::StorageReportProto>,
}

/// `GetPreferredBlockSizeRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetPreferredBlockSizeRequestProto {
    #[prost(string, required, tag = "1")]
    pub filename: String,
}

/// `GetPreferredBlockSizeResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetPreferredBlockSizeResponseProto {
    #[prost(uint64, required, tag = "1")]
    pub bsize: u64,
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

/// `ListCorruptFileBlocksRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListCorruptFileBlocksRequestProto {
    #[prost(string, required, tag = "1")]
    pub path: String,
    #[prost(string, optional, tag = "2")]
    pub cookie: Option<String>,
}

/// `ListCorruptFileBlocksResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListCorruptFileBlocksResponseProto {
    #[prost(message, required, tag = "1")]
    pub corrupt: super::hdfs::CorruptFileBlocksProto,
}

/// `GetFileInfoRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetFileInfoRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
}

/// `GetFileInfoResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetFileInfoResponseProto {
    #[prost(message, optional, tag = "1")]
    pub fs: Option<super::hdfs::HdfsFileStatusProto>,
}

/// `GetLocatedFileInfoRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetLocatedFileInfoRequestProto {
    #[prost(string, optional, tag = "1")]
    pub src: Option<String>,
    #[prost(bool, optional, tag = "2", default = "false")]
    pub need_block_token: Option<bool>,
}

/// `GetLocatedFileInfoResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetLocatedFileInfoResponseProto {
    #[prost(message, optional, tag = "1")]
    pub fs: Option<super::hdfs::HdfsFileStatusProto>,
}

/// `GetFileLinkInfoRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetFileLinkInfoRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
}

/// `GetFileLinkInfoResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetFileLinkInfoResponseProto {
    #[prost(message, optional, tag = "1")]
    pub fs: Option<super::hdfs::HdfsFileStatusProto>,
}

/// `GetContentSummaryRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetContentSummaryRequestProto {
    #[prost(string, required, tag = "1")]
    pub path: String,
}

/// `GetContentSummaryResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetContentSummaryResponseProto {
    #[prost(message, required, tag = "1")]
    pub summary: super::hdfs::ContentSummaryProto,
}

/// `SetQuotaRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SetQuotaRequestProto {
    #[prost(string, required, tag = "1")]
    pub path: String,
    #[prost(uint64, required, tag = "2")]
    pub namespace_quota: u64,
    #[prost(uint64, required, tag = "3")]
    pub storagespace_quota: u64,
    #[prost(enumeration = "super::hdfs::StorageTypeProto", optional, tag = "4")]
    pub storage_type: Option<i32>,
}

/// `FsyncRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct FsyncRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(string, required, tag = "2")]
    pub client: String,
    #[prost(sint64, optional, tag = "3")]
    pub last_block_length: Option<i64>,
    #[prost(uint64, optional, tag = "4", default = "0")]
    pub file_id: Option<u64>,
}

/// `SetTimesRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SetTimesRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(uint64, required, tag = "2")]
    pub mtime: u64,
    #[prost(uint64, required, tag = "3")]
    pub atime: u64,
}

/// `CreateSymlinkRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CreateSymlinkRequestProto {
    #[prost(string, required, tag = "1")]
    pub target: String,
    #[prost(string, required, tag = "2")]
    pub link: String,
    #[prost(message, required, tag = "3")]
    pub dir_perm: super::acl::FsPermissionProto,
    #[prost(bool, required, tag = "4")]
    pub create_parent: bool,
}

/// `GetLinkTargetRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetLinkTargetRequestProto {
    #[prost(string, required, tag = "1")]
    pub path: String,
}

/// `GetLinkTargetResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetLinkTargetResponseProto {
    #[prost(string, optional, tag = "1")]
    pub target_path: Option<String>,
}

/// `GetDataEncryptionKeyResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetDataEncryptionKeyResponseProto {
    #[prost(message, optional, tag = "1")]
    pub data_encryption_key: Option<super::hdfs::DataEncryptionKeyProto>,
}

/// `IsFileClosedRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct IsFileClosedRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
}

/// `IsFileClosedResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct IsFileClosedResponseProto {
    #[prost(bool, required, tag = "1")]
    pub result: bool,
}

/// `CheckAccessRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CheckAccessRequestProto {
    #[prost(string, required, tag = "1")]
    pub path: String,
    #[prost(enumeration = "super::acl::AclEntryProtoFsActionProto", required, tag = "2")]
    pub mode: i32,
}

/// `GetQuotaUsageRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetQuotaUsageRequestProto {
    #[prost(string, required, tag = "1")]
    pub path: String,
}

/// `GetQuotaUsageResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetQuotaUsageResponseProto {
    #[prost(message, required, tag = "1")]
    pub usage: super::hdfs::QuotaUsageProto,
}

/// `ListOpenFilesRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListOpenFilesRequestProto {
    #[prost(int64, required, tag = "1")]
    pub id: i64,
    #[prost(enumeration = "OpenFilesTypeProto", repeated, packed = "false", tag = "2")]
    pub types: Vec<i32>,
    #[prost(string, optional, tag = "3")]
    pub path: Option<String>,
}

/// `OpenFilesTypeProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum OpenFilesTypeProto {
    AllOpenFiles = 1,
    BlockingDecommission = 2,
}

/// `ListOpenFilesResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListOpenFilesResponseProto {
    #[prost(message, repeated, tag = "1")]
    pub entries: Vec<OpenFilesBatchResponseProto>,
    #[prost(bool, required, tag = "2")]
    pub has_more: bool,
    #[prost(enumeration = "OpenFilesTypeProto", repeated, packed = "false", tag = "3")]
    pub types: Vec<i32>,
}

/// `OpenFilesBatchResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct OpenFilesBatchResponseProto {
    #[prost(int64, required, tag = "1")]
    pub id: i64,
    #[prost(string, required, tag = "2")]
    pub path: String,
    #[prost(string, required, tag = "3")]
    pub client_name: String,
    #[prost(string, required, tag = "4")]
    pub client_machine: String,
}

/// `HAServiceStateResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct HAServiceStateResponseProto {
    #[prost(enumeration = "super::ha::HAServiceStateProto", required, tag = "1")]
    pub state: i32,
}

/// `GetSlowDatanodeReportResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetSlowDatanodeReportResponseProto {
    #[prost(message, repeated, tag = "1")]
    pub datanode_info_proto: Vec<super::hdfs::DatanodeInfoProto>,
}

/// `GetEnclosingRootRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetEnclosingRootRequestProto {
    #[prost(string, optional, tag = "1")]
    pub filename: Option<String>,
}

/// `GetEnclosingRootResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetEnclosingRootResponseProto {
    #[prost(string, optional, tag = "1")]
    pub enclosing_root_path: Option<String>,
}

/// `GetSnapshottableDirListingResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetSnapshottableDirListingResponseProto {
    #[prost(message, optional, tag = "1")]
    pub snapshottable_dir_list: Option<super::hdfs::SnapshottableDirectoryListingProto>,
}

/// `GetSnapshotListingRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetSnapshotListingRequestProto {
    #[prost(string, required, tag = "1")]
    pub snapshot_root: String,
}

/// `GetSnapshotListingResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetSnapshotListingResponseProto {
    #[prost(message, optional, tag = "1")]
    pub snapshot_list: Option<super::hdfs::SnapshotListingProto>,
}

/// `ListCachePoolsRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListCachePoolsRequestProto {
    #[prost(string, required, tag = "1")]
    pub prev_pool_name: String,
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

/// `ListCacheDirectivesRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListCacheDirectivesRequestProto {
    #[prost(int64, required, tag = "1")]
    pub prev_id: i64,
    #[prost(message, required, tag = "2")]
    pub filter: CacheDirectiveInfoProto,
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

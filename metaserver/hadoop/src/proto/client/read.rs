//! Queries of paths.

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
    pub locations: Option<crate::proto::hdfs::LocatedBlocksProto>,
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
    pub storage_policy: crate::proto::hdfs::BlockStoragePolicyProto,
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
    pub dir_list: Option<crate::proto::hdfs::DirectoryListingProto>,
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
    pub listings: Vec<crate::proto::hdfs::BatchedDirectoryListingProto>,
    #[prost(bool, required, tag = "2")]
    pub has_more: bool,
    #[prost(bytes = "vec", required, tag = "3")]
    pub start_after: Vec<u8>,
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
    pub fs: Option<crate::proto::hdfs::HdfsFileStatusProto>,
}

/// `GetLocatedFileInfoRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetLocatedFileInfoRequestProto {
    #[prost(string, optional, tag = "1")]
    pub src: Option<String>,
    #[prost(bool, optional, tag = "2", default = "false")]
    pub need_block_token: Option<bool>,
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
    pub summary: crate::proto::hdfs::ContentSummaryProto,
}

/// `GetLinkTargetRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetLinkTargetRequestProto {
    #[prost(string, required, tag = "1")]
    pub path: String,
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
    #[prost(enumeration = "crate::proto::acl::AclEntryProtoFsActionProto", required, tag = "2")]
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
    pub usage: crate::proto::hdfs::QuotaUsageProto,
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

//! Making and closing files.

/// `CreateRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CreateRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(message, required, tag = "2")]
    pub masked: crate::proto::acl::FsPermissionProto,
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
        enumeration = "crate::proto::hdfs::CryptoProtocolVersionProto",
        repeated,
        packed = "false",
        tag = "8"
    )]
    pub crypto_protocol_version: Vec<i32>,
    #[prost(message, optional, tag = "9")]
    pub unmasked: Option<crate::proto::acl::FsPermissionProto>,
    #[prost(string, optional, tag = "10")]
    pub ec_policy_name: Option<String>,
    #[prost(string, optional, tag = "11")]
    pub storage_policy: Option<String>,
}

/// `CreateResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CreateResponseProto {
    #[prost(message, optional, tag = "1")]
    pub fs: Option<crate::proto::hdfs::HdfsFileStatusProto>,
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
    pub block: Option<crate::proto::hdfs::LocatedBlockProto>,
    #[prost(message, optional, tag = "2")]
    pub stat: Option<crate::proto::hdfs::HdfsFileStatusProto>,
}

/// `AbandonBlockRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AbandonBlockRequestProto {
    #[prost(message, required, tag = "1")]
    pub b: crate::proto::hdfs::ExtendedBlockProto,
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
    pub previous: Option<crate::proto::hdfs::ExtendedBlockProto>,
    #[prost(message, repeated, tag = "4")]
    pub exclude_nodes: Vec<crate::proto::hdfs::DatanodeInfoProto>,
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

/// `CompleteRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CompleteRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(string, required, tag = "2")]
    pub client_name: String,
    #[prost(message, optional, tag = "3")]
    pub last: Option<crate::proto::hdfs::ExtendedBlockProto>,
    #[prost(uint64, optional, tag = "4", default = "0")]
    pub file_id: Option<u64>,
}

/// `CompleteResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct CompleteResponseProto {
    #[prost(bool, required, tag = "1")]
    pub result: bool,
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

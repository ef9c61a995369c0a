//! Changes of the tree and of attributes.

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

/// `SetPermissionRequestProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SetPermissionRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(message, required, tag = "2")]
    pub permission: crate::proto::acl::FsPermissionProto,
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
    pub masked: crate::proto::acl::FsPermissionProto,
    #[prost(bool, required, tag = "3")]
    pub create_parent: bool,
    #[prost(message, optional, tag = "4")]
    pub unmasked: Option<crate::proto::acl::FsPermissionProto>,
}

/// `MkdirsResponseProto` of ClientNamenodeProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct MkdirsResponseProto {
    #[prost(bool, required, tag = "1")]
    pub result: bool,
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
    #[prost(enumeration = "crate::proto::hdfs::StorageTypeProto", optional, tag = "4")]
    pub storage_type: Option<i32>,
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

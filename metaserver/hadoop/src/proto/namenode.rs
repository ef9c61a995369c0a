//! NamenodeProtocol and GetUserMappingsProtocol, as far as tools use them.

/// `VersionResponseProto` of HdfsServer.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct VersionResponseProto {
    #[prost(message, required, tag = "1")]
    pub info: NamespaceInfoProto,
}

/// `NamespaceInfoProto` of HdfsServer.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct NamespaceInfoProto {
    #[prost(string, required, tag = "1")]
    pub build_version: String,
    #[prost(uint32, required, tag = "2")]
    pub unused: u32,
    #[prost(string, required, tag = "3")]
    pub block_pool_id: String,
    #[prost(message, required, tag = "4")]
    pub storage_info: StorageInfoProto,
    #[prost(string, required, tag = "5")]
    pub software_version: String,
    #[prost(uint64, optional, tag = "6", default = "0")]
    pub capabilities: Option<u64>,
    #[prost(enumeration = "NNHAStatusHeartbeatProtoState", optional, tag = "7")]
    pub state: Option<i32>,
}

/// `StorageInfoProto` of HdfsServer.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct StorageInfoProto {
    #[prost(uint32, required, tag = "1")]
    pub layout_version: u32,
    #[prost(uint32, required, tag = "2")]
    pub namespce_id: u32,
    #[prost(string, required, tag = "3")]
    pub cluster_id: String,
    #[prost(uint64, required, tag = "4")]
    pub c_time: u64,
}

/// `NNHAStatusHeartbeatProto.State` of HdfsServer.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum NNHAStatusHeartbeatProtoState {
    Active = 0,
    Standby = 1,
    Observer = 2,
}

/// `GetGroupsForUserRequestProto` of GetUserMappingsProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetGroupsForUserRequestProto {
    #[prost(string, required, tag = "1")]
    pub user: String,
}

/// `GetGroupsForUserResponseProto` of GetUserMappingsProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetGroupsForUserResponseProto {
    #[prost(string, repeated, tag = "1")]
    pub groups: Vec<String>,
}

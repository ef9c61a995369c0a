//! ACLs and permissions.

/// `FsPermissionProto` of acl.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct FsPermissionProto {
    #[prost(uint32, required, tag = "1")]
    pub perm: u32,
}

/// `ModifyAclEntriesRequestProto` of acl.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ModifyAclEntriesRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(message, repeated, tag = "2")]
    pub acl_spec: Vec<AclEntryProto>,
}

/// `AclEntryProto` of acl.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AclEntryProto {
    #[prost(enumeration = "AclEntryProtoAclEntryTypeProto", required, tag = "1")]
    pub r#type: i32,
    #[prost(enumeration = "AclEntryProtoAclEntryScopeProto", required, tag = "2")]
    pub scope: i32,
    #[prost(enumeration = "AclEntryProtoFsActionProto", required, tag = "3")]
    pub permissions: i32,
    #[prost(string, optional, tag = "4")]
    pub name: Option<String>,
}

/// `AclEntryProto.AclEntryTypeProto` of acl.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum AclEntryProtoAclEntryTypeProto {
    User = 0,
    Group = 1,
    Mask = 2,
    Other = 3,
}

/// `AclEntryProto.AclEntryScopeProto` of acl.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum AclEntryProtoAclEntryScopeProto {
    Access = 0,
    Default = 1,
}

/// `AclEntryProto.FsActionProto` of acl.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum AclEntryProtoFsActionProto {
    None = 0,
    Execute = 1,
    Write = 2,
    WriteExecute = 3,
    Read = 4,
    ReadExecute = 5,
    ReadWrite = 6,
    PermAll = 7,
}

/// `RemoveAclEntriesRequestProto` of acl.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RemoveAclEntriesRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(message, repeated, tag = "2")]
    pub acl_spec: Vec<AclEntryProto>,
}

/// `RemoveDefaultAclRequestProto` of acl.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RemoveDefaultAclRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
}

/// `RemoveAclRequestProto` of acl.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RemoveAclRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
}

/// `SetAclRequestProto` of acl.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SetAclRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(message, repeated, tag = "2")]
    pub acl_spec: Vec<AclEntryProto>,
}

/// `GetAclStatusRequestProto` of acl.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetAclStatusRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
}

/// `GetAclStatusResponseProto` of acl.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetAclStatusResponseProto {
    #[prost(message, required, tag = "1")]
    pub result: AclStatusProto,
}

/// `AclStatusProto` of acl.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AclStatusProto {
    #[prost(string, required, tag = "1")]
    pub owner: String,
    #[prost(string, required, tag = "2")]
    pub group: String,
    #[prost(bool, required, tag = "3")]
    pub sticky: bool,
    #[prost(message, repeated, tag = "4")]
    pub entries: Vec<AclEntryProto>,
    #[prost(message, optional, tag = "5")]
    pub permission: Option<FsPermissionProto>,
}

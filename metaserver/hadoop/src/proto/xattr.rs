//! Extended attributes.

/// `SetXAttrRequestProto` of xattr.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SetXAttrRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(message, optional, tag = "2")]
    pub x_attr: Option<XAttrProto>,
    #[prost(uint32, optional, tag = "3")]
    pub flag: Option<u32>,
}

/// `XAttrProto` of xattr.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct XAttrProto {
    #[prost(enumeration = "XAttrProtoXAttrNamespaceProto", required, tag = "1")]
    pub namespace: i32,
    #[prost(string, required, tag = "2")]
    pub name: String,
    #[prost(bytes = "vec", optional, tag = "3")]
    pub value: Option<Vec<u8>>,
}

/// `XAttrProto.XAttrNamespaceProto` of xattr.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum XAttrProtoXAttrNamespaceProto {
    User = 0,
    Trusted = 1,
    Security = 2,
    System = 3,
    Raw = 4,
}

/// `GetXAttrsRequestProto` of xattr.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetXAttrsRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(message, repeated, tag = "2")]
    pub x_attrs: Vec<XAttrProto>,
}

/// `GetXAttrsResponseProto` of xattr.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetXAttrsResponseProto {
    #[prost(message, repeated, tag = "1")]
    pub x_attrs: Vec<XAttrProto>,
}

/// `ListXAttrsRequestProto` of xattr.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListXAttrsRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
}

/// `ListXAttrsResponseProto` of xattr.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ListXAttrsResponseProto {
    #[prost(message, repeated, tag = "1")]
    pub x_attrs: Vec<XAttrProto>,
}

/// `RemoveXAttrRequestProto` of xattr.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct RemoveXAttrRequestProto {
    #[prost(string, required, tag = "1")]
    pub src: String,
    #[prost(message, optional, tag = "2")]
    pub x_attr: Option<XAttrProto>,
}

//! HAServiceProtocol.

/// `HAServiceStateProto` of HAServiceProtocol.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum HAServiceStateProto {
    Initializing = 0,
    Active = 1,
    Standby = 2,
    Observer = 3,
}

/// `TransitionToActiveRequestProto` of HAServiceProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TransitionToActiveRequestProto {
    #[prost(message, required, tag = "1")]
    pub req_info: HAStateChangeRequestInfoProto,
}

/// `HAStateChangeRequestInfoProto` of HAServiceProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct HAStateChangeRequestInfoProto {
    #[prost(enumeration = "HARequestSource", required, tag = "1")]
    pub req_source: i32,
}

/// `HARequestSource` of HAServiceProtocol.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
#[repr(i32)]
pub enum HARequestSource {
    RequestByUser = 0,
    RequestByUserForced = 1,
    RequestByZkfc = 2,
}

/// `TransitionToStandbyRequestProto` of HAServiceProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TransitionToStandbyRequestProto {
    #[prost(message, required, tag = "1")]
    pub req_info: HAStateChangeRequestInfoProto,
}

/// `TransitionToObserverRequestProto` of HAServiceProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TransitionToObserverRequestProto {
    #[prost(message, required, tag = "1")]
    pub req_info: HAStateChangeRequestInfoProto,
}

/// `GetServiceStatusResponseProto` of HAServiceProtocol.proto.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GetServiceStatusResponseProto {
    #[prost(enumeration = "HAServiceStateProto", required, tag = "1")]
    pub state: i32,
    #[prost(bool, optional, tag = "2")]
    pub ready_to_become_active: Option<bool>,
    #[prost(string, optional, tag = "3")]
    pub not_ready_reason: Option<String>,
}

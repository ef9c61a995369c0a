//! What goes back instead of an answer: a Java exception's class and message, and how much it
//! ends (`RpcStatusProto`, `RpcErrorCodeProto`).

use metafs_door::HaError;
use metafs_namespace::{ErrorKind, FsError};

use crate::proto::rpc::RpcResponseHeaderProtoRpcErrorCodeProto as Code;
use crate::wire::WireError;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// The exception's class.
    pub(crate) class: &'static str,
    /// Its message.
    pub(crate) message: String,
    /// What kind of failure it is to Hadoop RPC.
    pub(crate) code: Code,
    /// The connection ends with it.
    pub(crate) fatal: bool,
    /// The namespace's kind, if it came from there.
    pub(crate) kind: Option<ErrorKind>,
}

const RPC_SERVER: &str = "org.apache.hadoop.ipc.RpcServerException";
const FATAL: &str = "org.apache.hadoop.ipc.Server$FatalRpcServerException";
const VERSION_MISMATCH: &str = "org.apache.hadoop.ipc.RPC$VersionMismatch";

impl Refusal {
    fn new(class: &'static str, message: String, code: Code) -> Self {
        Self { class, message, code, fatal: false, kind: None }
    }

    fn fatal(class: &'static str, message: String, code: Code) -> Self {
        Self { fatal: true, ..Self::new(class, message, code) }
    }

    /// An exception of a protocol's method.
    pub(crate) fn application(class: &'static str, message: impl Into<String>) -> Self {
        Self::new(class, message.into(), Code::ErrorApplication)
    }

    /// `java.io.IOException`.
    pub(crate) fn io(message: impl Into<String>) -> Self {
        FsError::new(ErrorKind::Io, message).into()
    }

    /// `java.lang.UnsupportedOperationException`.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        FsError::new(ErrorKind::Unsupported, message).into()
    }

    /// `org.apache.hadoop.HadoopIllegalArgumentException`.
    pub(crate) fn illegal(message: impl Into<String>) -> Self {
        FsError::new(ErrorKind::HadoopIllegalArgument, message).into()
    }

    /// The header of a request is not as it must be; the connection ends.
    pub(crate) fn header(message: impl Into<String>) -> Self {
        Self::fatal(FATAL, message.into(), Code::FatalInvalidRpcHeader)
    }

    /// Who connects may not be who it says; the connection ends.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        let class = "org.apache.hadoop.security.authorize.AuthorizationException";
        Self::fatal(class, message.into(), Code::FatalUnauthorized)
    }

    /// Another version of Hadoop RPC; the connection ends.
    pub(crate) fn ipc_version(client: u8) -> Self {
        let server = crate::wire::VERSION;
        let message =
            format!("Server IPC version {server} cannot communicate with client version {client}");
        Self::fatal(VERSION_MISMATCH, message, Code::FatalVersionMismatch)
    }

    /// A request that does not decode.
    pub(crate) fn parameters(error: &WireError) -> Self {
        let message = format!("IPC server unable to read call parameters: {error}");
        Self::new(RPC_SERVER, message, Code::FatalDeserializingRequest)
    }

    /// A kind of serialisation that nobody offers.
    pub(crate) fn kind_of_rpc(kind: i32) -> Self {
        let message = format!("Unknown rpc kind in rpc header{kind}");
        Self::new(RPC_SERVER, message, Code::FatalInvalidRpcHeader)
    }

    /// A protocol that is not offered.
    pub(crate) fn no_protocol(name: &str) -> Self {
        let class = "org.apache.hadoop.ipc.RpcNoSuchProtocolException";
        Self::new(class, format!("Unknown protocol: {name}"), Code::ErrorNoSuchProtocol)
    }

    /// A method that its protocol does not have.
    pub(crate) fn no_method(method: &str, protocol: &str) -> Self {
        let class = "org.apache.hadoop.ipc.RpcNoSuchMethodException";
        let message = format!("Unknown method {method} called on {protocol} protocol.");
        Self::new(class, message, Code::ErrorNoSuchMethod)
    }

    /// Another version of a protocol.
    pub(crate) fn protocol_version(name: &str, client: u64, server: u64) -> Self {
        let message =
            format!("Protocol {name} version mismatch. (client = {client}, server = {server})");
        Self::new(VERSION_MISMATCH, message, Code::ErrorRpcVersionMismatch)
    }
}

impl From<FsError> for Refusal {
    fn from(error: FsError) -> Self {
        let FsError { kind, message } = error;
        Self { kind: Some(kind), ..Self::application(kind.java_class(), message) }
    }
}

impl From<HaError> for Refusal {
    fn from(error: HaError) -> Self {
        match error {
            HaError::Failed(message) => {
                Self::application("org.apache.hadoop.ha.ServiceFailedException", message)
            }
            HaError::Unhealthy(message) => {
                Self::application("org.apache.hadoop.ha.HealthCheckFailedException", message)
            }
            HaError::Refused(error) => error.into(),
        }
    }
}

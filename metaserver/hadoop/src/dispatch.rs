//! From a request to its answer: the protocol, the method, its handler; metrics and the audit log.

use std::time::Instant;

use bytes::Bytes;
use metafs_door::{Backend, HaService, audit};
use metafs_namespace::{Caller, ErrorKind};

use crate::call::{Answered, Audited, Call};
use crate::client;
use crate::connection::Peer;
use crate::ha;
use crate::metrics::Held;
use crate::proto::rpc::{RequestHeaderProto, RpcRequestHeaderProto};
use crate::refusal::Refusal;
use crate::serve::Door;
use crate::tools;
use crate::wire;

/// A method as metrics and the audit log know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    /// Its name in its protocol.
    pub(crate) name: &'static str,
    /// Its name in HDFS's audit log; empty: not audited.
    pub(crate) audit: &'static str,
}

/// The protocols that are offered; all have version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Client,
    Ha,
    Namenode,
    UserMappings,
    RefreshUserMappings,
    RefreshAuthorization,
    RefreshCallQueue,
    MetaInfo,
}

impl Protocol {
    /// By the name in requests.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Some(match name {
            "org.apache.hadoop.hdfs.protocol.ClientProtocol" => Self::Client,
            "org.apache.hadoop.ha.HAServiceProtocol" => Self::Ha,
            "org.apache.hadoop.hdfs.server.protocol.NamenodeProtocol" => Self::Namenode,
            "org.apache.hadoop.tools.GetUserMappingsProtocol" => Self::UserMappings,
            "org.apache.hadoop.security.RefreshUserMappingsProtocol" => Self::RefreshUserMappings,
            "org.apache.hadoop.security.authorize.RefreshAuthorizationPolicyProtocol" => {
                Self::RefreshAuthorization
            }
            "org.apache.hadoop.ipc.RefreshCallQueueProtocol" => Self::RefreshCallQueue,
            "org.apache.hadoop.ipc.ProtocolMetaInfoPB" => Self::MetaInfo,
            _ => return None,
        })
    }

    /// The version of all of them.
    pub(crate) const VERSION: u64 = 1;
}

/// What answers a call.
pub(crate) struct Answer {
    /// The call's header.
    pub(crate) header: RpcRequestHeaderProto,
    /// Its handler's word.
    pub(crate) result: Answered,
}

/// Answers a call.
pub(crate) async fn answer<B: Backend + HaService>(
    door: &Door<B>,
    peer: &Peer,
    header: RpcRequestHeaderProto,
    frame: Bytes,
) -> Answer {
    let started = Instant::now();
    let _under_way = Held::new(&door.metrics.in_flight);
    let mut method = Method { name: "unknown", audit: "" };
    let mut call = Call { door, peer, header: &header, audit: Audited::default() };
    let result = handle(&mut call, frame, &mut method).await;
    let Call { audit, .. } = call;
    if !method.audit.is_empty() {
        log(door, peer, method, &audit, &result);
    }
    let outcome = match &result {
        Ok(_) => "ok",
        Err(Refusal { kind: Some(ErrorKind::Standby | ErrorKind::Retriable), .. }) => "failover",
        Err(_) => "refused",
    };
    door.metrics.observe(method.name, outcome, started.elapsed());
    Answer { header, result }
}

async fn handle<B: Backend + HaService>(
    call: &mut Call<'_, B>,
    mut frame: Bytes,
    method: &mut Method,
) -> Answered {
    let unreadable = |error| Refusal::parameters(&error);
    let asked: RequestHeaderProto = wire::take_message(&mut frame).map_err(unreadable)?;
    let request = wire::take(&mut frame).map_err(unreadable)?;
    let name = &asked.declaring_class_protocol_name;
    let protocol = Protocol::find(name).ok_or_else(|| Refusal::no_protocol(name))?;
    if asked.client_protocol_version != Protocol::VERSION {
        let client = asked.client_protocol_version;
        return Err(Refusal::protocol_version(name, client, Protocol::VERSION));
    }
    let wanted = asked.method_name.as_str();
    let known = match protocol {
        Protocol::Client => client::find(wanted),
        Protocol::Ha => ha::find(wanted),
        _ => tools::find(protocol, wanted),
    };
    *method = known.ok_or_else(|| Refusal::no_method(wanted, name))?;
    match protocol {
        Protocol::Client => client::handle(call, method.name, &request).await,
        Protocol::Ha => ha::handle(call, method.name, &request).await,
        _ => tools::handle(call, protocol, method.name, &request),
    }
}

/// As HDFS: what permissions refused is logged as not allowed, other failures are not logged, but
/// for a status of what is missing (which is an answer here).
fn log<B: Backend>(
    door: &Door<B>,
    peer: &Peer,
    method: Method,
    audited: &Audited,
    answered: &Answered,
) {
    let allowed = match answered {
        Ok(_) => !audited.denied,
        Err(refusal) if refusal.kind == Some(ErrorKind::AccessControl) => false,
        Err(_) => return,
    };
    if !audit::enabled() || !door.backend.settings().is_ok_and(|settings| settings.audit_log) {
        return;
    }
    let Audited { src, dst, options, status_of, denied: _ } = audited;
    let status = status_of.as_deref().filter(|_| answered.is_ok()).and_then(|path| {
        let anybody = Caller { user: peer.user.to_string(), groups: Vec::new(), superuser: true };
        door.backend.peek(|view| view.file_status(&anybody, path)).flatten()
    });
    audit::log(&audit::Entry {
        allowed,
        user: &peer.user,
        ip: peer.ip,
        cmd: method.audit,
        options: *options,
        src: src.as_deref().unwrap_or("null"),
        dst: dst.as_deref(),
        status: status.as_ref(),
        proto: "rpc",
    });
}

/// A table of methods: their names, and those in the audit log.
macro_rules! methods {
    ($($name:literal $audit:literal)*) => {
        /// A method by its name.
        pub(crate) fn find(name: &str) -> Option<$crate::dispatch::Method> {
            Some(match name {
                $($name => $crate::dispatch::Method { name: $name, audit: $audit },)*
                _ => return None,
            })
        }
    };
}
pub(crate) use methods;

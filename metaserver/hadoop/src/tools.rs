//! Small protocols of Hadoop's tools: what version a NameNode has, whose groups are which, which
//! methods a protocol has, and "read your configuration again".

use metafs_door::Backend;

use crate::call::{Answered, Call, decode, encode};
use crate::dispatch::{Method, Protocol};
use crate::ha::superuser;
use crate::proto::namenode::{
    GetGroupsForUserRequestProto, GetGroupsForUserResponseProto, NamespaceInfoProto,
    StorageInfoProto, VersionResponseProto,
};
use crate::proto::rpc::{
    GetProtocolSignatureRequestProto, GetProtocolSignatureResponseProto,
    GetProtocolVersionsRequestProto, GetProtocolVersionsResponseProto, ProtocolSignatureProto,
    ProtocolVersionProto,
};

/// The layout version of Hadoop 3.4's NameNode, as unsigned; tools only compare it with their own.
const LAYOUT: u32 = (-67_i32).cast_unsigned();

/// Java's name of the one kind of RPC that is offered.
const PROTOCOL_BUFFER: &str = "RPC_PROTOCOL_BUFFER";

/// A method of a small protocol.
pub(crate) fn find(protocol: Protocol, name: &str) -> Option<Method> {
    let name = match (protocol, name) {
        (Protocol::Namenode, "versionRequest") => "versionRequest",
        (Protocol::UserMappings, "getGroupsForUser") => "getGroupsForUser",
        (Protocol::RefreshUserMappings, "refreshUserToGroupsMappings") => {
            "refreshUserToGroupsMappings"
        }
        (Protocol::RefreshUserMappings, "refreshSuperUserGroupsConfiguration") => {
            "refreshSuperUserGroupsConfiguration"
        }
        (Protocol::RefreshAuthorization, "refreshServiceAcl") => "refreshServiceAcl",
        (Protocol::RefreshCallQueue, "refreshCallQueue") => "refreshCallQueue",
        (Protocol::MetaInfo, "getProtocolVersions") => "getProtocolVersions",
        (Protocol::MetaInfo, "getProtocolSignature") => "getProtocolSignature",
        _ => return None,
    };
    Some(Method { name, audit: "" })
}

/// Handles a call of a small protocol.
pub(crate) fn handle<B: Backend>(
    call: &Call<'_, B>,
    protocol: Protocol,
    method: &'static str,
    request: &[u8],
) -> Answered {
    match (protocol, method) {
        (Protocol::Namenode, _) => version(call),
        (Protocol::UserMappings, _) => {
            let GetGroupsForUserRequestProto { user } = decode(request)?;
            let groups = call.settings()?.caller(&user).groups;
            encode(&GetGroupsForUserResponseProto { groups })
        }
        (Protocol::MetaInfo, "getProtocolVersions") => {
            let GetProtocolVersionsRequestProto { protocol } = decode(request)?;
            encode(&versions(&protocol))
        }
        (Protocol::MetaInfo, _) => {
            let GetProtocolSignatureRequestProto { protocol, rpc_kind } = decode(request)?;
            encode(&signature(&protocol, &rpc_kind))
        }
        // The settings are the resource's and always in force.
        _ => superuser(call).map(|()| Vec::new()),
    }
}

fn version<B: Backend>(call: &Call<'_, B>) -> Answered {
    superuser(call)?;
    let settings = call.settings()?;
    let version = format!("metafs-{}", env!("CARGO_PKG_VERSION"));
    encode(&VersionResponseProto {
        info: NamespaceInfoProto {
            build_version: version.clone(),
            unused: 0,
            block_pool_id: settings.nameservice.clone(),
            storage_info: StorageInfoProto {
                layout_version: LAYOUT,
                namespce_id: 1,
                cluster_id: settings.nameservice.clone(),
                c_time: 0,
            },
            software_version: version,
            capabilities: Some(0),
            state: None,
        },
    })
}

/// Clients ask before they use a protocol's newer methods.
fn versions(protocol: &str) -> GetProtocolVersionsResponseProto {
    let known = Protocol::find(protocol).map(|_| ProtocolVersionProto {
        rpc_kind: PROTOCOL_BUFFER.to_owned(),
        versions: vec![Protocol::VERSION],
    });
    GetProtocolVersionsResponseProto { protocol_versions: known.into_iter().collect() }
}

/// Hadoop hashes Java's method signatures here; a client takes a missing one for "not supported".
fn signature(protocol: &str, rpc_kind: &str) -> GetProtocolSignatureResponseProto {
    let known = Protocol::find(protocol).filter(|_| rpc_kind == PROTOCOL_BUFFER);
    GetProtocolSignatureResponseProto {
        protocol_signature: known
            .into_iter()
            .map(|_| ProtocolSignatureProto { version: Protocol::VERSION, methods: Vec::new() })
            .collect(),
    }
}

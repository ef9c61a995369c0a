//! What stands before requests and answers, and who the connection's context says it is for. Pure.

use std::sync::Arc;

use bytes::Bytes;

use crate::proto::rpc::{
    IpcConnectionContextProto, RpcRequestHeaderProto, RpcRequestHeaderProtoOperationProto,
    RpcResponseHeaderProto, RpcResponseHeaderProtoRpcStatusProto as Status,
};
use crate::refusal::Refusal;
use crate::wire;

type Parsed = (RpcRequestHeaderProto, Bytes);

/// A frame's header and the rest (`Connection.checkRpcHeaders`).
pub(super) fn parse(mut frame: Bytes) -> Result<Parsed, Box<(RpcRequestHeaderProto, Refusal)>> {
    let header = match wire::take_message::<RpcRequestHeaderProto>(&mut frame) {
        Ok(header) => header,
        Err(error) => {
            let message = format!("the rpc header cannot be read: {error}");
            let header = wire::call_header(&[], wire::NO_CALL, -1);
            return Err(Box::new((header, Refusal::header(message))));
        }
    };
    let problem = match header.rpc_op {
        None => Some("IPC Server: No rpc op in rpcRequestHeader".to_owned()),
        Some(op) if op != i32::from(RpcRequestHeaderProtoOperationProto::RpcFinalPacket) => {
            Some(format!("IPC Server does not implement rpc header operation{op}"))
        }
        Some(_) if header.rpc_kind.is_none() => {
            Some("IPC Server: No rpc kind in rpcRequestHeader".to_owned())
        }
        Some(_) => None,
    };
    match problem {
        None => Ok((header, frame)),
        Some(message) => Err(Box::new((header, Refusal::header(message)))),
    }
}

/// The user of a connection; nobody may speak for another one.
pub(super) fn user(context: &IpcConnectionContextProto) -> Result<Arc<str>, Refusal> {
    fn name(name: Option<&String>) -> Option<&str> {
        name.map(|name| short(name)).filter(|name| !name.is_empty())
    }
    let info = context.user_info.as_ref();
    let effective = name(info.and_then(|info| info.effective_user.as_ref()));
    let real = name(info.and_then(|info| info.real_user.as_ref()));
    match (effective, real) {
        (Some(effective), Some(real)) if effective != real => Err(Refusal::unauthorized(format!(
            "User: {real} is not allowed to impersonate {effective}"
        ))),
        (Some(user), _) | (None, Some(user)) => Ok(user.into()),
        (None, None) => Err(Refusal::unauthorized(
            "the connection context names no user; SIMPLE authentication needs one",
        )),
    }
}

/// A principal's short name.
fn short(name: &str) -> &str {
    let end = name.find(['/', '@']).filter(|end| *end > 0);
    end.map_or(name, |end| &name[..end])
}

/// The header of a successful answer.
pub(super) fn success(request: &RpcRequestHeaderProto, state_id: u64) -> RpcResponseHeaderProto {
    RpcResponseHeaderProto {
        call_id: request.call_id.cast_unsigned(),
        status: Status::Success.into(),
        server_ipc_version_num: Some(wire::VERSION.into()),
        client_id: Some(request.client_id.clone()),
        retry_count: Some(request.retry_count()),
        state_id: Some(i64::try_from(state_id).unwrap_or(i64::MAX)),
        ..RpcResponseHeaderProto::default()
    }
}

/// The header that is a whole refusal.
pub(super) fn failure(
    request: &RpcRequestHeaderProto,
    refusal: &Refusal,
    state_id: u64,
) -> RpcResponseHeaderProto {
    let status = if refusal.fatal { Status::Fatal } else { Status::Error };
    RpcResponseHeaderProto {
        status: status.into(),
        exception_class_name: Some(refusal.class.to_owned()),
        error_msg: Some(refusal.message.clone()),
        error_detail: Some(refusal.code.into()),
        ..success(request, state_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::rpc::UserInformationProto;

    fn context(effective: Option<&str>, real: Option<&str>) -> IpcConnectionContextProto {
        IpcConnectionContextProto {
            user_info: Some(UserInformationProto {
                effective_user: effective.map(Into::into),
                real_user: real.map(Into::into),
            }),
            protocol: None,
        }
    }

    #[test]
    fn nobody_speaks_for_another() {
        assert_eq!(&*user(&context(Some("joe"), None)).unwrap(), "joe");
        assert_eq!(&*user(&context(Some("joe/host@REALM"), None)).unwrap(), "joe");
        assert_eq!(&*user(&context(None, Some("joe"))).unwrap(), "joe");
        assert_eq!(&*user(&context(Some("joe"), Some("joe"))).unwrap(), "joe");
        let refusal = user(&context(Some("joe"), Some("ann"))).unwrap_err();
        assert!(refusal.fatal);
        assert_eq!(refusal.message, "User: ann is not allowed to impersonate joe");
        assert!(user(&context(None, None)).unwrap_err().fatal);
        assert!(user(&IpcConnectionContextProto::default()).unwrap_err().fatal);
    }
}

//! `HAServiceProtocol`: what `haadmin` speaks.

use metafs_door::{Backend, HaService, HaState};
use metafs_namespace::{ErrorKind, FsError};

use crate::call::{Answered, Call, decode, encode};
use crate::dispatch::methods;
use crate::proto::ha::{
    GetServiceStatusResponseProto, HARequestSource, HAServiceStateProto,
    TransitionToActiveRequestProto, TransitionToObserverRequestProto,
    TransitionToStandbyRequestProto,
};
use crate::refusal::Refusal;

methods! {
    "monitorHealth" ""
    "getServiceStatus" ""
    "transitionToActive" ""
    "transitionToStandby" ""
    "transitionToObserver" ""
}

/// A state as messages have it.
pub(crate) fn state(state: HaState) -> HAServiceStateProto {
    match state {
        HaState::Initializing => HAServiceStateProto::Initializing,
        HaState::Active => HAServiceStateProto::Active,
        HaState::Standby => HAServiceStateProto::Standby,
        HaState::Observer => HAServiceStateProto::Observer,
    }
}

/// Handles a call of the protocol.
pub(crate) async fn handle<B: Backend + HaService>(
    call: &mut Call<'_, B>,
    method: &'static str,
    request: &[u8],
) -> Answered {
    superuser(call)?;
    match method {
        "monitorHealth" => {
            call.backend().health()?;
            Ok(Vec::new())
        }
        "getServiceStatus" => {
            let reason = call.backend().not_ready_reason();
            encode(&GetServiceStatusResponseProto {
                state: state(call.backend().ha_state()).into(),
                ready_to_become_active: Some(reason.is_none()),
                not_ready_reason: reason,
            })
        }
        "transitionToActive" => {
            let request: TransitionToActiveRequestProto = decode(request)?;
            transition(call, HaState::Active, request.req_info.req_source()).await
        }
        "transitionToStandby" => {
            let request: TransitionToStandbyRequestProto = decode(request)?;
            transition(call, HaState::Standby, request.req_info.req_source()).await
        }
        "transitionToObserver" => {
            let request: TransitionToObserverRequestProto = decode(request)?;
            transition(call, HaState::Observer, request.req_info.req_source()).await
        }
        other => Err(Refusal::no_method(other, "HAServiceProtocol")),
    }
}

async fn transition<B: Backend + HaService>(
    call: &Call<'_, B>,
    to: HaState,
    source: HARequestSource,
) -> Answered {
    let forced = match source {
        HARequestSource::RequestByUser => false,
        HARequestSource::RequestByUserForced => true,
        HARequestSource::RequestByZkfc => {
            let message = format!(
                "Request from ZK failover controller at {} denied since automatic HA is not enabled",
                call.peer.ip
            );
            return Err(FsError::new(ErrorKind::AccessControl, message).into());
        }
    };
    call.backend().transition(to, forced).await?;
    Ok(Vec::new())
}

/// Who may look at and change states, once there is a cluster to ask.
pub(crate) fn superuser<B: Backend>(call: &Call<'_, B>) -> Result<(), Refusal> {
    match call.caller() {
        Ok(caller) if !caller.superuser => {
            let message =
                format!("Access denied for user {}. Superuser privilege is required", caller.user);
            Err(FsError::new(ErrorKind::AccessControl, message).into())
        }
        _ => Ok(()),
    }
}

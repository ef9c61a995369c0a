//! `HAServiceProtocol`'s side of the server: its health, and transitions by hand. Leadership moves by
//! Raft's transfer; observer and standby are replicated settings, changed through the leader.

use std::sync::Arc;

use metafs_admin_api::{Client, ClientError, NodeId, RoleRequest, TransferRequest};
use metafs_consensus::{ClusterError, Role};
use metafs_door::{Backend as _, HaError, HaService, HaState};
use metafs_namespace::settings::MemberRole;
use metafs_namespace::{ErrorKind, FsError, Op, Settings};

use crate::backend::RaftBackend;

/// What a transition comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It is so already.
    Nothing,
    /// The leadership goes to this server.
    Lead,
    /// The leadership goes to another one.
    Resign,
    /// Another role while not leading.
    Change(MemberRole),
}

/// What a request for a transition comes to. Pure.
///
/// # Errors
/// As HDFS refuses it, or because something else manages the roles.
fn decide(
    now: HaState,
    to: HaState,
    votes: bool,
    forced: bool,
    managed_by: Option<&str>,
) -> Result<Step, HaError> {
    let failed = |message: String| Err(HaError::Failed(message));
    if let (Some(manager), false) = (managed_by, forced) {
        let message = format!(
            "Manual HA control for this server is disallowed, because {manager} manages the roles: \
             set spec.observers there for more or fewer observers; leadership moves by itself. To do \
             it all the same, until the resource is next applied, use -forcemanual"
        );
        return Err(HaError::Refused(FsError::new(ErrorKind::AccessControl, message)));
    }
    match (now, to) {
        (now, to) if now == to => Ok(Step::Nothing),
        (HaState::Initializing, _) | (_, HaState::Initializing) => {
            failed(format!("Cannot transition from '{now}' to '{to}'"))
        }
        (HaState::Active, HaState::Observer) | (HaState::Observer, HaState::Active) => {
            failed(format!("Cannot transition from '{now}' to '{to}'"))
        }
        (_, HaState::Active | HaState::Standby) if !votes => failed(format!(
            "Cannot transition from '{now}' to '{to}': this member has no vote, it is there for reads only"
        )),
        (_, HaState::Active) => Ok(Step::Lead),
        (HaState::Active, _) => Ok(Step::Resign),
        (_, HaState::Standby) => Ok(Step::Change(MemberRole::Standby)),
        (_, HaState::Observer) => Ok(Step::Change(MemberRole::Observer)),
    }
}

/// The role to force: none where that is the declared one.
fn forced_role(settings: &Settings, name: &str, role: MemberRole) -> Option<MemberRole> {
    let declared = match settings.observers.contains(name) {
        true => MemberRole::Observer,
        false => MemberRole::Standby,
    };
    (declared != role).then_some(role)
}

impl HaService for RaftBackend {
    fn not_ready_reason(&self) -> Option<String> {
        match self.ha_state() {
            HaState::Active | HaState::Standby => None,
            state => Some(format!("State is {state}")),
        }
    }

    fn health(&self) -> Result<(), HaError> {
        let reason = self.shared().stopped_reason().or_else(|| self.node().fatal_reason());
        reason.map_or(Ok(()), |reason| Err(HaError::Unhealthy(reason)))
    }

    async fn transition(&self, to: HaState, forced: bool) -> Result<(), HaError> {
        let settings = self.settings().map_err(HaError::Refused)?;
        let node = self.node();
        let status = node.status();
        let votes = status.members.get(&node.id()).is_some_and(|member| member.voter);
        let managed = settings.roles_managed_by.as_deref();
        let step = decide(self.ha_state(), to, votes, forced, managed)?;
        tracing::info!(?step, %to, forced, "transition by hand");
        match step {
            Step::Nothing => Ok(()),
            Step::Resign => match node.transfer_leader(None).await {
                Ok(_) => Ok(()),
                Err(ClusterError::NotLeader { .. }) => Ok(()),
                Err(error) => Err(HaError::Failed(error.to_string())),
            },
            Step::Lead => {
                let request = TransferRequest { to: Some(NodeId(node.id())) };
                match self.leader()?.transfer_leader(&request).await {
                    // Elected meanwhile: in `haadmin -failover` the other one has just resigned.
                    Err(_) if matches!(node.status().role, Role::Leader { .. }) => {}
                    done => {
                        done.map_err(failed)?;
                    }
                }
                self.until_active().await
            }
            Step::Change(role) => {
                let name = node.own().name.clone();
                let role = forced_role(&settings, &name, role);
                let index = if matches!(status.role, Role::Leader { .. }) {
                    let applied = self.shared().propose(Op::ForceRole { name, role }).await;
                    applied.map_err(|error| HaError::Failed(error.to_string()))?.index
                } else {
                    let done = self.leader()?.set_role(&name, &RoleRequest { role }).await;
                    done.map_err(failed)?.applied_index.unwrap_or(0)
                };
                // The answer means that this server acts on it.
                self.until_applied(index).await
            }
        }
    }
}

fn failed(error: ClientError) -> HaError {
    HaError::Failed(error.to_string())
}

impl RaftBackend {
    /// The leader's admin API.
    fn leader(&self) -> Result<Client, HaError> {
        let leader = self.node().role().borrow().leader.clone();
        let Some((_, peer)) = leader else {
            return Err(HaError::Failed("No server is active at the moment; retry".into()));
        };
        let key = self.key().secret().map_err(|error| HaError::Failed(error.to_string()))?;
        let key = String::from_utf8_lossy(&key).into_owned();
        Client::new(peer.admin, key, self.patience()).map_err(failed)
    }

    async fn until_active(&self) -> Result<(), HaError> {
        let mut role = self.node().role();
        let confirmed = role.wait_for(|now| now.role == Role::Leader { confirmed: true });
        match tokio::time::timeout(self.patience(), confirmed).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(HaError::Failed("the leadership was not taken over in time".into())),
        }
    }

    async fn until_applied(&self, index: u64) -> Result<(), HaError> {
        let mut applied = self.node().applied();
        let reached = applied.wait_for(|applied| *applied >= index);
        match tokio::time::timeout(self.patience(), reached).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(HaError::Failed("the change did not reach this server in time".into())),
        }
    }
}

/// For [`RaftBackend`]'s construction.
pub(crate) type Key = Arc<metafs_consensus::KeyFile>;

#[cfg(test)]
mod tests {
    use super::*;

    fn free(now: HaState, to: HaState) -> Result<Step, HaError> {
        decide(now, to, true, false, None)
    }

    #[test]
    fn transitions_are_those_of_hdfs() {
        use HaState::{Active, Initializing, Observer, Standby};
        assert_eq!(free(Standby, Active), Ok(Step::Lead));
        assert_eq!(free(Active, Standby), Ok(Step::Resign));
        assert_eq!(free(Standby, Observer), Ok(Step::Change(MemberRole::Observer)));
        assert_eq!(free(Observer, Standby), Ok(Step::Change(MemberRole::Standby)));
        for state in [Active, Observer, Standby] {
            assert_eq!(free(state, state), Ok(Step::Nothing));
        }
        for (from, to) in [(Active, Observer), (Observer, Active), (Initializing, Active)] {
            let expected = HaError::Failed(format!("Cannot transition from '{from}' to '{to}'"));
            assert_eq!(free(from, to), Err(expected));
        }
        assert!(matches!(decide(Standby, Active, false, true, None), Err(HaError::Failed(_))));
    }

    #[test]
    fn what_is_managed_needs_force() {
        let managed = Some("MetadataCluster default/demo");
        let refused = decide(HaState::Standby, HaState::Observer, true, false, managed);
        let Err(HaError::Refused(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(error.kind, ErrorKind::AccessControl);
        assert!(error.message.contains("spec.observers"), "{}", error.message);
        let forced = decide(HaState::Standby, HaState::Observer, true, true, managed);
        assert_eq!(forced, Ok(Step::Change(MemberRole::Observer)));
    }

    #[test]
    fn the_declared_role_needs_no_force() {
        let settings = Settings { observers: ["o".to_owned()].into(), ..Settings::default() };
        assert_eq!(forced_role(&settings, "o", MemberRole::Observer), None);
        assert_eq!(forced_role(&settings, "o", MemberRole::Standby), Some(MemberRole::Standby));
        assert_eq!(forced_role(&settings, "a", MemberRole::Standby), None);
    }
}

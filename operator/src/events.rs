//! Events: what a person would want to know. Those of a step come from [`crate::act`]; those of a
//! change come from comparing two statuses.

use kube::runtime::events::{Event, EventType, Recorder};
use metafs_crds::{ForcedRole, MetadataClusterStatus, condition};
use tracing::warn;

use crate::decide::Reason;
use crate::observers;

/// An Event to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Not as it should be.
    pub warning: bool,
    /// CamelCase.
    pub reason: &'static str,
    /// What the operator did about it, CamelCase.
    pub action: &'static str,
    /// For people.
    pub text: String,
}

impl Note {
    /// All is well.
    pub fn normal(reason: &'static str, action: &'static str, text: String) -> Self {
        Self { warning: false, reason, action, text }
    }

    /// Somebody should look.
    pub fn warning(reason: &'static str, action: &'static str, text: String) -> Self {
        Self { warning: true, reason, action, text }
    }
}

/// What changed from one status to the next.
pub fn changes(before: Option<&MetadataClusterStatus>, after: &MetadataClusterStatus) -> Vec<Note> {
    let mut notes = Vec::new();
    let leader_before = before.and_then(|status| status.leader.as_deref());
    if let (Some(new), Some(old)) = (after.leader.as_deref(), leader_before)
        && new != old
    {
        let term = after.term.unwrap_or_default();
        notes.push(Note::normal(
            "LeaderChanged",
            "Observe",
            format!("{new} leads since term {term}, before it {old}"),
        ));
    }

    notes.extend(role_changes(before, after));
    notes.extend(crate::remote::notes::changes(before, after));

    let rolling = |status: Option<&MetadataClusterStatus>| {
        is(status, condition::PROGRESSING, Reason::Rolling.as_str())
    };
    match (rolling(before), rolling(Some(after))) {
        (false, true) => {
            notes.push(Note::normal("RollStarted", "Roll", "Restarting pods one by one".into()))
        }
        (true, false) if is(Some(after), condition::READY, Reason::Ready.as_str()) => {
            notes.push(Note::normal(
                "RollFinished",
                "Roll",
                "All pods run the present template".into(),
            ));
        }
        _ => {}
    }

    let stalled = |status: Option<&MetadataClusterStatus>| {
        status?
            .conditions
            .iter()
            .find(|c| c.type_ == condition::STALLED && c.status == "True")
            .cloned()
    };
    match (stalled(before), stalled(Some(after))) {
        (old, Some(new)) if old.as_ref().is_none_or(|old| old.reason != new.reason) => {
            // Reasons are ours: a fixed set.
            notes.push(Note {
                warning: true,
                reason: "Stalled",
                action: "Wait",
                text: format!("{}: {}", new.reason, new.message),
            });
        }
        (Some(_), None) => {
            notes.push(Note::normal("Resumed", "Continue", "Nothing is in the way any more".into()))
        }
        _ => {}
    }
    notes
}

/// Observers that lead, and roles against the resource.
fn role_changes(
    before: Option<&MetadataClusterStatus>,
    after: &MetadataClusterStatus,
) -> Vec<Note> {
    let mut notes = Vec::new();
    let promoted = |status: Option<&MetadataClusterStatus>| {
        status?
            .conditions
            .iter()
            .any(|c| c.type_ == condition::OBSERVERS_READY && c.reason == observers::PROMOTED)
            .then(|| status?.leader.clone())
            .flatten()
    };
    match (promoted(before), promoted(Some(after))) {
        (None, Some(name)) => {
            let text = format!("{name} is an observer and leads: no standby is left");
            notes.push(Note::warning("ObserverPromoted", "Observe", text));
        }
        (Some(name), None) => {
            let text = match after.leader.as_deref() {
                Some(leader) => format!("{name} observes again: {leader} leads"),
                None => format!("{name} does not lead any more"),
            };
            notes.push(Note::normal("ObserverDemoted", "Observe", text));
        }
        _ => {}
    }

    let forced = |status: Option<&MetadataClusterStatus>| -> Vec<(String, ForcedRole)> {
        let members = status.iter().flat_map(|status| &status.members);
        members.filter_map(|member| Some((member.name.clone(), member.forced_role?))).collect()
    };
    match (forced(before), forced(Some(after))) {
        (old, new) if old == new => {}
        (_, new) if new.is_empty() => {
            let text = "All members have the roles that the resource declares".into();
            notes.push(Note::normal("RolesRestored", "RestoreRoles", text));
        }
        (_, new) => {
            let roles: Vec<String> =
                new.iter().map(|(name, role)| format!("{name} to {role:?}")).collect();
            let text = format!(
                "haadmin forced roles against the resource: {}. The next change of the spec ends that, or annotation {}",
                roles.join(", "),
                metafs_crds::RESTORE_ROLES
            );
            notes.push(Note::warning("RolesForced", "Observe", text));
        }
    }
    notes
}

fn is(status: Option<&MetadataClusterStatus>, type_: &str, reason: &str) -> bool {
    status.is_some_and(|status| {
        status
            .conditions
            .iter()
            .any(|c| c.type_ == type_ && c.status == "True" && c.reason == reason)
    })
}

/// Publishes notes. An Event that cannot be published is logged and no more: nothing hangs on it.
pub async fn publish(
    recorder: &Recorder,
    of: &k8s_openapi::api::core::v1::ObjectReference,
    notes: &[Note],
) {
    for Note { warning, reason, action, text } in notes {
        let event = Event {
            type_: if *warning { EventType::Warning } else { EventType::Normal },
            reason: (*reason).to_owned(),
            // The API's bound.
            note: Some(text.chars().take(1000).collect()),
            action: (*action).to_owned(),
            secondary: None,
        };
        if let Err(error) = recorder.publish(&event, of).await {
            warn!(name = of.name, namespace = of.namespace, reason, %error, "an Event was not published");
        }
    }
}

//! Step 8: the status of the resource, from what was seen and decided. Pure; and what of it is
//! worth writing.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;
use metafs_admin_api::Role;
use metafs_crds::{ForcedRole, MemberRole, MemberStatus, MetadataClusterStatus, condition};
use metafs_namespace::settings;

use crate::build::discovery;
use crate::decide::{Decision, Reason, why_unready};
use crate::names::{self, Group};
use crate::observers::Observers;
use crate::remote::conditions::{self as remote, Circumstances, Told, Truth, UnderRecovery};
use crate::remote::report;
use crate::remote::word::{Word, under_way};
use crate::validate::{Invalid, ValidatedCluster};
use crate::view::{MemberView, View};

/// What stands in the way beside the decision.
#[derive(Clone, Debug, Default)]
pub struct Obstacles {
    /// An object that Kubernetes refuses.
    pub refused_object: Option<String>,
    /// A step that failed just now.
    pub failed_step: Option<String>,
    /// Why the servers refuse the settings.
    pub refused_settings: Option<String>,
    /// What is wrong with the credentials for Tablestore.
    pub credentials: Option<String>,
}

/// What the conditions say.
struct Verdict {
    reason: &'static str,
    message: String,
    ready: bool,
    progressing: bool,
    stalled: bool,
}

/// The status after a pass.
pub fn status(
    cluster: &ValidatedCluster,
    view: &View,
    decision: &Decision,
    obstacles: &Obstacles,
    before: Option<&MetadataClusterStatus>,
    now: Timestamp,
) -> MetadataClusterStatus {
    let leader = view.leader();
    let ready_count = view.wanted_members().filter(|member| member.ready()).count();
    let word = Word::new(view);
    let under_recovery = remote::under_recovery(&word);
    let verdict = verdict(cluster, view, decision, obstacles, before);
    let (serves, why, words) = available(view, decision, under_recovery);
    let observers = Observers::new(cluster, view, before);
    let (observe, observers_reason, observers_message) = observers.tell();
    let mut told = vec![
        (condition::AVAILABLE, Told { truth: serves.into(), reason: why, message: words }),
        (
            condition::OBSERVERS_READY,
            Told { truth: observe.into(), reason: observers_reason, message: observers_message },
        ),
    ];
    let copy = cluster.tablestore.as_ref().map(|wanted| {
        let about = Circumstances {
            wanted,
            credentials: obstacles.credentials.as_deref(),
            refused: obstacles.refused_settings.as_deref(),
            before,
        };
        (wanted, remote::tell(&word, about))
    });
    told.extend(copy.iter().flat_map(|(_, told)| told.clone()));
    let told = told.into_iter().map(|(type_, Told { truth, reason, message })| {
        (type_, (truth, reason.to_owned(), message))
    });
    let conditions = conditions(cluster.generation, &verdict, told, before, now);
    let recovery = copy.as_ref().and_then(|(wanted, told)| {
        let (_, told) = told.iter().find(|(type_, _)| *type_ == condition::RECOVERED)?;
        report::recovery(wanted, &word, told, before)
    });
    let members: Vec<MemberStatus> = view
        .members
        .iter()
        .filter(|member| member.pod.is_some() || view.wants(member))
        .map(|member| member_status(view, member, before))
        .collect();

    // What the leader counts; while there is none, what was last known.
    let figures = leader.map(|leader| &leader.status.namespace);
    let keep = |now: Option<u64>, old: Option<i64>| now.map(clamp).or(old);
    MetadataClusterStatus {
        observed_generation: Some(cluster.generation),
        conditions,
        replicas: count(view.voting().filter(|member| member.pod.is_some()).count()),
        ready_replicas: count(ready_count),
        ready: Some(format!("{ready_count}/{}", cluster.replicas)),
        observers_ready: Some(format!("{}/{}", observers.serving, observers.wanted)),
        roles: Some(roles(&members)),
        selector: Some(names::query(&names::selector(&cluster.name, Group::Voters))),
        cluster_id: view.record.cluster_id.clone(),
        uri: Some(discovery::uri(&cluster.nameservice)),
        rpc_uri: Some(discovery::rpc_uri(&cluster.nameservice)),
        leader: leader.map(|leader| leader.member.name.clone()),
        term: keep(leader.map(|leader| leader.status.term), before.and_then(|b| b.term)),
        version: version(view).or_else(|| before.and_then(|b| b.version.clone())),
        files: keep(figures.map(|f| f.files), before.and_then(|b| b.files)),
        directories: keep(figures.map(|f| f.directories), before.and_then(|b| b.directories)),
        bytes: keep(figures.map(|f| f.bytes), before.and_then(|b| b.bytes)),
        tablestore: copy.map(|(wanted, _)| report::tablestore(wanted, &word, before)),
        recovery,
        members,
    }
}

/// Whether clients are served, and why not.
fn available(
    view: &View,
    decision: &Decision,
    under_recovery: Option<UnderRecovery>,
) -> (bool, &'static str, String) {
    let Some(leader) = view.leader() else {
        return (false, decision.reason.as_str(), decision.message.clone());
    };
    let name = &leader.member.name;
    match under_recovery {
        Some(under @ UnderRecovery::Recovering) => (false, "Recovering", under.message().into()),
        Some(under @ UnderRecovery::Failed) => (false, "RecoveryFailed", under.message().into()),
        _ if !leader.status.health.ready => (false, "LeaderNotReady", why_unready(leader.member)),
        Some(under @ UnderRecovery::ReadOnly) => {
            (true, "LeaderServes", format!("{name} serves clients; {}", under.message()))
        }
        None => (true, "LeaderServes", format!("{name} serves clients")),
    }
}

/// The status of a resource that cannot be worked with.
pub fn invalid(
    generation: i64,
    why: &Invalid,
    before: Option<&MetadataClusterStatus>,
    now: Timestamp,
) -> MetadataClusterStatus {
    let verdict = Verdict {
        reason: "InvalidSpec",
        message: why.to_string(),
        ready: false,
        progressing: false,
        stalled: true,
    };
    let mut status = before.cloned().unwrap_or_default();
    // The servers do not know: they serve on as they did. What only they can say was not asked.
    let known = before.map(|before| before.conditions.as_slice()).unwrap_or_default();
    let kept = |type_: &'static str, default: Option<Truth>, asked: bool| {
        let stalled = |truth| (truth, verdict.reason.to_owned(), verdict.message.clone());
        let told = match (known.iter().find(|c| c.type_ == type_), default) {
            (Some(_), _) if asked => stalled(Truth::Unknown),
            (Some(c), _) => (Truth::parse(&c.status), c.reason.clone(), c.message.clone()),
            (None, default) => stalled(default?),
        };
        Some((type_, told))
    };
    let told = [
        kept(condition::AVAILABLE, Some(Truth::False), false),
        kept(condition::OBSERVERS_READY, Some(Truth::False), false),
        kept(condition::SYNCED, None, true),
        kept(condition::UPLOADING, None, true),
        kept(condition::RECOVERED, None, false),
        kept(condition::READ_ONLY, None, false),
        kept(condition::REMOTE_FENCED, None, true),
    ];
    let told = told.into_iter().flatten();
    status.conditions = conditions(generation, &verdict, told, before, now);
    status.observed_generation = Some(generation);
    status
}

fn verdict(
    cluster: &ValidatedCluster,
    view: &View,
    decision: &Decision,
    obstacles: &Obstacles,
    before: Option<&MetadataClusterStatus>,
) -> Verdict {
    let all_ready = view.all_wanted().all(MemberView::ready) && view.leader().is_some();
    if cluster.paused {
        return Verdict {
            reason: "Paused",
            message: format!("spec.paused: the operator changes nothing. {}", decision.message),
            ready: all_ready,
            progressing: false,
            stalled: false,
        };
    }
    if let Some(refused) = &obstacles.refused_object {
        return Verdict {
            reason: "ObjectRefused",
            message: format!("Kubernetes refuses an object: {refused}"),
            ready: false,
            progressing: false,
            stalled: true,
        };
    }
    // A roll lasts until its last pod is ready again, whatever that pod looks like meanwhile: for a
    // moment it may be ready to Kubernetes and silent to us. The message says who is waited for.
    let was_rolling = before.is_some_and(|before| {
        before.conditions.iter().any(|c| {
            c.type_ == condition::PROGRESSING
                && c.status == "True"
                && c.reason == Reason::Rolling.as_str()
        })
    });
    let reason = match decision.reason {
        Reason::Starting | Reason::Electing | Reason::Degraded if was_rolling => Reason::Rolling,
        other => other,
    };
    let mut message = match &obstacles.failed_step {
        Some(failed) => format!("{}; not done yet: {failed}", decision.message),
        None => decision.message.clone(),
    };
    let word = Word::new(view);
    if let Some(refused) = &obstacles.refused_settings {
        let refused = format!("the servers refuse the present spec: {refused}");
        if reason == Reason::Ready {
            // A recovery that goes on ends by itself, and the settings are offered again and again.
            let goes_on = word.recovery().is_some_and(|recovery| under_way(recovery.state));
            return Verdict {
                reason: remote::SETTINGS_REFUSED,
                message: refused,
                ready: false,
                progressing: goes_on,
                stalled: !goes_on,
            };
        }
        message = format!("{message}; {refused}");
    }
    if let Some(under) = remote::under_recovery(&word) {
        message = format!("{message}; {}", under.message());
    }
    Verdict {
        reason: reason.as_str(),
        message,
        ready: reason == Reason::Ready && all_ready,
        progressing: reason.is_progressing(),
        stalled: reason.is_stalled(),
    }
}

fn conditions(
    generation: i64,
    verdict: &Verdict,
    told: impl Iterator<Item = (&'static str, (Truth, String, String))>,
    before: Option<&MetadataClusterStatus>,
    now: Timestamp,
) -> Vec<Condition> {
    let Verdict { reason, message, ready, progressing, stalled } = verdict;
    // A reason where there is nothing to tell.
    let or = |is: bool, otherwise: &str, words: &str| match is {
        true => ((*reason).to_owned(), message.clone()),
        false => (otherwise.to_owned(), words.to_owned()),
    };
    let (progressing_reason, progressing_message) = or(
        *progressing,
        if *reason == "Paused" { "Paused" } else { "Settled" },
        "nothing is under way",
    );
    let (stalled_reason, stalled_message) = or(*stalled, "NotStalled", "nothing waits for a hand");
    let own = [
        (condition::READY, (Truth::from(*ready), (*reason).to_owned(), message.clone())),
        (condition::PROGRESSING, ((*progressing).into(), progressing_reason, progressing_message)),
        (condition::STALLED, ((*stalled).into(), stalled_reason, stalled_message)),
    ];
    own.into_iter()
        .chain(told)
        .map(|(type_, (truth, reason, message))| {
            let status = truth.as_str();
            let old = before.and_then(|before| before.conditions.iter().find(|c| c.type_ == type_));
            let since =
                old.filter(|old| old.status == status).map(|old| old.last_transition_time.clone());
            Condition {
                type_: type_.to_owned(),
                status: status.to_owned(),
                reason,
                message: message.chars().take(4000).collect(),
                observed_generation: Some(generation),
                last_transition_time: since.unwrap_or(Time(seconds(now))),
            }
        })
        .collect()
}

/// Kubernetes keeps whole seconds; what is compared must too.
fn seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// The role that was forced on a member; while nobody answers, what was last known.
fn forced_role(
    view: &View,
    member: &MemberView,
    before: Option<&MetadataClusterStatus>,
) -> Option<ForcedRole> {
    let Some(forced) = view.forced_roles() else {
        return before?.members.iter().find(|old| old.name == member.name)?.forced_role;
    };
    Some(match forced.get(&member.name)? {
        settings::MemberRole::Standby => ForcedRole::Standby,
        settings::MemberRole::Observer => ForcedRole::Observer,
    })
}

fn member_status(
    view: &View,
    member: &MemberView,
    before: Option<&MetadataClusterStatus>,
) -> MemberStatus {
    let leader = view.leader();
    let server = member.server.as_ref();
    let role = match server.map(|server| server.role) {
        None => MemberRole::Unknown,
        // An old leader that does not know yet that it was replaced is none.
        Some(Role::Active) if leader.is_some_and(|leader| leader.member.name == member.name) => {
            MemberRole::Leader
        }
        Some(Role::Active | Role::Standby) => MemberRole::Follower,
        Some(Role::Observer) => MemberRole::Observer,
        Some(Role::Learner) => MemberRole::Learner,
        Some(Role::None) => MemberRole::Outside,
    };
    let lag = leader
        .zip(server)
        .map(|(leader, server)| leader.status.last_log_index.saturating_sub(server.applied_index));
    MemberStatus {
        name: member.name.clone(),
        role,
        forced_role: forced_role(view, member, before),
        ready: member.ready(),
        node_id: server.map(|server| server.node_id.to_string()),
        applied_index: server.map(|server| clamp(server.applied_index)),
        lag: lag.map(clamp),
        disk_used_bytes: server.map(|server| clamp(server.disk_used_bytes)),
        message: (!member.ready()).then(|| why_unready(member)),
    }
}

/// The roles in one line, in HDFS's words.
fn roles(members: &[MemberStatus]) -> String {
    let role = |member: &MemberStatus| {
        let role = match member.role {
            MemberRole::Leader => "active",
            MemberRole::Follower => "standby",
            MemberRole::Observer => "observer",
            MemberRole::Learner => "learner",
            MemberRole::Outside => "outside",
            MemberRole::Unknown => "unknown",
        };
        format!("{}={role}", member.name)
    };
    members.iter().map(role).collect::<Vec<_>>().join(",")
}

/// The lowest version among the members that answer.
fn version(view: &View) -> Option<String> {
    let key = |version: &String| -> Vec<u64> {
        version.split(['.', '-']).map(|part| part.parse().unwrap_or(0)).collect()
    };
    view.members.iter().filter_map(|m| m.server.as_ref()).map(|s| s.version.clone()).min_by_key(key)
}

fn clamp(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn count(value: usize) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// The status without what changes all the time in a cluster that is well.
fn slow(status: &MetadataClusterStatus) -> MetadataClusterStatus {
    let mut slow = status.clone();
    slow.files = None;
    slow.directories = None;
    slow.bytes = None;
    for member in &mut slow.members {
        member.applied_index = None;
        member.lag = None;
        member.disk_used_bytes = None;
    }
    report::slow(&mut slow);
    slow
}

/// Whether `after` is worth a write: at once if anything but fast numbers changed, and those only
/// when the last write is long enough ago.
pub fn worth_writing(
    before: Option<&MetadataClusterStatus>,
    after: &MetadataClusterStatus,
    fast_due: bool,
) -> bool {
    match before {
        None => true,
        Some(before) if before == after => false,
        Some(before) => fast_due || slow(before) != slow(after),
    }
}

#[cfg(test)]
#[path = "status_tests.rs"]
pub(crate) mod tests;

//! metactl's steps that shape a cluster by hand: forming it, promoting a member, its settings.
//! On Kubernetes the operator does all this.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures::future::try_join_all;
use metafs_admin_api::{ErrorCode, InitRequest, NodeId, Phase, VotersRequest};
use metafs_namespace::Settings;

use super::context::Context;

/// The admin port is added where it is missing.
pub fn admin_address(text: &str) -> String {
    let has_port = text.rsplit_once(':').is_some_and(|(host, port)| {
        port.parse::<u16>().is_ok() && (!host.contains(':') || host.ends_with(']'))
    });
    if has_port { text.to_owned() } else { format!("{text}:8031") }
}

/// `metactl init`.
pub async fn init(
    context: &Context,
    members: &[String],
    settings: Option<&Path>,
) -> anyhow::Result<String> {
    let mut first = Settings { generation: 1, ..Settings::default() };
    if let Some(path) = settings {
        first = merged(&first, path)?;
    }
    let statuses = try_join_all(members.iter().map(|member| async move {
        anyhow::Ok(context.client(&admin_address(member))?.status().await?)
    }))
    .await?;
    if let Some(used) = statuses.iter().find(|status| status.phase != Phase::Pristine) {
        bail!(
            "{} was part of a cluster before ({}); a new cluster is formed of empty data directories only",
            used.own.name,
            used.cluster_id.as_deref().unwrap_or("id unknown"),
        );
    }
    let request = InitRequest {
        cluster_id: uuid::Uuid::new_v4().to_string(),
        members: statuses
            .iter()
            .map(|status| (status.node_id, status.own.clone()))
            .collect::<BTreeMap<_, _>>(),
        settings: first,
    };
    if request.members.len() != members.len() {
        bail!("two of the addresses are the same server");
    }
    let receiver = statuses.first().context("name at least one member")?;
    let client = context.client(&receiver.own.admin)?;
    match client.init(&request).await {
        Err(error)
            if error.refusal().is_some_and(|refusal| refusal.code == ErrorCode::NotLeader) =>
        {
            // Another member won the first election: it takes the settings.
            context.leader().await?.1.put_settings(&request.settings).await?;
        }
        outcome => {
            outcome?;
        }
    }
    Ok(format!("formed cluster {} of {}\n", request.cluster_id, members.join(", ")))
}

/// Makes a learner a voter once it has caught up, bounded by two minutes without progress.
pub async fn promote(context: &Context, node: NodeId) -> anyhow::Result<()> {
    let mut best = 0;
    let mut quiet = 0;
    while quiet < 240 {
        let (status, client) = context.leader().await?;
        let matched =
            status.members.get(&node).and_then(|progress| progress.matched_index).unwrap_or(0);
        if matched > 0 && matched + 100 >= status.last_log_index {
            let voters = status
                .members
                .iter()
                .filter(|(id, progress)| progress.voter || **id == node)
                .map(|(id, _)| *id)
                .collect();
            let request =
                VotersRequest { voters, expected_membership_index: Some(status.membership_index) };
            client.set_voters(&request).await?;
            return Ok(());
        }
        quiet = if matched > best { 0 } else { quiet + 1 };
        best = best.max(matched);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    bail!("the new member does not catch up; it stays a learner (`metactl members` shows it)")
}

/// `metactl settings`.
pub async fn settings(context: &Context, set: Option<&Path>) -> anyhow::Result<String> {
    let (_, client) = context.leader().await?;
    let present = client.settings().await?;
    let Some(path) = set else {
        return Ok(serde_yaml::to_string(&present)?);
    };
    let mut changed = merged(&present, path)?;
    changed.generation = present.generation + 1;
    client.put_settings(&changed).await?;
    Ok(format!("settings of generation {} are in force\n", changed.generation))
}

/// `base` with the fields that the file has.
fn merged(base: &Settings, path: &Path) -> anyhow::Result<Settings> {
    let read = || format!("cannot read the settings {}", path.display());
    let text = std::fs::read_to_string(path).with_context(read)?;
    let given: serde_yaml::Mapping = serde_yaml::from_str(&text).with_context(read)?;
    let mut value = serde_yaml::to_value(base)?;
    if let Some(mapping) = value.as_mapping_mut() {
        mapping.extend(given);
    }
    serde_yaml::from_value(value).with_context(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_admin_port_is_the_default() {
        assert_eq!(admin_address("127.0.0.1"), "127.0.0.1:8031");
        assert_eq!(admin_address("host:99"), "host:99");
        assert_eq!(admin_address("[::1]"), "[::1]:8031");
        assert_eq!(admin_address("[::1]:99"), "[::1]:99");
    }

    #[test]
    fn a_settings_file_changes_only_what_it_names() {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        std::fs::write(file.path(), "superuser: root\n").expect("writes");
        let settings = merged(&Settings::default(), file.path()).expect("merges");
        assert_eq!(settings, Settings { superuser: "root".into(), ..Settings::default() });
        std::fs::write(file.path(), "superuser: root\ncolour: red\n").expect("writes");
        assert!(
            format!("{:#}", merged(&Settings::default(), file.path()).expect_err("unknown"))
                .contains("colour")
        );
    }
}

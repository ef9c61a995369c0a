//! How metactl prints what it found: tables for people, JSON for programs. Pure.

use std::fmt::Write as _;

use metafs_admin_api::{Phase, Role, Status};
use serde_json::{Value, json};

use super::context::Seen;

/// Columns, left-aligned, two blanks between.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.len()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    for row in std::iter::once(&header).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// What a member does, in one word.
pub fn role(status: &Status) -> &'static str {
    match (status.phase, status.role) {
        (Phase::Pristine, _) => "pristine",
        (Phase::Outside, _) => "outside",
        (_, Role::Active) => "active",
        (_, Role::Standby) => "standby",
        (_, Role::Observer) => "observer",
        (_, Role::Learner) => "learner",
        (_, Role::None) => "none",
    }
}

/// The member whose word counts: the leader, or else the one that has applied most.
pub fn authority(seen: &[Seen]) -> Option<&Status> {
    let statuses = || seen.iter().filter_map(|seen| seen.status.as_ref().ok());
    statuses()
        .find(|status| status.role == Role::Active)
        .or_else(|| statuses().max_by_key(|status| status.applied_index))
}

/// `metactl status`.
pub fn status(seen: &[Seen]) -> String {
    let mut out = String::new();
    if let Some(best) = authority(seen) {
        let leader = match (&best.leader, best.role) {
            (_, Role::Active) => best.own.name.clone(),
            (Some(leader), _) => leader
                .member
                .as_ref()
                .map_or_else(|| leader.node_id.to_string(), |member| member.name.clone()),
            (None, _) => "none".to_owned(),
        };
        let namespace = &best.namespace;
        let _ =
            writeln!(out, "Cluster      {}", best.cluster_id.as_deref().unwrap_or("not formed"));
        let _ = writeln!(out, "Leader       {leader} (term {})", best.term);
        let _ = writeln!(
            out,
            "Namespace    {} directories, {} files, {} bytes, {} open for writing{}",
            namespace.directories,
            namespace.files,
            namespace.bytes,
            namespace.open_files,
            if namespace.cleaning_up { ", deleted trees being cleaned up" } else { "" },
        );
        let _ =
            writeln!(out, "Checksum     {} at index {}\n", namespace.checksum, best.applied_index);
    }
    let highest = authority(seen).map_or(0, |best| best.applied_index);
    let rows: Vec<Vec<String>> = seen
        .iter()
        .map(|seen| match &seen.status {
            Ok(status) => vec![
                status.own.name.clone(),
                status.node_id.to_string(),
                role(status).to_owned(),
                if status.health.ready { "yes".into() } else { "no".into() },
                status.applied_index.to_string(),
                highest.saturating_sub(status.applied_index).to_string(),
                status.version.clone(),
                status.health.reason.clone().unwrap_or_default(),
            ],
            Err(reason) => {
                let unknown = || "-".to_owned();
                vec![
                    seen.name.clone(),
                    unknown(),
                    "unreachable".into(),
                    "no".into(),
                    unknown(),
                    unknown(),
                    unknown(),
                    reason.clone(),
                ]
            }
        })
        .collect();
    out.push_str(&table(
        &["NAME", "ID", "ROLE", "READY", "APPLIED", "LAG", "VERSION", "NOTE"],
        &rows,
    ));
    out
}

/// `metactl status -o json`: every member's own words, or why there are none.
pub fn status_json(seen: &[Seen]) -> Value {
    let members: Vec<Value> = seen
        .iter()
        .map(|seen| match &seen.status {
            Ok(status) => json!({"address": seen.address, "status": status}),
            Err(reason) => json!({"address": seen.address, "name": seen.name, "error": reason}),
        })
        .collect();
    json!({ "members": members })
}

/// `metactl members`.
pub fn members(status: &Status) -> String {
    let rows: Vec<Vec<String>> = status
        .members
        .iter()
        .map(|(id, progress)| {
            let dash = || "-".to_owned();
            vec![
                progress.member.name.clone(),
                id.to_string(),
                if progress.voter { "voter".into() } else { "learner".into() },
                progress.matched_index.map_or_else(dash, |index| index.to_string()),
                progress.last_contact_ms.map_or_else(dash, |ms| format!("{ms} ms")),
                progress.snapshot_percent.map_or_else(dash, |percent| format!("{percent}%")),
                progress.member.raft.clone(),
                progress.member.admin.clone(),
                progress.member.web.clone(),
            ]
        })
        .collect();
    table(&["NAME", "ID", "KIND", "MATCHED", "CONTACT", "SNAPSHOT", "RAFT", "ADMIN", "WEB"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let text = table(
            &["A", "LONG"],
            &[vec!["wide cell".into(), "x".into()], vec!["y".into(), String::new()]],
        );
        assert_eq!(text, "A          LONG\nwide cell  x\ny\n");
    }

    #[test]
    fn an_unreachable_member_is_a_row_with_its_reason() {
        let seen = [Seen {
            address: "a:1".into(),
            name: "n-0".into(),
            status: Err("connection refused".into()),
        }];
        let text = status(&seen);
        assert!(text.contains("unreachable") && text.contains("connection refused"), "{text}");
        assert_eq!(status_json(&seen)["members"][0]["error"], "connection refused");
    }
}

//! metactl: the cluster's tool for people and scripts. It speaks the admin API only.

mod context;
mod copy;
mod form;
mod render;
mod transfer;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand, ValueEnum};
use metafs_admin_api::{LearnerRequest, LogLevel, TransferRequest};
use serde::Serialize;
use serde_json::json;

use context::{Connection, Context, find_member};

/// Looks at a metafs cluster and steers it.
#[derive(Parser, Debug)]
#[command(name = "metactl", version, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

/// Form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Every member, its role, and how far it is.
    Status {
        /// With the copy in Tablestore: a line a member as `jindo jfs -metaStatus -detail` has it (`_synced=1`).
        #[arg(long)]
        detail: bool,
        /// Form of the output.
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// The membership as the leader sees it; add or remove a member.
    Members {
        /// Form of the output.
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
        #[command(subcommand)]
        change: Option<MemberChange>,
    },
    /// Directories, files and bytes of the namespace.
    Count {
        /// Form of the output.
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// The namespace's checksum on every member, with the index it is for.
    Checksum {
        /// Form of the output.
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// Forms a new cluster out of servers whose volumes were never used.
    Init {
        /// Admin addresses (host or host:port) of all first members; one alone is a cluster of one.
        #[arg(required = true)]
        members: Vec<String>,
        /// YAML file with the first settings; what it leaves out has its default.
        #[arg(long)]
        settings: Option<PathBuf>,
    },
    /// Hands leadership to another member.
    TransferLeader {
        /// Name or id; without it the most caught-up voter.
        #[arg(long)]
        to: Option<String>,
    },
    /// Prints the replicated settings, or replaces them.
    Settings {
        /// YAML file with the new settings; what it leaves out stays as it is.
        #[arg(long)]
        set: Option<PathBuf>,
    },
    /// Prints a member's log filter, or replaces it until its next start.
    LogLevel {
        /// For example `info,metafs_consensus=debug`.
        filter: Option<String>,
    },
    /// Writes the whole namespace to a file.
    Export {
        /// The file; it must not exist yet.
        file: PathBuf,
    },
    /// Reads an export into a cluster whose namespace is empty.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// The recovery from Tablestore: state, progress, point of recovery.
    Recovery {
        /// Until it has ended, with a bar in a terminal; fails if the recovery does.
        #[arg(long)]
        watch: bool,
    },
    /// Versions of metactl and of every server.
    Version,
}

#[derive(Subcommand, Debug)]
enum MemberChange {
    /// Adds the server at an admin address: first as a learner, then, caught up, as a voter.
    Add {
        /// host or host:port.
        address: String,
    },
    /// Removes a member. Its volume cannot come back under its old id.
    Remove {
        /// Name or id.
        member: String,
    },
}

/// Runs the command and returns what to print.
///
/// # Errors
/// Whatever the servers or the local files refuse, for people to read.
pub async fn run(cli: Cli) -> anyhow::Result<String> {
    let Cli { connection, command } = cli;
    if let Command::Version = command {
        return version(connection.resolve().ok()).await;
    }
    let context = connection.resolve()?;
    match command {
        Command::Status { detail, output } => {
            let seen = context.survey().await?;
            Ok(match output {
                Output::Table if detail => copy::detail(&seen),
                Output::Table => render::status(&seen),
                Output::Json => pretty(&render::status_json(&seen))?,
            })
        }
        Command::Members { output, change: None } => {
            let (status, _) = context.leader().await?;
            match output {
                Output::Table => Ok(render::members(&status)),
                Output::Json => pretty(&status.members),
            }
        }
        Command::Members { output: _, change: Some(change) } => {
            change_members(&context, change).await
        }
        Command::Count { output } => {
            let (status, _) = context.leader().await?;
            let namespace = &status.namespace;
            match output {
                Output::Json => pretty(&json!({
                    "directories": namespace.directories, "files": namespace.files, "bytes": namespace.bytes,
                    "appliedIndex": status.applied_index,
                })),
                Output::Table => Ok(render::table(
                    &["DIRECTORIES", "FILES", "BYTES"],
                    &[vec![
                        namespace.directories.to_string(),
                        namespace.files.to_string(),
                        namespace.bytes.to_string(),
                    ]],
                )),
            }
        }
        Command::Checksum { output } => checksum(&context, output).await,
        Command::Init { members, settings } => {
            form::init(&context, &members, settings.as_deref()).await
        }
        Command::TransferLeader { to } => {
            let (status, client) = context.leader().await?;
            let to = match to {
                Some(wanted) => Some(find_member(&status, &wanted)?.0),
                None => None,
            };
            client.transfer_leader(&TransferRequest { to }).await?;
            let (status, _) = context.next_leader().await?;
            Ok(format!("{} leads now (term {})\n", status.own.name, status.term))
        }
        Command::Settings { set } => form::settings(&context, set.as_deref()).await,
        Command::LogLevel { filter } => {
            let address = context.servers().first().context("give --server")?;
            let client = context.client(address)?;
            let LogLevel { filter } = match filter {
                Some(filter) => client.set_log_level(&LogLevel { filter }).await?,
                None => client.log_level().await?,
            };
            Ok(format!("{filter}\n"))
        }
        Command::Recovery { watch } => copy::recovery(&context, watch).await,
        Command::Export { file } => transfer::export(&context, &file).await,
        Command::Import { file } => transfer::import(&context, &file).await,
        Command::Version => unreachable!("answered above"),
    }
}

fn pretty(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

async fn version(context: Option<Context>) -> anyhow::Result<String> {
    let mut out = format!("metactl {}\n", env!("CARGO_PKG_VERSION"));
    if let Some(context) = context {
        for seen in context.survey().await.unwrap_or_default() {
            let version = seen.status.map_or_else(|reason| reason, |status| status.version);
            out.push_str(&format!("{} {version}\n", seen.name));
        }
    }
    Ok(out)
}

async fn checksum(context: &Context, output: Output) -> anyhow::Result<String> {
    let seen = context.survey().await?;
    let statuses = || seen.iter().filter_map(|seen| seen.status.as_ref().ok());
    match output {
        Output::Json => pretty(
            &statuses()
                .map(|status| {
                    json!({"name": status.own.name, "appliedIndex": status.applied_index, "checksum": status.namespace.checksum})
                })
                .collect::<Vec<_>>(),
        ),
        Output::Table => {
            let rows: Vec<_> = statuses()
                .map(|status| {
                    vec![
                        status.own.name.clone(),
                        status.applied_index.to_string(),
                        status.namespace.checksum.clone(),
                    ]
                })
                .collect();
            Ok(render::table(&["NAME", "APPLIED", "CHECKSUM"], &rows))
        }
    }
}

async fn change_members(context: &Context, change: MemberChange) -> anyhow::Result<String> {
    let (status, client) = context.leader().await?;
    match change {
        MemberChange::Add { address } => {
            let joining = context.client(&form::admin_address(&address))?.status().await?;
            if let Some(cluster) = &joining.cluster_id
                && Some(cluster) != status.cluster_id.as_ref()
            {
                bail!(
                    "{} belongs to another cluster ({cluster}); start it with an empty data directory",
                    joining.own.name
                );
            }
            let node_id = joining.node_id;
            client.add_learner(&LearnerRequest { node_id, member: joining.own.clone() }).await?;
            form::promote(context, node_id).await?;
            Ok(format!("{} ({node_id}) is a voter now\n", joining.own.name))
        }
        MemberChange::Remove { member } => {
            let (node_id, member) = find_member(&status, &member)?;
            client.remove_member(node_id).await?;
            Ok(format!(
                "{} ({node_id}) is removed; its data directory must be emptied before it is used again\n",
                member.name
            ))
        }
    }
}

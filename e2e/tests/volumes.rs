//! What a server does with a volume or a configuration that it must not use: it ends, and says why.

use std::fs::OpenOptions;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use metafs_e2e::cluster::{Cluster, Options, PATIENCE, scenario};
use serde_json::Value;

const DEADLINE: Duration = Duration::from_secs(120);

fn alone() -> Options {
    Options { servers: 1, ..Options::default() }
}

/// Starts server `index`, which must end by itself with a failure; what it logged in this run.
async fn refuses_to_start(cluster: &mut Cluster, index: usize) -> anyhow::Result<String> {
    let server = cluster.server_mut(index);
    let before = std::fs::read(server.log_file())?.len();
    server.start()?;
    let ended = server.ended(PATIENCE).await?;
    let log = std::fs::read(server.log_file())?;
    let said = String::from_utf8_lossy(log.get(before..).unwrap_or_default()).into_owned();
    ensure!(ended.code().is_some_and(|code| code != 0), "it ended with {ended}: {said}");
    ensure!(!said.contains("panicked"), "it panicked: {said}");
    Ok(said)
}

/// The largest file of a folder whose name ends so.
fn largest(folder: &Path, ending: &str) -> anyhow::Result<PathBuf> {
    let mut files: Vec<(u64, PathBuf)> = std::fs::read_dir(folder)?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(ending))
        .filter_map(|entry| Some((entry.metadata().ok()?.len(), entry.path())))
        .collect();
    files.sort();
    Ok(files.pop().with_context(|| format!("no *{ending} in {}", folder.display()))?.1)
}

/// Turns over a few bytes in the middle of a file.
fn damage(path: &Path) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let middle = file.metadata()?.len() / 2;
    let mut bytes = [0; 16];
    file.seek(SeekFrom::Start(middle))?;
    file.read_exact(&mut bytes)?;
    file.seek(SeekFrom::Start(middle))?;
    file.write_all(&bytes.map(|byte| !byte))?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_format_is_refused() {
    scenario(alone(), true, DEADLINE, async |cluster| {
        cluster.client().mkdirs("/a").await?;
        cluster.server_mut(0).terminate(PATIENCE).await?;
        let path = cluster.server(0).data_dir().join("identity.json");
        let original = std::fs::read_to_string(&path)?;
        let mut identity: Value = serde_json::from_str(&original)?;
        identity["format"] = 99.into();
        identity["somethingNew"] = true.into();
        std::fs::write(&path, identity.to_string())?;
        let said = refuses_to_start(cluster, 0).await?;
        ensure!(said.contains("newer version (format 99)"), "{said}");
        // Nothing was touched: the version that knows the format goes on.
        std::fs::write(&path, original)?;
        cluster.server_mut(0).start()?;
        cluster.all_ready().await?;
        ensure!(cluster.client().status("/a").await?.folder);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_log_is_refused() {
    scenario(alone(), true, DEADLINE, async |cluster| {
        let mut client = cluster.client();
        for number in 0..500 {
            client.create(&format!("/files/{number}"), b"some content", false).await?;
        }
        cluster.server_mut(0).kill().await?;
        damage(&largest(&cluster.server(0).data_dir().join("log"), ".log")?)?;
        let said = refuses_to_start(cluster, 0).await?;
        ensure!(said.to_lowercase().contains("corrupt"), "{said}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_tail_of_the_log_is_what_a_crash_leaves() {
    scenario(Options::default(), true, DEADLINE, async |cluster| {
        let mut client = cluster.client();
        for number in 0..100 {
            client.create(&format!("/files/{number}"), b"some content", false).await?;
        }
        let follower = cluster.follower().await?;
        cluster.server_mut(follower).kill().await?;
        let path = largest(&cluster.server(follower).data_dir().join("log"), ".log")?;
        let file = OpenOptions::new().append(true).open(&path)?;
        (&file).write_all(&[0x5a; 5])?;
        cluster.server_mut(follower).start()?;
        cluster.server_mut(follower).up(PATIENCE).await?;
        cluster.all_ready().await?;
        ensure!(cluster.converged().await?.namespace.files == 100);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_state_is_refused_or_repaired_and_never_served() {
    scenario(alone(), true, DEADLINE, async |cluster| {
        let mut client = cluster.client();
        for number in 0..500 {
            client.create(&format!("/files/{number}"), b"some content", false).await?;
        }
        let before = cluster.converged().await?;
        cluster.server_mut(0).terminate(PATIENCE).await?;
        let state = cluster.server(0).data_dir().join("state");
        let databases = std::fs::read_dir(&state)?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.is_dir());
        for database in databases {
            for entry in std::fs::read_dir(database)? {
                let path = entry?.path();
                if path.extension().is_some_and(|extension| extension == "sst") {
                    damage(&path)?;
                }
            }
        }
        // Blocks are checked when they are read: at the start, or by the first who needs one.
        cluster.server_mut(0).start()?;
        match cluster.server_mut(0).up(PATIENCE).await {
            Err(error) => {
                ensure!(format!("{error:#}").to_lowercase().contains("corrupt"), "{error:#}")
            }
            Ok(_) => {
                let mut client = cluster.client();
                client.patience = Duration::from_secs(1);
                match client.list("/files").await {
                    Ok(files) => ensure!(
                        files.len() == 500,
                        "{} files of {}",
                        files.len(),
                        before.namespace.files
                    ),
                    Err(failure) => ensure!(failure.passes(), "{failure}"),
                }
            }
        }
        ensure!(!cluster.server(0).log_tail(usize::MAX).contains("panicked"));
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_configuration_is_refused() {
    scenario(alone(), false, DEADLINE, async |cluster| {
        cluster.server_mut(0).terminate(PATIENCE).await?;
        let path = cluster.server(0).config_file();
        let good = std::fs::read_to_string(&path)?;
        let cases = [
            (good.replace("dataDir", "dataDirr"), "unknown field `dataDirr`"),
            (good.replace("heartbeatMs: 50", "heartbeatMs: 0"), "heartbeatMs"),
            (good.replace("listen: {host: \"{name}\"}", "listen: {host: nowhere}"), "listen.host"),
            (String::from("\0\u{fffd}: ["), "server.yaml"),
            (good.replace("dataDir: /", "dataDir: /proc/"), "/proc/"),
        ];
        for (text, says) in cases {
            std::fs::write(&path, &text)?;
            let said = refuses_to_start(cluster, 0).await?;
            ensure!(said.contains(says), "for {text:?} it said: {said}");
        }
        std::fs::remove_file(&path)?;
        let said = refuses_to_start(cluster, 0).await?;
        ensure!(said.contains("cannot read the configuration"), "{said}");
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_volume_in_use_is_refused() {
    scenario(Options { servers: 2, ..Options::default() }, false, DEADLINE, async |cluster| {
        cluster.server_mut(1).terminate(PATIENCE).await?;
        let (first, second) = (cluster.server(0).data_dir(), cluster.server(1).data_dir());
        let path = cluster.server(1).config_file();
        let text = std::fs::read_to_string(&path)?;
        let (first, second) = (first.display().to_string(), second.display().to_string());
        if !text.contains(&second) {
            bail!("the configuration does not name {second}");
        }
        std::fs::write(&path, text.replace(&second, &first))?;
        let said = refuses_to_start(cluster, 1).await?;
        ensure!(said.contains("in use by another process"), "{said}");
        Ok(())
    })
    .await;
}

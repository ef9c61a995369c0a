//! Writes and reads per second of three members in one process, fsync on, volumes below the
//! working directory's `target` or the directory given as first argument; the rest says what to
//! measure, e.g. `writes:64`, or `fill:1000000` for that many writes as fast as they go:
//! `cargo run -p metafs-consensus --example throughput [DIR [PHASE ...]]`.
//! With `open DIR` it opens one member's volume and says how long that took.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use metafs_consensus::{KeyFile, Node, NodeConfig, Peer, Role, Timings};
use metafs_namespace::{Caller, Command, Mutation, Op, Settings};
use tokio::net::TcpListener;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

const SECONDS: u64 = 8;

fn command(op: Op) -> Result<Command, AnyError> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(Command { time_ms: i64::try_from(now.as_millis())?, op })
}

fn mkdir(number: u64) -> Result<Command, AnyError> {
    let caller = Caller { user: "hdfs".into(), groups: vec!["supergroup".into()], superuser: true };
    let path = format!("/bench/directory-{}/file-{number}", number % 64);
    let mkdirs = Mutation::Mkdirs { path, permission: 0o755, unmasked: None, create_parent: true };
    command(Op::Client(caller, mkdirs))
}

async fn leader(nodes: &[Arc<Node>]) -> Arc<Node> {
    loop {
        for node in nodes {
            if node.role().borrow().role == (Role::Leader { confirmed: true }) {
                return node.clone();
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Resident memory of this process, MiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 10
}

async fn fill(count: u64, node: &Arc<Node>, counter: &Arc<AtomicU64>) -> Result<(), AnyError> {
    let end = counter.load(Ordering::Relaxed) + count;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..1024 {
        let (node, counter) = (node.clone(), counter.clone());
        tasks.spawn(async move {
            loop {
                let number = counter.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return Ok::<(), AnyError>(());
                }
                node.propose(mkdir(number)?).await?.reply?;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    println!("fill     {count} writes; {} MiB resident", memory());
    Ok(())
}

async fn open(dir: &std::path::Path) -> Result<(), AnyError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?.to_string();
    let own = Peer { name: "opened".into(), raft: addr.clone(), admin: addr.clone(), web: addr };
    let key = dir.with_file_name("key");
    let started = Instant::now();
    let node = Node::start(NodeConfig {
        data_dir: dir.to_owned(),
        own,
        listener,
        key: KeyFile::new(key),
        timings: Timings::default(),
    })
    .await?;
    println!(
        "open     {:?}; {} MiB resident; applied {}",
        started.elapsed(),
        memory(),
        node.applied_index()
    );
    node.shutdown(false).await;
    Ok(())
}

/// CPU time of this process so far, seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

async fn run(
    name: &str,
    in_flight: u64,
    node: &Arc<Node>,
    counter: &Arc<AtomicU64>,
    writes: bool,
) -> Result<(), AnyError> {
    let (started, cpu_before) = (Instant::now(), cpu());
    let end = started + Duration::from_secs(SECONDS);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..in_flight {
        let (node, counter) = (node.clone(), counter.clone());
        tasks.spawn(async move {
            let mut done = 0u64;
            while Instant::now() < end {
                if writes {
                    let number = counter.fetch_add(1, Ordering::Relaxed);
                    node.propose(mkdir(number)?).await?.reply?;
                } else {
                    node.read().await?;
                }
                done += 1;
            }
            Ok::<u64, AnyError>(done)
        });
    }
    let mut total = 0;
    while let Some(done) = tasks.join_next().await {
        total += done??;
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{name:8} {in_flight:5} in flight: {:9.0} per second, {:6.1} us CPU each",
        total as f64 / seconds,
        (cpu() - cpu_before) * 1e6 / total.max(1) as f64
    );
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, dir] = &words[..]
        && word == "open"
    {
        return open(std::path::Path::new(dir)).await;
    }
    let root = std::env::args().nth(1).map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let root = root.join(format!("throughput-{}", std::process::id()));
    std::fs::create_dir_all(&root)?;
    let key = root.join("key");
    std::fs::write(&key, "0123456789abcdef0123456789abcdef")?;
    let mut nodes = Vec::new();
    let mut voters = BTreeMap::new();
    for number in 0..3 {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?.to_string();
        let own =
            Peer { name: format!("n{number}"), raft: addr.clone(), admin: addr.clone(), web: addr };
        let config = NodeConfig {
            data_dir: root.join(number.to_string()),
            own: own.clone(),
            listener,
            key: KeyFile::new(&key),
            timings: Timings { heartbeat_ms: 100, election_min_ms: 1000, election_max_ms: 2000 },
        };
        let node = Node::start(config).await?;
        voters.insert(node.id(), own);
        nodes.push(node);
    }
    nodes[0].initialise("throughput", voters).await?;
    let node = leader(&nodes).await;
    let settings = Settings { generation: 1, ..Settings::default() };
    node.propose(command(Op::SetSettings(Box::new(settings)))?).await?.reply?;
    let counter = Arc::new(AtomicU64::new(0));
    let mut phases: Vec<String> = std::env::args().skip(2).collect();
    if phases.is_empty() {
        let all = ["writes:1", "writes:64", "writes:256", "reads:1", "reads:64", "reads:256"];
        phases = all.map(String::from).to_vec();
    }
    for phase in phases {
        let (name, in_flight) = phase.split_once(':').ok_or("a phase is like writes:64")?;
        if name == "fill" {
            fill(in_flight.parse()?, &node, &counter).await?;
            continue;
        }
        run(name, in_flight.parse()?, &node, &counter, name == "writes").await?;
    }
    let mut registry = prometheus_client::registry::Registry::default();
    node.register_metrics(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    for line in text
        .lines()
        .filter(|l| l.contains("_sum ") || l.contains("_count ") || l.contains("index "))
    {
        println!("{line}");
    }
    for node in &nodes {
        node.shutdown(false).await;
    }
    std::fs::remove_dir_all(&root)?;
    Ok(())
}

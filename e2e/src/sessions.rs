//! Sessions of Hadoop RPC under faults, and what each may see. Every key is a file with a version, kept in an
//! extended attribute, that one writer counts up; each write has one call id in all its retries, so it happens
//! at most once. Checked while it happens:
//!
//! - a session never sees a key go back (monotonic reads), and sees its own writes, wherever it reads;
//! - after msync, and at the active server, a session sees everything acknowledged before it asked;
//! - nobody sees a version that nobody has tried to write.
//!
//! Observers are asked first, as ObserverReadProxyProvider does; who is sent away goes to the active.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use metafs_hadoop::proto::client::{
    CompleteRequestProto, CompleteResponseProto, CreateRequestProto, CreateResponseProto,
};
use metafs_hadoop::proto::xattr::{
    GetXAttrsRequestProto, GetXAttrsResponseProto, SetXAttrRequestProto, XAttrProto,
};
use parking_lot::Mutex;
use prost::Message;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::{Instant, sleep};

use crate::cluster::SUPERUSER;
use crate::rpc::{CLIENT_PROTOCOL, Connection, Exception, Session};

/// A call that is not answered anywhere for this long fails the test.
const STUCK: Duration = Duration::from_secs(60);
/// Before the servers are asked round again.
const PAUSE: Duration = Duration::from_millis(20);

/// A client: one session over connections to all servers.
pub struct Client {
    session: Session,
    servers: Vec<SocketAddr>,
    connections: Vec<Option<Connection>>,
    /// The server that last behaved as the active one.
    active: usize,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The active server.
    Active,
    /// An observer.
    Observer,
}

/// One attempt's outcome.
enum Attempt<A> {
    Answer(A),
    /// Another server has to be asked, or this one later.
    Elsewhere(String),
    Refused(Exception),
}

impl Client {
    /// A client of these servers.
    pub fn new(servers: &[SocketAddr]) -> Self {
        let mut session = Session::new(SUPERUSER);
        session.patience = Duration::from_secs(4);
        let connections = servers.iter().map(|_| None).collect();
        Self { session, servers: servers.to_vec(), connections, active: 0 }
    }

    async fn attempt<A: Message + Default>(
        &mut self,
        server: usize,
        call: i32,
        retry: i32,
        method: &str,
        request: &impl Message,
    ) -> Attempt<A> {
        let mut connection = match self.connections[server].take() {
            Some(connection) => connection,
            None => match Connection::open(&self.session, self.servers[server], None).await {
                Ok(connection) => connection,
                Err(error) => return Attempt::Elsewhere(format!("{error:#}")),
            },
        };
        let session = &mut self.session;
        let answer =
            connection.call_as(session, call, retry, CLIENT_PROTOCOL, method, request).await;
        match answer {
            Err(error) => Attempt::Elsewhere(format!("{error:#}")),
            Ok(answer) => {
                self.connections[server] = Some(connection);
                match answer {
                    Ok(answer) => Attempt::Answer(answer),
                    Err(exception) => match exception.name() {
                        "StandbyException" | "RetriableException" => {
                            Attempt::Elsewhere(exception.to_string())
                        }
                        _ => Attempt::Refused(exception),
                    },
                }
            }
        }
    }

    /// Calls the active server, whoever that is by now; every try is the same call.
    ///
    /// # Errors
    /// A refusal, or nobody answers for a minute.
    pub async fn active<A: Message + Default>(
        &mut self,
        method: &str,
        request: &impl Message,
    ) -> anyhow::Result<A> {
        let call = self.session.draw_call();
        let begun = Instant::now();
        let mut retry = 0;
        loop {
            let why = match self.attempt(self.active, call, retry, method, request).await {
                Attempt::Answer(answer) => return Ok(answer),
                Attempt::Refused(exception) => bail!("{method}: {exception}"),
                Attempt::Elsewhere(why) => why,
            };
            ensure!(begun.elapsed() < STUCK, "{method} is not answered anywhere: {why}");
            retry += 1;
            self.active = (self.active + 1) % self.servers.len();
            sleep(PAUSE).await;
        }
    }

    /// Reads at an observer if one answers, else at the active server.
    ///
    /// # Errors
    /// See [`Client::active`].
    pub async fn read<A: Message + Default>(
        &mut self,
        observers: &[usize],
        method: &str,
        request: &impl Message,
    ) -> anyhow::Result<(A, From)> {
        for observer in observers {
            let call = self.session.draw_call();
            match self.attempt(*observer, call, 0, method, request).await {
                Attempt::Answer(answer) => return Ok((answer, From::Observer)),
                Attempt::Refused(exception) => bail!("{method} at an observer: {exception}"),
                Attempt::Elsewhere(_) => {}
            }
        }
        let answer = self.active(method, request).await?;
        // On the way round an observer may have answered after all.
        let from = if observers.contains(&self.active) { From::Observer } else { From::Active };
        Ok((answer, from))
    }
}

/// One key.
#[derive(Debug, Default)]
struct Key {
    path: String,
    /// The highest version somebody tried to write.
    tried: AtomicU64,
    /// The highest version that was acknowledged.
    acknowledged: AtomicU64,
}

/// What was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Acknowledged writes.
    pub writes: u64,
    /// Reads that observers answered.
    pub observer_reads: u64,
    /// Reads that the active server answered.
    pub active_reads: u64,
    /// msyncs.
    pub msyncs: u64,
}

/// See the module.
pub struct Sessions {
    keys: Vec<Key>,
    servers: Vec<SocketAddr>,
    observers: Vec<usize>,
    stop: AtomicBool,
    figures: Mutex<Figures>,
}

const XATTR: &str = "version";

fn request(path: &str) -> GetXAttrsRequestProto {
    GetXAttrsRequestProto { src: path.to_owned(), x_attrs: Vec::new() }
}

fn version(answer: &GetXAttrsResponseProto) -> anyhow::Result<u64> {
    match answer.x_attrs.iter().find(|xattr| xattr.name == XATTR) {
        None => Ok(0),
        Some(xattr) => {
            let value = xattr.value.as_deref().unwrap_or_default();
            Ok(u64::from_be_bytes(value.try_into().context("a version has eight bytes")?))
        }
    }
}

impl Sessions {
    /// Makes `keys` files. `observers`: which of the servers are.
    ///
    /// # Errors
    /// They cannot be made.
    pub async fn new(
        keys: usize,
        servers: Vec<SocketAddr>,
        observers: Vec<usize>,
    ) -> anyhow::Result<Arc<Self>> {
        let mut client = Client::new(&servers);
        let mut made = Vec::new();
        for number in 0..keys {
            let path = format!("/sessions/{number}");
            let create = CreateRequestProto {
                src: path.clone(),
                client_name: "sessions".into(),
                create_flag: 1,
                create_parent: true,
                replication: 1,
                block_size: 1 << 20,
                ..CreateRequestProto::default()
            };
            let file: CreateResponseProto = client.active("create", &create).await?;
            let complete = CompleteRequestProto {
                src: path.clone(),
                client_name: "sessions".into(),
                last: None,
                file_id: file.fs.and_then(|status| status.file_id),
            };
            let _: CompleteResponseProto = client.active("complete", &complete).await?;
            made.push(Key { path, ..Key::default() });
        }
        Ok(Arc::new(Self {
            keys: made,
            servers,
            observers,
            stop: AtomicBool::new(false),
            figures: Mutex::default(),
        }))
    }

    /// Lets all sessions end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    /// What was seen so far.
    pub fn figures(&self) -> Figures {
        *self.figures.lock()
    }

    /// Runs a writer for each key and `readers` other sessions until they are stopped.
    ///
    /// # Errors
    /// The first thing that a session must not see.
    pub async fn run(self: &Arc<Self>, readers: usize, seed: u64) -> anyhow::Result<()> {
        let mut sessions = tokio::task::JoinSet::new();
        for key in 0..self.keys.len() {
            let all = self.clone();
            sessions.spawn(async move { all.write(key).await });
        }
        for reader in 0..readers {
            let all = self.clone();
            let random = StdRng::seed_from_u64(seed.wrapping_add(reader as u64));
            sessions.spawn(async move { all.look(random).await });
        }
        while let Some(ended) = sessions.join_next().await {
            if let Err(error) = ended? {
                self.stop();
                return Err(error);
            }
        }
        Ok(())
    }

    fn running(&self) -> bool {
        !self.stop.load(Ordering::SeqCst)
    }

    /// Reads `key`; `least`: the version that must be seen at least.
    async fn seen(&self, client: &mut Client, key: &Key, least: u64) -> anyhow::Result<u64> {
        let known = key.acknowledged.load(Ordering::SeqCst);
        let (answer, from) = client.read(&self.observers, "getXAttrs", &request(&key.path)).await?;
        let seen = version(&answer)?;
        let least = if from == From::Active { least.max(known) } else { least };
        ensure!(seen >= least, "{}: version {seen} from {from:?} after {least}", key.path);
        let tried = key.tried.load(Ordering::SeqCst);
        ensure!(seen <= tried, "{}: version {seen}, and only {tried} was written", key.path);
        let mut figures = self.figures.lock();
        match from {
            From::Active => figures.active_reads += 1,
            From::Observer => figures.observer_reads += 1,
        }
        Ok(seen)
    }

    async fn write(&self, key: usize) -> anyhow::Result<()> {
        let mut client = Client::new(&self.servers);
        let key = &self.keys[key];
        let mut next = 0_u64;
        while self.running() {
            next += 1;
            key.tried.store(next, Ordering::SeqCst);
            let write = SetXAttrRequestProto {
                src: key.path.clone(),
                x_attr: Some(XAttrProto {
                    namespace: 0,
                    name: XATTR.to_owned(),
                    value: Some(next.to_be_bytes().to_vec()),
                }),
                // CREATE or REPLACE.
                flag: Some(3),
            };
            let () = client.active("setXAttr", &write).await?;
            key.acknowledged.store(next, Ordering::SeqCst);
            self.figures.lock().writes += 1;
            let seen = self.seen(&mut client, key, next).await?;
            ensure!(seen == next, "{}: the only writer wrote {next} and sees {seen}", key.path);
        }
        Ok(())
    }

    async fn look(&self, mut random: StdRng) -> anyhow::Result<()> {
        let mut client = Client::new(&self.servers);
        let mut seen = vec![0; self.keys.len()];
        while self.running() {
            let number = random.random_range(0..self.keys.len());
            let key = &self.keys[number];
            if random.random_ratio(1, 8) {
                let known = key.acknowledged.load(Ordering::SeqCst);
                let () = client.active("msync", &()).await?;
                seen[number] = known.max(seen[number]);
                self.figures.lock().msyncs += 1;
            }
            seen[number] = self.seen(&mut client, key, seen[number]).await?;
        }
        Ok(())
    }
}

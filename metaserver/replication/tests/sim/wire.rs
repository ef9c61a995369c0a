//! The real client over the real server in the same process, and between them the network of the
//! simulation: whole signed requests and answers are cut, delayed and repeated, and the server has
//! its own faults. Owns how they are put together, and how the table is read out beside the faults.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, poll};
use metafs_replication::{Area, Expect, Key, Row, SHARDS, Store, TablestoreStore};
use metafs_tablestore::error::ErrorCode;
use metafs_tablestore::model::{self, PrimaryKey, Value};
use metafs_tablestore::{
    Client, Config, Credentials, RangeRead, RetryPolicy, SignatureVersion, Transport,
    TransportError,
};
use metafs_tablestore_local::service::{FaultKind, FaultPlan, FaultRule, Operation};
use metafs_tablestore_local::store::{self, Memory, Rocks};
use metafs_tablestore_local::{LocalTransport, Service, Settings};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::sim::dice::Dice;
use crate::sim::network::{Class, Faults, Network, Remote, Watch};
use crate::sim::store::Rows;

/// When a schedule begins, ms since 1970.
const START: i64 = 1_767_323_045_000;
/// Time of one request, as in the server.
const ATTEMPT: Duration = Duration::from_secs(10);
const PREFIX: &str = "copy";
/// Where recoveries without faults are tried.
const BESIDE: &str = "beside";

/// The time of day goes with the simulation's: signatures are as old as their requests.
#[derive(Clone, Copy)]
struct Clock(Instant);

impl Clock {
    fn millis(self) -> i64 {
        START + i64::try_from(self.0.elapsed().as_millis()).unwrap()
    }
}

impl metafs_tablestore::Clock for Clock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.millis()).unwrap()
    }
}

/// The server.
struct Server {
    service: Arc<Service>,
    transport: LocalTransport,
    network: Network,
    /// A client without faults, to read the table out.
    reader: Client,
    watched: Mutex<(Rows, Watch)>,
}

/// A store for a schedule. On disk it is the same but for the cost, so few are.
pub struct Wire {
    server: Arc<Server>,
    clock: Clock,
    _dir: Option<tempfile::TempDir>,
}

/// As the metadata server sets its client up.
fn client(dice: &Dice, clock: Clock, transport: Arc<dyn Transport>) -> Client {
    let credentials = Credentials::new("testid", "testsecret");
    let mut config = Config::new("http://local", "local", credentials);
    config.retry = RetryPolicy::none();
    config.attempt_timeout = ATTEMPT;
    config.clock = Arc::new(clock);
    if dice.one_in(2) {
        config.signature = SignatureVersion::V4 { region: "cn-hangzhou".into() };
    }
    Client::with_transport(config, transport).unwrap()
}

impl Wire {
    pub fn new(dice: &Dice, watch: Watch) -> Self {
        let clock = Clock(Instant::now());
        let dir = dice.one_in(20).then(|| tempfile::tempdir().unwrap());
        let rows: Box<dyn store::Store> = match &dir {
            Some(dir) => Box::new(Rocks::open(dir.path()).unwrap()),
            None => Box::new(Memory::default()),
        };
        let now = Arc::new(move || clock.millis());
        let service = Arc::new(Service::start(Settings::default(), rows, now).unwrap());
        let transport = LocalTransport::new(service.clone());
        let reader = client(dice, clock, Arc::new(transport.clone()));
        let network = Network::new(dice, Faults::default());
        let watched = Mutex::new((Rows::new(), watch));
        let server = Arc::new(Server { service, transport, network, reader, watched });
        Self { server, clock, _dir: dir }
    }
}

impl Remote for Wire {
    type Store = TablestoreStore;

    const AT_FAULT: bool = true;

    fn network(&self) -> &Network {
        &self.server.network
    }

    fn client(&self) -> Arc<TablestoreStore> {
        let transport = Arc::new(Faulty(self.server.clone()));
        let client = client(&self.server.network.dice, self.clock, transport);
        Arc::new(TablestoreStore::new(client, PREFIX))
    }

    fn rows(&self) -> Rows {
        let rows = self.server.rows();
        let store = TablestoreStore::new(self.server.reader.clone(), PREFIX);
        assert_eq!(rows, at_once(listed(&store)), "reading one by one gives something else");
        rows
    }

    async fn copy_of(&self, rows: &Rows) -> Option<Arc<TablestoreStore>> {
        if !self.server.network.dice.one_in(16) {
            return None;
        }
        let store = TablestoreStore::new(self.server.reader.clone(), BESIDE);
        // The one before.
        if let Err(error) = self.server.reader.delete_table(store.table()).await {
            assert_eq!(error.code(), Some(ErrorCode::ObjectNotExist), "{error}");
        }
        store.prepare(true).await.unwrap();
        for (key, row) in rows {
            store.put(*key, row.clone(), Expect::Absent).await.unwrap();
        }
        Some(Arc::new(store))
    }
}

/// What never waits, as long as there are no faults.
fn at_once<T>(what: impl Future<Output = T>) -> T {
    what.now_or_never().expect("an answer at once")
}

/// A table as the scheme itself would read it.
async fn listed(store: &TablestoreStore) -> Rows {
    let mut rows = Rows::new();
    let bases = (0..SHARDS).map(|shard| Area::Base(u8::try_from(shard).unwrap()));
    for area in [Area::Meta, Area::Journal, Area::Part].into_iter().chain(bases) {
        let mut from = Key { area, epoch: 0, number: 0, part: 0 };
        let to = Key { epoch: u64::MAX, ..from };
        loop {
            let page = store.list(from, to, 7).await.unwrap();
            let Some((last, _)) = page.last().copied() else { break };
            from = Key { part: last.part + 1, ..last };
            for (key, tag) in page {
                let row = store.get(key).await.unwrap().unwrap();
                assert_eq!(row.tag, tag);
                rows.insert(key, row);
            }
        }
    }
    rows
}

fn read(row: &model::Row) -> (Key, Row) {
    let number = |name| {
        u64::try_from(row.primary_key.get(name).and_then(Value::as_integer).unwrap()).unwrap()
    };
    let area = match row.primary_key.get("area").and_then(Value::as_text).unwrap().as_str() {
        "meta" => Area::Meta,
        "journal" => Area::Journal,
        "part" => Area::Part,
        base => Area::Base(u8::from_str_radix(base.strip_prefix("base-").unwrap(), 16).unwrap()),
    };
    let (epoch, number, part) = (number("epoch"), number("number"), number("part"));
    let value = row.get("value").and_then(Value::as_binary).unwrap().clone();
    let tag = row.get("tag").and_then(Value::as_integer).unwrap();
    (Key { area, epoch, number, part }, Row { tag, value })
}

impl Server {
    /// The whole table in as few requests as possible.
    fn rows(&self) -> Rows {
        let table = format!("{PREFIX}_metafs");
        let bound = |value: &Value| {
            let columns = ["area", "epoch", "number", "part"];
            columns.iter().fold(PrimaryKey::new(), |key, name| key.with(*name, value.clone()))
        };
        let range = RangeRead::forward(table, bound(&Value::InfMin), bound(&Value::InfMax));
        let mut pages = self.reader.get_range(range);
        let mut rows = Rows::new();
        loop {
            match at_once(pages.next_page()) {
                Ok(Some(page)) => rows.extend(page.rows.iter().map(read)),
                Ok(None) => return rows,
                Err(error) if error.code() == Some(ErrorCode::ObjectNotExist) => return rows,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// A request arrives, under faults of the server's own.
    async fn handle(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let operation = Operation::of(request.uri().path().trim_start_matches('/')).unwrap();
        if let Some(plan) = self.fault(operation) {
            self.service.set_faults(plan);
        }
        let mut answer = self.transport.send(request);
        // All is done when it is first polled; what follows is the time that the answer takes.
        let first = poll!(&mut answer);
        self.service.set_faults(FaultPlan::default());
        if operation.writes() {
            let rows = self.rows();
            let (before, watch) = &mut *self.watched.lock();
            if rows != *before {
                watch(&rows);
                *before = rows;
            }
        }
        match first {
            std::task::Poll::Ready(answer) => answer,
            std::task::Poll::Pending => answer.await,
        }
    }

    fn fault(&self, operation: Operation) -> Option<FaultPlan> {
        const KINDS: [(FaultKind, Class, &str); 12] = [
            (FaultKind::Busy, Class::Refusal, "busy"),
            (FaultKind::Unavailable, Class::Refusal, "unavailable"),
            (FaultKind::PartitionUnavailable, Class::Refusal, "partition unavailable"),
            (FaultKind::NotReady, Class::Refusal, "table not ready"),
            (FaultKind::QuotaExhausted, Class::Refusal, "too frequent"),
            (FaultKind::CapacityExhausted, Class::Refusal, "no capacity"),
            (FaultKind::TimeoutBefore, Class::Refusal, "timeout before the effect"),
            (FaultKind::TimeoutAfter, Class::Refusal, "timeout after the effect"),
            (FaultKind::CutBefore, Class::Cut, "connection cut before the effect"),
            (FaultKind::CutAfter, Class::Cut, "connection cut after the effect"),
            (FaultKind::DamagedAnswer, Class::Cut, "answer damaged"),
            (FaultKind::Slow, Class::Delay, "answer late"),
        ];
        const ROWS: [(FaultKind, Class, &str); 2] = [
            (FaultKind::RowBusy, Class::Refusal, "some rows busy"),
            (FaultKind::RowTimeout, Class::Refusal, "some rows timeout after the effect"),
        ];
        let dice = &self.network.dice;
        let share = self.network.faults.lock().service;
        // Few requests are batches.
        let batch = operation == Operation::BatchWriteRow;
        if dice.below(1000) >= u64::from(share) * if batch { 3 } else { 1 } {
            return None;
        }
        let of_rows = batch && !dice.one_in(3);
        let kinds = if of_rows { &ROWS[..] } else { &KINDS[..] };
        let (kind, class, what) = kinds[dice.below(kinds.len() as u64) as usize];
        self.network.count(class, what);
        let mut rule = FaultRule::new(kind, if of_rows { 0.5 } else { 1.0 });
        if kind == FaultKind::Slow {
            // Some of them too late for the client.
            rule.delay_ms = dice.below(12_000);
        }
        Some(FaultPlan { seed: dice.below(u64::MAX), rules: vec![rule] })
    }
}

/// A client's way to the server.
struct Faulty(Arc<Server>);

#[derive(Debug, thiserror::Error)]
#[error("cut by the simulation")]
struct Cut;

impl Transport for Faulty {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        let Self(server) = self;
        let carried = server.network.carry({
            let server = server.clone();
            move || {
                let (server, request) = (server.clone(), request.clone());
                async move { server.handle(request).await }
            }
        });
        async move {
            match carried.await {
                Ok(answer) => answer,
                // Nothing says that it is cut: the client has to give up by itself.
                Err(_) if server.network.dice.one_in(3) => std::future::pending().await,
                Err(cut) if cut.lost && server.network.dice.one_in(3) => {
                    Err(TransportError::NotSent(Box::new(Cut)))
                }
                Err(_) => Err(TransportError::NoAnswer(Box::new(Cut))),
            }
        }
        .boxed()
    }
}

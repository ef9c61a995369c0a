//! Concurrent clients that work on a few small folders and write down what they asked and were answered. Used by the
//! fault tests; [`Recorder::verify`] gives the verdict.
//!
//! A folder is left for a new one after [`OPERATIONS_A_FOLDER`] operations, so that no history grows too long to check; all
//! folders are read again at the end, so that a write lost meanwhile is found.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::cluster::SUPERUSER;
use crate::linear::Operation;
use crate::linear::checker::{Verdict, check, explain};
use crate::linear::folder::{Folder, Input, Kind, NAMES, Output};
use crate::webhdfs::{Client, Failure};

/// Folders in use at a time.
const LIVE_FOLDERS: usize = 4;

/// After so many operations a folder is replaced by a new one.
const OPERATIONS_A_FOLDER: usize = 250;

/// Steps the check of one folder may take.
const CHECK_BUDGET: usize = 20_000_000;

/// A client's patience with one answer; afterwards the outcome is unknown.
const TIMEOUT: Duration = Duration::from_secs(2);

/// One folder's history.
pub type History = Vec<Operation<Input, Output>>;

/// What happened, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Operations with an answer of the namespace.
    pub answered: usize,
    /// Writes that were answered with success.
    pub acknowledged: usize,
    /// Writes whose outcome is unknown.
    pub unknown: usize,
    /// Folders used.
    pub folders: usize,
}

/// Histories of all folders, and the clock they share.
#[derive(Debug)]
pub struct Recorder {
    start: Instant,
    root: String,
    values: AtomicU64,
    stop: AtomicBool,
    folders: Mutex<BTreeMap<String, History>>,
    live: Mutex<Vec<(String, usize)>>,
}

impl Recorder {
    /// Makes the first folders below `root`.
    ///
    /// # Errors
    /// The cluster does not serve.
    pub async fn new(root: &str, client: &mut Client) -> anyhow::Result<Self> {
        let recorder = Self {
            start: Instant::now(),
            root: root.to_owned(),
            values: AtomicU64::new(1),
            stop: AtomicBool::new(false),
            folders: Mutex::default(),
            live: Mutex::default(),
        };
        for place in 0..LIVE_FOLDERS {
            recorder.new_folder(place, client).await?;
        }
        Ok(recorder)
    }

    /// Runs `count` clients until [`Self::stop`].
    pub async fn clients(&self, count: usize, servers: &[SocketAddr], seed: u64) {
        let all = (0..count).map(async |number| {
            let mut client = Client::new(servers.to_vec(), SUPERUSER);
            client.timeout = TIMEOUT;
            self.work(number, client, StdRng::seed_from_u64(seed ^ (number as u64 + 1))).await;
        });
        join_all(all).await;
    }

    /// Ends the clients after their present operation.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Reads everything again and checks all histories.
    ///
    /// # Errors
    /// One is not linearizable: the message shows where.
    pub async fn verify(&self, client: &mut Client) -> anyhow::Result<Figures> {
        let paths: Vec<String> = locked(&self.folders).keys().cloned().collect();
        for path in &paths {
            for input in [Input::List, Input::Read(0), Input::Read(1), Input::Read(2)] {
                let call = self.now();
                let result = perform(client, path, input, true).await;
                let output = answer(input, &result)
                    .with_context(|| format!("the last look at {path}: {result:?}"))?;
                self.record(
                    path,
                    Operation {
                        client: usize::MAX,
                        input,
                        output: Some(output),
                        call,
                        answer: self.now(),
                    },
                );
            }
        }
        let folders = locked(&self.folders);
        let mut figures = Figures { folders: folders.len(), ..Figures::default() };
        for (path, history) in folders.iter() {
            figures.answered +=
                history.iter().filter(|operation| operation.output.is_some()).count();
            figures.unknown +=
                history.iter().filter(|operation| operation.output.is_none()).count();
            figures.acknowledged += history
                .iter()
                .filter(|operation| {
                    operation.input.writes() && operation.output == Some(Output::Done)
                })
                .count();
            match check(&Folder, history, CHECK_BUDGET) {
                Verdict::Linearizable => {}
                Verdict::Violation { longest, stuck } => {
                    bail!(
                        "{path} is not linearizable: {}",
                        explain(&Folder, history, &longest, &stuck)
                    )
                }
                Verdict::Undecided => bail!(
                    "{path}: not decided within {CHECK_BUDGET} steps; {} operations",
                    history.len()
                ),
            }
        }
        Ok(figures)
    }

    async fn work(&self, number: usize, mut client: Client, mut random: StdRng) {
        while !self.stop.load(Ordering::Relaxed) {
            let place = random.random_range(0..LIVE_FOLDERS);
            let (path, full) = {
                let mut live = locked(&self.live);
                let (path, operations) = &mut live[place];
                *operations += 1;
                (path.clone(), *operations == OPERATIONS_A_FOLDER)
            };
            let input = self.any_input(&mut random);
            let call = self.now();
            let result = perform(&mut client, &path, input, false).await;
            let output = answer(input, &result);
            // A refused or lost read says nothing, and a standby carries nothing out. After RetriableException, or
            // without any answer, a write may have been carried out, or may still be.
            let not_done = match &result {
                Err(Failure::NotSent(_)) => true,
                Err(failure) => failure.exception() == Some("StandbyException"),
                Ok(_) => false,
            };
            if output.is_some() || (input.writes() && !not_done) {
                self.record(
                    &path,
                    Operation { client: number, input, output, call, answer: self.now() },
                );
            }
            if output.is_none() {
                self.find_leader(&mut client).await;
            }
            if full && let Err(error) = self.new_folder(place, &mut client).await {
                eprintln!("no new folder, the old one goes on: {error:#}");
            }
            // Room between operations, so that histories have an order to check.
            tokio::time::sleep(Duration::from_millis(random.random_range(0..8))).await;
        }
    }

    /// Reads until some server answers: a write sent to one that does not lead would only add to the unknown.
    async fn find_leader(&self, client: &mut Client) {
        loop {
            client.next_server();
            if self.stop.load(Ordering::Relaxed)
                || client.attempt("GET", "/", "op=GETFILESTATUS", b"").await.is_ok()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn new_folder(&self, place: usize, client: &mut Client) -> anyhow::Result<()> {
        let path = format!("{}/{}", self.root, self.values.fetch_add(1, Ordering::Relaxed));
        // Repeated until acknowledged: making it twice is making it once.
        crate::wait::eventually("a new folder", Duration::from_secs(30), async || {
            Ok(client.mkdirs(&path).await?.then_some(()))
        })
        .await?;
        locked(&self.folders).insert(path.clone(), History::new());
        let mut live = locked(&self.live);
        if place < live.len() {
            live[place] = (path, 0)
        } else {
            live.push((path, 0))
        }
        Ok(())
    }

    fn any_input(&self, random: &mut StdRng) -> Input {
        let name = random.random_range(0..NAMES.len());
        let value = || self.values.fetch_add(1, Ordering::Relaxed);
        match random.random_range(0..100) {
            0..15 => Input::Create(name, value()),
            15..35 => Input::Overwrite(name, value()),
            35..60 => Input::Read(name),
            60..72 => Input::Delete(name),
            72..84 => {
                Input::Rename(name, (name + random.random_range(1..NAMES.len())) % NAMES.len())
            }
            84..90 => Input::Mkdir(name),
            _ => Input::List,
        }
    }

    fn record(&self, path: &str, operation: Operation<Input, Output>) {
        locked(&self.folders).entry(path.to_owned()).or_default().push(operation);
    }

    /// Nanoseconds since the recorder was made.
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Sends one operation; `follow`: to whoever leads, else one try at the present server.
async fn perform(
    client: &mut Client,
    folder: &str,
    input: Input,
    follow: bool,
) -> Result<Output, Failure> {
    let at = |name: usize| format!("{folder}/{}", NAMES[name]);
    let (method, path, query, body) = match input {
        Input::Create(name, value) => {
            ("PUT", at(name), "op=CREATE&data=true&overwrite=false".into(), value.to_string())
        }
        Input::Overwrite(name, value) => {
            ("PUT", at(name), "op=CREATE&data=true&overwrite=true".into(), value.to_string())
        }
        Input::Read(name) => ("GET", at(name), "op=OPEN".into(), String::new()),
        Input::Delete(name) => {
            ("DELETE", at(name), "op=DELETE&recursive=true".into(), String::new())
        }
        Input::Rename(from, to) => (
            "PUT",
            at(from),
            format!("op=RENAME&renameoptions=OVERWRITE&destination={}", at(to)),
            String::new(),
        ),
        Input::Mkdir(name) => ("PUT", at(name), "op=MKDIRS".into(), String::new()),
        Input::List => ("GET", folder.to_owned(), "op=LISTSTATUS".into(), String::new()),
    };
    let response = if follow {
        client.call(method, &path, &query, body.as_bytes()).await?
    } else {
        client.attempt(method, &path, &query, body.as_bytes()).await?
    };
    let json = || serde_json::from_slice::<serde_json::Value>(&response.body).unwrap_or_default();
    Ok(match input {
        Input::Create(..) | Input::Overwrite(..) | Input::Rename(..) => Output::Done,
        Input::Delete(_) | Input::Mkdir(_) if json()["boolean"] == true => Output::Done,
        Input::Delete(_) | Input::Mkdir(_) => Output::No,
        // Content that is no value is one that nobody wrote.
        Input::Read(_) => Output::Value(response.text().parse().unwrap_or(0)),
        Input::List => {
            let mut kinds = [Kind::Free; NAMES.len()];
            for entry in json()["FileStatuses"]["FileStatus"].as_array().into_iter().flatten() {
                if let Some(name) = NAMES.iter().position(|name| entry["pathSuffix"] == *name) {
                    kinds[name] =
                        if entry["type"] == "DIRECTORY" { Kind::Folder } else { Kind::File };
                }
            }
            Output::Listing(kinds)
        }
    })
}

/// What the namespace answered; `None` if it did not.
fn answer(input: Input, result: &Result<Output, Failure>) -> Option<Output> {
    match result {
        Ok(output) => Some(*output),
        Err(failure) => match failure.exception()? {
            "FileNotFoundException" => Some(Output::Missing),
            "FileAlreadyExistsException" => Some(Output::Refused),
            "IOException" if matches!(input, Input::Rename(..)) => Some(Output::Refused),
            _ => None,
        },
    }
}

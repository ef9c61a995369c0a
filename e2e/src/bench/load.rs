//! The load generator: one thread, kept connections, requests put together from prebuilt parts, answers scanned
//! for status and length only; so that the servers have the cores. Each connection has its next request out as soon as the
//! last is answered; or, at a given rate, requests fall due whatever became of those before, and the next
//! connection that is free sends them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet};

use super::procfs;
use crate::cluster::SUPERUSER;
use crate::http::{Body, scan_head};

/// Before requests that were refused are sent again.
const REFUSED_PAUSE: Duration = Duration::from_millis(20);

/// A request that is refused for longer fails the run.
const PATIENCE: Duration = Duration::from_secs(30);

/// A kind of request: everything around the path.
#[derive(Clone, Debug)]
pub struct Template {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Template {
    /// `METHOD /webhdfs/v1<path>?<query>&user.name=<superuser>` without a body.
    pub fn new(method: &str, query: &str, host: SocketAddr) -> Self {
        let length = if method == "PUT" { "Content-Length: 0\r\n" } else { "" };
        Self {
            before: format!("{method} /webhdfs/v1").into_bytes(),
            after: format!(
                "?{query}&user.name={SUPERUSER} HTTP/1.1\r\nHost: {host}\r\n{length}\r\n"
            )
            .into_bytes(),
        }
    }
}

/// Appends the path of a connection's next request; false when there is no more. Arguments: the connection's
/// number, and how many requests it has sent.
pub type Paths = dyn Fn(usize, u64, &mut Vec<u8>) -> bool;

/// What the measured window showed.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Operations a second.
    pub rate: f64,
    /// CPU of all servers together, microseconds an operation.
    pub server_cpu_us: f64,
    /// CPU of the generator, microseconds an operation.
    pub own_cpu_us: f64,
    /// Median latency, microseconds.
    pub p50_us: u32,
    /// 99th percentile.
    pub p99_us: u32,
    /// Requests that a server refused for the moment, and that were sent again.
    pub refused: u64,
    /// CPU of each process of [`Besides::apart`], microseconds an operation.
    pub apart_cpu_us: Vec<f64>,
}

/// What to send, and where.
pub struct Load<'a> {
    /// WebHDFS of all servers, the leader's first.
    pub addresses: Vec<SocketAddr>,
    /// Kind of request.
    pub template: Template,
    /// Connections.
    pub connections: usize,
    /// Requests in flight on each.
    pub pipeline: usize,
    /// Their paths.
    pub paths: Rc<Paths>,
    /// Processes whose CPU time counts.
    pub servers: &'a [u32],
}

/// What only some loads want.
#[derive(Clone, Copy, Debug, Default)]
pub struct Besides<'a> {
    /// Requests a second on all connections together, of which each has one in flight at most;
    /// `None`: as many as are answered.
    pub rate: Option<f64>,
    /// Processes whose CPU time is told one by one.
    pub apart: &'a [u32],
}

/// When requests fall due at a given rate.
struct Pace {
    start: Instant,
    rate: f64,
    next: Cell<u64>,
}

impl Pace {
    fn new(rate: f64) -> Self {
        Self { start: Instant::now(), rate, next: Cell::new(0) }
    }

    /// When the next request is due; nobody else is given it.
    fn take(&self) -> Instant {
        let number = self.next.get();
        self.next.set(number + 1);
        self.start + Duration::from_secs_f64(number as f64 / self.rate)
    }
}

/// What the connections share.
#[derive(Default)]
struct Shared {
    done: Cell<u64>,
    refused: Cell<u64>,
    stop: Cell<bool>,
    latencies: RefCell<Vec<u32>>,
    /// At a given rate.
    pace: Option<Pace>,
    /// Nobody is to wait for what is due later.
    stopping: Notify,
    /// All connections have ended.
    finished: Notify,
}

struct Sample {
    at: Instant,
    done: u64,
    servers: u64,
    own: u64,
    apart: Vec<u64>,
}

impl Load<'_> {
    /// Sends for `warm` and then for `measured`, and measures the latter.
    ///
    /// # Errors
    /// A request failed.
    pub async fn during(self, warm: Duration, measured: Duration) -> anyhow::Result<Measured> {
        self.during_with(Besides::default(), warm, measured).await
    }

    /// The same, with what only some want.
    ///
    /// # Errors
    /// A request failed.
    pub async fn during_with(
        self,
        besides: Besides<'_>,
        warm: Duration,
        measured: Duration,
    ) -> anyhow::Result<Measured> {
        self.drive(besides.rate, async |shared: &Shared, load: &Self| {
            tokio::time::sleep(warm).await;
            shared.latencies.borrow_mut().clear();
            let before = load.sample(shared, besides.apart)?;
            tokio::time::sleep(measured).await;
            let after = load.sample(shared, besides.apart)?;
            shared.stop.set(true);
            shared.stopping.notify_waiters();
            Ok((before, after))
        })
        .await
    }

    /// Sends until the paths are used up, and measures all of it.
    ///
    /// # Errors
    /// A request failed.
    pub async fn to_the_end(self) -> anyhow::Result<Measured> {
        let before = self.sample(&Shared::default(), &[])?;
        self.drive(None, async |shared: &Shared, load: &Self| {
            shared.finished.notified().await;
            let after = load.sample(shared, &[])?;
            Ok((before, after))
        })
        .await
    }

    async fn drive(
        self,
        rate: Option<f64>,
        watch: impl AsyncFnOnce(&Shared, &Self) -> anyhow::Result<(Sample, Sample)>,
    ) -> anyhow::Result<Measured> {
        let pace = rate.map(Pace::new);
        let pipeline = if pace.is_some() { 1 } else { self.pipeline };
        let shared = Rc::new(Shared { pace, ..Shared::default() });
        let local = LocalSet::new();
        let (before, after) = local
            .run_until(async {
                let mut lanes = JoinSet::new();
                for number in 0..self.connections {
                    let lane = Lane {
                        number,
                        addresses: self.addresses.clone(),
                        template: self.template.clone(),
                        paths: Rc::clone(&self.paths),
                        shared: Rc::clone(&shared),
                    };
                    lanes.spawn_local(lane.run(pipeline));
                }
                let joined = async {
                    while let Some(ended) = lanes.join_next().await {
                        ended.context("a connection's task failed")??;
                    }
                    shared.finished.notify_one();
                    anyhow::Ok(())
                };
                let (samples, ()) = tokio::try_join!(watch(&shared, &self), joined)?;
                anyhow::Ok(samples)
            })
            .await?;
        let done = (after.done - before.done) as f64;
        if done == 0.0 {
            bail!("not one operation was answered");
        }
        let mut latencies = shared.latencies.take();
        latencies.sort_unstable();
        Ok(Measured {
            rate: done / (after.at - before.at).as_secs_f64(),
            server_cpu_us: (after.servers - before.servers) as f64 / done,
            own_cpu_us: (after.own - before.own) as f64 / done,
            p50_us: percentile(&latencies, 50),
            p99_us: percentile(&latencies, 99),
            refused: shared.refused.get(),
            apart_cpu_us: std::iter::zip(&before.apart, &after.apart)
                .map(|(before, after)| (after - before) as f64 / done)
                .collect(),
        })
    }

    fn sample(&self, shared: &Shared, apart: &[u32]) -> anyhow::Result<Sample> {
        let servers =
            self.servers.iter().map(|pid| procfs::cpu_us(*pid)).sum::<anyhow::Result<u64>>()?;
        let own = procfs::cpu_us(std::process::id())?;
        let apart =
            apart.iter().map(|pid| procfs::cpu_us(*pid)).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Sample { at: Instant::now(), done: shared.done.get(), servers, own, apart })
    }
}

/// The value below which `percent` of the sorted `values` are; 0 if there are none.
pub fn percentile(values: &[u32], percent: usize) -> u32 {
    let last = values.len().saturating_sub(1);
    values.get(last * percent / 100).copied().unwrap_or(0)
}

/// One connection.
struct Lane {
    number: usize,
    addresses: Vec<SocketAddr>,
    template: Template,
    paths: Rc<Paths>,
    shared: Rc<Shared>,
}

/// A request on its way.
struct Sent {
    bytes: Vec<u8>,
    start: Instant,
    /// Whether it was refused before, and may have been carried out all the same.
    again: bool,
}

impl Lane {
    async fn run(self, pipeline: usize) -> anyhow::Result<()> {
        let mut server = 0;
        let mut stream = self.connect(server).await?;
        let mut out = Vec::with_capacity(16 << 10);
        let mut input = BytesMut::with_capacity(64 << 10);
        let mut sent: VecDeque<Sent> = VecDeque::with_capacity(pipeline);
        let mut refused: VecDeque<Sent> = VecDeque::new();
        let mut spare = Vec::new();
        let (mut count, mut standby) = (0, false);
        loop {
            if sent.is_empty() && !refused.is_empty() {
                tokio::time::sleep(REFUSED_PAUSE).await;
                if standby {
                    server = (server + 1) % self.addresses.len();
                    stream = self.connect(server).await?;
                    standby = false;
                }
                for request in refused.drain(..) {
                    out.extend_from_slice(&request.bytes);
                    sent.push_back(request);
                }
            }
            while sent.len() < pipeline && refused.is_empty() && !self.shared.stop.get() {
                let start = self.due().await;
                if self.shared.stop.get() {
                    break;
                }
                let mut bytes: Vec<u8> = spare.pop().unwrap_or_default();
                bytes.clear();
                if !self.put_request(count, &mut bytes) {
                    break;
                }
                count += 1;
                out.extend_from_slice(&bytes);
                sent.push_back(Sent { bytes, start, again: false });
            }
            if sent.is_empty() {
                return Ok(());
            }
            if !out.is_empty() {
                stream.write_all(&out).await.context("the connection broke")?;
                out.clear();
            }
            if stream.read_buf(&mut input).await.context("the connection broke")? == 0 {
                bail!("the server closed the connection");
            }
            while let Some((length, answer)) = whole_answer(&input)? {
                let request = sent.pop_front().context("an answer that nobody asked for")?;
                match answer {
                    Answer::Done => self.done(&request),
                    Answer::There if request.again => self.done(&request),
                    Answer::Standby | Answer::Retriable if request.start.elapsed() < PATIENCE => {
                        standby |= answer == Answer::Standby;
                        self.shared.refused.set(self.shared.refused.get() + 1);
                        refused.push_back(Sent { again: true, ..request });
                        input.advance(length);
                        continue;
                    }
                    _ => bail!("answered: {}", String::from_utf8_lossy(&input[..length])),
                }
                input.advance(length);
                spare.push(request.bytes);
            }
        }
    }

    async fn connect(&self, server: usize) -> anyhow::Result<TcpStream> {
        let address = self.addresses.get(server).context("no server to send to")?;
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// When the next request begins: now, or once it is due. The wait for a free connection counts.
    async fn due(&self) -> Instant {
        let Some(pace) = &self.shared.pace else { return Instant::now() };
        let due = pace.take();
        tokio::select! {
            () = tokio::time::sleep_until(due.into()) => {}
            () = self.shared.stopping.notified() => {}
        }
        due
    }

    fn done(&self, request: &Sent) {
        let us = u32::try_from(request.start.elapsed().as_micros()).unwrap_or(u32::MAX);
        self.shared.latencies.borrow_mut().push(us);
        self.shared.done.set(self.shared.done.get() + 1);
    }

    /// Appends the next request, if there is one.
    fn put_request(&self, sent: u64, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        out.extend_from_slice(&self.template.before);
        if (self.paths)(self.number, sent, out) {
            out.extend_from_slice(&self.template.after);
            true
        } else {
            out.truncate(start);
            false
        }
    }
}

/// What an answer means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// Done.
    Done,
    /// Another server leads.
    Standby,
    /// Not now.
    Retriable,
    /// The file exists.
    There,
    /// Anything else.
    Other,
}

/// Length and meaning of the whole answer at the start of `input`; `None` while it is incomplete.
fn whole_answer(input: &[u8]) -> anyhow::Result<Option<(usize, Answer)>> {
    let Some(head) = scan_head(input)? else {
        return Ok(None);
    };
    let Body::Length(body) = head.body else { bail!("an answer without Content-Length") };
    let length = head.length + body;
    let Some(body) = input.get(head.length..length) else {
        return Ok(None);
    };
    let says = |name: &str| body.windows(name.len()).any(|part| part == name.as_bytes());
    let answer = match head.status {
        ..300 => Answer::Done,
        _ if says("StandbyException") => Answer::Standby,
        _ if says("RetriableException") => Answer::Retriable,
        _ if says("FileAlreadyExistsException") => Answer::There,
        _ => Answer::Other,
    };
    Ok(Some((length, answer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_cut_apart_and_understood() {
        let answer = |status: &str, body: &str| {
            format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        };
        let cases = [
            ("201 Created", "ok", Answer::Done),
            ("403 Forbidden", "...StandbyException...", Answer::Standby),
            ("403 Forbidden", "...RetriableException...", Answer::Retriable),
            ("403 Forbidden", "...FileAlreadyExistsException...", Answer::There),
            ("404 Not Found", "...", Answer::Other),
        ];
        for (status, body, meaning) in cases {
            let text = answer(status, body);
            let two = text.clone() + &answer("200 OK", "");
            let found = whole_answer(two.as_bytes()).expect("an answer");
            assert_eq!(found, Some((text.len(), meaning)));
            assert_eq!(whole_answer(&text.as_bytes()[..text.len() - 1]).expect("a part"), None);
        }
    }

    #[test]
    fn requests_fall_due_at_the_rate() {
        let pace = Pace::new(4.0);
        let due: Vec<u128> = (0..5).map(|_| (pace.take() - pace.start).as_millis()).collect();
        assert_eq!(due, [0, 250, 500, 750, 1000]);
    }

    #[test]
    fn percentiles() {
        let values: Vec<u32> = (0..=100).collect();
        assert_eq!(
            (percentile(&values, 50), percentile(&values, 99), percentile(&[], 50)),
            (50, 99, 0)
        );
    }
}

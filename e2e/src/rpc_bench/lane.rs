//! One client of the generator: a connection to the active server, perhaps one to an observer, and a
//! window of operations in flight.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::answers::{Answer, whole_answer};
use super::frames::{Client, Method};
use super::load::Shared;

/// Before a call that the active server refused for the moment is sent again.
const REFUSED_PAUSE: Duration = Duration::from_millis(20);

/// A call that is refused for longer fails the run.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The active server.
    Active,
    /// The observer; the active server if there is none.
    Observer,
}

/// What one client does: operations of one or more calls.
pub trait Work {
    /// Appends the first request of operation `number`; `None`: there are no more.
    fn first(&self, number: u64, request: &mut Vec<u8>) -> Option<(Rc<Method>, Door)>;

    /// Looks at the answer to call `step` (from 0) of operation `number`, and appends the request that
    /// follows it; `None`: the operation is done.
    ///
    /// # Errors
    /// It is not the answer that there should be.
    fn next(
        &self,
        number: u64,
        step: u8,
        answer: &[u8],
        request: &mut Vec<u8>,
    ) -> anyhow::Result<Option<(Rc<Method>, Door)>>;
}

/// Where a client's calls go, and how many at a time.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The active server.
    pub active: SocketAddr,
    /// Who answers reads, if not the active server.
    pub observer: Option<SocketAddr>,
    /// Operations in flight on each connection.
    pub window: u32,
    /// Between the starts of two operations of one client; `None`: as fast as they are answered.
    pub every: Option<Duration>,
}

/// One connection.
struct Wire {
    stream: TcpStream,
    input: BytesMut,
    out: Vec<u8>,
}

impl Wire {
    async fn connect(address: SocketAddr, client: &Client) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        let input = BytesMut::with_capacity(64 << 10);
        Ok(Self { stream, input, out: client.greeting() })
    }

    async fn flush(&mut self) -> anyhow::Result<()> {
        if !self.out.is_empty() {
            self.stream.write_all(&self.out).await.context("the connection broke")?;
            self.out.clear();
        }
        Ok(())
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.input).await.context("the connection broke")? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// An operation under way.
struct Slot {
    number: u64,
    /// Calls that were answered.
    step: u8,
    start: Instant,
    call: u32,
    method: Rc<Method>,
    request: Vec<u8>,
}

/// A client.
pub struct Lane<W> {
    client: Client,
    work: W,
    shared: Rc<Shared>,
    target: Target,
    active: Wire,
    observer: Option<Wire>,
    slots: Vec<Option<Slot>>,
    /// Buffers of requests that were answered.
    spare: Vec<Vec<u8>>,
    busy: u32,
    started: u64,
    calls: u32,
    /// The newest state id of any answer.
    seen: Option<i64>,
}

impl<W: Work> Lane<W> {
    /// Connects.
    ///
    /// # Errors
    /// A server does not listen.
    pub async fn connect(target: Target, work: W, shared: Rc<Shared>) -> anyhow::Result<Self> {
        let client = Client::default();
        let active = Wire::connect(target.active, &client).await?;
        let observer = match target.observer {
            Some(address) => Some(Wire::connect(address, &client).await?),
            None => None,
        };
        let slots = (0..target.window).map(|_| None).collect();
        Ok(Self {
            client,
            work,
            shared,
            target,
            active,
            observer,
            slots,
            spare: Vec::new(),
            busy: 0,
            started: 0,
            calls: 0,
            seen: None,
        })
    }

    /// Works until there is no more to do or the end is asked for; how many operations were done. At a
    /// fixed rate it begins after `delay`, so that clients do not all call at once.
    ///
    /// # Errors
    /// A call failed.
    pub async fn run(mut self, delay: Duration) -> anyhow::Result<u64> {
        if self.observer.is_some() {
            self.msync().await?;
        }
        let mut due = Instant::now() + delay;
        let mut more = true;
        loop {
            more &= !self.shared.stop.get();
            while more && self.busy < self.target.window {
                if self.target.every.is_some() && due > Instant::now() {
                    break;
                }
                // At a fixed rate the wait for a free place counts: others would have to wait too.
                let start = self.target.every.map_or_else(Instant::now, |_| due);
                more = self.begin(start);
                due += self.target.every.unwrap_or_default();
            }
            if self.busy == 0 && !more {
                return Ok(self.started);
            }
            self.active.flush().await?;
            if let Some(observer) = &mut self.observer {
                observer.flush().await?;
            }
            let wake = (more && self.busy < self.target.window).then_some(due);
            self.wait(wake).await?;
            self.take_answers(Door::Active).await?;
            self.take_answers(Door::Observer).await?;
        }
    }

    /// Until something was received, or `wake`.
    async fn wait(&mut self, wake: Option<Instant>) -> anyhow::Result<()> {
        let (active, observer) = (&mut self.active, &mut self.observer);
        if observer.is_none() && wake.is_none() {
            return active.fill().await;
        }
        let observed = async {
            match observer {
                Some(observer) => observer.fill().await,
                None => std::future::pending().await,
            }
        };
        let woken = async {
            match wake {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            filled = active.fill() => filled,
            filled = observed => filled,
            () = woken => Ok(()),
        }
    }

    /// Begins the next operation, if there is one; there is a free slot.
    fn begin(&mut self, start: Instant) -> bool {
        let Some(index) = self.slots.iter().position(Option::is_none) else { return true };
        let mut request = self.spare.pop().unwrap_or_default();
        request.clear();
        let Some((method, door)) = self.work.first(self.started, &mut request) else {
            self.shared.dry.notify_one();
            return false;
        };
        let slot = Slot { number: self.started, step: 0, start, call: 0, method, request };
        self.started += 1;
        self.busy += 1;
        self.slots[index] = Some(slot);
        self.send(index, door, true);
        true
    }

    /// Sends the call of a slot; under the same id if it is not `new`.
    fn send(&mut self, index: usize, door: Door, new: bool) {
        let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) else { return };
        if new {
            // The slot's place can be told from the id; ids are never used twice.
            slot.call = self.calls * self.target.window + u32::try_from(index).unwrap_or(0);
            self.calls += 1;
        }
        let wire = match (door, &mut self.observer) {
            (Door::Observer, Some(observer)) => observer,
            _ => &mut self.active,
        };
        self.client.put_call(&mut wire.out, slot.call, self.seen, &slot.method, &slot.request);
    }

    async fn take_answers(&mut self, door: Door) -> anyhow::Result<()> {
        let wire = match door {
            Door::Active => Some(&mut self.active),
            Door::Observer => self.observer.as_mut(),
        };
        // Taken out meanwhile: answers borrow from it.
        let Some(mut input) = wire.map(|wire| std::mem::take(&mut wire.input)) else {
            return Ok(());
        };
        while let Some((length, answer)) = whole_answer(&input)? {
            self.answered(&answer, door).await?;
            input.advance(length);
        }
        let wire = match door {
            Door::Active => Some(&mut self.active),
            Door::Observer => self.observer.as_mut(),
        };
        if let Some(wire) = wire {
            wire.input = input;
        }
        Ok(())
    }

    async fn answered(&mut self, answer: &Answer<'_>, door: Door) -> anyhow::Result<()> {
        self.seen = self.seen.max(answer.state_id);
        let index = (answer.call % self.target.window) as usize;
        let slot = self.slots.get_mut(index).and_then(Option::as_mut);
        let slot = slot.filter(|slot| slot.call == answer.call);
        let slot = slot.with_context(|| format!("call {} was not made", answer.call))?;
        match &answer.outcome {
            Ok(body) => {
                slot.request.clear();
                let next = self.work.next(slot.number, slot.step, body, &mut slot.request);
                slot.step += 1;
                let method = slot.method.name();
                match next.with_context(|| format!("answer to {method}"))? {
                    Some((method, door)) => {
                        slot.method = method;
                        self.send(index, door, true);
                    }
                    None => {
                        self.shared.done(slot.start);
                        self.spare.extend(self.slots[index].take().map(|slot| slot.request));
                        self.busy -= 1;
                    }
                }
            }
            Err(refused) if refused.for_the_moment() && slot.start.elapsed() < PATIENCE => {
                self.shared.refused.set(self.shared.refused.get() + 1);
                // As real clients do: what an observer does not answer goes to the active server.
                if door == Door::Active {
                    tokio::time::sleep(REFUSED_PAUSE).await;
                }
                self.send(index, Door::Active, false);
            }
            Err(refused) => bail!("{}: {refused}", slot.method.name()),
        }
        Ok(())
    }

    /// Learns the active server's state, as a client does before it first asks an observer.
    async fn msync(&mut self) -> anyhow::Result<()> {
        let method = Rc::new(Method::new("msync", &()));
        let slot = Slot {
            number: 0,
            step: 0,
            start: Instant::now(),
            call: 0,
            method: Rc::clone(&method),
            request: Vec::new(),
        };
        self.slots[0] = Some(slot);
        self.send(0, Door::Active, true);
        self.active.flush().await?;
        loop {
            if let Some((length, answer)) = whole_answer(&self.active.input)? {
                if let Err(refused) = &answer.outcome {
                    bail!("msync: {refused}");
                }
                self.seen = answer.state_id;
                self.active.input.advance(length);
                self.slots[0] = None;
                return Ok(());
            }
            self.active.fill().await?;
        }
    }
}

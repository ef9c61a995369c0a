//! Local transactions: which partition key is locked by which, and what each has written so far.
//! They live in memory only: a restart aborts them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use uuid::Uuid;

use crate::engine::names::{TRANSACTION_BYTES, TRANSACTION_MILLIS};
use crate::error::{CONFLICT, NO_SESSION, OtsError, Result, SESSION_BUSY};

/// With so many open ones, those that nobody came back to are looked for.
const SWEEP_FROM: usize = 1000;

/// What a transaction has written: keys of the store, None for deleted ones.
pub type Overlay = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A transaction in the hands of one request.
#[derive(Debug)]
pub struct Session {
    /// The locked part of its rows' storage keys.
    pub partition: Vec<u8>,
    /// For messages: the partition key's value.
    pub partition_name: String,
    /// What it has written.
    pub overlay: Overlay,
    /// Bytes that it has written, as billed.
    pub written: usize,
    instance: String,
    started: i64,
    used: i64,
}

impl Session {
    /// Counts bytes.
    ///
    /// # Errors
    /// 400: more than a transaction may write; nothing was counted.
    pub fn count(&mut self, size: usize) -> Result<()> {
        if self.written + size > TRANSACTION_BYTES {
            return Err(OtsError {
                status: 400,
                code: "OTSOutOfTransactionDataSizeLimit",
                message: format!(
                    "The total data size of the transaction exceeds the limit, \
                     limit size: {TRANSACTION_BYTES}, data size: {}.",
                    self.written + size
                )
                .into(),
            });
        }
        self.written += size;
        Ok(())
    }

    /// Checks that a row or bound is of the locked partition key.
    ///
    /// # Errors
    /// 400 OTSDataOutOfRange.
    pub fn check(&self, partition: &[u8], name: &str) -> Result<()> {
        if partition == self.partition {
            return Ok(());
        }
        Err(OtsError::out_of_range(format!(
            "Data out of scope of transaction. Transaction PartKey:{}. Data PartKey:{name}",
            self.partition_name
        )))
    }

    fn expired(&self, now: i64) -> bool {
        let life = i64::try_from(TRANSACTION_MILLIS).unwrap_or(i64::MAX);
        now - self.started >= life || now - self.used >= life
    }
}

#[derive(Debug, Default)]
struct State {
    /// None while a request has it.
    sessions: HashMap<String, Option<Session>>,
    /// Storage key of the partition -> transaction.
    locked: HashMap<Vec<u8>, String>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Sessions {
    state: Mutex<State>,
    open: AtomicUsize,
}

impl Sessions {
    /// Begins a transaction. The caller holds the partition's lock.
    ///
    /// # Errors
    /// 409: the partition key is locked.
    pub fn start(
        &self,
        instance: &str,
        partition: Vec<u8>,
        partition_name: String,
        now: i64,
    ) -> Result<String> {
        let mut state = self.state.lock();
        if state.locked.len() >= SWEEP_FROM {
            self.sweep(&mut state, now);
        }
        self.release_expired(&mut state, &partition, now);
        if state.locked.contains_key(&partition) {
            return Err(CONFLICT);
        }
        let id = Uuid::new_v4().to_string();
        state.locked.insert(partition.clone(), id.clone());
        let session = Session {
            partition,
            partition_name,
            overlay: Overlay::default(),
            written: 0,
            instance: instance.to_owned(),
            started: now,
            used: now,
        };
        state.sessions.insert(id.clone(), Some(session));
        self.open.store(state.locked.len(), Ordering::Release);
        Ok(id)
    }

    /// Whether a transaction locks a partition key. The caller holds the partition's lock.
    pub fn locks(&self, partition: &[u8], now: i64) -> bool {
        if self.open.load(Ordering::Acquire) == 0 {
            return false;
        }
        let mut state = self.state.lock();
        self.release_expired(&mut state, partition, now);
        state.locked.contains_key(partition)
    }

    /// Takes a transaction for one request; [`Sessions::give_back`] or [`Sessions::end`] follows.
    ///
    /// # Errors
    /// 404: there is none, or no more; 409: another request has it.
    pub fn take(&self, instance: &str, id: &str, now: i64) -> Result<Session> {
        let mut state = self.state.lock();
        let slot = state.sessions.get_mut(id).ok_or(NO_SESSION)?;
        match slot {
            None => Err(SESSION_BUSY),
            Some(session) if session.instance != instance => Err(NO_SESSION),
            Some(session) if session.expired(now) => {
                let partition = session.partition.clone();
                self.remove(&mut state, id, &partition);
                Err(NO_SESSION)
            }
            Some(_) => slot.take().ok_or(SESSION_BUSY),
        }
    }

    /// Ends the request's hold of a transaction.
    pub fn give_back(&self, id: &str, mut session: Session, now: i64) {
        session.used = now;
        if let Some(slot) = self.state.lock().sessions.get_mut(id) {
            *slot = Some(session);
        }
    }

    /// Ends a transaction that was taken. The caller holds the partition's lock.
    pub fn end(&self, id: &str, session: &Session) {
        self.remove(&mut self.state.lock(), id, &session.partition);
    }

    fn release_expired(&self, state: &mut State, partition: &[u8], now: i64) {
        let Some(id) = state.locked.get(partition).cloned() else { return };
        if let Some(Some(session)) = state.sessions.get(&id)
            && session.expired(now)
        {
            self.remove(state, &id, partition);
        }
    }

    fn sweep(&self, state: &mut State, now: i64) {
        let partitions: Vec<Vec<u8>> = state.locked.keys().cloned().collect();
        for partition in partitions {
            self.release_expired(state, &partition, now);
        }
    }

    fn remove(&self, state: &mut State, id: &str, partition: &[u8]) {
        state.sessions.remove(id);
        state.locked.remove(partition);
        self.open.store(state.locked.len(), Ordering::Release);
    }
}

/// The id of a transaction as requests give it.
///
/// # Errors
/// 400: it cannot be one.
pub fn given(id: Option<&String>) -> Result<Option<&str>> {
    id.map(|id| check_id(id)).transpose()
}

/// Checks an id's form.
///
/// # Errors
/// 400.
pub fn check_id(id: &str) -> Result<&str> {
    if Uuid::try_parse(id).is_err() {
        return Err(OtsError::parameter("TransactionID is invalid."));
    }
    Ok(id)
}

//! Recovery of the namespace from a copy, in numbered steps that any leader can go on with. While
//! it runs clients neither read nor write. Also the note of how far the copy was written.
//!
//! Only the copied tables come ([`recovery::is_copied`]); leases are made for files that are open,
//! as if their holders had just renewed them, so that they end by the hard limit if nobody does.

use std::sync::Arc;

use bytes::Bytes;

use super::refuse;
use crate::batch::Batch;
use crate::command::{RecoverStep, Recovered};
use crate::error::{ErrorKind, Failure, RowsError};
use crate::inode::{Dentry, Inode, ROOT};
use crate::keys::{self, State, table};
use crate::recovery::{self, CopyTotals, Recovery, RecoveryPhase, Uploaded};
use crate::reply::Reply;
use crate::resolve::not_formed;
use crate::rows::Rows;
use crate::settings::{Settings, TablestoreMode};

/// State ids above all that the source's clients have seen, whatever it gave out after it was last
/// heard of.
const STATE_ID_MARGIN: u64 = 1 << 40;

impl<R: Rows + ?Sized> Batch<'_, R> {
    /// The recovery, where the settings ask for one.
    pub(crate) fn recovery_of_settings(
        &mut self,
        settings: &Settings,
    ) -> Result<Option<Recovery>, RowsError> {
        match &settings.tablestore {
            Some(tablestore) if tablestore.mode == TablestoreMode::Recovery => self.recovery(),
            _ => Ok(None),
        }
    }

    fn recovery(&mut self) -> Result<Option<Recovery>, RowsError> {
        let key = keys::RECOVERY_KEY;
        self.overlay.raw(key)?.map(|value| keys::decode(key, &value)).transpose()
    }

    fn put_recovery(&mut self, recovery: &Recovery) -> Result<(), RowsError> {
        let value = keys::encode(recovery)?;
        self.overlay.set_raw(keys::RECOVERY_KEY.to_vec(), Some(value))
    }

    /// Whether `next` may replace the settings: an incomplete namespace never becomes writable, and
    /// one that was used is never recovered into.
    pub(crate) fn check_mode_change(&mut self, next: &Settings) -> Result<(), Failure> {
        let recovers = |settings: &Settings| {
            settings.tablestore.as_ref().is_some_and(|t| t.mode == TablestoreMode::Recovery)
        };
        let recovered = self.recovery()?;
        match &recovered {
            Some(recovery) if recovery.phase != RecoveryPhase::Finished && !recovers(next) => {
                let message = "The recovery has not ended well, so its mode cannot be left: the \
                               namespace is not complete. Wait for it, or delete the cluster with its \
                               volumes and begin anew";
                return refuse(ErrorKind::Io, message.into());
            }
            None if recovers(next) => {
                let root = self.overlay.inode(ROOT)?;
                if let Some(root) = root
                    && !self.is_untouched(&root)?
                {
                    let message = "Only a new cluster can be recovered into: this one has been used. \
                                   Make another one with mode Recovery, or delete this one with its \
                                   volumes";
                    return refuse(ErrorKind::Io, message.into());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Carries out one step, if it is the next one.
    pub(crate) fn recover(&mut self, step: &RecoverStep) -> Result<Reply, Failure> {
        let Some(settings) = self.settings.clone() else {
            return Err(not_formed().into());
        };
        let RecoverStep { number, cursor, what } = step;
        let present = self.recovery()?;
        if recovery::mode(&settings, present.as_ref()) != TablestoreMode::Recovery {
            return refuse(ErrorKind::Io, "The mode is not Recovery".into());
        }
        let now = self.state.time_ms;
        let mut recovery = match (present, what) {
            (Some(recovery), _) => recovery,
            (None, Recovered::Begin { .. }) => Recovery {
                phase: RecoveryPhase::Loading,
                cursor: Bytes::new(),
                next_step: 0,
                rows: 0,
                started_ms: now,
                ended_ms: None,
            },
            (None, Recovered::Failed { reason }) => {
                // Found impossible before anything was begun.
                return Ok(self.end_recovery(None, now, reason.clone())?);
            }
            (None, _) => return refuse(ErrorKind::Io, "No recovery has begun".into()),
        };
        // A step that was sent before its sender looked anew must not count for another one.
        if recovery.phase != RecoveryPhase::Loading || *number != recovery.next_step {
            let message = format!("Step {number} came, {} is next", recovery.next_step);
            return refuse(ErrorKind::Io, message);
        }
        match what {
            Recovered::Begin { afresh } => {
                if *afresh && recovery.rows > 0 {
                    self.empty(&settings);
                    recovery.rows = 0;
                }
            }
            Recovered::Fresh(rows) => {
                // All are decoded before any is written: a refused step leaves no trace.
                let decoded = decode_all(rows.iter().map(|(key, value)| (key, Some(value))))?;
                for (row, (key, value)) in decoded.into_iter().zip(rows) {
                    self.recover_row(row, key, Some(value), true)?;
                }
                recovery.rows += rows.len() as u64;
            }
            Recovered::Changed(rows) => {
                let decoded = decode_all(rows.iter().map(|(key, value)| (key, value.as_ref())))?;
                for (row, (key, value)) in decoded.into_iter().zip(rows) {
                    self.recover_row(row, key, value.as_ref(), false)?;
                }
                recovery.rows += rows.len() as u64;
            }
            Recovered::Complete(totals) => {
                if let Some(difference) = self.difference(totals)? {
                    return Ok(self.end_recovery(Some(recovery), now, difference)?);
                }
                self.state.next_inode = self.state.next_inode.max(totals.next_inode);
                self.state.time_ms = self.state.time_ms.max(totals.time_ms);
                self.state.state_id_base = totals.state_id.saturating_add(STATE_ID_MARGIN);
                recovery.phase = RecoveryPhase::Finished;
                recovery.ended_ms = Some(now);
            }
            Recovered::Failed { reason } => {
                return Ok(self.end_recovery(Some(recovery), now, reason.clone())?);
            }
        }
        recovery.next_step += 1;
        recovery.cursor = cursor.clone();
        self.put_recovery(&recovery)?;
        Ok(Reply::Done)
    }

    fn end_recovery(
        &mut self,
        recovery: Option<Recovery>,
        now: i64,
        reason: String,
    ) -> Result<Reply, RowsError> {
        let recovery = recovery.unwrap_or(Recovery {
            phase: RecoveryPhase::Loading,
            cursor: Bytes::new(),
            next_step: 0,
            rows: 0,
            started_ms: now,
            ended_ms: None,
        });
        let phase = RecoveryPhase::Failed { reason };
        self.put_recovery(&Recovery { phase, ended_ms: Some(now), ..recovery })?;
        Ok(Reply::Done)
    }

    /// What the copy holds and the namespace does not, for people; `None`: they are the same.
    fn difference(&mut self, expected: &CopyTotals) -> Result<Option<String>, Failure> {
        let Some(root) = self.overlay.inode(ROOT)? else {
            return Err(not_formed().into());
        };
        let usage = root.usage();
        let copied = self.overlay.copied_change()?;
        let checksum = self.state.copied_checksum.wrapping_add(copied);
        let mut differences = Vec::new();
        for (what, expected, found) in [
            ("folders", expected.directories, usage.directories),
            ("files", expected.files, usage.files),
            ("bytes", expected.length, usage.length),
        ] {
            if expected != found {
                differences.push(format!("{found} {what} instead of {expected}"));
            }
        }
        if checksum != expected.checksum {
            let expected = expected.checksum;
            differences.push(format!("checksum {checksum:032x} instead of {expected:032x}"));
        }
        Ok((!differences.is_empty())
            .then(|| format!("{}: {}", recovery::MISMATCH, differences.join(", "))))
    }

    /// Writes (`Some`) or removes a row. `fresh`: none of that key was there before, but the root's.
    fn recover_row(
        &mut self,
        row: Row,
        key: &Bytes,
        value: Option<&Bytes>,
        fresh: bool,
    ) -> Result<(), RowsError> {
        match row {
            Row::Inode(id, inode) => self.recover_inode(id, inode, fresh)?,
            Row::Dentry(parent, name, entry) => {
                if fresh && let Some(entry) = entry {
                    self.overlay.new_dentry(parent, &name, entry);
                } else {
                    self.overlay.set_dentry(parent, &name, entry)?;
                }
            }
            Row::Reap(id) => {
                let before = self.overlay.raw(key)?.is_some();
                match (before, value.is_some()) {
                    (false, true) => self.state.reap_roots += 1,
                    (true, false) => {
                        self.state.reap_roots = self.state.reap_roots.saturating_sub(1);
                    }
                    _ => {}
                }
                self.state.reap_from = self.state.reap_from.min(id);
                self.overlay.set_raw(key.to_vec(), value.cloned())?;
            }
            Row::Raw => match value {
                Some(value) if fresh => self.overlay.new_raw(key.to_vec(), value.clone()),
                value => self.overlay.set_raw(key.to_vec(), value.cloned())?,
            },
        }
        Ok(())
    }

    fn recover_inode(
        &mut self,
        id: u64,
        inode: Option<Arc<Inode>>,
        fresh: bool,
    ) -> Result<(), RowsError> {
        let holder = |inode: &Arc<Inode>| Some(inode.file()?.lease.as_ref()?.holder.clone());
        let fresh = fresh && id != ROOT;
        let before = if fresh { None } else { self.overlay.inode(id)? };
        let (old, new) = (before.as_ref().and_then(holder), inode.as_ref().and_then(holder));
        if old != new {
            if let Some(old) = old {
                self.close_lease(&old, id)?;
            }
            if let Some(new) = new {
                self.open_lease(&new, id)?;
            }
        }
        match inode {
            Some(inode) if fresh => self.overlay.new_inode(inode),
            inode => self.overlay.set_inode(id, inode)?,
        }
        Ok(())
    }

    /// Removes the whole tree; the root is a new one's.
    fn empty(&mut self, settings: &Settings) {
        self.overlay.empty();
        let State {
            next_inode: _,
            time_ms: _,
            checksum,
            open_files,
            reap_roots,
            reap_from,
            import: _,
            retries: _,
            copied_checksum,
            state_id_base: _,
        } = &mut self.state;
        (*checksum, *copied_checksum, *open_files) = (0, 0, 0);
        (*reap_roots, *reap_from) = (0, u64::MAX);
        let root = Inode::root(settings, self.state.time_ms);
        self.overlay.new_inode(Arc::new(root));
    }

    /// Notes up to where the copy is complete; what changed before need not be remembered any more.
    pub(crate) fn uploaded(&mut self, uploaded: Uploaded) -> Result<Reply, RowsError> {
        let key = keys::UPLOADED_KEY;
        let present = match self.overlay.raw(key)? {
            Some(value) => keys::decode(key, &value)?,
            None => Uploaded::default(),
        };
        let uploaded = Uploaded {
            epoch: present.epoch.max(uploaded.epoch),
            index: present.index.max(uploaded.index),
        };
        let value = keys::encode(&uploaded)?;
        self.overlay.set_raw(key.to_vec(), Some(value))?;
        self.uploaded = Some(uploaded.index);
        Ok(Reply::Done)
    }
}

/// A copied row, decoded as far as the namespace keeps it so.
enum Row {
    Inode(u64, Option<Arc<Inode>>),
    Dentry(u64, Vec<u8>, Option<Dentry>),
    Reap(u64),
    Raw,
}

fn decode_all<'r>(
    rows: impl Iterator<Item = (&'r Bytes, Option<&'r Bytes>)>,
) -> Result<Vec<Row>, Failure> {
    let mut decoded = Vec::with_capacity(rows.size_hint().0);
    for (key, value) in rows {
        match decode(key, value) {
            Ok(row) => decoded.push(row),
            Err(error) => return refuse(ErrorKind::Io, format!("The copy has a {error}")),
        }
    }
    Ok(decoded)
}

fn decode(key: &Bytes, value: Option<&Bytes>) -> Result<Row, RowsError> {
    let bad = |reason: &str| keys::corrupt(key, reason.into());
    let id = || match key.len() {
        9 => keys::trailing_id(key).ok_or_else(|| bad("no id")),
        _ => Err(bad("key length")),
    };
    if let Some(value) = value {
        keys::decode_raw(key, value)?;
    }
    match key.first().copied() {
        Some(table::INODE) => {
            let id = id()?;
            let inode: Option<Inode> = value.map(|value| keys::decode(key, value)).transpose()?;
            if inode.as_ref().is_some_and(|inode| inode.id != id) {
                return Err(bad("another inode's id"));
            }
            Ok(Row::Inode(id, inode.map(Arc::new)))
        }
        Some(table::DENTRY) => {
            let parent = key.get(1..9).and_then(keys::trailing_id);
            let parent = parent.ok_or_else(|| bad("no parent"))?;
            let name = keys::dentry_name(key);
            if name.is_empty() {
                return Err(bad("no name"));
            }
            let entry = value.map(|value| keys::decode(key, value)).transpose()?;
            Ok(Row::Dentry(parent, name.to_vec(), entry))
        }
        Some(table::REAP) => Ok(Row::Reap(id()?)),
        Some(table::CONTENT) => id().map(|_| Row::Raw),
        Some(table::XATTR) => match keys::xattr_name(key) {
            Some(_) => Ok(Row::Raw),
            None => Err(bad("no name")),
        },
        _ => Err(bad("unknown table")),
    }
}

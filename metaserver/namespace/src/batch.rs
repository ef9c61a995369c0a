//! A batch of commands applied over committed rows: the only way to change the namespace. Used by
//! the state machine of the consensus crate; what each operation does is in [`crate::ops`].
//!
//! An operation checks everything first, in HDFS's order, and only then changes the overlay, so a
//! refused command leaves no trace.

use std::sync::Arc;

use crate::command::{Caller, Command, Mutation, Op};
use crate::error::{ErrorKind, Failure, FsError, RowsError};
use crate::inode::{Dentry, Inode};
use crate::keys::{self, State};
use crate::ops;
use crate::overlay::Overlay;
use crate::permission;
use crate::recovery;
use crate::reply::Reply;
use crate::resolve::{Tree, not_formed};
use crate::rows::{Changes, Rows};
use crate::settings::{Settings, TablestoreMode};

/// Commands applied together.
pub struct Batch<'a, R: Rows + ?Sized> {
    pub(crate) overlay: Overlay<'a, R>,
    pub(crate) state: State,
    committed: State,
    pub(crate) settings: Option<Arc<Settings>>,
    pub(crate) settings_changed: bool,
    /// How far the copy is complete, if that was noted.
    pub(crate) uploaded: Option<u64>,
}

/// Who acts, and under which settings.
pub(crate) struct Actor<'c> {
    /// The caller: becomes the owner of what is made.
    pub caller: &'c Caller,
    /// The caller as permission checks see it.
    pub checked: &'c Caller,
    /// Limits.
    pub settings: &'c Settings,
}

impl<R: Rows + ?Sized> Tree for Batch<'_, R> {
    fn inode(&mut self, id: u64) -> Result<Option<Arc<Inode>>, RowsError> {
        self.overlay.inode(id)
    }

    fn dentry(&mut self, parent: u64, name: &[u8]) -> Result<Option<Dentry>, RowsError> {
        self.overlay.dentry(parent, name)
    }
}

impl<'a, R: Rows + ?Sized> Batch<'a, R> {
    /// An empty batch over `rows`.
    ///
    /// # Errors
    /// If the state or the settings cannot be read.
    pub fn new(rows: &'a R) -> Result<Self, RowsError> {
        let state = rows.state()?;
        Ok(Self {
            overlay: Overlay::new(rows),
            committed: state.clone(),
            state,
            settings: rows.settings()?,
            settings_changed: false,
            uploaded: None,
        })
    }

    /// The replicated settings as of the commands applied so far.
    pub fn settings(&self) -> Option<&Arc<Settings>> {
        self.settings.as_ref()
    }

    /// Applies one command. A refused one changes nothing but, perhaps, replicated time.
    ///
    /// # Errors
    /// The outer error is the server's own trouble: it must stop. The inner one is the answer to
    /// the client.
    pub fn apply(&mut self, command: &Command) -> Result<Result<Reply, FsError>, RowsError> {
        self.state.time_ms = self.state.time_ms.max(command.time_ms);
        let result = match &command.op {
            Op::Client(caller, mutation) => self.client(caller, mutation),
            Op::SetSettings(settings) => self.set_settings(settings),
            Op::Reap { max_inodes } => self.unless_read_only(|batch| batch.reap(*max_inodes)),
            Op::ExpireLeases { max_files } => {
                self.unless_read_only(|batch| batch.expire_leases(*max_files))
            }
            Op::Import(chunk) => self.unless_read_only(|batch| batch.import(chunk)),
            Op::Once(call, caller, mutation) => self.once(*call, caller, mutation),
            Op::ForceRole { name, role } => self.force_role(name, *role),
            Op::RestoreRoles => self.restore_roles(),
            Op::Recover(step) => self.recover(step),
            Op::Uploaded(uploaded) => self.uploaded(*uploaded).map_err(Failure::from),
        };
        match result {
            Ok(reply) => Ok(Ok(reply)),
            Err(Failure::Fs(refused)) => Ok(Err(refused)),
            Err(Failure::Rows(fatal)) => Err(fatal),
        }
    }

    /// What the batch changed, each row once; to be written as one atomic batch.
    ///
    /// # Errors
    /// If a value cannot be encoded.
    pub fn finish(mut self) -> Result<Changes, RowsError> {
        let copied = match self.settings.clone() {
            Some(settings) if settings.tablestore.is_some() => {
                let recovery = self.recovery_of_settings(&settings)?;
                recovery::mode(&settings, recovery.as_ref()) != TablestoreMode::Recovery
            }
            _ => false,
        };
        let (mut changes, moved) = self.overlay.finish()?;
        changes.copied = copied;
        self.state.checksum = self.state.checksum.wrapping_add(moved.all);
        self.state.copied_checksum = self.state.copied_checksum.wrapping_add(moved.copied);
        changes.uploaded = self.uploaded;
        if self.state != self.committed {
            let value = keys::encode(&self.state)?;
            changes.rows.push((keys::STATE_KEY.to_vec(), Some(value)));
            changes.state = Some(self.state);
        }
        if let (true, Some(settings)) = (self.settings_changed, self.settings) {
            let value = keys::encode(&*settings)?;
            changes.rows.push((keys::SETTINGS_KEY.to_vec(), Some(value)));
            changes.settings = Some(settings);
        }
        Ok(changes)
    }

    /// Does what is done unasked, or by an administrator: not in a namespace that is (being)
    /// recovered and must stay what its source was.
    fn unless_read_only(
        &mut self,
        what: impl FnOnce(&mut Self) -> Result<Reply, Failure>,
    ) -> Result<Reply, Failure> {
        if let Some(settings) = self.settings.clone() {
            let recovery = self.recovery_of_settings(&settings)?;
            recovery::check_writable(&settings, recovery.as_ref())?;
        }
        what(self)
    }

    pub(crate) fn client(
        &mut self,
        caller: &Caller,
        mutation: &Mutation,
    ) -> Result<Reply, Failure> {
        let Some(settings) = self.settings.clone() else {
            return Err(not_formed().into());
        };
        if self.state.import.is_some() {
            let message = "The namespace is being imported: it accepts no changes until that ends";
            return Err(FsError::new(ErrorKind::Retriable, message).into());
        }
        let recovery = self.recovery_of_settings(&settings)?;
        recovery::check_writable(&settings, recovery.as_ref())?;
        let checked = permission::effective(caller, &settings, Some(mutation));
        let actor = Actor { caller, checked: &checked, settings: &settings };
        ops::mutate(self, &actor, mutation)
    }

    /// Takes new settings; the first ones make the root folder.
    fn set_settings(&mut self, settings: &Settings) -> Result<Reply, Failure> {
        settings.check()?;
        match &self.settings {
            Some(present) if settings.generation < present.generation => return Ok(Reply::Done),
            Some(present) if **present == *settings => return Ok(Reply::Done),
            Some(_) => self.check_mode_change(settings)?,
            None => {
                let root = Inode::root(settings, self.state.time_ms);
                self.overlay.new_inode(Arc::new(root));
            }
        }
        self.settings = Some(Arc::new(settings.clone()));
        self.settings_changed = true;
        Ok(Reply::Done)
    }
}

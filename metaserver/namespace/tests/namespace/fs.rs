//! A namespace to ask things, and the commands that tests ask most.

use metafs_namespace::command::{CreateOptions, IfExists, Mutation, QuotaChange, RenameMode};
use metafs_namespace::reply::FileStatus;
use metafs_namespace::{
    Batch, Caller, Command, ErrorKind, FsError, MemoryRows, Op, Reply, Settings, View,
};

/// A formed namespace and a clock that moves by a second with each command.
pub struct Fs {
    pub rows: MemoryRows,
    pub now: i64,
    pub settings: Settings,
}

impl Fs {
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    pub fn with(settings: Settings) -> Self {
        let mut fs = Self { rows: MemoryRows::default(), now: 0, settings };
        let settings = Box::new(fs.settings.clone());
        fs.apply(Op::SetSettings(settings)).unwrap();
        fs
    }

    pub fn apply(&mut self, op: Op) -> Result<Reply, FsError> {
        self.now += 1000;
        let time_ms = self.now;
        let mut batch = Batch::new(&self.rows).unwrap();
        let reply = batch.apply(&Command { time_ms, op }).unwrap();
        let changes = batch.finish().unwrap();
        self.rows.apply(changes);
        reply
    }

    /// Applies all in one batch; they must succeed.
    pub fn apply_all(&mut self, ops: impl Iterator<Item = Op>) {
        let mut batch = Batch::new(&self.rows).unwrap();
        for op in ops {
            batch.apply(&Command { time_ms: self.now, op }).unwrap().unwrap();
        }
        let changes = batch.finish().unwrap();
        self.rows.apply(changes);
    }

    pub fn as_user(&mut self, user: &str, mutation: Mutation) -> Result<Reply, FsError> {
        let caller = self.settings.caller(user);
        self.apply(Op::Client(caller, mutation))
    }

    /// As the superuser.
    pub fn ask(&mut self, mutation: Mutation) -> Result<Reply, FsError> {
        self.as_user("hdfs", mutation)
    }

    /// As the superuser; it must succeed.
    pub fn must(&mut self, mutation: Mutation) -> Reply {
        let text = format!("{mutation:?}");
        self.ask(mutation).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    pub fn hdfs(&self) -> Caller {
        self.settings.caller("hdfs")
    }

    pub fn view(&self) -> View<'_, MemoryRows> {
        View::new(&self.rows).unwrap()
    }

    pub fn status(&self, path: &str) -> Option<FileStatus> {
        self.view().file_status(&self.hdfs(), path).unwrap()
    }

    pub fn content(&self, path: &str) -> Vec<u8> {
        let content = self.view().read(&self.hdfs(), path, 0, None).unwrap();
        content.data.to_vec()
    }
}

pub fn mkdirs(path: &str) -> Mutation {
    Mutation::Mkdirs { path: path.into(), permission: 0o755, unmasked: None, create_parent: true }
}

pub fn options() -> CreateOptions {
    CreateOptions {
        permission: 0o644,
        unmasked: None,
        if_exists: IfExists::Fail,
        create_parent: true,
        replication: 3,
        block_size: 128 << 20,
    }
}

pub fn put(path: &str, content: &'static str) -> Mutation {
    Mutation::PutFile { path: path.into(), options: options(), content: content.into() }
}

pub fn rename(src: &str, dst: &str, mode: RenameMode) -> Mutation {
    Mutation::Rename { src: src.into(), dst: dst.into(), mode }
}

pub fn delete(path: &str, recursive: bool) -> Mutation {
    Mutation::Delete { path: path.into(), recursive }
}

pub fn quota(path: &str, namespace: QuotaChange, space: QuotaChange) -> Mutation {
    Mutation::SetQuota { path: path.into(), namespace, space }
}

pub fn chmod(path: &str, permission: u16) -> Mutation {
    Mutation::SetPermission { path: path.into(), permission }
}

#[track_caller]
pub fn refused(reply: Result<Reply, FsError>, kind: ErrorKind, message: &str) {
    assert_eq!(reply, Err(FsError::new(kind, message)));
}

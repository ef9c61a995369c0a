//! What clients do, in calls of ClientProtocol.

use std::rc::Rc;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use metafs_hadoop::proto::acl::FsPermissionProto;
use metafs_hadoop::proto::client::{
    CompleteRequestProto, CreateRequestProto, DeleteRequestProto, GetBlockLocationsRequestProto,
    GetContentSummaryRequestProto, GetFileInfoRequestProto, GetListingRequestProto,
    MkdirsRequestProto,
};
use serde::Serialize;

use super::answers::{Field, find};
use super::frames::{Method, put_number, put_text};
use super::lane::{Door, Work};
use crate::bench::{rows::scatter, tree};

/// Files in each folder of the tree for reads: what a listing has.
pub const LISTED: u64 = 10;

/// Files that each client of renames has for each operation in flight.
const RENAMED: u64 = 16;

/// CreateFlag.CREATE.
const CREATE: u32 = 1;

/// Kinds of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// create and complete of an empty file: two calls.
    Create,
    /// mkdirs of a new folder.
    Mkdirs,
    /// rename of a file within its folder.
    Rename,
    /// delete of a file.
    Delete,
    /// getFileInfo of a file.
    FileInfo,
    /// getListing of a folder with ten files.
    Listing,
    /// getBlockLocations of an empty file.
    Locations,
    /// getContentSummary of a tree.
    Summary,
    /// Nine getFileInfo, at an observer if there is one, to one create and complete.
    Mixed,
}

/// What all clients of one load do.
#[derive(Clone, Debug)]
pub struct Task {
    /// The operation.
    pub kind: Kind,
    /// The folder of what is written.
    pub root: String,
    /// Operations of each client, if there is an end: those of client `n` are `count[n]`.
    pub count: Option<Vec<u64>>,
    /// Names of files: numbers in a folder of each client's, or...
    pub names: Names,
}

/// How the files of a load are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// `root/CLIENT/NUMBER`.
    Lane,
    /// `root/FOLDER/FILE` with [`LISTED`] files a folder, all clients together `files`: what reads look at.
    Listed {
        /// How many there are.
        files: u64,
    },
    /// The large tree of [`tree`], all clients together `files`.
    Large {
        /// How many there are.
        files: u64,
    },
    /// `root/CLIENT/PLACE-GENERATION`: the files that renames go through.
    Renamed {
        /// How many each client has.
        places: u64,
    },
}

impl Names {
    /// Those of renames with a window.
    pub fn renamed(window: u32) -> Self {
        Self::Renamed { places: RENAMED * u64::from(window) }
    }
}

impl Task {
    /// The same for `clients` clients.
    pub fn lanes(&self, clients: usize) -> Vec<LaneWork> {
        (0..clients).map(|lane| LaneWork::new(self, lane, clients)).collect()
    }
}

/// What one client does.
pub struct LaneWork {
    task: Task,
    lane: u64,
    lanes: u64,
    count: u64,
    methods: Methods,
}

struct Methods {
    create: Rc<Method>,
    complete: Rc<Method>,
    mkdirs: Rc<Method>,
    rename: Rc<Method>,
    delete: Rc<Method>,
    info: Rc<Method>,
    listing: Rc<Method>,
    locations: Rc<Method>,
    summary: Rc<Method>,
}

impl Methods {
    fn new(client_name: &str) -> Self {
        let masked = FsPermissionProto { perm: 0o644 };
        Self {
            create: Rc::new(Method::new(
                "create",
                &CreateRequestProto {
                    masked: masked.clone(),
                    client_name: client_name.to_owned(),
                    create_flag: CREATE,
                    create_parent: true,
                    replication: 3,
                    block_size: 128 << 20,
                    unmasked: Some(FsPermissionProto { perm: 0o666 }),
                    ..CreateRequestProto::default()
                },
            )),
            complete: Rc::new(Method::new(
                "complete",
                // The file's id comes from create's answer.
                &CompleteRequestProto {
                    client_name: client_name.to_owned(),
                    ..CompleteRequestProto::default()
                },
            )),
            mkdirs: Rc::new(Method::new(
                "mkdirs",
                &MkdirsRequestProto {
                    masked: FsPermissionProto { perm: 0o755 },
                    create_parent: true,
                    unmasked: Some(FsPermissionProto { perm: 0o777 }),
                    ..MkdirsRequestProto::default()
                },
            )),
            // Both paths are put, and nothing else is there.
            rename: Rc::new(Method::new("rename", &())),
            delete: Rc::new(Method::new(
                "delete",
                &DeleteRequestProto { src: String::new(), recursive: false },
            )),
            info: Rc::new(Method::new("getFileInfo", &GetFileInfoRequestProto::default())),
            listing: Rc::new(Method::new("getListing", &GetListingRequestProto::default())),
            locations: Rc::new(Method::new(
                "getBlockLocations",
                &GetBlockLocationsRequestProto { length: 1 << 30, ..Default::default() },
            )),
            summary: Rc::new(Method::new(
                "getContentSummary",
                &GetContentSummaryRequestProto::default(),
            )),
        }
    }
}

impl LaneWork {
    fn new(task: &Task, lane: usize, lanes: usize) -> Self {
        let count = match &task.count {
            Some(counts) => counts.get(lane).copied().unwrap_or(0),
            None => u64::MAX,
        };
        let (lane, lanes) = (lane as u64, lanes as u64);
        let methods = Methods::new(&format!("DFSClient_NONMAPREDUCE_{lane}_1"));
        Self { task: task.clone(), lane, lanes, count, methods }
    }

    /// Appends the path of a file that is created, deleted or renamed.
    fn written(&self, number: u64, out: &mut Vec<u8>) {
        let lane = usize::try_from(self.lane).unwrap_or(0);
        match self.task.names {
            Names::Lane => tree::in_lane(&self.task.root, lane, number, out),
            Names::Renamed { places } => {
                tree::in_lane(&self.task.root, lane, number % places, out);
                out.push(b'-');
                tree::decimal(number / places, out);
            }
            Names::Listed { .. } => self.listed(number * self.lanes + self.lane, out),
            Names::Large { .. } => tree::file(number * self.lanes + self.lane, out),
        }
    }

    fn listed(&self, file: u64, out: &mut Vec<u8>) {
        let folder = usize::try_from(file / LISTED).unwrap_or(0);
        tree::in_lane(&self.task.root, folder, file % LISTED, out);
    }

    /// A file that is there to be read.
    fn read(&self, number: u64) -> u64 {
        let files = match self.task.names {
            Names::Listed { files } | Names::Large { files } => files,
            Names::Lane | Names::Renamed { .. } => 1,
        };
        scatter(self.lane, number) % files.max(1)
    }

    fn create(&self, number: u64, request: &mut Vec<u8>) -> (Rc<Method>, Door) {
        put_text(request, 1, |out| self.created(number, out));
        self.methods.create.put_rest(request);
        (Rc::clone(&self.methods.create), Door::Active)
    }

    fn created(&self, number: u64, out: &mut Vec<u8>) {
        if self.task.kind == Kind::Mixed {
            // Beside the files that are read.
            out.extend_from_slice(self.task.root.as_bytes());
            let lane = usize::try_from(self.lane).unwrap_or(0);
            tree::in_lane("-mixed", lane, number, out);
        } else {
            self.written(number, out);
        }
    }

    fn info(&self, number: u64, request: &mut Vec<u8>) -> (Rc<Method>, Door) {
        put_text(request, 1, |out| self.listed(self.read(number), out));
        self.methods.info.put_rest(request);
        (Rc::clone(&self.methods.info), Door::Observer)
    }

    fn on_path(
        method: &Rc<Method>,
        request: &mut Vec<u8>,
        path: impl FnOnce(&mut Vec<u8>),
    ) -> (Rc<Method>, Door) {
        put_text(request, 1, path);
        method.put_rest(request);
        (Rc::clone(method), Door::Observer)
    }
}

impl Work for LaneWork {
    fn first(&self, number: u64, request: &mut Vec<u8>) -> Option<(Rc<Method>, Door)> {
        if number >= self.count {
            return None;
        }
        let methods = &self.methods;
        Some(match self.task.kind {
            Kind::Create => {
                let all = match self.task.names {
                    Names::Listed { files } | Names::Large { files } => files,
                    Names::Lane | Names::Renamed { .. } => u64::MAX,
                };
                if number.saturating_mul(self.lanes).saturating_add(self.lane) >= all {
                    return None;
                }
                self.create(number, request)
            }
            Kind::Mixed if number % 10 == 9 => self.create(number, request),
            Kind::Mixed | Kind::FileInfo => self.info(number, request),
            Kind::Mkdirs => {
                let (method, _) =
                    Self::on_path(&methods.mkdirs, request, |out| self.written(number, out));
                (method, Door::Active)
            }
            Kind::Delete => {
                let (method, _) =
                    Self::on_path(&methods.delete, request, |out| self.written(number, out));
                (method, Door::Active)
            }
            Kind::Rename => {
                let Names::Renamed { places } = self.task.names else { return None };
                put_text(request, 1, |out| self.written(number, out));
                put_text(request, 2, |out| self.written(number + places, out));
                (Rc::clone(&methods.rename), Door::Active)
            }
            Kind::Listing => {
                let folder = self.read(number) / LISTED;
                Self::on_path(&methods.listing, request, |out| {
                    out.extend_from_slice(self.task.root.as_bytes());
                    out.push(b'/');
                    tree::decimal(folder, out);
                })
            }
            Kind::Locations => Self::on_path(&methods.locations, request, |out| {
                self.listed(self.read(number), out);
            }),
            Kind::Summary => Self::on_path(&methods.summary, request, |out| {
                out.extend_from_slice(self.task.root.as_bytes());
            }),
        })
    }

    fn next(
        &self,
        number: u64,
        step: u8,
        answer: &[u8],
        request: &mut Vec<u8>,
    ) -> anyhow::Result<Option<(Rc<Method>, Door)>> {
        let creates = match self.task.kind {
            Kind::Create => true,
            Kind::Mixed => number % 10 == 9,
            _ => false,
        };
        match self.task.kind {
            _ if creates && step == 0 => {
                let id = file_id(answer)?;
                put_text(request, 1, |out| self.created(number, out));
                self.methods.complete.put_rest(request);
                put_number(request, 4, id);
                return Ok(Some((Rc::clone(&self.methods.complete), Door::Active)));
            }
            Kind::Create | Kind::Mkdirs | Kind::Rename | Kind::Delete => yes(answer)?,
            Kind::Mixed if creates => yes(answer)?,
            Kind::FileInfo | Kind::Listing | Kind::Locations | Kind::Summary | Kind::Mixed => {
                if answer.is_empty() {
                    bail!("it is not there");
                }
            }
        }
        Ok(None)
    }
}

/// The answer to a call whose only field is a boolean.
fn yes(answer: &[u8]) -> anyhow::Result<()> {
    match find(answer, 1)? {
        Some(Field::Number(1)) => Ok(()),
        _ => bail!("it says no"),
    }
}

/// The file's id in the answer to create.
fn file_id(answer: &[u8]) -> anyhow::Result<u64> {
    let Some(Field::Bytes(status)) = find(answer, 1)? else { bail!("no file") };
    let Some(Field::Number(id)) = find(status, 13)? else { bail!("a file without an id") };
    Some(id).filter(|id| *id > 0).context("a file with id 0")
}

#[cfg(test)]
mod tests {
    use metafs_hadoop::proto::client::{CreateResponseProto, RenameRequestProto};
    use metafs_hadoop::proto::hdfs::HdfsFileStatusProto;
    use prost::Message as _;

    use super::*;

    fn work(kind: Kind, names: Names) -> LaneWork {
        let task = Task { kind, root: "/r".to_owned(), names, count: None };
        task.lanes(3).pop().expect("three clients")
    }

    #[test]
    fn a_file_is_created_and_completed_under_the_id_of_the_answer() {
        let work = work(Kind::Create, Names::Lane);
        let mut request = Vec::new();
        let (method, door) = work.first(7, &mut request).expect("there are more");
        assert_eq!((method.name(), door), ("create", Door::Active));
        let created = CreateRequestProto::decode(&request[..]).expect("a request");
        assert_eq!((created.src.as_str(), created.create_flag), ("/r/2/7", CREATE));
        let fs = HdfsFileStatusProto { file_id: Some(16_400), ..HdfsFileStatusProto::default() };
        let answer = CreateResponseProto { fs: Some(fs) }.encode_to_vec();
        request.clear();
        let next = work.next(7, 0, &answer, &mut request).expect("a good answer");
        assert_eq!(next.map(|(method, _)| method.name()), Some("complete"));
        let completed = CompleteRequestProto::decode(&request[..]).expect("a request");
        assert_eq!((completed.src.as_str(), completed.file_id), ("/r/2/7", Some(16_400)));
        assert_eq!(completed.client_name, created.client_name);
        assert!(work.next(7, 1, &[8, 1], &mut request).expect("yes").is_none());
        assert!(work.next(7, 1, &[8, 0], &mut request).is_err());
        assert!(work.next(7, 0, &[], &mut request).is_err());
    }

    #[test]
    fn renames_go_on_where_the_last_ended() {
        let work = work(Kind::Rename, Names::Renamed { places: 16 });
        let paths = |number| {
            let mut request = Vec::new();
            work.first(number, &mut request).expect("there are more");
            let RenameRequestProto { src, dst } =
                RenameRequestProto::decode(&request[..]).expect("a request");
            (src, dst)
        };
        assert_eq!(paths(3), ("/r/2/3-0".to_owned(), "/r/2/3-1".to_owned()));
        assert_eq!(paths(19), ("/r/2/3-1".to_owned(), "/r/2/3-2".to_owned()));
    }

    #[test]
    fn clients_share_the_files_of_a_tree_and_a_missing_one_is_an_error() {
        let names = Names::Listed { files: 20 };
        let mut requests = Vec::new();
        for lane in
            (Task { kind: Kind::Create, root: "/r".to_owned(), names, count: None }).lanes(3)
        {
            let mut request = Vec::new();
            let mut number = 0;
            while lane.first(number, &mut request).is_some() {
                requests.push(CreateRequestProto::decode(&request[..]).expect("a request").src);
                request.clear();
                number += 1;
            }
        }
        requests.sort();
        requests.dedup();
        assert_eq!(
            (requests.len(), requests[0].as_str(), requests[19].as_str()),
            (20, "/r/0/0", "/r/1/9")
        );
        assert!(work(Kind::FileInfo, names).next(0, 0, &[], &mut Vec::new()).is_err());
    }
}

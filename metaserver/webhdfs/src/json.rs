//! The JSON documents of WebHDFS, field for field as `org.apache.hadoop.hdfs.web.JsonUtil` of
//! Hadoop 3.4 writes them (keys in alphabetical order, as its TreeMaps give them).

use metafs_namespace::Settings;
use metafs_namespace::inode::Kind;
use metafs_namespace::reply::{AclStatus, ContentSummary, FileStatus, Listing};
use metafs_namespace::xattr::{XAttr, XAttrName};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::checksum::FileChecksum;
use crate::xattr_codec::Encoding;
use metafs_door::Space;

/// The bytes of `value`'s document. What is written here cannot fail: maps have string keys and
/// the sink is memory.
fn document<T: Serialize + ?Sized>(capacity: usize, value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(capacity);
    append(&mut bytes, value);
    bytes
}

fn append<T: Serialize + ?Sized>(bytes: &mut Vec<u8>, value: &T) {
    let written = serde_json::to_writer(bytes, value);
    debug_assert!(written.is_ok(), "{written:?}");
}

/// A document with one key.
struct Single<'a, T: ?Sized>(&'a str, &'a T);

impl<T: Serialize + ?Sized> Serialize for Single<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, self.1)?;
        map.end()
    }
}

/// Permission bits as Java's `%o` writes them: octal, no leading zeros.
struct Octal(u16);

impl Serialize for Octal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:o}", self.0))
    }
}

/// `{"key":value}` for the small answers (`boolean`, `Path`, `Location`, ...).
pub(crate) fn single<T: Serialize + ?Sized>(key: &str, value: &T) -> Vec<u8> {
    document(64, &Single(key, value))
}

/// `{"RemoteException":{...}}`.
pub(crate) fn remote_exception(simple: &str, class: &str, message: &str) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct RemoteException<'a> {
        exception: &'a str,
        java_class_name: &'a str,
        message: &'a str,
    }
    let exception = RemoteException { exception: simple, java_class_name: class, message };
    document(256, &Single("RemoteException", &exception))
}

/// What `JsonUtil.toJsonMap(HdfsFileStatus)` gives.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    access_time: i64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    acl_bit: bool,
    block_size: u64,
    children_num: u32,
    file_id: u64,
    group: &'a str,
    length: u64,
    modification_time: i64,
    owner: &'a str,
    path_suffix: &'a str,
    permission: Octal,
    replication: u16,
    storage_policy: u8,
    #[serde(rename = "type")]
    kind: &'a str,
}

impl<'a> Status<'a> {
    fn of(status: &'a FileStatus) -> Self {
        Self {
            access_time: status.atime,
            acl_bit: status.has_acl,
            block_size: status.block_size,
            children_num: status.children,
            file_id: status.inode,
            group: &status.group,
            length: status.length,
            modification_time: status.mtime,
            owner: &status.owner,
            path_suffix: &status.name,
            permission: Octal(status.permission),
            replication: status.replication,
            storage_policy: 0,
            kind: match status.kind {
                Kind::Directory => "DIRECTORY",
                Kind::File => "FILE",
            },
        }
    }
}

/// GETFILESTATUS.
pub(crate) fn file_status(status: &FileStatus) -> Vec<u8> {
    document(320, &Single("FileStatus", &Status::of(status)))
}

/// The start of LISTSTATUS's document.
pub(crate) const LIST_HEAD: &[u8] = b"{\"FileStatuses\":{\"FileStatus\":[\n";

/// Its end.
pub(crate) const LIST_TAIL: &[u8] = b"\n]}}\n";

/// Appends entries of LISTSTATUS, each but the first of the whole document after a comma.
pub(crate) fn list_entries(bytes: &mut Vec<u8>, entries: &[FileStatus], mut first: bool) {
    bytes.reserve(entries.len() * 280);
    for status in entries {
        if !std::mem::take(&mut first) {
            bytes.extend_from_slice(b",\n");
        }
        append(bytes, &Status::of(status));
    }
}

/// LISTSTATUS_BATCH.
pub(crate) fn directory_listing(listing: &Listing) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct DirectoryListing<'a> {
        partial_listing: Single<'a, Single<'a, Vec<Status<'a>>>>,
        remaining_entries: u32,
    }
    let entries: Vec<_> = listing.entries.iter().map(Status::of).collect();
    let listed = DirectoryListing {
        partial_listing: Single("FileStatuses", &Single("FileStatus", &entries)),
        remaining_entries: listing.remaining,
    };
    document(128 + 280 * entries.len(), &Single("DirectoryListing", &listed))
}

/// An unset quota is -1.
fn quota(quota: Option<u64>) -> i64 {
    quota.map_or(-1, |quota| i64::try_from(quota).unwrap_or(i64::MAX))
}

/// Quotas by storage type: none.
#[derive(Serialize)]
struct Empty {}

/// GETCONTENTSUMMARY.
pub(crate) fn content_summary(summary: &ContentSummary) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Summary<'a> {
        directory_count: u64,
        ec_policy: &'a str,
        file_count: u64,
        length: u64,
        quota: i64,
        snapshot_directory_count: u64,
        snapshot_file_count: u64,
        snapshot_length: u64,
        snapshot_space_consumed: u64,
        space_consumed: u64,
        space_quota: i64,
        type_quota: Empty,
    }
    let of_a_file = summary.directories == 0;
    let summary = Summary {
        directory_count: summary.directories,
        ec_policy: if of_a_file { "Replicated" } else { "" },
        file_count: summary.files,
        length: summary.length,
        quota: quota(summary.quota),
        snapshot_directory_count: 0,
        snapshot_file_count: 0,
        snapshot_length: 0,
        snapshot_space_consumed: 0,
        space_consumed: summary.space_consumed,
        space_quota: quota(summary.space_quota),
        type_quota: Empty {},
    };
    document(320, &Single("ContentSummary", &summary))
}

/// GETQUOTAUSAGE.
pub(crate) fn quota_usage(summary: &ContentSummary) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Usage {
        file_and_directory_count: u64,
        quota: i64,
        space_consumed: u64,
        space_quota: i64,
        type_quota: Empty,
    }
    let usage = Usage {
        file_and_directory_count: summary.directories + summary.files,
        quota: quota(summary.quota),
        space_consumed: summary.space_consumed,
        space_quota: quota(summary.space_quota),
        type_quota: Empty {},
    };
    document(160, &Single("QuotaUsage", &usage))
}

/// GETACLSTATUS.
pub(crate) fn acl_status(status: &AclStatus) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Acl<'a> {
        entries: Vec<String>,
        group: &'a str,
        owner: &'a str,
        permission: Octal,
        sticky_bit: bool,
    }
    let acl = Acl {
        entries: status.entries.iter().map(ToString::to_string).collect(),
        group: &status.group,
        owner: &status.owner,
        permission: Octal(status.permission),
        sticky_bit: status.permission & 0o1000 != 0,
    };
    document(256, &Single("AclStatus", &acl))
}

/// GETXATTRS. As HDFS keeps no difference between an empty value and none, both are null.
pub(crate) fn xattrs(xattrs: &[XAttr], encoding: Encoding) -> Vec<u8> {
    #[derive(Serialize)]
    struct Attribute {
        name: String,
        value: Option<String>,
    }
    let list: Vec<_> = xattrs
        .iter()
        .map(|xattr| Attribute {
            name: xattr.name.to_string(),
            value: (!xattr.value.is_empty()).then(|| encoding.encode(&xattr.value)),
        })
        .collect();
    single("XAttrs", &list)
}

/// LISTXATTRS: the list is a JSON document within a string.
pub(crate) fn xattr_names(names: &[XAttrName]) -> Vec<u8> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    single("XAttrNames", &String::from_utf8_lossy(&document(64, &names)))
}

/// GETFILECHECKSUM.
pub(crate) fn file_checksum(checksum: &FileChecksum) -> Vec<u8> {
    #[derive(Serialize)]
    struct Checksum {
        algorithm: String,
        bytes: String,
        length: usize,
    }
    let checksum = Checksum {
        algorithm: checksum.algorithm(),
        length: FileChecksum::LENGTH,
        bytes: checksum.bytes().iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    single("FileChecksum", &checksum)
}

/// GETSERVERDEFAULTS (`FsServerDefaults`): checksumType 2 is CRC32C.
pub(crate) fn server_defaults(settings: &Settings) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Defaults<'a> {
        block_size: u64,
        bytes_per_checksum: u32,
        checksum_type: u8,
        default_storage_policy_id: u8,
        encrypt_data_transfer: bool,
        file_buffer_size: u32,
        key_provider_uri: &'a str,
        replication: u16,
        trash_interval: u32,
        write_packet_size: u32,
    }
    let defaults = Defaults {
        block_size: settings.default_block_size,
        bytes_per_checksum: 512,
        checksum_type: 2,
        default_storage_policy_id: 7,
        encrypt_data_transfer: false,
        file_buffer_size: 4096,
        key_provider_uri: "",
        replication: settings.default_replication,
        trash_interval: settings.trash_interval_minutes,
        write_packet_size: 65536,
    };
    document(256, &Single("FsServerDefaults", &defaults))
}

/// GETSTATUS.
pub(crate) fn fs_status(space: Space) -> Vec<u8> {
    #[derive(Serialize)]
    struct Status {
        capacity: u64,
        used: u64,
        remaining: u64,
    }
    let Space { capacity, used, remaining } = space;
    single("FsStatus", &Status { capacity, used, remaining })
}

/// The only storage policy there is: HDFS's default.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StoragePolicy {
    copy_on_create_file: bool,
    creation_fallbacks: [&'static str; 0],
    id: u8,
    name: &'static str,
    replication_fallbacks: [&'static str; 1],
    storage_types: [&'static str; 1],
}

const HOT: StoragePolicy = StoragePolicy {
    copy_on_create_file: false,
    creation_fallbacks: [],
    id: 7,
    name: "HOT",
    replication_fallbacks: ["ARCHIVE"],
    storage_types: ["DISK"],
};

/// GETSTORAGEPOLICY.
pub(crate) fn storage_policy() -> Vec<u8> {
    single("BlockStoragePolicy", &HOT)
}

/// GETALLSTORAGEPOLICY.
pub(crate) fn storage_policies() -> Vec<u8> {
    single("BlockStoragePolicies", &Single("BlockStoragePolicy", &[HOT]))
}

/// GETECPOLICIES: none.
pub(crate) fn ec_policies() -> Vec<u8> {
    single("ErasureCodingPolicies", &Single("ErasureCodingPolicyInfo", &()))
}

/// GETECCODECS: none.
pub(crate) fn ec_codecs() -> Vec<u8> {
    single("ErasureCodingCodecs", &Empty {})
}

/// GETTRASHROOTS: paths with their statuses; null if there are none, as HDFS has it.
pub(crate) fn trash_roots(roots: &[(String, FileStatus)]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Root<'a> {
        access_time: i64,
        block_replication: u16,
        blocksize: u64,
        group: &'a str,
        isdir: bool,
        length: u64,
        modification_time: i64,
        owner: &'a str,
        path: &'a str,
        permission: Octal,
    }
    struct Roots<'a>(&'a [(String, FileStatus)]);
    impl Serialize for Roots<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut list = serializer.serialize_seq(Some(self.0.len()))?;
            for (path, status) in self.0 {
                list.serialize_element(&Root {
                    access_time: status.atime,
                    block_replication: status.replication,
                    blocksize: status.block_size,
                    group: &status.group,
                    isdir: status.kind == Kind::Directory,
                    length: status.length,
                    modification_time: status.mtime,
                    owner: &status.owner,
                    path,
                    permission: Octal(status.permission),
                })?;
            }
            list.end()
        }
    }
    single("Paths", &(!roots.is_empty()).then_some(Roots(roots)))
}

/// A file's one block, as far as a client may plan work by it: it lives on the server that
/// answers (`host`), whole.
pub(crate) struct Block<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) inode: u64,
    pub(crate) length: u64,
    pub(crate) under_construction: bool,
}

impl Block<'_> {
    /// GETFILEBLOCKLOCATIONS; the block is listed if `wanted`.
    pub(crate) fn block_locations(&self, wanted: bool) -> Vec<u8> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct BlockLocation<'a> {
            cached_hosts: [&'a str; 0],
            corrupt: bool,
            hosts: [&'a str; 1],
            length: u64,
            names: [String; 1],
            offset: u64,
            storage_types: [&'a str; 1],
            topology_paths: [String; 1],
        }
        let name = format!("{}:{}", self.host, self.port);
        let location = BlockLocation {
            cached_hosts: [],
            corrupt: false,
            hosts: [self.host],
            length: self.length,
            topology_paths: [format!("/default-rack/{name}")],
            names: [name],
            offset: 0,
            storage_types: ["DISK"],
        };
        let list = if wanted { vec![location] } else { Vec::new() };
        single("BlockLocations", &Single("BlockLocation", &list))
    }

    /// GET_BLOCK_LOCATIONS; the block is listed if `wanted`, and is the last one if there is
    /// content.
    pub(crate) fn located_blocks(&self, wanted: bool) -> Vec<u8> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Blocks {
            file_length: u64,
            is_last_block_complete: bool,
            is_under_construction: bool,
            last_located_block: Option<serde_json::Value>,
            located_blocks: Vec<serde_json::Value>,
        }
        let block = serde_json::json!({
            "block": {
                "blockId": self.inode,
                "blockPoolId": "metafs-inline",
                "generationStamp": 0,
                "numBytes": self.length,
            },
            "blockToken": {"urlString": "AAAAAA"},
            "cachedLocations": [],
            "isCorrupt": false,
            "locations": [{
                "adminState": "NORMAL",
                "blockPoolUsed": 0, "cacheCapacity": 0, "cacheUsed": 0, "capacity": 0,
                "dfsUsed": 0,
                "hostName": self.host,
                "infoPort": self.port,
                "infoSecurePort": 0,
                "ipAddr": self.host,
                "ipcPort": 0,
                "lastUpdate": 0,
                "name": format!("{}:{}", self.host, self.port),
                "networkLocation": "/default-rack",
                "remaining": 0,
                "storageID": "metafs-inline",
                "xceiverCount": 0,
                "xferPort": self.port,
            }],
            "startOffset": 0,
            "storageTypes": ["DISK"],
        });
        let last = (self.length > 0).then(|| block.clone());
        let blocks = Blocks {
            file_length: self.length,
            is_last_block_complete: !self.under_construction,
            is_under_construction: self.under_construction,
            last_located_block: last,
            located_blocks: if wanted { vec![block] } else { Vec::new() },
        };
        single("LocatedBlocks", &blocks)
    }
}

#[cfg(test)]
mod tests;

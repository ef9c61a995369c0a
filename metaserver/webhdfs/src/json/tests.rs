use bytes::Bytes;
use metafs_namespace::acl::{AclEntry, AclScope, AclType};
use metafs_namespace::xattr::XAttrNamespace;

use super::*;

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn status() -> FileStatus {
    FileStatus {
        inode: 16388,
        kind: Kind::File,
        name: "a \"b\"\u{1}€".into(),
        length: 3,
        permission: 0o644,
        owner: "joe".into(),
        group: "staff".into(),
        mtime: 1000,
        atime: 999,
        replication: 3,
        block_size: 134_217_728,
        children: 0,
        has_acl: false,
        under_construction: false,
    }
}

#[test]
fn file_status_is_hadoops() {
    assert_eq!(
        text(file_status(&status())),
        "{\"FileStatus\":{\"accessTime\":999,\"blockSize\":134217728,\"childrenNum\":0,\
         \"fileId\":16388,\"group\":\"staff\",\"length\":3,\"modificationTime\":1000,\
         \"owner\":\"joe\",\"pathSuffix\":\"a \\\"b\\\"\\u0001€\",\"permission\":\"644\",\
         \"replication\":3,\"storagePolicy\":0,\"type\":\"FILE\"}}"
    );
    let folder = FileStatus {
        kind: Kind::Directory,
        name: String::new(),
        permission: 0o1777,
        has_acl: true,
        ..status()
    };
    let folder = text(file_status(&folder));
    assert!(folder.contains("\"accessTime\":999,\"aclBit\":true,\"blockSize\""), "{folder}");
    assert!(folder.contains("\"permission\":\"1777\""), "{folder}");
    assert!(folder.ends_with("\"type\":\"DIRECTORY\"}}"), "{folder}");
}

#[test]
fn listings_are_hadoops() {
    let listing = Listing { entries: vec![status(), status()], remaining: 7 };
    let batch = text(directory_listing(&listing));
    assert!(
        batch.starts_with(
            "{\"DirectoryListing\":{\"partialListing\":{\"FileStatuses\":\
             {\"FileStatus\":[{\"accessTime\":999,"
        ),
        "{batch}"
    );
    assert!(batch.ends_with("}]}},\"remainingEntries\":7}}"), "{batch}");
    let mut list = LIST_HEAD.to_vec();
    list_entries(&mut list, &listing.entries, true);
    list_entries(&mut list, &listing.entries, false);
    list.extend_from_slice(LIST_TAIL);
    let parsed: serde_json::Value = serde_json::from_slice(&list).unwrap();
    assert_eq!(parsed["FileStatuses"]["FileStatus"].as_array().unwrap().len(), 4);
}

#[test]
fn summaries_show_unset_quotas_as_minus_one() {
    let summary = ContentSummary {
        directories: 2,
        files: 3,
        length: 10,
        space_consumed: 30,
        quota: None,
        space_quota: Some(5),
    };
    assert_eq!(
        text(content_summary(&summary)),
        "{\"ContentSummary\":{\"directoryCount\":2,\"ecPolicy\":\"\",\"fileCount\":3,\
         \"length\":10,\"quota\":-1,\"snapshotDirectoryCount\":0,\"snapshotFileCount\":0,\
         \"snapshotLength\":0,\"snapshotSpaceConsumed\":0,\"spaceConsumed\":30,\
         \"spaceQuota\":5,\"typeQuota\":{}}}"
    );
    assert_eq!(
        text(quota_usage(&summary)),
        "{\"QuotaUsage\":{\"fileAndDirectoryCount\":5,\"quota\":-1,\"spaceConsumed\":30,\
         \"spaceQuota\":5,\"typeQuota\":{}}}"
    );
}

#[test]
fn acls_and_xattrs_are_hadoops() {
    let acl = AclStatus {
        owner: "joe".into(),
        group: "staff".into(),
        permission: 0o1775,
        entries: vec![AclEntry {
            scope: AclScope::Default,
            kind: AclType::User,
            name: Some("jim".into()),
            permission: 5,
        }],
    };
    assert_eq!(
        text(acl_status(&acl)),
        "{\"AclStatus\":{\"entries\":[\"default:user:jim:r-x\"],\"group\":\"staff\",\
         \"owner\":\"joe\",\"permission\":\"1775\",\"stickyBit\":true}}"
    );
    let name = XAttrName { namespace: XAttrNamespace::User, name: "a".into() };
    let list = [
        XAttr { name: name.clone(), value: Bytes::from_static(b"\x01z") },
        XAttr { name: name.clone(), value: Bytes::new() },
    ];
    assert_eq!(
        text(xattrs(&list, Encoding::Hex)),
        "{\"XAttrs\":[{\"name\":\"user.a\",\"value\":\"0x017a\"},\
         {\"name\":\"user.a\",\"value\":null}]}"
    );
    assert_eq!(
        text(xattr_names(&[name.clone(), name])),
        "{\"XAttrNames\":\"[\\\"user.a\\\",\\\"user.a\\\"]\"}"
    );
}

#[test]
fn small_answers_are_hadoops() {
    assert_eq!(text(single("boolean", &true)), "{\"boolean\":true}");
    assert_eq!(text(single("Token", &())), "{\"Token\":null}");
    assert_eq!(text(trash_roots(&[])), "{\"Paths\":null}");
    assert_eq!(
        text(ec_policies()),
        "{\"ErasureCodingPolicies\":{\"ErasureCodingPolicyInfo\":null}}"
    );
    assert_eq!(
        text(storage_policy()),
        "{\"BlockStoragePolicy\":{\"copyOnCreateFile\":false,\"creationFallbacks\":[],\
         \"id\":7,\"name\":\"HOT\",\"replicationFallbacks\":[\"ARCHIVE\"],\
         \"storageTypes\":[\"DISK\"]}}"
    );
    let defaults = text(server_defaults(&Settings::default()));
    assert!(defaults.contains("\"encryptDataTransfer\":false,"), "{defaults}");
    let space = Space { capacity: 10, used: 3, remaining: 7 };
    assert_eq!(
        text(fs_status(space)),
        "{\"FsStatus\":{\"capacity\":10,\"used\":3,\"remaining\":7}}"
    );
}

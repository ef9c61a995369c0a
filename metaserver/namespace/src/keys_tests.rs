//! The bytes of rows, pinned: a change here is a change of the format on disk.

use std::sync::Arc;

use super::*;
use crate::acl::{AclEntry, AclScope, AclType};
use crate::inode::{Body, DirectoryBody, FileBody, Kind, OpenFile, ROOT, Usage};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn file() -> Inode {
    Inode {
        id: 16400,
        parent: ROOT,
        name: "f".into(),
        owner: "ann".into(),
        group: "staff".into(),
        permission: 0o644,
        mtime: 1_700_000_000_000,
        atime: -1,
        acl: None,
        xattrs: 2,
        body: Body::File(FileBody {
            length: 300,
            replication: 3,
            block_size: 128 << 20,
            lease: Some(OpenFile { holder: "c1".into(), append: true }),
        }),
    }
}

fn directory() -> Inode {
    Inode {
        name: "d".into(),
        permission: 0o1755,
        mtime: 1,
        atime: 0,
        acl: Some(Arc::from([AclEntry {
            scope: AclScope::Default,
            kind: AclType::User,
            name: Some("bob".into()),
            permission: 5,
        }])),
        xattrs: 0,
        body: Body::Directory(DirectoryBody {
            children: 1,
            below: Usage { directories: 0, files: 1, length: 300, space: 900 },
            quota: Some(10),
            space_quota: None,
        }),
        ..file()
    }
}

#[test]
fn keys_keep_their_bytes() {
    let user = XAttrName { namespace: XAttrNamespace::User, name: "k".into() };
    let security = XAttrName { namespace: XAttrNamespace::Security, name: "k".into() };
    for (key, golden) in [
        (dentry(ROOT, b"a"), "01000000000000400161"),
        (inode(16400), "020000000000004010"),
        (xattr(16400, &user), "030000000000004010006b"),
        (xattr(16400, &security), "030000000000004010026b"),
        (content(16400), "040000000000004010"),
        (lease("c1"), "056331"),
        (lease_file("c1", 16400), "066331000000000000004010"),
        (reap(16400), "070000000000004010"),
        (lease_time(5, "c1"), "0880000000000000056331"),
        (lease_time(-1, "c1"), "087fffffffffffffff6331"),
        (
            retry(5, CallId { client: [7; 16], call: 3 }),
            "007265747279000000000000000507070707070707070707070707070707000000\
             03",
        ),
        (STATE_KEY.to_vec(), "007374617465"),
        (SETTINGS_KEY.to_vec(), "0073657474696e6773"),
    ] {
        assert_eq!(hex(&key), golden);
    }
}

#[test]
fn values_keep_their_bytes() {
    let state = State {
        next_inode: 16401,
        time_ms: 7,
        checksum: 1 << 127,
        open_files: 1,
        reap_roots: 2,
        reap_from: 16390,
        import: Some(ImportProgress { next_sequence: 3, last_key: vec![1, 2] }),
        retries: Generations { present: 4, began_ms: 6, answers: 5 },
        copied_checksum: 5,
        state_id_base: 300,
    };
    let lease = Lease { last_renewed_ms: 300, files: 2 };
    let entry = Dentry { child: 16400, kind: Kind::File };
    for (value, golden) in [
        (encode(&entry).unwrap(), "0190800101"),
        (
            encode(&file()).unwrap(),
            "01908001818001016603616e6e057374616666a40380a0abfef96201000200ac0203808080400102633101",
        ),
        (
            encode(&directory()).unwrap(),
            "01908001818001016403616e6e057374616666ed070200010101000103626f62050001010001ac028407010a00",
        ),
        (encode(&lease).unwrap(), "01d80402"),
        (
            encode(&state).unwrap(),
            "019180010e8080808080808080808080808080808080800201028680010103020102040c0505ac02",
        ),
        (encode_raw(b"hello"), "0168656c6c6f"),
        (PRESENT, "01"),
    ] {
        assert_eq!(hex(&value), golden);
    }
}

#[test]
fn values_of_all_sizes_are_encoded_alike() {
    for length in [0, 1, 200, 300, 507, 508, 509, 510, 511, 512, 513, 5000] {
        let text = "x".repeat(length);
        let mut expected = vec![FORMAT_VERSION];
        expected.extend(postcard::to_stdvec(&text).unwrap());
        assert_eq!(encode(&text).unwrap(), expected, "{length}");
        let lent = with_encoded(&text, <[u8]>::to_vec).unwrap();
        assert_eq!(lent, expected, "{length}");
    }
}

#[test]
fn values_come_back() {
    for inode in [file(), directory()] {
        let value = encode(&inode).unwrap();
        assert_eq!(decode::<Inode>(b"\x02", &value).unwrap(), inode);
    }
    let raw = encode_raw(b"abc");
    assert_eq!(&decode_raw(b"\x04", &raw).unwrap()[..], b"abc");
}

#[test]
fn damaged_values_are_named() {
    let key = inode(7);
    let good = encode(&file()).unwrap();
    let mut newer = good.to_vec();
    newer[0] = 9;
    let mut longer = good.to_vec();
    longer.push(0);
    for (value, reason) in [
        (&newer[..], "format version 9, this server knows 1"),
        (&longer[..], "1 bytes too many"),
        (&good[..9], "end"),
        (&[][..], "empty"),
    ] {
        let error = decode::<Inode>(&key, value).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert!(error.contains("inode (key 020000000000000007)"), "{error}");
    }
}

#[test]
fn the_checksum_of_a_row_keeps_its_value() {
    let hash = row_hash(b"\x01key", b"value", &mut Vec::new());
    assert_eq!(format!("{hash:032x}"), "cbb7bb45f7e7ae613d84632a4134d334");
}

#[test]
fn lease_times_sort_as_numbers() {
    let keys: Vec<_> = [i64::MIN, -5, 0, 5, i64::MAX].map(|time| lease_time(time, "c")).into();
    assert!(keys.is_sorted());
    assert_eq!(lease_time_parts(&keys[1]), Some((-5, "c")));
}

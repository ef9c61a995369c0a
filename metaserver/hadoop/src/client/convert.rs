//! Between the namespace's terms and Hadoop's messages.

use metafs_namespace::acl::{AclEntry, AclScope, AclType};
use metafs_namespace::inode::Kind;
use metafs_namespace::reply::{AclStatus, ContentSummary, FileStatus};
use metafs_namespace::xattr::{XAttr, XAttrName, XAttrNamespace};

use crate::proto::acl::{
    AclEntryProto, AclEntryProtoAclEntryScopeProto as Scope,
    AclEntryProtoAclEntryTypeProto as Type, AclStatusProto, FsPermissionProto,
};
use crate::proto::hdfs::{
    BlockStoragePolicyProto, ContentSummaryProto, HdfsFileStatusProto, HdfsFileStatusProtoFileType,
    LocatedBlocksProto, QuotaUsageProto, StorageTypeProto, StorageTypesProto,
};
use crate::proto::xattr::{XAttrProto, XAttrProtoXAttrNamespaceProto as Namespace};

/// A quota that is not set, or "no quota" in a request (`HdfsConstants.QUOTA_RESET`).
pub(super) const NO_QUOTA: u64 = u64::MAX;

/// The bits of a permission that can be set: rwx and the sticky bit, and what POSIX has beside it.
const PERMISSION: u32 = 0o7777;

/// A permission as it comes.
pub(super) fn permission(proto: &FsPermissionProto) -> u16 {
    // Twelve bits fit.
    u16::try_from(proto.perm & PERMISSION).unwrap_or_default()
}

/// A file or folder; moves its strings.
pub(super) fn status(status: FileStatus) -> HdfsFileStatusProto {
    let FileStatus {
        inode,
        kind,
        name,
        length,
        permission,
        owner,
        group,
        mtime,
        atime,
        replication,
        block_size,
        children,
        has_acl,
        under_construction: _,
    } = status;
    let kind = match kind {
        Kind::Directory => HdfsFileStatusProtoFileType::IsDir,
        Kind::File => HdfsFileStatusProtoFileType::IsFile,
    };
    HdfsFileStatusProto {
        file_type: kind.into(),
        path: name.into_bytes(),
        length,
        permission: FsPermissionProto { perm: permission.into() },
        owner,
        group,
        modification_time: mtime.cast_unsigned(),
        access_time: atime.cast_unsigned(),
        block_replication: Some(replication.into()),
        blocksize: Some(block_size),
        file_id: Some(inode),
        children_num: Some(i32::try_from(children).unwrap_or(i32::MAX)),
        // Unspecified: the default.
        storage_policy: Some(0),
        // HAS_ACL.
        flags: Some(u32::from(has_acl)),
        ..HdfsFileStatusProto::default()
    }
}

/// A file without blocks: its contents are not kept on DataNodes.
pub(super) fn no_blocks(length: u64, under_construction: bool) -> LocatedBlocksProto {
    LocatedBlocksProto {
        file_length: length,
        under_construction,
        // As HDFS has it for files without blocks.
        is_last_block_complete: false,
        ..LocatedBlocksProto::default()
    }
}

/// A content summary.
pub(super) fn content_summary(summary: &ContentSummary) -> ContentSummaryProto {
    let ContentSummary { directories, files, length, space_consumed, quota, space_quota } = summary;
    ContentSummaryProto {
        length: *length,
        file_count: *files,
        directory_count: *directories,
        quota: quota.unwrap_or(NO_QUOTA),
        space_consumed: *space_consumed,
        space_quota: space_quota.unwrap_or(NO_QUOTA),
        snapshot_length: Some(0),
        snapshot_file_count: Some(0),
        snapshot_directory_count: Some(0),
        snapshot_space_consumed: Some(0),
        ..ContentSummaryProto::default()
    }
}

/// The quotas and what counts against them.
pub(super) fn quota_usage(summary: &ContentSummary) -> QuotaUsageProto {
    QuotaUsageProto {
        file_and_directory_count: summary.files + summary.directories,
        quota: summary.quota.unwrap_or(NO_QUOTA),
        space_consumed: summary.space_consumed,
        space_quota: summary.space_quota.unwrap_or(NO_QUOTA),
        ..QuotaUsageProto::default()
    }
}

/// The only storage policy.
pub(super) fn hot() -> BlockStoragePolicyProto {
    let types = |types: &[StorageTypeProto]| StorageTypesProto {
        storage_types: types.iter().map(|kind| i32::from(*kind)).collect(),
    };
    BlockStoragePolicyProto {
        policy_id: 7,
        name: "HOT".to_owned(),
        creation_policy: types(&[StorageTypeProto::Disk]),
        creation_fallback_policy: Some(types(&[])),
        replication_fallback_policy: Some(types(&[StorageTypeProto::Archive])),
    }
}

/// An ACL entry as it comes.
pub(super) fn acl_entry(proto: AclEntryProto) -> AclEntry {
    AclEntry {
        scope: match proto.scope() {
            Scope::Access => AclScope::Access,
            Scope::Default => AclScope::Default,
        },
        kind: match proto.r#type() {
            Type::User => AclType::User,
            Type::Group => AclType::Group,
            Type::Mask => AclType::Mask,
            Type::Other => AclType::Other,
        },
        permission: u8::try_from(proto.permissions & 7).unwrap_or_default(),
        name: proto.name.filter(|name| !name.is_empty()),
    }
}

/// An object's ACL.
pub(super) fn acl_status(status: AclStatus) -> AclStatusProto {
    let AclStatus { owner, group, permission, entries } = status;
    AclStatusProto {
        owner,
        group,
        sticky: permission & 0o1000 != 0,
        entries: entries
            .into_iter()
            .map(|AclEntry { scope, kind, name, permission }| AclEntryProto {
                r#type: match kind {
                    AclType::User => Type::User,
                    AclType::Group => Type::Group,
                    AclType::Mask => Type::Mask,
                    AclType::Other => Type::Other,
                }
                .into(),
                scope: match scope {
                    AclScope::Access => Scope::Access,
                    AclScope::Default => Scope::Default,
                }
                .into(),
                permissions: permission.into(),
                name,
            })
            .collect(),
        permission: Some(FsPermissionProto { perm: permission.into() }),
    }
}

/// An attribute's name as it comes.
pub(super) fn xattr_name(proto: &XAttrProto) -> XAttrName {
    XAttrName {
        namespace: match proto.namespace() {
            Namespace::User => XAttrNamespace::User,
            Namespace::Trusted => XAttrNamespace::Trusted,
            Namespace::Security => XAttrNamespace::Security,
            Namespace::System => XAttrNamespace::System,
            Namespace::Raw => XAttrNamespace::Raw,
        },
        name: proto.name.clone(),
    }
}

/// An attribute, with or without its value.
pub(super) fn xattr(name: XAttrName, value: Option<Vec<u8>>) -> XAttrProto {
    XAttrProto {
        namespace: match name.namespace {
            XAttrNamespace::User => Namespace::User,
            XAttrNamespace::Trusted => Namespace::Trusted,
            XAttrNamespace::Security => Namespace::Security,
            XAttrNamespace::System => Namespace::System,
            XAttrNamespace::Raw => Namespace::Raw,
        }
        .into(),
        name: name.name,
        value,
    }
}

/// An attribute with its value.
pub(super) fn xattr_with_value(xattr_: XAttr) -> XAttrProto {
    let XAttr { name, value } = xattr_;
    xattr(name, Some(value.to_vec()))
}

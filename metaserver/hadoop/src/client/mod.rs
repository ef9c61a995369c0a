//! `ClientProtocol`: which methods there are, and who handles them.
//!
//! Reads are coordinated where HDFS 3.4 says so (`@ReadOnly(isCoordinated = true)`); those that HDFS
//! remembers for retries (`@AtMostOnce`, and truncate, whose client retries it alike) are mutations
//! with the call's id.

mod attributes;
mod cluster;
mod convert;
mod files;
mod read;
mod write;

use metafs_door::{Backend, HaService};

use crate::call::{Answered, Call};
use crate::dispatch::methods;
use crate::refusal::Refusal;

methods! {
    "getBlockLocations" "open"
    "getServerDefaults" ""
    "create" "create"
    "append" "append"
    "setReplication" "setReplication"
    "setStoragePolicy" "setStoragePolicy"
    "unsetStoragePolicy" "unsetStoragePolicy"
    "getStoragePolicy" ""
    "getStoragePolicies" ""
    "setPermission" "setPermission"
    "setOwner" "setOwner"
    "abandonBlock" ""
    "addBlock" ""
    "getAdditionalDatanode" ""
    "complete" ""
    "reportBadBlocks" ""
    "concat" "concat"
    "truncate" "truncate"
    "rename" "rename"
    "rename2" "rename"
    "delete" "delete"
    "mkdirs" "mkdirs"
    "getListing" "listStatus"
    "getBatchedListing" "listStatus"
    "renewLease" ""
    "recoverLease" "recoverLease"
    "getFsStats" ""
    "getFsReplicatedBlockStats" ""
    "getFsECBlockGroupStats" ""
    "getDatanodeReport" ""
    "getDatanodeStorageReport" ""
    "getPreferredBlockSize" ""
    "setSafeMode" ""
    "saveNamespace" ""
    "rollEdits" ""
    "restoreFailedStorage" ""
    "refreshNodes" ""
    "finalizeUpgrade" ""
    "upgradeStatus" ""
    "rollingUpgrade" ""
    "listCorruptFileBlocks" ""
    "metaSave" ""
    "getFileInfo" "getfileinfo"
    "getLocatedFileInfo" "getfileinfo"
    "addCacheDirective" ""
    "modifyCacheDirective" ""
    "removeCacheDirective" ""
    "listCacheDirectives" ""
    "addCachePool" ""
    "modifyCachePool" ""
    "removeCachePool" ""
    "listCachePools" ""
    "getFileLinkInfo" "getfileinfo"
    "getContentSummary" "contentSummary"
    "setQuota" "setQuota"
    "fsync" "fsync"
    "setTimes" "setTimes"
    "createSymlink" "createSymlink"
    "getLinkTarget" ""
    "updateBlockForPipeline" ""
    "updatePipeline" ""
    "getDelegationToken" ""
    "renewDelegationToken" ""
    "cancelDelegationToken" ""
    "setBalancerBandwidth" ""
    "getDataEncryptionKey" ""
    "createSnapshot" "createSnapshot"
    "renameSnapshot" "renameSnapshot"
    "allowSnapshot" "allowSnapshot"
    "disallowSnapshot" "disallowSnapshot"
    "getSnapshottableDirListing" ""
    "getSnapshotListing" ""
    "deleteSnapshot" "deleteSnapshot"
    "getSnapshotDiffReport" ""
    "getSnapshotDiffReportListing" ""
    "isFileClosed" "isFileClosed"
    "modifyAclEntries" "modifyAclEntries"
    "removeAclEntries" "removeAclEntries"
    "removeDefaultAcl" "removeDefaultAcl"
    "removeAcl" "removeAcl"
    "setAcl" "setAcl"
    "getAclStatus" "getAclStatus"
    "setXAttr" "setXAttr"
    "getXAttrs" "getXAttrs"
    "listXAttrs" "listXAttrs"
    "removeXAttr" "removeXAttr"
    "checkAccess" "checkAccess"
    "createEncryptionZone" ""
    "listEncryptionZones" ""
    "reencryptEncryptionZone" ""
    "listReencryptionStatus" ""
    "getEZForPath" "getEZForPath"
    "setErasureCodingPolicy" ""
    "unsetErasureCodingPolicy" ""
    "getECTopologyResultForPolicies" ""
    "getCurrentEditLogTxid" ""
    "getEditsFromTxid" ""
    "getErasureCodingPolicies" ""
    "addErasureCodingPolicies" ""
    "removeErasureCodingPolicy" ""
    "enableErasureCodingPolicy" ""
    "disableErasureCodingPolicy" ""
    "getErasureCodingPolicy" "getErasureCodingPolicy"
    "getErasureCodingCodecs" ""
    "getQuotaUsage" "quotaUsage"
    "listOpenFiles" ""
    "msync" ""
    "satisfyStoragePolicy" ""
    "getHAServiceState" ""
    "getSlowDatanodeReport" ""
    "getEnclosingRoot" ""
}

/// Handles a call of the protocol.
pub(crate) async fn handle<B: Backend + HaService>(
    call: &mut Call<'_, B>,
    method: &'static str,
    request: &[u8],
) -> Answered {
    match method {
        "getFileInfo" | "getFileLinkInfo" => read::file_info(call, request).await,
        "getLocatedFileInfo" => read::located_file_info(call, request).await,
        "getListing" => read::listing(call, request).await,
        "getBatchedListing" => read::batched_listing(call, request).await,
        "getBlockLocations" => read::block_locations(call, request).await,
        "getContentSummary" => read::content_summary(call, request).await,
        "getQuotaUsage" => read::quota_usage(call, request).await,
        "isFileClosed" => read::is_file_closed(call, request).await,
        "checkAccess" => read::check_access(call, request).await,
        "getPreferredBlockSize" => read::preferred_block_size(call, request).await,
        "getLinkTarget" => read::link_target(call, request).await,
        "getStoragePolicy" => read::storage_policy(call, request).await,
        "getErasureCodingPolicy" => read::erasure_coding_policy(call, request).await,
        "getEZForPath" => read::encryption_zone(call, request).await,
        "getEnclosingRoot" => read::enclosing_root(call, request).await,

        "mkdirs" => write::mkdirs(call, request).await,
        "rename" => write::rename(call, request).await,
        "rename2" => write::rename2(call, request).await,
        "delete" => write::delete(call, request).await,
        "concat" => write::concat(call, request).await,
        "truncate" => write::truncate(call, request).await,
        "setReplication" => write::set_replication(call, request).await,
        "setPermission" => write::set_permission(call, request).await,
        "setOwner" => write::set_owner(call, request).await,
        "setTimes" => write::set_times(call, request).await,
        "setQuota" => write::set_quota(call, request).await,

        "create" => files::create(call, request).await,
        "append" => files::append(call, request).await,
        "addBlock" => files::add_block(call, request).await,
        "abandonBlock" => files::abandon_block(call, request).await,
        "complete" => files::complete(call, request).await,
        "fsync" => files::fsync(call, request).await,
        "renewLease" => files::renew_lease(call, request).await,
        "recoverLease" => files::recover_lease(call, request).await,

        "modifyAclEntries" => attributes::modify_acl(call, request).await,
        "removeAclEntries" => attributes::remove_acl_entries(call, request).await,
        "removeDefaultAcl" => attributes::remove_default_acl(call, request).await,
        "removeAcl" => attributes::remove_acl(call, request).await,
        "setAcl" => attributes::set_acl(call, request).await,
        "getAclStatus" => attributes::acl_status(call, request).await,
        "setXAttr" => attributes::set_xattr(call, request).await,
        "getXAttrs" => attributes::xattrs(call, request).await,
        "listXAttrs" => attributes::list_xattrs(call, request).await,
        "removeXAttr" => attributes::remove_xattr(call, request).await,

        "getServerDefaults" => cluster::server_defaults(call).await,
        "getStoragePolicies" => cluster::storage_policies(call).await,
        "msync" => cluster::msync(call).await,
        "getHAServiceState" => cluster::ha_state(call),
        "setSafeMode" => cluster::safe_mode(call, request).await,
        "getFsStats" => cluster::stats(call),
        "getFsReplicatedBlockStats" => cluster::replicated_block_stats(),
        "getFsECBlockGroupStats" => cluster::block_group_stats(),
        "getDatanodeReport" | "getDatanodeStorageReport" | "getSlowDatanodeReport" => {
            cluster::no_datanodes(call, request)
        }
        "listCorruptFileBlocks" => cluster::corrupt_blocks(call).await,
        "upgradeStatus" => cluster::upgrade_status(),
        "listEncryptionZones"
        | "listCachePools"
        | "listCacheDirectives"
        | "getErasureCodingPolicies"
        | "getErasureCodingCodecs"
        | "getSnapshottableDirListing" => cluster::empty_list(call, method).await,
        // Without security there are none, and clients take an empty answer for that.
        "getDelegationToken" | "getDataEncryptionKey" => call.read(|_, _| Ok(Vec::new())).await,
        other => Err(unsupported(other)),
    }
}

/// Why a method that HDFS has is not offered here.
fn unsupported(method: &'static str) -> Refusal {
    Refusal::unsupported(match method {
        "createSymlink" => "Symlinks not supported".to_owned(),
        _ if method.contains("Snapshot") => {
            format!("{method} is not supported: this file system keeps no snapshots")
        }
        _ if method.contains("Erasure") || method.contains("EC") => {
            format!("{method} is not supported: this file system has no erasure coding")
        }
        _ if method.contains("DelegationToken") => format!(
            "{method} is not supported: this cluster uses simple authentication and issues no \
             delegation tokens"
        ),
        _ if method.contains("StoragePolicy") => {
            format!("{method} is not supported: the only storage policy is HOT")
        }
        _ if method.contains("ncrypt") => {
            format!("{method} is not supported: this file system has no encryption zones")
        }
        _ if method.contains("Cache") => {
            format!("{method} is not supported: there is no centralized cache")
        }
        "updateBlockForPipeline"
        | "updatePipeline"
        | "getAdditionalDatanode"
        | "reportBadBlocks" => {
            format!("{method} is not supported: there are no DataNodes; contents go by webhdfs://")
        }
        _ => format!("{method} is not supported by metafs"),
    })
}

//! What is asked of the cluster as a whole: defaults, states, figures. There are no DataNodes, no
//! blocks and no safe mode; what HDFS says of them is said truly: none, nothing, off.

use metafs_door::Backend;
use metafs_namespace::{ErrorKind, FsError};

use super::convert;
use crate::call::{Answered, Call, decode, encode};
use crate::ha::{self, superuser};
use crate::proto::client::{
    GetDatanodeReportRequestProto, GetFsECBlockGroupStatsResponseProto,
    GetFsReplicatedBlockStatsResponseProto, GetFsStatsResponseProto,
    GetServerDefaultsResponseProto, GetStoragePoliciesResponseProto, HAServiceStateResponseProto,
    ListCacheDirectivesResponseProto, ListCachePoolsResponseProto,
    ListCorruptFileBlocksResponseProto, SafeModeActionProto, SetSafeModeRequestProto,
    SetSafeModeResponseProto, UpgradeStatusResponseProto,
};
use crate::proto::hdfs::{
    ChecksumTypeProto, CorruptFileBlocksProto, FsServerDefaultsProto,
    ListEncryptionZonesResponseProto,
};
use crate::refusal::Refusal;

/// getServerDefaults.
pub(super) async fn server_defaults<B: Backend>(call: &Call<'_, B>) -> Answered {
    call.read(|_, _| Ok(())).await?;
    let settings = call.settings()?;
    encode(&GetServerDefaultsResponseProto {
        server_defaults: FsServerDefaultsProto {
            block_size: settings.default_block_size,
            bytes_per_checksum: 512,
            write_packet_size: 64 << 10,
            replication: settings.default_replication.into(),
            file_buffer_size: 4096,
            encrypt_data_transfer: Some(false),
            trash_interval: Some(settings.trash_interval_minutes.into()),
            checksum_type: Some(ChecksumTypeProto::ChecksumCrc32c.into()),
            // Empty: there is none, and clients need not look for one in their configuration.
            key_provider_uri: Some(String::new()),
            policy_id: Some(0),
            snapshot_trash_root_enabled: Some(false),
        },
    })
}

/// getStoragePolicies.
pub(super) async fn storage_policies<B: Backend>(call: &Call<'_, B>) -> Answered {
    call.read(|_, _| Ok(())).await?;
    encode(&GetStoragePoliciesResponseProto { policies: vec![convert::hot()] })
}

/// msync: the answer's state id holds everything acknowledged before the call. Linearizable.
pub(super) async fn msync<B: Backend>(call: &Call<'_, B>) -> Answered {
    call.read_active(|_, _| Ok(())).await?;
    Ok(Vec::new())
}

/// getHAServiceState.
pub(super) fn ha_state<B: Backend>(call: &Call<'_, B>) -> Answered {
    let state = ha::state(call.backend().ha_state());
    encode(&HAServiceStateResponseProto { state: state.into() })
}

/// setSafeMode: it is always off.
pub(super) async fn safe_mode<B: Backend>(call: &Call<'_, B>, request: &[u8]) -> Answered {
    let request: SetSafeModeRequestProto = decode(request)?;
    if request.checked.unwrap_or(false) {
        call.read_active(|_, _| Ok(())).await?;
    }
    match request.action() {
        SafeModeActionProto::SafemodeGet => {}
        SafeModeActionProto::SafemodeLeave | SafeModeActionProto::SafemodeForceExit => {
            superuser(call)?;
        }
        SafeModeActionProto::SafemodeEnter => {
            superuser(call)?;
            return Err(Refusal::unsupported("Safe mode is not supported by metafs"));
        }
    }
    encode(&SetSafeModeResponseProto { result: false })
}

/// getFsStats.
pub(super) fn stats<B: Backend>(call: &Call<'_, B>) -> Answered {
    let space = call.backend().space();
    encode(&GetFsStatsResponseProto {
        capacity: space.capacity,
        used: space.used,
        remaining: space.remaining,
        missing_repl_one_blocks: Some(0),
        blocks_in_future: Some(0),
        pending_deletion_blocks: Some(0),
        ..GetFsStatsResponseProto::default()
    })
}

/// getFsReplicatedBlockStats.
pub(super) fn replicated_block_stats() -> Answered {
    encode(&GetFsReplicatedBlockStatsResponseProto {
        highest_prio_low_redundancy_blocks: Some(0),
        ..GetFsReplicatedBlockStatsResponseProto::default()
    })
}

/// getFsECBlockGroupStats.
pub(super) fn block_group_stats() -> Answered {
    encode(&GetFsECBlockGroupStatsResponseProto {
        highest_prio_low_redundancy_blocks: Some(0),
        ..GetFsECBlockGroupStatsResponseProto::default()
    })
}

/// Reports about DataNodes: an empty list, whichever are asked for.
pub(super) fn no_datanodes<B: Backend>(call: &Call<'_, B>, request: &[u8]) -> Answered {
    superuser(call)?;
    // Requests without a type are empty, and that is not what the message allows.
    if !request.is_empty() {
        let _: GetDatanodeReportRequestProto = decode(request)?;
    }
    Ok(Vec::new())
}

/// listCorruptFileBlocks.
pub(super) async fn corrupt_blocks<B: Backend>(call: &Call<'_, B>) -> Answered {
    call.read(|_, _| Ok(())).await?;
    encode(&ListCorruptFileBlocksResponseProto {
        corrupt: CorruptFileBlocksProto { files: Vec::new(), cookie: String::new() },
    })
}

/// upgradeStatus.
pub(super) fn upgrade_status() -> Answered {
    encode(&UpgradeStatusResponseProto { upgrade_finalized: true })
}

/// Lists of what does not exist here.
pub(super) async fn empty_list<B: Backend>(call: &Call<'_, B>, method: &str) -> Answered {
    call.read(|_, _| Ok(())).await?;
    match method {
        "listEncryptionZones" => encode(&ListEncryptionZonesResponseProto::default()),
        "listCachePools" => encode(&ListCachePoolsResponseProto::default()),
        "listCacheDirectives" => encode(&ListCacheDirectivesResponseProto::default()),
        "getErasureCodingPolicies" | "getErasureCodingCodecs" | "getSnapshottableDirListing" => {
            Ok(Vec::new())
        }
        other => Err(FsError::new(ErrorKind::Unsupported, other).into()),
    }
}

//! Making and closing files. Their contents need DataNodes, which there are none of: a file made
//! over hdfs:// is empty, and who wants to write into it is told where contents go.

use metafs_door::Backend;
use metafs_namespace::command::{CreateOptions, IfExists, Mutation};
use metafs_namespace::{ErrorKind, FsError, Reply, path};

use super::convert;
use crate::call::{Answered, Call, decode, encode};
use crate::proto::client::{
    AbandonBlockRequestProto, AddBlockRequestProto, AppendRequestProto, AppendResponseProto,
    CompleteRequestProto, CompleteResponseProto, CreateRequestProto, CreateResponseProto,
    FsyncRequestProto, RecoverLeaseRequestProto, RecoverLeaseResponseProto, RenewLeaseRequestProto,
};
use crate::refusal::Refusal;

// CreateFlagProto.
const CREATE: u32 = 1;
const OVERWRITE: u32 = 2;

/// create.
pub(super) async fn create<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let request: CreateRequestProto = decode(request)?;
    path::check_length("create", &request.src)?;
    let path = path::normalize_file(&request.src)?;
    call.about(&path);
    call.audit.status_of = Some(path.clone());
    if request.ec_policy_name.as_ref().is_some_and(|name| !name.is_empty()) {
        return Err(Refusal::unsupported("Erasure coding is not supported by this file system"));
    }
    if request.create_flag & CREATE == 0 {
        let found = call.read_active(|view, caller| view.file_status(caller, &path)).await?;
        if found.is_none() {
            let message = format!("Can't overwrite non-existent {path}");
            return Err(FsError::new(ErrorKind::FileNotFound, message).into());
        }
    }
    let overwrite = request.create_flag & OVERWRITE != 0;
    let options = CreateOptions {
        permission: convert::permission(&request.masked),
        unmasked: request.unmasked.as_ref().map(convert::permission),
        if_exists: if overwrite { IfExists::Overwrite } else { IfExists::Fail },
        create_parent: request.create_parent,
        replication: u16::try_from(request.replication).unwrap_or(u16::MAX),
        block_size: request.block_size,
    };
    let holder = request.client_name;
    let reply = call.write_once(Mutation::Create { path, options, holder }).await?;
    encode(&CreateResponseProto { fs: opened(reply).map(convert::status) })
}

fn opened(reply: Reply) -> Option<metafs_namespace::reply::FileStatus> {
    match reply {
        Reply::Opened(status) => Some(*status),
        _ => None,
    }
}

/// append.
pub(super) async fn append<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let AppendRequestProto { src, client_name, flag: _ } = decode(request)?;
    let path = path::normalize_file(&src)?;
    call.about(&path);
    call.audit.status_of = Some(path.clone());
    let mutation = Mutation::Append { path, holder: client_name, create: None };
    let reply = call.write_once(mutation).await?;
    encode(&AppendResponseProto { block: None, stat: opened(reply).map(convert::status) })
}

/// addBlock: what a client asks for before its first byte.
pub(super) async fn add_block<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let AddBlockRequestProto { src, .. } = decode(request)?;
    let nameservice = call.settings()?.nameservice.clone();
    // A standby sends its client on first.
    call.read_active(|_, _| Ok(())).await?;
    Err(Refusal::unsupported(format!(
        "Contents of files cannot be written over hdfs:// yet; use webhdfs://{nameservice}{src}"
    )))
}

/// abandonBlock: there is none.
pub(super) async fn abandon_block<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let AbandonBlockRequestProto { .. } = decode(request)?;
    call.read_active(|_, _| Ok(())).await?;
    Ok(Vec::new())
}

/// complete.
pub(super) async fn complete<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let CompleteRequestProto { src, client_name, last: _, file_id } = decode(request)?;
    let path = path::normalize(&src)?;
    call.about(&path);
    let inode = match file_id.filter(|id| *id != 0) {
        Some(inode) => inode,
        // Clients before Hadoop 2.1 tell no id: the file that has the name is meant.
        None => {
            let found = call.read_active(|view, caller| view.file_status(caller, &path)).await?;
            found.map(|status| status.inode).ok_or_else(|| {
                FsError::new(ErrorKind::FileNotFound, format!("File does not exist: {path}"))
            })?
        }
    };
    let mutation = Mutation::Complete {
        path: path.clone(),
        inode,
        holder: client_name,
        content: bytes::Bytes::new(),
    };
    let done = call.write(mutation).await;
    if let Err(Refusal { kind: Some(ErrorKind::LeaseExpired), .. }) = &done {
        // The client may have missed the answer to this same call (HDFS-3031).
        let found = call.read_active(|view, caller| view.file_status(caller, &path)).await?;
        if found.is_some_and(|status| status.inode == inode && !status.under_construction) {
            return encode(&CompleteResponseProto { result: true });
        }
    }
    encode(&CompleteResponseProto { result: !matches!(done?, Reply::Bool(false)) })
}

/// fsync: whatever was acknowledged is on disk already.
pub(super) async fn fsync<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let FsyncRequestProto { src, .. } = decode(request)?;
    let path = path::normalize(&src)?;
    call.about(&path);
    let found = call.read_active(|view, caller| view.file_status(caller, &path)).await?;
    match found {
        Some(_) => Ok(Vec::new()),
        None => {
            let message = format!("File does not exist: {path}");
            Err(FsError::new(ErrorKind::FileNotFound, message).into())
        }
    }
}

/// renewLease.
pub(super) async fn renew_lease<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let RenewLeaseRequestProto { client_name, namespaces: _ } = decode(request)?;
    call.write(Mutation::RenewLease { holder: client_name }).await?;
    Ok(Vec::new())
}

/// recoverLease.
pub(super) async fn recover_lease<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let RecoverLeaseRequestProto { src, client_name } = decode(request)?;
    let path = path::normalize_file(&src)?;
    call.about(&path);
    let reply = call.write(Mutation::RecoverLease { path, holder: client_name }).await?;
    encode(&RecoverLeaseResponseProto { result: !matches!(reply, Reply::Bool(false)) })
}

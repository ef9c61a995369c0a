//! Mutations of the tree and of attributes of files and folders.

use metafs_door::Backend;
use metafs_namespace::command::{Mutation, QuotaChange, RenameMode};
use metafs_namespace::{Reply, path};

use super::convert;
use crate::call::{Answered, Call, decode, encode};
use crate::proto::client::{
    ConcatRequestProto, DeleteRequestProto, DeleteResponseProto, MkdirsRequestProto,
    MkdirsResponseProto, Rename2RequestProto, RenameRequestProto, RenameResponseProto,
    SetOwnerRequestProto, SetPermissionRequestProto, SetQuotaRequestProto,
    SetReplicationRequestProto, SetReplicationResponseProto, SetTimesRequestProto,
    TruncateRequestProto, TruncateResponseProto,
};
use crate::refusal::Refusal;

/// The boolean of an answer that has one.
fn truth(reply: &Reply) -> bool {
    !matches!(reply, Reply::Bool(false))
}

/// mkdirs.
pub(super) async fn mkdirs<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let MkdirsRequestProto { src, masked, create_parent, unmasked } = decode(request)?;
    path::check_length("mkdirs", &src)?;
    let path = path::normalize_new(&src)?;
    call.about(&path);
    call.audit.status_of = Some(path.clone());
    let mutation = Mutation::Mkdirs {
        path,
        permission: convert::permission(&masked),
        unmasked: unmasked.as_ref().map(convert::permission),
        create_parent,
    };
    let result = truth(&call.write(mutation).await?);
    encode(&MkdirsResponseProto { result })
}

/// A rename's two paths.
fn paths<B: Backend>(
    call: &mut Call<'_, B>,
    src: &str,
    dst: &str,
) -> Result<(String, String), Refusal> {
    path::check_length("rename", dst)?;
    let (src, dst) = (path::normalize(src)?, path::normalize_new(dst)?);
    call.about(&src);
    call.audit.dst = Some(dst.clone());
    call.audit.status_of = Some(dst.clone());
    Ok((src, dst))
}

/// rename.
pub(super) async fn rename<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let RenameRequestProto { src, dst } = decode(request)?;
    let (src, dst) = paths(call, &src, &dst)?;
    let mutation = Mutation::Rename { src, dst, mode: RenameMode::Legacy };
    let result = truth(&call.write_once(mutation).await?);
    call.audit.denied = !result;
    encode(&RenameResponseProto { result })
}

/// rename2.
pub(super) async fn rename2<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let Rename2RequestProto { src, dst, overwrite_dest, move_to_trash } = decode(request)?;
    let (src, dst) = paths(call, &src, &dst)?;
    let (mode, options) = match (overwrite_dest, move_to_trash.unwrap_or(false)) {
        (true, _) => (RenameMode::Overwrite, "OVERWRITE"),
        (false, true) => (RenameMode::ToTrash, "TO_TRASH"),
        (false, false) => (RenameMode::NoReplace, "NONE"),
    };
    call.audit.options = Some(options);
    call.write_once(Mutation::Rename { src, dst, mode }).await?;
    Ok(Vec::new())
}

/// delete.
pub(super) async fn delete<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let DeleteRequestProto { src, recursive } = decode(request)?;
    let path = path::normalize(&src)?;
    call.about(&path);
    let result = truth(&call.write_once(Mutation::Delete { path, recursive }).await?);
    call.audit.denied = !result;
    encode(&DeleteResponseProto { result })
}

/// concat.
pub(super) async fn concat<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let ConcatRequestProto { trg, srcs } = decode(request)?;
    let target = path::normalize(&trg)?;
    let sources = srcs.iter().map(|src| path::normalize(src)).collect::<Result<Vec<_>, _>>()?;
    call.about(&sources.join(", "));
    call.audit.dst = Some(target.clone());
    call.audit.status_of = Some(target.clone());
    call.write_once(Mutation::Concat { target, sources }).await?;
    Ok(Vec::new())
}

/// truncate.
pub(super) async fn truncate<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let TruncateRequestProto { src, new_length, client_name: _ } = decode(request)?;
    if i64::try_from(new_length).is_err() {
        let length = new_length.cast_signed();
        return Err(Refusal::illegal(format!(
            "Cannot truncate to a negative file size: {length}."
        )));
    }
    let path = path::normalize(&src)?;
    call.about(&path);
    call.audit.status_of = Some(path.clone());
    let reply = call.write_once(Mutation::Truncate { path, length: new_length }).await?;
    encode(&TruncateResponseProto { result: truth(&reply) })
}

/// setReplication.
pub(super) async fn set_replication<B: Backend>(
    call: &mut Call<'_, B>,
    request: &[u8],
) -> Answered {
    let SetReplicationRequestProto { src, replication } = decode(request)?;
    let path = path::normalize(&src)?;
    call.about(&path);
    let replication = u16::try_from(replication).unwrap_or(u16::MAX);
    let reply = call.write(Mutation::SetReplication { path, replication }).await?;
    encode(&SetReplicationResponseProto { result: truth(&reply) })
}

/// A mutation of one path that answers nothing.
pub(super) async fn change<B: Backend>(
    call: &mut Call<'_, B>,
    src: &str,
    mutation: impl FnOnce(String) -> Mutation,
) -> Answered {
    let path = path::normalize(src)?;
    call.about(&path);
    call.audit.status_of = Some(path.clone());
    call.write(mutation(path)).await?;
    Ok(Vec::new())
}

/// setPermission.
pub(super) async fn set_permission<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let SetPermissionRequestProto { src, permission } = decode(request)?;
    let permission = convert::permission(&permission);
    change(call, &src, |path| Mutation::SetPermission { path, permission }).await
}

/// setOwner.
pub(super) async fn set_owner<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let SetOwnerRequestProto { src, username, groupname } = decode(request)?;
    let given = |name: Option<String>| name.filter(|name| !name.is_empty());
    let (owner, group) = (given(username), given(groupname));
    change(call, &src, |path| Mutation::SetOwner { path, owner, group }).await
}

/// setTimes; -1 leaves a time as it is.
pub(super) async fn set_times<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let SetTimesRequestProto { src, mtime, atime } = decode(request)?;
    let time = |time: u64| Some(time.cast_signed()).filter(|time| *time >= 0);
    let (mtime, atime) = (time(mtime), time(atime));
    change(call, &src, |path| Mutation::SetTimes { path, mtime, atime }).await
}

/// setQuota: the largest long means "as it is", -1 "none" (`HdfsConstants`).
pub(super) async fn set_quota<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let SetQuotaRequestProto { path: src, namespace_quota, storagespace_quota, storage_type } =
        decode(request)?;
    if storage_type.is_some() {
        return Err(Refusal::unsupported(
            "Quotas by storage type are not supported: there is one storage type",
        ));
    }
    const KEEP: i64 = i64::MAX;
    let quota = |given: u64| match given.cast_signed() {
        KEEP => Ok(QuotaChange::Keep),
        -1 => Ok(QuotaChange::Clear),
        limit => u64::try_from(limit).map(QuotaChange::Set),
    };
    let (Ok(namespace), Ok(space)) = (quota(namespace_quota), quota(storagespace_quota)) else {
        let (name, bytes) = (namespace_quota.cast_signed(), storagespace_quota.cast_signed());
        return Err(crate::refusal::Refusal::application(
            "java.lang.IllegalArgumentException",
            format!("Illegal value for nsQuota or ssQuota : {name} and {bytes}"),
        ));
    };
    change(call, &src, |path| Mutation::SetQuota { path, namespace, space }).await
}

//! The operations of PUT, POST and DELETE that carry no data:
//! `NamenodeWebHdfsMethods.{put,post,delete}`.

use metafs_namespace::acl::parse_acl_spec;
use metafs_namespace::command::{
    AclChange, CreateOptions, IfExists, Mutation, QuotaChange, RenameMode,
};
use metafs_namespace::{ErrorKind, FsError, Reply, path, xattr};

use crate::error::Refusal;
use crate::ops::Op;
use crate::redirect;
use crate::request::{Call, Outcome};
use crate::xattr_codec;
use metafs_door::{Backend, Freshness};

/// Runs `call`, whose operation is not one of GET's and sends no data.
pub(crate) async fn run<B: Backend>(call: Call<'_, B>) -> Result<Outcome, Refusal> {
    match call.op {
        Op::Create => {
            create_options(&call)?;
            call.barrier().await?;
            redirect::redirect(&call)
        }
        Op::Append => append_redirect(&call).await,
        Op::Mkdirs => mkdirs(&call).await,
        Op::Rename => rename(&call).await,
        Op::Delete => {
            let recursive = call.params.boolean("recursive", false)?;
            let deleted = boolean(&call, Mutation::Delete { path: path(&call), recursive }).await?;
            Ok(Outcome { allowed: deleted, ..Outcome::boolean(deleted) })
        }
        Op::SetReplication => {
            let given = call.params.short("replication", 1)?;
            let replication = given.unwrap_or(call.settings.default_replication);
            let mutation = Mutation::SetReplication { path: path(&call), replication };
            Ok(Outcome::boolean(boolean(&call, mutation).await?))
        }
        Op::SetPermission => {
            let permission = call.params.permission("permission")?.unwrap_or(0o755);
            change(&call, Mutation::SetPermission { path: path(&call), permission }).await
        }
        Op::SetOwner => {
            let owner = call.params.get("owner").map(Into::into);
            let group = call.params.get("group").map(Into::into);
            if owner.is_none() && group.is_none() {
                return Err(Refusal::illegal("Both owner and group are empty."));
            }
            change(&call, Mutation::SetOwner { path: path(&call), owner, group }).await
        }
        Op::SetTimes => {
            let time = |name| -> Result<_, Refusal> {
                Ok(call.params.long(name, -1, i64::MAX)?.filter(|time| *time >= 0))
            };
            let (mtime, atime) = (time("modificationtime")?, time("accesstime")?);
            change(&call, Mutation::SetTimes { path: path(&call), mtime, atime }).await
        }
        Op::SetQuota => set_quota(&call).await,
        Op::ModifyAclEntries => {
            let entries = parse_acl_spec(call.params.acl_spec(call.op.name())?, true)?;
            acl(&call, AclChange::Modify(entries)).await
        }
        Op::RemoveAclEntries => {
            let entries = parse_acl_spec(call.params.acl_spec(call.op.name())?, false)?;
            acl(&call, AclChange::RemoveEntries(entries)).await
        }
        Op::SetAcl => {
            let entries = parse_acl_spec(call.params.acl_spec(call.op.name())?, true)?;
            acl(&call, AclChange::Set(entries)).await
        }
        Op::RemoveDefaultAcl => acl(&call, AclChange::RemoveDefault).await,
        Op::RemoveAcl => acl(&call, AclChange::Remove).await,
        Op::SetXAttr => set_xattr(&call).await,
        Op::RemoveXAttr => {
            let name = xattr::parse_name(call.required("xattr.name")?)?;
            change(&call, Mutation::RemoveXAttr { path: path(&call), name }).await
        }
        Op::Concat => concat(&call).await,
        Op::Truncate => {
            call.required("newlength")?;
            let length = call.params.long("newlength", 0, i64::MAX)?.unwrap_or(0).unsigned_abs();
            let mutation = Mutation::Truncate { path: path(&call), length };
            Ok(Outcome::boolean(boolean(&call, mutation).await?).showing(&call.path))
        }
        _ => Err(unsupported(call.op)),
    }
}

/// Why an operation that HDFS has is not offered here.
pub(crate) fn unsupported(op: Op) -> Refusal {
    let name = op.name();
    Refusal::unsupported(match op {
        Op::CreateSymlink => "Symlinks not supported".to_owned(),
        _ if name.contains("SNAPSHOT") => {
            format!("{name} is not supported: this file system keeps no snapshots")
        }
        _ if name.contains("ECPOLICY") => {
            format!("{name} is not supported: this file system has no erasure coding")
        }
        _ if name.contains("DELEGATIONTOKEN") => format!(
            "{name} is not supported: this cluster uses simple authentication and issues no \
             delegation tokens"
        ),
        Op::SetQuotaByStorageType => {
            format!("{name} is not supported: there is one storage type; use SETQUOTA")
        }
        _ => format!("{name} is not supported: the only storage policy is HOT"),
    })
}

fn path<B: Backend>(call: &Call<'_, B>) -> String {
    call.path.clone()
}

async fn mutate<B: Backend>(call: &Call<'_, B>, mutation: Mutation) -> Result<Reply, FsError> {
    call.backend().mutate(call.caller.clone(), mutation, None).await
}

/// A mutation that ClientProtocol answers with a boolean.
async fn boolean<B: Backend>(call: &Call<'_, B>, mutation: Mutation) -> Result<bool, FsError> {
    Ok(!matches!(mutate(call, mutation).await?, Reply::Bool(false)))
}

/// A mutation that ClientProtocol answers with nothing; the audit log shows the object.
async fn change<B: Backend>(call: &Call<'_, B>, mutation: Mutation) -> Result<Outcome, Refusal> {
    mutate(call, mutation).await?;
    Ok(Outcome::nothing().showing(&call.path))
}

async fn acl<B: Backend>(call: &Call<'_, B>, acl: AclChange) -> Result<Outcome, Refusal> {
    change(call, Mutation::ModifyAcl { path: path(call), change: acl }).await
}

async fn mkdirs<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let mutation = Mutation::Mkdirs {
        path: path(call),
        permission: call.params.permission("permission")?.unwrap_or(0o755),
        unmasked: call.params.permission("unmaskedpermission")?,
        create_parent: true,
    };
    Ok(Outcome::boolean(boolean(call, mutation).await?).showing(&call.path))
}

async fn rename<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let given = call.params.destination(call.op.name())?;
    let options = call.params.enum_set(
        "renameoptions",
        "org.apache.hadoop.fs.Options.Rename",
        &["NONE", "OVERWRITE", "TO_TRASH"],
    )?;
    let dst = path::normalize_new(&path::normalize(&given)?)?;
    let mode = match options.as_slice() {
        [] => RenameMode::Legacy,
        some if some.contains(&"OVERWRITE") => RenameMode::Overwrite,
        some if some.contains(&"TO_TRASH") => RenameMode::ToTrash,
        _ => RenameMode::NoReplace,
    };
    let mutation = Mutation::Rename { src: path(call), dst: dst.clone(), mode };
    let renamed = boolean(call, mutation).await?;
    let outcome = match mode {
        RenameMode::Legacy => Outcome::boolean(renamed),
        RenameMode::NoReplace | RenameMode::Overwrite | RenameMode::ToTrash => Outcome::nothing(),
    };
    Ok(Outcome {
        allowed: renamed,
        options: (!options.is_empty()).then(|| options.join(", ")),
        status_of: renamed.then(|| dst.clone()),
        dst: Some(dst),
        ..outcome
    })
}

/// HDFS: the largest long means "as it is", -1 "none".
async fn set_quota<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let quota = |name| -> Result<_, Refusal> {
        Ok(match call.params.long(name, -1, i64::MAX)?.unwrap_or(i64::MAX) {
            i64::MAX => QuotaChange::Keep,
            -1 => QuotaChange::Clear,
            limit => QuotaChange::Set(limit.unsigned_abs()),
        })
    };
    let (namespace, space) = (quota("namespacequota")?, quota("storagespacequota")?);
    change(call, Mutation::SetQuota { path: path(call), namespace, space }).await
}

async fn set_xattr<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let name = call.required("xattr.name")?;
    call.required("flag")?;
    let flags = call.params.enum_set(
        "flag",
        "org.apache.hadoop.fs.XAttrSetFlag",
        &["CREATE", "REPLACE"],
    )?;
    let mutation = Mutation::SetXAttr {
        path: path(call),
        name: xattr::parse_name(name)?,
        value: xattr_codec::decode(call.params.get("xattr.value").unwrap_or_default())?,
        create: flags.contains(&"CREATE"),
        replace: flags.contains(&"REPLACE"),
    };
    change(call, mutation).await
}

async fn concat<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let given = call.required("sources")?;
    let sources = given
        .trim_end_matches(',')
        .split(',')
        .map(path::normalize)
        .collect::<Result<Vec<_>, _>>()?;
    let src = sources.join(", ");
    mutate(call, Mutation::Concat { target: path(call), sources }).await?;
    let outcome = Outcome { dst: Some(path(call)), src: Some(src), ..Outcome::nothing() };
    Ok(outcome.showing(&call.path))
}

/// APPEND's first step: HDFS looks for the file before it redirects.
async fn append_redirect<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    call.params.int("buffersize", 1)?;
    let status = call
        .backend()
        .query(Freshness::Linearizable, |view| view.file_status(&call.caller, &call.path))
        .await?;
    if status.is_none() {
        let message = format!("File {} not found.", call.path);
        return Err(FsError::new(ErrorKind::FileNotFound, message).into());
    }
    redirect::redirect(call)
}

/// CREATE's parameters (`WebHdfsHandler.onCreate`).
pub(crate) fn create_options<B: Backend>(call: &Call<'_, B>) -> Result<CreateOptions, Refusal> {
    let params = &call.params;
    params.int("buffersize", 1)?;
    let flags = params.enum_set(
        "createflag",
        "org.apache.hadoop.fs.CreateFlag",
        &[
            "CREATE",
            "OVERWRITE",
            "APPEND",
            "SYNC_BLOCK",
            "LAZY_PERSIST",
            "NEW_BLOCK",
            "NO_LOCAL_WRITE",
            "SHOULD_REPLICATE",
            "IGNORE_CLIENT_LOCALITY",
            "NO_LOCAL_RACK",
        ],
    )?;
    if !flags.is_empty() && (!flags.contains(&"CREATE") || flags.contains(&"APPEND")) {
        return Err(FsError::new(
            ErrorKind::HadoopIllegalArgument,
            format!("createflag [{}] must hold CREATE and not APPEND", flags.join(", ")),
        )
        .into());
    }
    let overwrite = params.boolean("overwrite", false)? || flags.contains(&"OVERWRITE");
    Ok(CreateOptions {
        permission: params.permission("permission")?.unwrap_or(0o644),
        unmasked: params.permission("unmaskedpermission")?,
        if_exists: if overwrite { IfExists::Overwrite } else { IfExists::Fail },
        create_parent: params.boolean("createparent", true)?,
        replication: params.short("replication", 1)?.unwrap_or(call.settings.default_replication),
        block_size: params
            .long("blocksize", 1, i64::MAX)?
            .map_or(call.settings.default_block_size, i64::unsigned_abs),
    })
}

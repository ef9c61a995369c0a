//! The operations of GET: `NamenodeWebHdfsMethods.get`, with OPEN and GETFILECHECKSUM answered
//! here and now.

use metafs_namespace::reply::{Content, FileStatus};
use metafs_namespace::{Caller, ErrorKind, Failure, FsError, xattr};

use crate::checksum::FileChecksum;
use crate::error::Refusal;
use crate::json;
use crate::listing;
use crate::ops::Op;
use crate::redirect;
use crate::request::{Answer, Call, Outcome};
use crate::xattr_codec::Encoding;
use metafs_door::{Backend, Committed, Freshness};

/// Runs `call`, whose operation is one of GET's.
pub(crate) async fn run<B: Backend>(call: Call<'_, B>) -> Result<Outcome, Refusal> {
    match call.op {
        Op::GetFileStatus | Op::GetFileLinkStatus => file_status(&call).await,
        Op::ListStatus => listing::list_status(call).await,
        Op::ListStatusBatch => list_batch(&call).await,
        Op::Open => open(&call).await,
        Op::GetContentSummary => {
            summary(&call, |view| view.content_summary(&call.caller, &call.path)).await
        }
        Op::GetQuotaUsage => quota_usage(&call).await,
        Op::GetFileChecksum => checksum(&call).await,
        Op::GetBlockLocations | Op::GetFileBlockLocations => block_locations(&call).await,
        Op::GetAclStatus => {
            let status = call
                .backend()
                .query(Freshness::Linearizable, |view| view.acl_status(&call.caller, &call.path))
                .await?;
            Ok(Outcome::json(json::acl_status(&status)))
        }
        Op::GetXAttrs => xattrs(&call).await,
        Op::ListXAttrs => {
            let names = call
                .backend()
                .query(Freshness::Linearizable, |view| view.list_xattrs(&call.caller, &call.path))
                .await?;
            Ok(Outcome::json(json::xattr_names(&names)))
        }
        Op::CheckAccess => {
            let action = call.params.action(call.op.name())?;
            call.backend()
                .query(Freshness::Linearizable, |view| {
                    view.check_access(&call.caller, &call.path, action)
                })
                .await?;
            Ok(Outcome::nothing())
        }
        Op::GetHomeDirectory => {
            let home = call
                .backend()
                .query(Freshness::Linearizable, |view| Ok(view.home_directory(&call.caller)))
                .await?;
            Ok(Outcome::json(json::single("Path", &home)))
        }
        Op::GetTrashRoot => {
            let root =
                call.backend()
                    .query(Freshness::Linearizable, |view| {
                        Ok(view.trash_root(&call.caller, &call.path))
                    })
                    .await?;
            Ok(Outcome::json(json::single("Path", &root)))
        }
        Op::GetTrashRoots => trash_roots(&call).await,
        Op::GetServerDefaults => fixed(&call, json::server_defaults(&call.settings)).await,
        Op::GetStatus => fixed(&call, json::fs_status(call.backend().space())).await,
        Op::GetAllStoragePolicy => fixed(&call, json::storage_policies()).await,
        Op::GetEcPolicies => fixed(&call, json::ec_policies()).await,
        Op::GetEcCodecs => fixed(&call, json::ec_codecs()).await,
        Op::GetStoragePolicy => of_existing(&call, json::storage_policy()).await,
        Op::GetEcPolicy => of_existing(&call, b"null".to_vec()).await,
        Op::GetDelegationToken => delegation_token(&call).await,
        Op::GetLinkTarget => {
            existing(&call).await?;
            Err(Refusal::io(format!("Path {} is not a symbolic link", call.path)))
        }
        _ => Err(crate::write::unsupported(call.op)),
    }
}

fn not_found(message: String) -> FsError {
    FsError::new(ErrorKind::FileNotFound, message)
}

fn missing(path: &str) -> FsError {
    not_found(format!("File does not exist: {path}"))
}

/// A file whose data is asked for, as HDFS misses it before it sends the client on
/// (`redirectURI`).
fn missing_data(path: &str) -> FsError {
    not_found(format!("File {path} not found."))
}

/// The status of a file whose data is asked for.
async fn opened<B: Backend>(call: &Call<'_, B>) -> Result<FileStatus, FsError> {
    let missing = || missing_data(&call.path);
    call.backend()
        .query(Freshness::Linearizable, |view| {
            Ok(view.file_status(&call.caller, &call.path)?.ok_or_else(missing)?)
        })
        .await
}

/// A file's data.
async fn content<B: Backend>(
    call: &Call<'_, B>,
    offset: u64,
    length: Option<u64>,
) -> Result<Content, FsError> {
    let read = |view: &Committed<'_>| match view.read(&call.caller, &call.path, offset, length) {
        Err(Failure::Fs(error))
            if error.kind == ErrorKind::FileNotFound
                && view.file_status(&call.caller, &call.path)?.is_none() =>
        {
            Err(missing_data(&call.path).into())
        }
        other => other,
    };
    call.backend().query(Freshness::Linearizable, read).await
}

fn status_in(view: &Committed<'_>, caller: &Caller, path: &str) -> Result<FileStatus, Failure> {
    Ok(view.file_status(caller, path)?.ok_or_else(|| missing(path))?)
}

async fn file_status<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let json = call
        .backend()
        .query(Freshness::Linearizable, |view| {
            Ok(json::file_status(&status_in(view, &call.caller, &call.path)?))
        })
        .await?;
    Ok(Outcome::json(json))
}

async fn existing<B: Backend>(call: &Call<'_, B>) -> Result<FileStatus, FsError> {
    call.backend()
        .query(Freshness::Linearizable, |view| status_in(view, &call.caller, &call.path))
        .await
}

/// An answer that says nothing of any path.
async fn fixed<B: Backend>(call: &Call<'_, B>, json: Vec<u8>) -> Result<Outcome, Refusal> {
    call.barrier().await?;
    Ok(Outcome::json(json))
}

/// An answer that is the same for every path that exists.
async fn of_existing<B: Backend>(call: &Call<'_, B>, json: Vec<u8>) -> Result<Outcome, Refusal> {
    let missing = || not_found(format!("File/Directory does not exist: {}", call.path));
    call.backend()
        .query(Freshness::Linearizable, |view| {
            Ok(view.file_status(&call.caller, &call.path)?.ok_or_else(missing)?)
        })
        .await?;
    Ok(Outcome::json(json))
}

async fn list_batch<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let start = call.params.get("startafter").unwrap_or_default();
    let page = listing::page(call.door, &call.caller, &call.path, start.as_bytes()).await?;
    Ok(Outcome::json(json::directory_listing(&page)))
}

async fn summary<B: Backend>(
    call: &Call<'_, B>,
    query: impl for<'v> FnOnce(
        &Committed<'v>,
    ) -> Result<metafs_namespace::reply::ContentSummary, Failure>
    + Send,
) -> Result<Outcome, Refusal> {
    let summary = call.backend().query(Freshness::Linearizable, query).await?;
    Ok(Outcome::json(json::content_summary(&summary)))
}

async fn quota_usage<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let usage = call
        .backend()
        .query(Freshness::Linearizable, |view| view.quota_usage(&call.caller, &call.path))
        .await?;
    Ok(Outcome::json(json::quota_usage(&usage)))
}

/// OPEN, at once or (`noredirect`) by way of a Location.
async fn open<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let offset = call.params.long("offset", 0, i64::MAX)?.unwrap_or(0).unsigned_abs();
    let length = call.params.long("length", 0, i64::MAX)?.map(i64::unsigned_abs);
    call.params.int("buffersize", 1)?;
    if call.params.boolean("noredirect", false)? {
        check_offset(opened(call).await?.length, offset, &call.path)?;
        return redirect::redirect(call);
    }
    let Content { status, data } = content(call, offset, length).await?;
    check_offset(status.length, offset, &call.path)?;
    Ok(Outcome::new(Answer::Content(data)))
}

/// `chooseDatanode`'s check; an empty file may be read from anywhere.
fn check_offset(length: u64, offset: u64, path: &str) -> Result<(), FsError> {
    if offset >= length && length > 0 {
        return Err(FsError::new(
            ErrorKind::Io,
            format!("Offset={offset} out of the range [0, {length}); OPEN, path={path}"),
        ));
    }
    Ok(())
}

async fn checksum<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    if call.params.boolean("noredirect", false)? {
        opened(call).await?;
        return redirect::redirect(call);
    }
    let Content { status, data } = content(call, 0, None).await?;
    let checksum = FileChecksum::of(&data, status.block_size);
    Ok(Outcome::json(json::file_checksum(&checksum)))
}

async fn block_locations<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let offset = call.params.long("offset", 0, i64::MAX)?.unwrap_or(0).unsigned_abs();
    let length = call.params.long("length", 0, i64::MAX)?.map_or(u64::MAX, i64::unsigned_abs);
    let authority = redirect::authority(call)?;
    let status = call
        .backend()
        .query(Freshness::Linearizable, |view| {
            Ok(view.read(&call.caller, &call.path, 0, Some(0))?.status)
        })
        .await?;
    let block = json::Block {
        host: authority.host(),
        port: authority.port_u16().unwrap_or(80),
        inode: status.inode,
        length: status.length,
        under_construction: status.under_construction,
    };
    let wanted = offset < status.length && length > 0;
    Ok(Outcome::json(match call.op {
        Op::GetBlockLocations => block.located_blocks(wanted),
        _ => block.block_locations(wanted),
    }))
}

async fn xattrs<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let encoding = Encoding::parse(call.required("encoding")?)?;
    let names = call
        .params
        .all("xattr.name")
        .filter(|name| !name.is_empty())
        .map(xattr::parse_name)
        .collect::<Result<Vec<_>, _>>()?;
    let names = (!names.is_empty()).then_some(&names[..]);
    let found = call
        .backend()
        .query(Freshness::Linearizable, |view| view.xattrs(&call.caller, &call.path, names))
        .await?;
    Ok(Outcome::json(json::xattrs(&found, encoding)))
}

/// Without security HDFS issues none, and clients take null for that.
async fn delegation_token<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    if call.params.get("delegation").is_some() {
        return Err(Refusal::illegal("delegation parameter is not null."));
    }
    fixed(call, json::single("Token", &())).await
}

/// `DistributedFileSystem.getTrashRoots`: the caller's, or everybody's below the parent of the
/// home folders, as far as they exist and the caller may see them.
async fn trash_roots<B: Backend>(call: &Call<'_, B>) -> Result<Outcome, Refusal> {
    let home = call
        .backend()
        .query(Freshness::Linearizable, |view| Ok(view.home_directory(&call.caller)))
        .await?;
    let mut roots = Vec::new();
    if !call.params.boolean("allusers", false)? {
        let trash = format!("{home}/.Trash");
        let status = call
            .backend()
            .query(Freshness::Linearizable, |view| view.file_status(&call.caller, &trash))
            .await?;
        roots.extend(status.map(|status| (trash, status)));
        return Ok(Outcome::json(json::trash_roots(&roots)));
    }
    let parent = metafs_namespace::path::parent(&home).unwrap_or("/");
    let mut start = Vec::new();
    loop {
        let page = match listing::page(call.door, &call.caller, parent, &start).await {
            Err(error) if error.kind == ErrorKind::FileNotFound => break,
            page => page?,
        };
        let found = call
            .backend()
            .query(Freshness::Linearizable, |view| {
                let mut found = Vec::new();
                for entry in &page.entries {
                    let trash = format!("{}/{}/.Trash", parent.trim_end_matches('/'), entry.name);
                    match view.file_status(&call.caller, &trash) {
                        Ok(status) => found.extend(status.map(|status| (trash, status))),
                        Err(Failure::Fs(_)) => {}
                        Err(failure) => return Err(failure),
                    }
                }
                Ok(found)
            })
            .await?;
        roots.extend(found);
        match page.entries.last() {
            Some(last) if page.remaining > 0 => start = last.name.clone().into_bytes(),
            _ => break,
        }
    }
    Ok(Outcome::json(json::trash_roots(&roots)))
}

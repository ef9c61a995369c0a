//! Queries of paths.

use metafs_door::Backend;
use metafs_namespace::reply::{FileStatus, Listing};
use metafs_namespace::{ErrorKind, Failure, FsError, path};

use super::convert;
use crate::call::{Answered, Call, decode, encode};
use crate::proto::client::{
    CheckAccessRequestProto, GetBatchedListingRequestProto, GetBatchedListingResponseProto,
    GetBlockLocationsRequestProto, GetBlockLocationsResponseProto, GetContentSummaryRequestProto,
    GetContentSummaryResponseProto, GetEnclosingRootRequestProto, GetEnclosingRootResponseProto,
    GetFileInfoRequestProto, GetFileInfoResponseProto, GetLinkTargetRequestProto,
    GetListingRequestProto, GetListingResponseProto, GetLocatedFileInfoRequestProto,
    GetPreferredBlockSizeRequestProto, GetPreferredBlockSizeResponseProto,
    GetQuotaUsageRequestProto, GetQuotaUsageResponseProto, GetStoragePolicyRequestProto,
    GetStoragePolicyResponseProto, IsFileClosedRequestProto, IsFileClosedResponseProto,
};
use crate::proto::hdfs::{
    BatchedDirectoryListingProto, DirectoryListingProto, GetEZForPathRequestProto,
    GetErasureCodingPolicyRequestProto, HdfsFileStatusProto, RemoteExceptionProto,
};
use crate::refusal::Refusal;

fn missing(path: &str) -> FsError {
    FsError::new(ErrorKind::FileNotFound, format!("File does not exist: {path}"))
}

/// Why a file's contents cannot be read here.
fn contents_elsewhere(nameservice: &str, path: &str) -> FsError {
    FsError::new(
        ErrorKind::Io,
        format!(
            "Contents of files cannot be read over hdfs:// yet; use webhdfs://{nameservice}{path}"
        ),
    )
}

/// getFileInfo; what is missing is an empty answer.
pub(super) async fn file_info<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let GetFileInfoRequestProto { src } = decode(request)?;
    let src = path::normalize(&src)?;
    call.about(&src);
    let found = call.read(|view, caller| view.file_status(caller, &src)).await?;
    encode(&GetFileInfoResponseProto { fs: found.map(convert::status) })
}

/// getLocatedFileInfo: a client reads a file by what this answers, so a file with contents is refused.
pub(super) async fn located_file_info<B: Backend>(
    call: &mut Call<'_, B>,
    request: &[u8],
) -> Answered {
    let GetLocatedFileInfoRequestProto { src, need_block_token: _ } = decode(request)?;
    let src = path::normalize(&src.unwrap_or_default())?;
    call.about(&src);
    let nameservice = call.settings()?.nameservice.clone();
    let found = call.read(|view, caller| view.file_status(caller, &src)).await?;
    if found.as_ref().is_some_and(|status| status.length > 0) {
        return Err(contents_elsewhere(&nameservice, &src).into());
    }
    encode(&GetFileInfoResponseProto { fs: found.map(located) })
}

/// A status with its (no) blocks, if it is a file.
fn located(status: FileStatus) -> HdfsFileStatusProto {
    let locations = (status.kind == metafs_namespace::inode::Kind::File)
        .then(|| convert::no_blocks(status.length, status.under_construction));
    HdfsFileStatusProto { locations, ..convert::status(status) }
}

fn entries(entries: Vec<FileStatus>, need_location: bool) -> Vec<HdfsFileStatusProto> {
    let convert = if need_location { located } else { convert::status };
    entries.into_iter().map(convert).collect()
}

/// getListing, a page.
pub(super) async fn listing<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let GetListingRequestProto { src, start_after, need_location } = decode(request)?;
    let src = path::normalize(&src)?;
    call.about(&src);
    let limit = call.door.limits.list_page;
    let start = (!start_after.is_empty()).then_some(start_after);
    let page = call.read(|view, caller| view.list(caller, &src, start.as_deref(), limit)).await?;
    encode(&GetListingResponseProto {
        dir_list: page.map(|Listing { entries: page, remaining }| DirectoryListingProto {
            partial_listing: entries(page, need_location),
            remaining_entries: remaining,
        }),
    })
}

/// Folders in one getBatchedListing at most (dfs.batched.ls.limit).
const MAX_BATCH: usize = 100;

/// getBatchedListing: pages of several folders; `startAfter` is "index of the folder:last name" of this
/// server's own making, which clients hand back as it is.
pub(super) async fn batched_listing<B: Backend>(
    call: &mut Call<'_, B>,
    request: &[u8],
) -> Answered {
    let GetBatchedListingRequestProto { paths, start_after, need_location } = decode(request)?;
    if paths.len() > MAX_BATCH {
        let (given, most) = (paths.len(), MAX_BATCH);
        return Err(Refusal::illegal(format!("Too many source paths ({given} > {most})")));
    }
    call.about(&paths.join(", "));
    let (first, mut start) = match start_after.split_first_chunk::<4>() {
        Some((index, name)) => (u32::from_be_bytes(*index) as usize, name.to_vec()),
        None => (0, Vec::new()),
    };
    let mut left = call.door.limits.list_page;
    let mut answer = GetBatchedListingResponseProto::default();
    for (index, given) in paths.iter().enumerate().skip(first) {
        let src = path::normalize(given)?;
        let from = Some(std::mem::take(&mut start)).filter(|name| !name.is_empty());
        let page = call
            .read(|view, caller| {
                let page = view.list(caller, &src, from.as_deref(), left)?;
                Ok(page.ok_or_else(|| missing(&src))?)
            })
            .await;
        let parent_idx = u32::try_from(index).unwrap_or(u32::MAX);
        match page {
            Ok(Listing { entries: page, remaining }) => {
                left = left.saturating_sub(page.len());
                let last = page.last().map(|entry| entry.name.clone().into_bytes());
                answer.listings.push(BatchedDirectoryListingProto {
                    partial_listing: entries(page, need_location),
                    parent_idx,
                    exception: None,
                });
                if remaining > 0 {
                    answer.has_more = true;
                    answer.start_after =
                        [&parent_idx.to_be_bytes()[..], &last.unwrap_or_default()].concat();
                    break;
                }
            }
            Err(Refusal { kind: Some(ErrorKind::Standby | ErrorKind::Retriable), .. }) => {
                return page.map(|_| Vec::new());
            }
            Err(refusal) => answer.listings.push(BatchedDirectoryListingProto {
                partial_listing: Vec::new(),
                parent_idx,
                exception: Some(RemoteExceptionProto {
                    class_name: refusal.class.to_owned(),
                    message: Some(refusal.message),
                }),
            }),
        }
        if left == 0 && index + 1 < paths.len() {
            answer.has_more = true;
            answer.start_after = (parent_idx + 1).to_be_bytes().to_vec();
            break;
        }
    }
    encode(&answer)
}

/// getBlockLocations: who opens a file asks this first.
pub(super) async fn block_locations<B: Backend>(
    call: &mut Call<'_, B>,
    request: &[u8],
) -> Answered {
    let GetBlockLocationsRequestProto { src, offset: _, length: _ } = decode(request)?;
    let src = path::normalize(&src)?;
    call.about(&src);
    let nameservice = call.settings()?.nameservice.clone();
    let status = call.read(|view, caller| Ok(view.read(caller, &src, 0, Some(0))?.status)).await?;
    if status.length > 0 {
        return Err(contents_elsewhere(&nameservice, &src).into());
    }
    let locations = convert::no_blocks(0, status.under_construction);
    encode(&GetBlockLocationsResponseProto { locations: Some(locations) })
}

/// getContentSummary.
pub(super) async fn content_summary<B: Backend>(
    call: &mut Call<'_, B>,
    request: &[u8],
) -> Answered {
    let GetContentSummaryRequestProto { path: src } = decode(request)?;
    let src = path::normalize(&src)?;
    call.about(&src);
    let summary = call.read(|view, caller| view.content_summary(caller, &src)).await?;
    encode(&GetContentSummaryResponseProto { summary: convert::content_summary(&summary) })
}

/// getQuotaUsage: the active server's alone, as in HDFS.
pub(super) async fn quota_usage<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let GetQuotaUsageRequestProto { path: src } = decode(request)?;
    let src = path::normalize(&src)?;
    call.about(&src);
    let summary = call.read_active(|view, caller| view.quota_usage(caller, &src)).await?;
    encode(&GetQuotaUsageResponseProto { usage: convert::quota_usage(&summary) })
}

/// The status of what must be there.
async fn existing<B: Backend>(call: &mut Call<'_, B>, src: &str) -> Result<FileStatus, Refusal> {
    let src = path::normalize(src)?;
    call.about(&src);
    call.read(|view, caller| Ok(view.file_status(caller, &src)?.ok_or_else(|| missing(&src))?))
        .await
}

/// As [`existing`], a file.
async fn existing_file<B: Backend>(
    call: &mut Call<'_, B>,
    src: &str,
) -> Result<FileStatus, Refusal> {
    let status = existing(call, src).await?;
    if status.kind == metafs_namespace::inode::Kind::Directory {
        let message = format!("Path is not a file: {src}");
        return Err(FsError::new(ErrorKind::FileNotFound, message).into());
    }
    Ok(status)
}

/// isFileClosed.
pub(super) async fn is_file_closed<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let IsFileClosedRequestProto { src } = decode(request)?;
    let status = existing_file(call, &src).await?;
    encode(&IsFileClosedResponseProto { result: !status.under_construction })
}

/// checkAccess.
pub(super) async fn check_access<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let CheckAccessRequestProto { path: src, mode } = decode(request)?;
    let src = path::normalize(&src)?;
    call.about(&src);
    let rwx = u8::try_from(mode & 7).unwrap_or_default();
    call.read(|view, caller| view.check_access(caller, &src, rwx)).await?;
    Ok(Vec::new())
}

/// getPreferredBlockSize.
pub(super) async fn preferred_block_size<B: Backend>(
    call: &mut Call<'_, B>,
    request: &[u8],
) -> Answered {
    let GetPreferredBlockSizeRequestProto { filename } = decode(request)?;
    let status = existing_file(call, &filename).await?;
    encode(&GetPreferredBlockSizeResponseProto { bsize: status.block_size })
}

/// getLinkTarget: there are no links.
pub(super) async fn link_target<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let GetLinkTargetRequestProto { path: src } = decode(request)?;
    existing(call, &src).await?;
    Err(Refusal::io(format!("Path {src} is not a symbolic link")))
}

/// getStoragePolicy.
pub(super) async fn storage_policy<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let GetStoragePolicyRequestProto { path: src } = decode(request)?;
    of_existing(call, &src).await?;
    encode(&GetStoragePolicyResponseProto { storage_policy: convert::hot() })
}

/// getErasureCodingPolicy: none.
pub(super) async fn erasure_coding_policy<B: Backend>(
    call: &mut Call<'_, B>,
    request: &[u8],
) -> Answered {
    let GetErasureCodingPolicyRequestProto { src } = decode(request)?;
    of_existing(call, &src).await?;
    Ok(Vec::new())
}

/// getEZForPath: none.
pub(super) async fn encryption_zone<B: Backend>(
    call: &mut Call<'_, B>,
    request: &[u8],
) -> Answered {
    let GetEZForPathRequestProto { src } = decode(request)?;
    let src = path::normalize(&src)?;
    call.about(&src);
    call.read(|view, caller| view.file_status(caller, &src)).await?;
    Ok(Vec::new())
}

/// getEnclosingRoot: there are no encryption zones.
pub(super) async fn enclosing_root<B: Backend>(call: &mut Call<'_, B>, request: &[u8]) -> Answered {
    let GetEnclosingRootRequestProto { filename } = decode(request)?;
    path::normalize(&filename.unwrap_or_default())?;
    call.read(|_, _| Ok(())).await?;
    encode(&GetEnclosingRootResponseProto { enclosing_root_path: Some("/".to_owned()) })
}

async fn of_existing<B: Backend>(call: &mut Call<'_, B>, src: &str) -> Result<(), Refusal> {
    let src = path::normalize(src)?;
    call.about(&src);
    let missing = |path: &str| {
        let message = format!("File/Directory does not exist: {path}");
        Failure::Fs(FsError::new(ErrorKind::FileNotFound, message))
    };
    call.read(|view, caller| match view.file_status(caller, &src)? {
        Some(_) => Ok(()),
        None => Err(missing(&src)),
    })
    .await
}

//! Paths: what a well-formed one is, its parts, its limits and the reserved names. Pure text; the
//! doors call [`normalize`] on what a client sent, commands and queries rely on its result.
//!
//! Rules and messages: `DFSUtil.isValidName`, `DFSUtil.getPathComponents`,
//! `NameNodeRpcServer.checkPathLength`, `FSDirectory.verifyMaxComponentLength` and the handling of
//! `/.reserved` in `FSDirectory` of HDFS 3.4.

use crate::error::{ErrorKind, FsError};

/// Most characters of a path (UTF-16 units, as Java counts them): `MAX_PATH_LENGTH`.
pub const MAX_PATH_LENGTH: usize = 8000;

/// Most components of a path: `MAX_PATH_DEPTH`.
pub const MAX_PATH_DEPTH: usize = 1000;

/// Most bytes of a component in UTF-8: `dfs.namenode.fs-limits.max-component-length`.
pub const MAX_COMPONENT_LENGTH: usize = 255;

/// The folder of the root that nobody may make.
const RESERVED: &str = ".reserved";

/// The name under which HDFS shows snapshots; no inode may have it.
const SNAPSHOT: &str = ".snapshot";

/// The canonical form of a path that a client sent: one `/` before each component and none at
/// the end; the root is `/`.
///
/// Repeated and trailing slashes are tolerated, as the NameNode splits paths. What cannot be a
/// name passes: nothing has it, so that looking for it finds nothing, as in HDFS. Only the NUL
/// character is refused, which nothing on the client's side can show.
///
/// # Errors
/// InvalidPath, naming the path.
pub fn normalize(path: &str) -> Result<String, FsError> {
    if !path.starts_with('/') || path.contains('\0') {
        return Err(invalid(path));
    }
    let mut normal = String::with_capacity(path.len());
    for name in components(path) {
        normal.push('/');
        normal.push_str(name);
    }
    if normal.is_empty() {
        normal.push('/');
    }
    Ok(normal)
}

/// As [`normalize`] for a file that is going to be made or whose data is asked for: the path must
/// be a valid name.
///
/// # Errors
/// InvalidPath, as `FSNamesystem.startFile` and `NamenodeWebHdfsMethods.redirectURI` word it.
pub fn normalize_file(path: &str) -> Result<String, FsError> {
    if is_valid_name(path) { normalize(path) } else { Err(invalid(path)) }
}

/// As [`normalize`] for a folder that is going to be made and the destination of a rename.
///
/// # Errors
/// InvalidPath, as `FSDirMkdirOp` and `FSDirRenameOp` word it.
pub fn normalize_new(path: &str) -> Result<String, FsError> {
    if is_valid_name(path) {
        normalize(path)
    } else {
        Err(invalid(&format!("Invalid file name: {path}")))
    }
}

/// Whether a path could be made: no `.`, no `..`, no `:`, no empty component but for trailing
/// slashes (`DFSUtil.isValidName`).
fn is_valid_name(path: &str) -> bool {
    path.starts_with('/')
        && !path.trim_end_matches('/').contains("//")
        && components(path).all(|name| name != "." && name != ".." && !name.contains(':'))
}

/// The names in a path, the root not counted: none for `/`.
pub fn components(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

/// Splits a normal path into the parent's path and the last name; `None` for the root.
pub fn split(path: &str) -> Option<(&str, &str)> {
    let (parent, name) = path.rsplit_once('/')?;
    if name.is_empty() {
        return None;
    }
    Some((if parent.is_empty() { "/" } else { parent }, name))
}

/// The parent of a normal path; `None` for the root.
pub fn parent(path: &str) -> Option<&str> {
    split(path).map(|(parent, _)| parent)
}

/// The path of `name` in `parent`, both normal.
pub fn join(parent: &str, name: &str) -> String {
    if parent == "/" { format!("/{name}") } else { format!("{parent}/{name}") }
}

/// Whether a normal `path` is `ancestor` or lies below it.
pub fn starts_with(path: &str, ancestor: &str) -> bool {
    match path.strip_prefix(ancestor) {
        Some(rest) => ancestor == "/" || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// Length and depth of a path that `op` (create, mkdirs, rename) is going to make.
///
/// # Errors
/// Io.
pub fn check_length(op: &str, path: &str) -> Result<(), FsError> {
    // A path of few bytes has few characters.
    let short = path.len() <= MAX_PATH_LENGTH || path.encode_utf16().count() <= MAX_PATH_LENGTH;
    if short && components(path).nth(MAX_PATH_DEPTH).is_none() {
        return Ok(());
    }
    Err(FsError::new(
        ErrorKind::Io,
        format!(
            "{op}: Pathname too long.  Limit {MAX_PATH_LENGTH} characters, {MAX_PATH_DEPTH} levels."
        ),
    ))
}

/// Whether `name` may be the name of a new inode in the folder at `parent_path`.
///
/// # Errors
/// PathComponentTooLong; HadoopIllegalArgument for `.snapshot` and for `.reserved` in the root.
pub fn check_component(parent_path: &str, name: &str) -> Result<(), FsError> {
    if parent_path == "/" && name == RESERVED {
        return Err(FsError::new(
            ErrorKind::HadoopIllegalArgument,
            format!(
                "File name \"{name}\" is reserved and cannot be created. If this is during upgrade \
                 change the name of the existing file or directory to another name before \
                 upgrading to the new release."
            ),
        ));
    }
    if name.len() > MAX_COMPONENT_LENGTH {
        return Err(FsError::new(
            ErrorKind::PathComponentTooLong,
            format!(
                "The maximum path component name limit of {name} in directory {parent_path} is \
                 exceeded: limit={MAX_COMPONENT_LENGTH} length={}",
                name.len()
            ),
        ));
    }
    if name == SNAPSHOT {
        return Err(FsError::new(
            ErrorKind::HadoopIllegalArgument,
            format!("\"{name}\" is a reserved name."),
        ));
    }
    Ok(())
}

/// Whether a normal path is `/.reserved` or lies below it. No inode is there.
fn is_reserved(path: &str) -> bool {
    path.strip_prefix("/.reserved").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Refuses to create a file at or below `/.reserved` (`FSNamesystem.startFile`). Folders and
/// destinations of renames are refused by [`check_component`] when they reach it.
///
/// # Errors
/// InvalidPath.
pub fn check_create(path: &str) -> Result<(), FsError> {
    if is_reserved(path) { Err(invalid(path)) } else { Ok(()) }
}

/// Refuses to change `/.reserved` itself, which every listing tool believes to exist
/// (`FSDirectory.isExactReservedName` in delete, setPermission, setOwner).
///
/// # Errors
/// InvalidPath.
pub fn check_change(path: &str) -> Result<(), FsError> {
    if path == "/.reserved" { Err(invalid(path)) } else { Ok(()) }
}

/// Refuses to move `/.reserved` or to move something onto it (`FSDirRenameOp`).
///
/// # Errors
/// InvalidPath.
pub fn check_rename(src: &str, dst: &str) -> Result<(), FsError> {
    check_change(src)
        .and(check_change(dst))
        .map_err(|_| invalid("Cannot rename to or from /.reserved"))
}

fn invalid(path: &str) -> FsError {
    FsError::new(ErrorKind::InvalidPath, format!("Invalid path name {path}"))
}

#[cfg(test)]
mod tests;

//! Where the product's binaries are: beside the running executable (tests run from
//! `target/debug/deps`, the benchmark from `target/debug`), or in `METAFS_BIN_DIR`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// The path of `metaserver`, `metactl` or `tablestore-local`.
///
/// # Errors
/// It was not built; the message says how to.
pub fn find(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("the own executable has no path")?;
    let given = std::env::var_os("METAFS_BIN_DIR").map(PathBuf::from);
    let folders = given.into_iter().chain(own.ancestors().skip(1).take(2).map(Path::to_owned));
    let mut looked = Vec::new();
    for folder in folders {
        let path = folder.join(name);
        if path.is_file() {
            return Ok(path);
        }
        looked.push(path.display().to_string());
    }
    bail!(
        "the binary {name} is missing (looked at {}): build it first with `cargo build --bins`, \
         or name its folder in METAFS_BIN_DIR",
        looked.join(", ")
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_missing_binary_says_how_to_build_it() {
        let error = super::find("no-such-binary").expect_err("is not there").to_string();
        assert!(error.contains("cargo build --bins"), "{error}");
    }
}

//! Prints a tree of a given size as an export: `metafs-tree --folders 1596 --files 1482809 | metactl import
//! /dev/stdin`; see [`metafs_e2e::tree`].

use std::io::BufWriter;

use clap::Parser;
use metafs_e2e::tree::Tree;

/// Prints a tree as an export that `metactl import` reads.
#[derive(Parser, Debug)]
#[command(name = "metafs-tree", version)]
struct Cli {
    /// Folders, the root included.
    #[arg(long)]
    folders: u64,
    /// Files, all empty.
    #[arg(long)]
    files: u64,
}

fn main() -> anyhow::Result<()> {
    let Cli { folders, files } = Cli::parse();
    Tree::new(folders, files)?.export(&mut BufWriter::new(std::io::stdout().lock()))
}

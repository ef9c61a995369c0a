# The project's own programs, compiled once for tests and image. Sourced after tools.sh.
# shellcheck shell=bash disable=SC2034

PROGRAMS=(metaserver metactl metafs-operator)
# And of the local Tablestore, which has an image of its own.
TABLESTORE_PROGRAMS=(tablestore-local)
# Where cargo puts them: the development profile is optimised, see Cargo.toml.
BINARIES=$CARGO_TARGET_DIR/debug

# RocksDB takes twenty minutes on two cores, and cargo compiles it anew whenever the features of some
# build dependency differ. So it is compiled once, by its own crate, and the library kept beside the
# other tools, keyed by version; its crate then links what these variables name.
ROCKSDB_VERSION=$(awk '/^name = "librocksdb-sys"$/ { getline; gsub(/"/, "", $3); print $3 }' "$REPO/Cargo.lock")
export ROCKSDB_LIB_DIR=$CACHE/rocksdb-$ROCKSDB_VERSION ROCKSDB_STATIC=1

build_rocksdb() {
  local build=$ROCKSDB_LIB_DIR.build
  if [[ -f $ROCKSDB_LIB_DIR/librocksdb.a ]]; then return; fi
  mkdir -p "$ROCKSDB_LIB_DIR"
  (
    cd "$REPO" || exit
    unset ROCKSDB_LIB_DIR ROCKSDB_STATIC
    cargo build --locked -p librocksdb-sys --target-dir "$build"
  )
  mv "$build"/debug/build/librocksdb-sys-*/out/librocksdb.a "$ROCKSDB_LIB_DIR/librocksdb.a.new"
  mv "$ROCKSDB_LIB_DIR/librocksdb.a.new" "$ROCKSDB_LIB_DIR/librocksdb.a"
  rm -rf "$build"
}

# Those that images are made of; metafs-tree makes the tree that the test of Tablestore imports.
IMAGE_PROGRAMS=("${PROGRAMS[@]}" "${TABLESTORE_PROGRAMS[@]}" metafs-tree)

# What they are made of, and whether they are still what was made of it.
programs_sources() {
  (cd "$REPO" && find Cargo.toml Cargo.lock .cargo crds metaserver operator e2e/Cargo.toml e2e/src -type f -print0 |
    sort -z | xargs -0 sha256sum)
  rustc --version --verbose
  echo "${RUSTFLAGS:-}"
}
programs_made() { (cd "$BINARIES" && stat --format='%n %s %y' "${IMAGE_PROGRAMS[@]}"); }

# Of the whole workspace, as cargo test and clippy take it: the same features, so nothing twice. Cargo goes by
# paths and times, and would compile in a fresh checkout what it has compiled of the same sources before.
build_programs() {
  local bins=() program sources stamp=$CACHE/programs.state
  # Before the build: what is edited meanwhile is not in it.
  sources=$(programs_sources)
  if [[ -f $stamp ]] && cmp -s "$stamp" <(echo "$sources" && programs_made 2>/dev/null); then
    echo "they are made of these sources"
    return 0
  fi
  rm -f "$stamp"
  for program in "${IMAGE_PROGRAMS[@]}"; do bins+=(--bin "$program"); done
  (cd "$REPO" && cargo build --locked --workspace "${bins[@]}")
  { echo "$sources" && programs_made; } >"$stamp"
}

# With the benchmarks and generators.
build_all_programs() {
  (cd "$REPO" && cargo build --locked --workspace --bins)
}

# The project's own programs, compiled once for tests and image. Sourced after tools.sh.
# shellcheck shell=bash disable=SC2034

PROGRAMS=(metaserver metactl metafs-operator)
# Where cargo puts them: the development profile is optimised, see Cargo.toml.
BINARIES=$CARGO_TARGET_DIR/debug

build_programs() {
  local program arguments=()
  for program in "${PROGRAMS[@]}"; do arguments+=(--bin "$program"); done
  (cd "$REPO" && cargo build --locked "${arguments[@]}")
}

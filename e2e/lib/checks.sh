# Checks with counts, for the demonstration and the tests on Kubernetes.
# Sourced after common.sh.
# shellcheck shell=bash

# One line "ok" or "FAILED" for each check of this run; the caller may name the file, so
# that several programs count together.
RESULTS=${METAFS_E2E_RESULTS:-}
if [[ -z $RESULTS ]]; then
  RESULTS=$(mktemp)
  trap 'rm -f "$RESULTS"' EXIT
fi

passed() { grep -c '^ok' "$RESULTS" || true; }
failed() { grep -c '^FAILED' "$RESULTS" || true; }

# record ok|FAILED NAME SECONDS
record() {
  printf '%s %s\n' "$1" "$2" >>"$RESULTS"
  printf '%s   %-6s %s (%s s)\n' "$(date +%H:%M:%S)" "$1" "$2" "$3" >&2
}

# check NAME COMMAND...: counts, and shows the output of what failed. It never ends the
# script, but says by its status whether the check passed.
check() {
  local name=$1 output status start=$EPOCHREALTIME
  shift
  output=$(mktemp)
  set +e
  (
    set -e
    "$@"
  ) >"$output" 2>&1 </dev/null
  status=$?
  if ((status == 0)); then
    record ok "$name" "$(seconds_since "$start")"
  else
    record FAILED "$name" "$(seconds_since "$start")"
    tail -n 30 "$output" | sed 's/^/           | /' >&2
  fi
  rm -f "$output"
  return 0
}

# must NAME COMMAND...: a check without which going on makes no sense.
must() {
  local before
  before=$(failed)
  check "$@"
  [[ $(failed) == "$before" ]] || die "cannot go on without: $1"
}

# Small statements about values, with the values in their message.
equal() { [[ $1 == "$2" ]] || { echo "expected: $2" && echo "     got: $1" && return 1; }; }
contains() { [[ $1 == *"$2"* ]] || { echo "expected to contain: $2" && echo "got: $1" && return 1; }; }
at_least() { (($1 >= $2)) || { echo "expected at least $2, got $1" && return 1; }; }

# prints EXPECTED COMMAND...: the command succeeds and its whole output is that.
prints() {
  local expected=$1 output
  shift
  output=$("$@") || { echo "failed: $*" && echo "$output" && return 1; }
  equal "$output" "$expected"
}

# mentions TEXT COMMAND...: the command succeeds and its output contains the text.
mentions() {
  local text=$1 output
  shift
  output=$("$@") || { echo "failed: $*" && echo "$output" && return 1; }
  contains "$output" "$text"
}

# refused PATTERN COMMAND...: the command fails and its message contains the pattern.
refused() {
  local pattern=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "was not refused: $*" && echo "$output" && return 1
  fi
  contains "$output" "$pattern"
}

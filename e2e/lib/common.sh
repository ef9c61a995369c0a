# What every script of the end-to-end cluster needs: where things are, logging
# with the time of each step, waiting, and starting and stopping daemons.
# Sourced, never run. Callers have set -euo pipefail.
# shellcheck shell=bash

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
E2E=$REPO/e2e
# shellcheck source=SCRIPTDIR/../versions.env
source "$E2E/versions.env"

# Downloads and builds that are kept, keyed by version.
CACHE=${METAFS_CACHE:-$HOME/.cache/metafs}
# State of a running cluster: gone after e2e/down.
RUN=${METAFS_RUN:-$CACHE/run}
LOGS=$RUN/logs
PIDS=$RUN/pids
TOOLS=$CACHE/tools/kubernetes-$KUBERNETES_VERSION
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
# Local volumes, the nodes' data and the daemons are never for others' eyes.
umask 022
# Debian keeps daemons and network tools in sbin.
export PATH=$TOOLS:$CACHE/tools/coredns-$COREDNS_VERSION-few:$CACHE/tools/helm-$HELM_VERSION:$PATH:/usr/sbin:/sbin

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# seconds_since EPOCHREALTIME: with one decimal.
seconds_since() {
  awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'
}

# step NAME COMMAND...: runs the command with its output in a log file, says how
# long it took, and shows the end of the log when it fails.
step() {
  local name=$1 log start
  shift
  mkdir -p "$LOGS"
  log=$LOGS/step-${name//[^A-Za-z0-9]/-}.log
  start=$EPOCHREALTIME
  say "$name ..."
  # A subshell with its own -e: "if f" would switch -e off inside the function.
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1
  local status=$?
  set -e
  if ((status != 0)); then
    say "$name: FAILED after $(seconds_since "$start") s; the end of $log:"
    tail -n 40 "$log" >&2
    return "$status"
  fi
  say "$name: $(seconds_since "$start") s"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
  local limit=$1 what=$2 start=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS - start >= limit)); then
      echo "gave up waiting ${limit} s for $what" >&2
      return 1
    fi
    sleep 0.2
  done
}

# write_file PATH: standard input into it, only when that changes it (kube-proxy ends when
# its configuration is touched).
write_file() {
  cat >"$1.new"
  if cmp -s "$1.new" "$1"; then rm -f "$1.new"; else mv "$1.new" "$1"; fi
}

# daemon NAME COMMAND...: starts it in the background unless it runs already. Its
# output goes to logs/NAME.log, its process id to pids/NAME.
daemon() {
  local name=$1
  shift
  if is_running "$name"; then return 0; fi
  mkdir -p "$LOGS" "$PIDS"
  # A session of its own, so that a Ctrl-C of the caller does not reach it, and neither the
  # caller's output nor its lock (9), which would be held for as long as it lives.
  setsid "$@" </dev/null >>"$LOGS/$name.log" 2>&1 9>&- &
  echo "$! $(start_time $!)" >"$PIDS/$name"
  disown
}

# start_time PID: the kernel's start time; with the pid it names one process for good. Nothing
# for a process that has ended, even if nobody has asked for its status yet.
start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  # Field 22; the second field may hold spaces, so count after its bracket.
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $stat
  [[ ${1:-} == Z ]] || echo "${20:-}"
}

# is_running NAME: whether the daemon of that name is alive.
is_running() {
  local pid started
  [[ -f $PIDS/$1 ]] || return 1
  read -r pid started <"$PIDS/$1" || return 1
  [[ -n ${started:-} && $(start_time "$pid") == "$started" ]]
}

# stop_daemon NAME [SECONDS]: asks, waits, then forces.
stop_daemon() {
  local name=$1 limit=${2:-5} pid _
  if is_running "$name"; then
    read -r pid _ <"$PIDS/$name"
    # Daemons lead a process group: their helpers go with them.
    kill -TERM -- "-$pid" 2>/dev/null || true
    if ! wait_for "$limit" "$name to stop" not is_running "$name" 2>/dev/null; then
      kill -KILL -- "-$pid" 2>/dev/null || true
      wait_for 5 "$name to die" not is_running "$name" || true
    fi
  fi
  rm -f "$PIDS/$name"
}

not() { ! "$@"; }

# check_alive NAME: fails with the end of its log when a daemon has died.
check_alive() {
  is_running "$1" && return 0
  echo "$1 is not running; the end of its log:" >&2
  tail -n 30 "$LOGS/$1.log" >&2 || true
  return 1
}

need_root() {
  [[ $(id -u) == 0 ]] || die "$1 needs root (containers, network and mounts); --control-plane-only does not"
}

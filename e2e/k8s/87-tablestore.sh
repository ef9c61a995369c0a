#!/usr/bin/env bash
# The copy in Tablestore: upload switched on over files that are there, the cluster deleted with its volumes, a
# new one recovered from the copy, read-only, then writable again. METAFS_FULL=1: with 1596 folders and
# 1482809 files.
set -euo pipefail
export METAFS_NAME=copied
# shellcheck source=SCRIPTDIR/../lib/product.sh
source "$(dirname "$(readlink -f "$0")")/../lib/product.sh"

# With the folder and the file that are made by hand.
if [[ -n ${METAFS_FULL:-} ]]; then FOLDERS=1595 FILES=1482808; else FOLDERS=120 FILES=12000; fi
PREFIX=walk
SMALL='resources: {requests: {cpu: 20m, memory: 64Mi}}'
cleanup() {
  delete_cluster || true
  local_tablestore | kubectl -n "$NAMESPACE" delete --ignore-not-found --wait=true -f - || true
}
trap 'cleanup >/dev/null 2>&1; [[ -n ${METAFS_E2E_RESULTS:-} ]] || rm -f "$RESULTS"' EXIT

local_tablestore() { sed "s|TABLESTORE_IMAGE|$(tablestore_image)|" "$E2E/manifests/tablestore.yaml"; }
start_tablestore() {
  local_tablestore | kubectl -n "$NAMESPACE" apply --server-side --force-conflicts -f -
  kubectl -n "$NAMESPACE" rollout status deployment/tablestore --timeout=120s
}
# tablestore MODE [MORE]: lines of a spec.
tablestore() {
  echo "tablestore: {mode: $1, instance: local, endpoint: \"http://tablestore.$NAMESPACE.svc:8087\", tablePrefix: $PREFIX, credentialsSecret: {name: tablestore-credentials}${2:-}}"
}
make_with() { make_cluster "$SMALL" "$(tablestore "$@")"; }
set_mode() { kubectl -n "$NAMESPACE" patch metadatacluster "$NAME" --type=merge -p "{\"spec\":{\"tablestore\":{\"mode\":\"$1\"}}}"; }
load_tree() {
  "$BINARIES/metafs-tree" --folders "$FOLDERS" --files "$FILES" | kubectl -n "$NAMESPACE" exec -i "$(leader)" -- metactl import /dev/stdin
}
# The root counts as a folder.
counts() { hdfs -count / | awk '{ print $1, $2, $3 }'; }
wait_condition() { kubectl -n "$NAMESPACE" wait "--for=condition=$1" "metadatacluster/$NAME" --timeout="$2s"; }
pod_uids() { kubectl -n "$NAMESPACE" get pods -l "app.kubernetes.io/instance=$NAME" -o jsonpath='{.items[*].metadata.uid}'; }
recovery_state() { mdc_field .status.recovery.state; }
refused_25021() { refused "ErrorCode : 25021 , ErrorMsg: Namespace is under recovery mode, and is read-only." "$@"; }
# key ID SECRET: what the Secret holds from now on.
key() { kubectl -n "$NAMESPACE" patch secret tablestore-credentials --type=merge -p "{\"stringData\":{\"accessKeyId\":\"$1\",\"accessKeySecret\":\"$2\"}}"; }
# told CONDITION: its reason.
told() { mdc_field ".status.conditions[?(@.type==\"$1\")].reason"; }
detail_mentions() { mentions "$1" metactl "$(leader)" status -detail; }

must "a local Tablestore" start_tablestore
must "a cluster" make_cluster "$SMALL"
must "becomes ready" wait_ready 120
must "the client's pod" start_client
must "a tree of $FOLDERS folders and $FILES files" load_tree
must "an inline file" round_trip "kept elsewhere too"
pods=$(pod_uids)
check "upload is switched on" make_with AsyncUpload
check "everything is uploaded" wait_condition Synced 600
check "nothing was restarted by that" prints "$pods" pod_uids
check "metactl tells it as jindo does" detail_mentions "_synced=1"
mdc -o wide
check "the key is replaced by one that is refused" key testid mistyped
# Which changes no count.
check "writes go on" hdfs -chmod 750 /round-trip
check "the resource says so" wait_for 60 "the reason" prints CredentialsRefused told Synced
check "the key is replaced by the next one" key nextid nextsecret
check "the upload goes on by itself" wait_condition Synced 60
check "nothing was restarted by that" prints "$pods" pod_uids
before=$(counts)
listing=$(hdfs -ls / | sort)
say "hadoop fs -count /: $before"
must "the cluster is deleted, with its volumes" delete_cluster
# The old owner is gone for good: nobody has to wait for a minute of its silence. (Those are tested in metaserver/replication.)
must "a new one, to be recovered" make_with Recovery ", takeover: true"
must "becomes ready" wait_ready 180
check "it is recovered" wait_condition Recovered 600
check "the state is FINISH" prints FINISH recovery_state
mdc -o wide
must "the client's pod" start_client
pods=$(pod_uids)
check "the counts are identical" prints "$before" counts
check "so is the listing" prints "$listing" sh -c "kubectl -n $NAMESPACE exec $CLIENT -- hadoop fs -ls / | sort"
check "and the inline file" prints "kept elsewhere too" hdfs -cat /round-trip/file
check "hadoop fs -rm is refused with 25021" refused_25021 hdfs -rm -skipTrash /round-trip/file
check "over hdfs:// too" refused_25021 in_client hadoop fs -rm -skipTrash "hdfs://$NAME/round-trip/file"
check "the recovered cluster uploads" set_mode AsyncUpload
check "writes work" wait_for 60 "a write" hdfs -mkdir -p /after
check "and are uploaded" wait_condition Synced 600
check "nothing was restarted by that" prints "$pods" pod_uids
mdc -o wide

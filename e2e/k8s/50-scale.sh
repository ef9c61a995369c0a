#!/usr/bin/env bash
# 1 -> 3 -> 5 -> 3 members with files in them, while another cluster runs beside.
set -euo pipefail
export METAFS_NAME=scale
# shellcheck source=SCRIPTDIR/../lib/product.sh
source "$(dirname "$(readlink -f "$0")")/../lib/product.sh"
trap 'delete_cluster >/dev/null 2>&1 || true; [[ -n ${METAFS_E2E_RESULTS:-} ]] || rm -f "$RESULTS"' EXIT

scale() { kubectl -n "$NAMESPACE" scale metadatacluster "$NAME" --replicas="$1"; }
still_there() { prints "kept through $1" hdfs -cat /round-trip/file; }
not_shrunk_below() { refused 'must be odd' scale 2; }
quorum_budget() { kubectl -n "$NAMESPACE" get poddisruptionbudget -l "app.kubernetes.io/instance=$NAME" -o name; }

must "a cluster of one" make_cluster 'replicas: 1' 'resources: {requests: {cpu: 20m, memory: 64Mi}}'
must "becomes ready" wait_ready 120
must "the client's pod" start_client
for size in 3 5 3; do
  must "write with $(members) members" round_trip "kept through $size"
  check "scale to $size" scale "$size"
  check "has $size members, all ready" wait_for 180 "them" has_members "$size"
  check "is ready" wait_ready 60
  check "what was written is there" still_there "$size"
done
check "an even number is refused with the reason" not_shrunk_below
check "a disruption budget is there" mentions poddisruptionbudget quorum_budget
check "the other cluster was ready all the time" kubectl -n "$NAMESPACE" wait --for=condition=Ready metadatacluster/demo --timeout=5s

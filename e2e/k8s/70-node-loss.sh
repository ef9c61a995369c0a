#!/usr/bin/env bash
# A node is lost for longer than the grace: its member is replaced elsewhere without a hand.
set -euo pipefail
export METAFS_NAME=nodeloss
# shellcheck source=SCRIPTDIR/../lib/product.sh
source "$(dirname "$(readlink -f "$0")")/../lib/product.sh"
if own_cluster; then exit 0; fi

crashed=
cleanup() {
  if [[ -n $crashed ]]; then "$E2E/node" start "$crashed" || true; fi
  delete_cluster || true
}
trap 'cleanup >/dev/null 2>&1; [[ -n ${METAFS_E2E_RESULTS:-} ]] || rm -f "$RESULTS"' EXIT

node_is() { mentions "$2" kubectl get node "$1" --no-headers; }
moved_away() { [[ $(node_of "$1") != "$2" ]]; }
# A member on a node where neither the client nor the operator runs.
pick_member() {
  local pod busy
  busy="$(node_of "$CLIENT") $(kubectl -n "$OPERATOR_NAMESPACE" get pods -o 'jsonpath={.items[*].spec.nodeName}')"
  for pod in $(pod_names); do
    if [[ " $busy " != *" $(node_of "$pod") "* ]]; then echo "$pod" && return 0; fi
  done
  return 1
}

must "a cluster with a short grace" make_cluster 'nodeLossGraceSeconds: 15' 'resources: {requests: {cpu: 20m, memory: 64Mi}}'
must "becomes ready" wait_ready 120
must "the client's pod" start_client
must "a file to find again" round_trip "survives nodes"
member=$(pick_member)
node=$(node_of "$member")
id=$(node_id "$member")
crashed=$node
check "$node, on which $member runs, crashes" "$E2E/node" crash "$node"
check "Kubernetes sees it" wait_for 40 "the node's state" node_is "$node" NotReady
check "clients are served meanwhile" round_trip "survives nodes"
check "the member moves to another node" wait_for 180 "it" moved_away "$member" "$node"
check "as a new member" wait_for 120 "it" is_new_member "$member" "$id"
check "the cluster is ready with the node still gone" wait_ready 60
check "the file is there" prints "survives nodes" hdfs -cat /round-trip/file
check "the node comes back" "$E2E/node" start "$node"
check "and is ready" wait_for 60 "the node's state" node_is "$node" ' Ready'
crashed=
check "the cluster stays ready" wait_ready 60

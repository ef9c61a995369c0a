#!/usr/bin/env bash
# A member loses its volume, then one finds it emptied: both come back as new members.
set -euo pipefail
# shellcheck source=SCRIPTDIR/../lib/product.sh
source "$(dirname "$(readlink -f "$0")")/../lib/product.sh"

lose_volume() {
  kubectl -n "$NAMESPACE" delete persistentvolumeclaim "$(claim_of "$1")" --wait=false
  kubectl -n "$NAMESPACE" delete pod "$1" --force --grace-period=0
}
# The local cluster's volumes are folders of this machine. While its node takes no pods, the
# member is away.
empty_volume() {
  local volume node
  node=$(node_of "$1")
  volume=$(kubectl -n "$NAMESPACE" get persistentvolumeclaim "$(claim_of "$1")" -o 'jsonpath={.spec.volumeName}')
  kubectl cordon "$node"
  kubectl -n "$NAMESPACE" delete pod "$1" --wait=true
  find "$(volume_dir "$volume")" -mindepth 1 -delete
  kubectl uncordon "$node"
}
counts() { hdfs -count / | awk '{ print $1, $2, $3 }'; }

must "the cluster is ready" wait_ready 120
must "the client's pod" start_client
must "a file to find again" round_trip "survives volumes"
count=$(counts)

member=$(a_follower)
id=$(node_id "$member")
check "the volume of $member is deleted" lose_volume "$member"
check "it is replaced by a new member" wait_for 180 "it" is_new_member "$member" "$id"
check "the cluster is ready" wait_ready 120

if ! own_cluster; then
  member=$(leader)
  id=$(node_id "$member")
  check "the volume of the leader, $member, is emptied" empty_volume "$member"
  check "it is replaced by a new member" wait_for 180 "it" is_new_member "$member" "$id"
  check "the cluster is ready" wait_ready 120
fi
check "the file is there" prints "survives volumes" hdfs -cat /round-trip/file
check "the counts are the same" prints "$count" counts

#!/usr/bin/env bash
# Two operators, of which one works; and neither writes anything while nothing changes.
set -euo pipefail
# shellcheck source=SCRIPTDIR/../lib/product.sh
source "$(dirname "$(readlink -f "$0")")/../lib/product.sh"

in_operators() { kubectl -n "$OPERATOR_NAMESPACE" "$@"; }
one_again() { in_operators scale "deployment/$OPERATOR" --replicas=1; }
trap 'one_again >/dev/null 2>&1 || true; [[ -n ${METAFS_E2E_RESULTS:-} ]] || rm -f "$RESULTS"' EXIT

two() {
  in_operators scale "deployment/$OPERATOR" --replicas=2
  in_operators rollout status "deployment/$OPERATOR" --timeout=60s
}
holder() { in_operators get lease "$OPERATOR" -o 'jsonpath={.spec.holderIdentity}'; }
holder_is_not() { [[ -n $(holder) && $(holder) != "$1" ]]; }
kill_holder() { in_operators delete pod -l "app.kubernetes.io/name=$OPERATOR" --field-selector "metadata.name=$1" --force --grace-period=0; }
works() {
  kubectl -n "$NAMESPACE" delete configmap "$NAME-discovery" --wait=true
  wait_for 60 "the ConfigMap to come back" kubectl -n "$NAMESPACE" get configmap "$NAME-discovery"
}
versions() {
  kubectl -n "$NAMESPACE" get metadatacluster,statefulset,service,configmap,secret,poddisruptionbudget \
    -o jsonpath='{range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}{"\n"}{end}'
}
quiet() {
  local before
  before=$(versions)
  sleep 20
  prints "$before" versions
}

must "the cluster is ready" wait_ready 120
check "nothing is written while nothing changes, for 20 seconds" quiet
must "two operators" two
first=$(holder)
check "one of them holds the Lease" mentions "${first%%_*}" in_operators get pods -o name
check "that one is killed" kill_holder "${first%%_*}"
check "another takes over" wait_for 60 "the Lease" holder_is_not "$first"
check "and works" works

#!/usr/bin/env bash
# A change of the pods rolls through while clients write and the operator is killed; an image
# that never starts stops the roll and says so.
set -euo pipefail
# shellcheck source=SCRIPTDIR/../lib/product.sh
source "$(dirname "$(readlink -f "$0")")/../lib/product.sh"
# shellcheck source=SCRIPTDIR/../lib/writer.sh
source "$LIB/writer.sh"

patch() { mdc -o name >/dev/null && kubectl -n "$NAMESPACE" patch metadatacluster "$NAME" --type merge -p "$1"; }
cpu_requests() { kubectl -n "$NAMESPACE" get pods -l "app.kubernetes.io/instance=$NAME" -o jsonpath='{range .items[*]}{.spec.containers[0].resources.requests.cpu}{"\n"}{end}'; }
cpu_of() { kubectl -n "$NAMESPACE" get pod "$1" -o 'jsonpath={.spec.containers[0].resources.requests.cpu}'; }
rolled_count() { cpu_requests | grep -cx "$1" || true; }
rolled_at_least() { (($(rolled_count "$1") >= $2)); }
kill_operator() { kubectl -n "$OPERATOR_NAMESPACE" delete pods -l "app.kubernetes.io/name=$OPERATOR" --force --grace-period=0; }
is_stalled() { prints True condition Stalled; }
waiting_pods() {
  kubectl -n "$NAMESPACE" get pods -l "app.kubernetes.io/instance=$NAME" \
    -o jsonpath='{range .items[*]}{.status.containerStatuses[0].ready}{"\n"}{end}' | grep -cx false || true
}

size=$(mdc_field .spec.replicas)
must "the cluster is ready" wait_ready 120
must "the client's pod" start_client
must "clients write" start_writers
must "and are acknowledged" wait_for 60 "the first batches" stored_at_least 3
last=$(leader)
check "a change of resources is accepted" patch '{"spec":{"resources":{"requests":{"cpu":"50m"}}}}'
check "the first pod is rolled" wait_for 120 "it" rolled_at_least 50m 1
check "the operator is killed in the middle" kill_operator
check "the leader of the beginning, $last, is still of the old kind then" not prints 50m cpu_of "$last"
check "all pods are rolled" wait_for 300 "them" rolled_at_least 50m "$size"
check "the cluster is ready" wait_ready 120
must "the clients end" stop_writers
tell_writers
check "nothing acknowledged is missing" nothing_lost

check "an image that does not exist is accepted" patch '{"spec":{"image":"localhost/metafs:does-not-exist"}}'
check "the roll stops and says so" wait_for 240 "the condition Stalled" is_stalled
check "only one pod is lost to it" prints 1 waiting_pods
check "clients are served meanwhile" round_trip
check "the old image again" patch '{"spec":{"image":null}}'
check "brings it back" wait_ready 240

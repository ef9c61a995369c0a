#!/usr/bin/env bash
# Deletion and coming back with kept volumes, deleted objects, pause, a bad resource beside a
# good one, and the rights of the operator.
set -euo pipefail
export METAFS_NAME=life
# shellcheck source=SCRIPTDIR/../lib/product.sh
source "$(dirname "$(readlink -f "$0")")/../lib/product.sh"

SMALL='resources: {requests: {cpu: 20m, memory: 64Mi}}'
cleanup() {
  kubectl -n "$NAMESPACE" patch metadatacluster "$NAME" --type merge -p '{"spec":{"volumeRetention":"Delete","paused":false}}' || true
  delete_cluster || true
  kubectl -n "$NAMESPACE" delete metadatacluster stuck --ignore-not-found --timeout=60s || true
}
trap 'cleanup >/dev/null 2>&1; [[ -n ${METAFS_E2E_RESULTS:-} ]] || rm -f "$RESULTS"' EXIT

keep_cluster() { cluster_manifest "$SMALL" | sed 's/volumeRetention: Delete/volumeRetention: Retain/' | kubectl apply --server-side --force-conflicts -f -; }
claims() { names_of persistentvolumeclaims | wc -l; }
comes_back() {
  delete_objects
  wait_for 60 "the services" services_back
}
exists() { kubectl -n "$NAMESPACE" get "$1"; }
delete_objects() {
  kubectl -n "$NAMESPACE" delete configmap "$NAME-discovery" --wait=true
  kubectl -n "$NAMESPACE" delete services,poddisruptionbudgets -l "app.kubernetes.io/instance=$NAME" --wait=true
}
services_back() { at_least "$(names_of services | wc -l)" 1 && at_least "$(names_of poddisruptionbudgets | wc -l)" 1; }
pause() { kubectl -n "$NAMESPACE" patch metadatacluster "$NAME" --type merge -p "{\"spec\":{\"paused\":$1}}"; }
stays_gone() {
  kubectl -n "$NAMESPACE" delete configmap "$NAME-discovery" --wait=true
  not wait_for 10 "the ConfigMap" exists "configmap/$NAME-discovery"
}
bad_cluster() {
  kubectl apply --server-side -f - <<YAML
apiVersion: metafs.dev/v1alpha1
kind: MetadataCluster
metadata: {name: stuck, namespace: $NAMESPACE}
spec: {replicas: 1, volumeRetention: Delete, storage: {storageClassName: does-not-exist}}
YAML
}
operator_log() { kubectl -n "$OPERATOR_NAMESPACE" logs -l "app.kubernetes.io/name=$OPERATOR" --tail=-1; }
nothing_forbidden() { not grep -i forbidden <(operator_log); }

must "a cluster whose volumes are kept" keep_cluster
must "becomes ready" wait_ready 120
must "the client's pod" start_client
must "a file to find again" round_trip "kept"
check "the cluster is deleted" delete_cluster
check "its volumes are not" prints 3 claims
must "a cluster of the same name" keep_cluster
must "becomes ready" wait_ready 180
must "the client's pod" start_client
check "and has the file" prints "kept" hdfs -cat /round-trip/file

check "its services, budget and ConfigMap are deleted" delete_objects
check "the ConfigMap comes back" wait_for 60 "it" exists "configmap/$NAME-discovery"
check "the services and the budget too" wait_for 60 "them" services_back
check "paused" pause true
check "the operator changes nothing" stays_gone
check "no longer paused" pause false
check "it does again" wait_for 60 "the ConfigMap" exists "configmap/$NAME-discovery"

check "a cluster that can never start is accepted" bad_cluster
check "a deleted object of the good one still comes back" comes_back
check "with volumeRetention Delete" kubectl -n "$NAMESPACE" patch metadatacluster "$NAME" --type merge -p '{"spec":{"volumeRetention":"Delete"}}'
check "deletion" delete_cluster
check "takes the volumes along" wait_for 60 "them" prints 0 claims
check "the operator was never refused by the API" nothing_forbidden

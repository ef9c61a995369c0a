#!/usr/bin/env bash
# The chart is uninstalled and installed again under a cluster that serves on; the one-file
# install is accepted by the API server.
set -euo pipefail
# shellcheck source=SCRIPTDIR/../lib/product.sh
source "$(dirname "$(readlink -f "$0")")/../lib/product.sh"

refuses_unknown_values() { refused 'replica' install_operator --dry-run=server --set replica=2; }

must "the cluster is ready" wait_ready 120
must "the client's pod" start_client
check "a value that does not exist is refused" refuses_unknown_values
check "uninstall" helm uninstall "$OPERATOR" --namespace "$OPERATOR_NAMESPACE" --wait --timeout 60s
check "the definition is kept" kubectl get crd metadataclusters.metafs.dev
check "clients are served" round_trip
check "the one-file install is accepted" kubectl apply --server-side --dry-run=server -f "$REPO/manifests/install.yaml"
must "install again" install_operator
check "the cluster is ready" wait_ready 60

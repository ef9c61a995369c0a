#!/usr/bin/env bash
# The operator by its chart, the sample by kubectl, until it is ready.
set -euo pipefail
# shellcheck source=SCRIPTDIR/../lib/product.sh
source "$(dirname "$(readlink -f "$0")")/../lib/product.sh"

crd_explained() { mentions 'Number of servers' kubectl explain metadatacluster.spec.replicas; }
pods_restricted() {
  # The admission of the namespace's strictest level would refuse them otherwise.
  kubectl label --dry-run=server --overwrite namespace "$NAMESPACE" pod-security.kubernetes.io/enforce=restricted 2>&1 |
    tee /dev/stderr | not grep -q "$NAME"
}
leader_is_a_member() { mentions "$(leader)" mdc_field '.status.members[*].name'; }
generation_observed() { prints "$(mdc_field .metadata.generation)" mdc_field .status.observedGeneration; }

must "the chart installs the operator" install_operator
check "kubectl explain" crd_explained
must "the sample is accepted" apply_sample
must "and becomes ready" wait_ready 240
check "its leader is one of its members" leader_is_a_member
check "the status is of this generation" generation_observed
check "its pods pass the restricted Pod Security level" pods_restricted
check "the client finds the nameservice by the discovery ConfigMap" start_client
check "-mkdir, -put, -cat" round_trip

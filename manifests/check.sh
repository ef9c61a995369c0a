#!/usr/bin/env bash
# Checks that what is generated is what is committed: the definition printed by crdgen, the chart's
# copy of it, the one-file install made from the chart's defaults, and the resource's reference.
#   manifests/check.sh          compare; fails and shows the difference
#   manifests/check.sh --write  write them anew
# Needs helm: $HELM, or helm on the PATH, or the one that the end-to-end tests built into their
# cache. $CRDGEN may name a built crdgen; otherwise cargo runs it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
chart=charts/metafs-operator
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck source=SCRIPTDIR/../e2e/versions.env
source e2e/versions.env
helm=${HELM:-$(command -v helm || echo "${METAFS_CACHE:-$HOME/.cache/metafs}/tools/helm-$HELM_VERSION/helm")}
if [[ ! -x $helm ]]; then
    echo "no helm: set HELM, or run e2e/up once, which builds it" >&2
    exit 2
fi

crdgen() {
    if [[ -n ${CRDGEN:-} ]]; then "$CRDGEN" "$@"; else cargo run -q -p metafs-crds --bin crdgen -- "$@"; fi
}
crdgen >"$work/crd.yaml"
crdgen reference >"$work/resource.md"

case ${1:-} in
--write)
    cp "$work/crd.yaml" crds/metadataclusters.yaml
    cp "$work/crd.yaml" "$chart/files/metadataclusters.yaml"
    cp "$work/resource.md" docs/resource.md
    ;;
"") ;;
*)
    echo "usage: manifests/check.sh [--write]" >&2
    exit 2
    ;;
esac

"$helm" lint --strict --quiet --kube-version "$KUBERNETES_VERSION" "$chart"
{
    cat <<'NAMESPACE'
# The metafs operator in namespace metafs-system: the chart's defaults in one file.
# kubectl apply --server-side -f install.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: metafs-system
  labels:
    pod-security.kubernetes.io/enforce: restricted
NAMESPACE
    "$helm" template metafs-operator "$chart" --namespace metafs-system --kube-version "$KUBERNETES_VERSION"
} >"$work/install.yaml"

if [[ ${1:-} == --write ]]; then
    cp "$work/install.yaml" manifests/install.yaml
    exit 0
fi

status=0
same() {
    diff -u "$1" "$2" || { echo "$1 is not what the sources make: run manifests/check.sh --write" >&2; status=1; }
}
same crds/metadataclusters.yaml "$work/crd.yaml"
same "$chart/files/metadataclusters.yaml" "$work/crd.yaml"
same manifests/install.yaml "$work/install.yaml"
same docs/resource.md "$work/resource.md"
exit $status

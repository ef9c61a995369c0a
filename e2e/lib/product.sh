# Installing metafs into a cluster and looking at it. Sourced after client.sh.
# shellcheck shell=bash
# shellcheck source=SCRIPTDIR/k8s.sh
source "$(dirname "${BASH_SOURCE[0]}")/k8s.sh"
# shellcheck source=SCRIPTDIR/client.sh
source "$LIB/client.sh"

OPERATOR_NAMESPACE=metafs-system
OPERATOR=metafs-operator

tablestore_image() { echo "${METAFS_TABLESTORE_IMAGE:-$(image_tag "$TABLESTORE_IMAGE" tablestore-local)}"; }
project_image() { echo "${METAFS_IMAGE:-$(image_tag "$PROJECT_IMAGE" metafs)}"; }

# install_operator [HELM ARGUMENT...]
install_operator() {
  local image tag=latest
  image=$(project_image)
  # A colon before the last slash is a port of the registry.
  if [[ ${image##*/} == *:* ]]; then
    tag=${image##*:}
    image=${image%:*}
  fi
  helm upgrade --install "$OPERATOR" "$REPO/charts/metafs-operator" \
    --namespace "$OPERATOR_NAMESPACE" --create-namespace \
    --set image.repository="$image" --set-string image.tag="$tag" \
    --wait --timeout 120s "$@"
}

apply_sample() { kubectl apply --server-side --force-conflicts -f "$REPO/manifests/samples/metadatacluster.yaml"; }

mdc() { kubectl -n "$NAMESPACE" get metadatacluster "$NAME" "$@"; }
wait_ready() { kubectl -n "$NAMESPACE" wait --for=condition=Ready "metadatacluster/$NAME" --timeout="${1:-180}s"; }

# mdc_field JSONPATH
mdc_field() { mdc -o jsonpath="{$1}"; }
leader() { mdc_field .status.leader; }
members() { mdc_field '.status.members[*].name' | wc -w; }
ready_reason() { mdc_field '.status.conditions[?(@.type=="Ready")].reason'; }

# leader_is_not NAME: another member leads, or the same one in a later term.
leader_is_not() {
  local now
  now=$(leader)
  [[ -n $now && $now != "$1" ]]
}

# metactl POD ARGUMENT...: the members' own tool, in a member's pod.
metactl() {
  local pod=$1
  shift
  kubectl -n "$NAMESPACE" exec "$pod" -- metactl "$@"
}

# round_trip [TEXT]: what a client writes it reads again.
round_trip() {
  local text=${1:-"hello from $(date +%s)"}
  hdfs -mkdir -p /round-trip
  hdfs -put -f - /round-trip/file <<<"$text"
  prints "$text" hdfs -cat /round-trip/file
}

# cluster_manifest [SPEC LINE...]: a small cluster of its own for one test.
cluster_manifest() {
  local line
  cat <<YAML
apiVersion: metafs.dev/v1alpha1
kind: MetadataCluster
metadata: {name: $NAME, namespace: $NAMESPACE}
spec:
  volumeRetention: Delete
YAML
  for line in "$@"; do echo "  $line"; done
}

# make_cluster [SPEC LINE...]
make_cluster() { cluster_manifest "$@" | kubectl apply --server-side --force-conflicts -f -; }

# delete_cluster: with all that belongs to it.
delete_cluster() {
  stop_client
  kubectl -n "$NAMESPACE" delete metadatacluster "$NAME" --ignore-not-found --wait=true --timeout=120s
  wait_for 120 "the pods of $NAME to go" prints '' names_of pods
}

# names_of KIND: of the cluster's objects.
names_of() { kubectl -n "$NAMESPACE" get "$1" -l "app.kubernetes.io/instance=$NAME" -o name; }
pod_names() { kubectl -n "$NAMESPACE" get pods -l "app.kubernetes.io/instance=$NAME" -o jsonpath='{.items[*].metadata.name}'; }
a_follower() { mdc_field '.status.members[?(@.role=="Follower")].name' | cut -d' ' -f1; }
node_id() { mdc_field ".status.members[?(@.name==\"$1\")].nodeId"; }
node_of() { kubectl -n "$NAMESPACE" get pod "$1" -o 'jsonpath={.spec.nodeName}'; }
claim_of() { kubectl -n "$NAMESPACE" get pod "$1" -o 'jsonpath={.spec.volumes[*].persistentVolumeClaim.claimName}'; }
condition() { mdc_field ".status.conditions[?(@.type==\"$1\")].status"; }

# has_members NUMBER: that many are in the status, all ready.
has_members() {
  prints "$1" members
  prints "$1" mdc_field .status.readyReplicas
}
# is_new_member NAME OLD-ID: it runs under another identity and is ready.
is_new_member() {
  local id
  id=$(node_id "$1")
  [[ -n $id && $id != "$2" ]] && prints true mdc_field ".status.members[?(@.name==\"$1\")].ready"
}

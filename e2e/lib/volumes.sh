# Local volumes: folders made beforehand on every node, and a loop that makes a volume
# whose claim was deleted empty and free again. Sourced after cluster.sh.
# shellcheck shell=bash

VOLUMES_PER_NODE=8
# Only a number: nothing bounds the folders.
VOLUME_SIZE=20Gi

volume_dir() { echo "$RUN/volumes/$1"; }

# volume_manifest NAME NODE
volume_manifest() {
  cat <<YAML
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: $1}
spec:
  capacity: {storage: $VOLUME_SIZE}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: local
  local: {path: $(volume_dir "$1")}
  nodeAffinity:
    required:
      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [$2]}]}]
YAML
}

make_volumes() {
  local node number name
  for node in "${NODES[@]}"; do
    for ((number = 1; number <= VOLUMES_PER_NODE; number++)); do
      name=$node-volume$number
      mkdir -p "$(volume_dir "$name")"
      # Pods that name no fsGroup get in too.
      chmod 1777 "$(volume_dir "$name")"
      volume_manifest "$name" "$node"
    done
  done | kubectl apply --server-side --force-conflicts -f -
}

# renew_volume NAME: empties it and offers it again.
renew_volume() {
  local name=$1 dir
  dir=$(volume_dir "$name")
  # Aside first: a container that is still going away keeps writing to the old folder.
  mv "$dir" "$dir.old"
  rm -rf --one-file-system "$dir.old"
  mkdir -p "$dir"
  chmod 1777 "$dir"
  kubectl delete pv "$name" --wait=true
  volume_manifest "$name" "${name%%-*}" | kubectl apply --server-side --force-conflicts -f -
}

# reclaim_volumes: never returns; run as a daemon. Each object once: its deletion makes events of their own, which
# are read when the volume of the same name may have its next claim already.
reclaim_volumes() {
  local name uid phase
  local -A renewed=()
  while true; do
    while read -r name uid phase; do
      if [[ $phase == Released && -z ${renewed[$uid]:-} && -d $(volume_dir "$name") ]]; then
        echo "$(date +%H:%M:%S) renewing $name"
        if renew_volume "$name" </dev/null; then renewed[$uid]=yes; else echo "could not renew $name"; fi
      fi
    done < <(kubectl get pv --watch -o jsonpath='{.metadata.name} {.metadata.uid} {.status.phase}{"\n"}' 2>/dev/null)
    sleep 1
  done
}

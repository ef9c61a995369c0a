# Starting and stopping a cluster as a whole. Sourced last.
# shellcheck shell=bash

# One e2e/up or e2e/down at a time for each cluster; the lock ends with the process.
hold_lock() {
  mkdir -p "$(dirname "$RUN")"
  exec 9>"$RUN.lock"
  flock -n 9 || {
    say "waiting for another e2e/up or e2e/down ..."
    flock 9
  }
}

start_reclaimer() { daemon reclaimer bash "$LIB/reclaimer.sh"; }

stop_nodes() {
  local node
  for node in "${NODES[@]}"; do
    crash_node "$node" || true
    remove_cgroup "$(node_cgroup "$node")"
  done
}

stop_cluster() {
  local name
  for name in reclaimer kube-proxy coredns; do stop_daemon "$name"; done
  if [[ $CLUSTER == full ]]; then stop_nodes; fi
  for name in kube-scheduler kube-controller-manager kube-apiserver etcd; do stop_daemon "$name" 3; done
  if [[ $CLUSTER == full ]]; then
    unmount_below "$RUN"
    # An interrupted build of an image leaves some.
    unmount_below "$CACHE/buildah"
    stop_network
    restore_machine
  fi
  rm -rf --one-file-system "$RUN"
}

# The steps are chained: where a caller looks at the result, -e does not end them.
make_images() {
  step "Debian packages to compile with" packages_build &&
  step "Debian packages for images" packages_images &&
  step "Java and Maven" packages_java &&
  step "Hadoop $HADOOP_VERSION client from Maven Central" fetch_hadoop_jars &&
  step "Java runtime" make_java_runtime &&
  step "base image of Debian $DEBIAN_RELEASE" build_base_image &&
  step "image of the Hadoop client" build_hadoop_client_image &&
  step "RocksDB $ROCKSDB_VERSION, compiled once" build_rocksdb &&
  step "compile the project" build_programs &&
  step "image of the project" build_project_image &&
  step "image of the local Tablestore" build_tablestore_image
}

import_images() {
  step "Hadoop client into the nodes" import_everywhere "$HADOOP_CLIENT_IMAGE" "$IMAGES/hadoop-tools-$HADOOP_VERSION.tar" &&
  step "project into the nodes" import_everywhere "$PROJECT_IMAGE" "$IMAGES/metafs.tar" &&
  step "its name by content" tag_image "$PROJECT_IMAGE" metafs &&
  step "local Tablestore into the nodes" import_everywhere "$TABLESTORE_IMAGE" "$IMAGES/tablestore-local.tar" &&
  step "its name by content" tag_image "$TABLESTORE_IMAGE" tablestore-local
}

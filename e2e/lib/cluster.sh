# Which cluster a script works on: the whole one, the control plane alone, or the
# one of the user's KUBECONFIG. Sourced after common.sh.
# shellcheck shell=bash disable=SC2034

NODES=(node1 node2 node3)
CLUSTER_CIDR=10.244.0.0/16
SERVICE_CIDR=10.96.0.0/16
BRIDGE=metafs-nodes

# select_cluster full|api: sets where its state is and which addresses it uses, so
# that both can run side by side.
select_cluster() {
  local base=${METAFS_RUN:-$CACHE/run}
  CLUSTER=$1
  RUN=$base/$1
  LOGS=$RUN/logs
  PIDS=$RUN/pids
  PKI=$RUN/pki
  ADMIN_KUBECONFIG=$RUN/admin.kubeconfig
  case $1 in
    full) API_HOST=172.31.255.1 API_PORT=6443 ETCD_PORT=23790 ;;
    api) API_HOST=127.0.0.1 API_PORT=16443 ETCD_PORT=23780 ;;
    *) die "no such cluster: $1" ;;
  esac
}

# Whether the caller brought a cluster of their own.
own_cluster() { [[ -n ${METAFS_IMAGE:-} && -n ${KUBECONFIG:-} ]]; }

# use_cluster: what scripts that talk to a cluster start with.
use_cluster() {
  select_cluster full
  if own_cluster; then
    command -v kubectl >/dev/null || die "kubectl is not in the PATH"
    return 0
  fi
  [[ -f $ADMIN_KUBECONFIG ]] || die "no cluster is running; start one with e2e/up"
  export KUBECONFIG=$ADMIN_KUBECONFIG
}

node_number() { echo "${1#node}"; }
node_address() { echo "172.31.255.${1#node}"; }
node_dir() { echo "$RUN/nodes/$1"; }

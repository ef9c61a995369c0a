# The three nodes: a containerd and a kubelet each, in one network namespace with
# addresses of their own; pods are routed by the host (CNI plugin ptp). One kube-proxy
# and one CoreDNS serve them all. Sourced after machine.sh and images.sh.
# shellcheck shell=bash

CNI_PLUGINS=/usr/lib/cni

write_containerd_config() {
  local node=$1 dir=$2
  write_file "$dir/containerd.toml" <<TOML
version = 2
root = "$dir/containerd/root"
state = "$dir/containerd/state"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "$dir/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$dir/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$BUSYBOX_IMAGE"
  disable_apparmor = true
  # Lowering the score needs CAP_SYS_RESOURCE, which not every machine gives.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$CNI_PLUGINS"
    conf_dir = "$dir/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
TOML
  mkdir -p "$dir/cni"
  write_file "$dir/cni/10-metafs.conflist" <<JSON
{ "cniVersion": "0.4.0", "name": "metafs-$node",
  "plugins": [
    { "type": "ptp", "mtu": 1400,
      "ipam": { "type": "host-local", "dataDir": "$dir/ipam", "routes": [{ "dst": "0.0.0.0/0" }],
        "ranges": [[{ "subnet": "10.244.$(node_number "$node").0/24" }]] } },
    { "type": "portmap", "capabilities": { "portMappings": true } } ] }
JSON
}

write_kubelet_config() {
  local node=$1 dir=$2 address
  address=$(node_address "$node")
  write_file "$dir/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $address
healthzBindAddress: $address
containerRuntimeEndpoint: unix://$dir/containerd.sock
authentication:
  anonymous: {enabled: false}
  x509: {clientCAFile: $PKI/ca.crt}
cgroupDriver: cgroupfs
# Of its own for each kubelet, or they kill each other's pods as orphans.
cgroupRoot: /$(node_cgroup "$node")
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
clusterDomain: cluster.local
clusterDNS: [$API_HOST]
resolvConf: /dev/null
nodeStatusUpdateFrequency: 2s
nodeLeaseDurationSeconds: 8
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
oomScoreAdj: 0
makeIPTablesUtilChains: false
podLogsDir: $dir/pod-logs
volumePluginDir: $dir/volume-plugins
serializeImagePulls: false
YAML
}

node_cgroup() { echo "k8s-$1"; }

# start_node NAME: also brings back a node that was crashed.
start_node() {
  local node=$1 dir
  dir=$(node_dir "$node")
  mkdir -p "$dir"
  make_cgroup "$(node_cgroup "$node")"
  write_containerd_config "$node" "$dir"
  write_kubelet_config "$node" "$dir"
  daemon "containerd-$node" containerd --config "$dir/containerd.toml"
  wait_for 30 "containerd of $node" ctr -a "$dir/containerd.sock" version
  check_alive "containerd-$node"
  import_image "$node" "$BUSYBOX_IMAGE" "$IMAGES/busybox.tar"
  daemon "kubelet-$node" kubelet --config="$dir/kubelet.yaml" --kubeconfig="$PKI/$node.kubeconfig" \
    --root-dir="$dir/kubelet" --cert-dir="$dir/kubelet-pki" --hostname-override="$node" \
    --node-ip="$(node_address "$node")" \
    --node-labels="topology.kubernetes.io/zone=zone-$(node_number "$node")"
}

# crash_node NAME: as by a power cut. Its volumes stay.
crash_node() {
  local node=$1 dir name
  dir=$(node_dir "$node")
  for name in "kubelet-$node" "containerd-$node"; do
    if is_running "$name"; then kill -KILL "$(cut -d' ' -f1 "$PIDS/$name")"; fi
    rm -f "$PIDS/$name"
  done
  kill_shims "$dir"
  kill_cgroup "$(node_cgroup "$node")"
  wait_for 10 "the processes of $node to end" cgroup_is_empty "$(node_cgroup "$node")"
}

nodes_ready() {
  local node
  for node in "${NODES[@]}"; do
    check_alive "containerd-$node" && check_alive "kubelet-$node" || return 1
  done
  kubectl wait --for=condition=Ready "${NODES[@]/#/node/}" --timeout=1s
}

start_nodes() {
  local node
  for node in "${NODES[@]}"; do start_node "$node"; done
  wait_for 60 "three nodes to be ready" nodes_ready
}

start_proxy() {
  write_file "$RUN/kube-proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
bindAddress: $API_HOST
hostnameOverride: node1
clusterCIDR: $CLUSTER_CIDR
healthzBindAddress: $API_HOST:10256
metricsBindAddress: $API_HOST:10249
clientConnection: {kubeconfig: $PKI/proxy.kubeconfig}
# All three nodes share the machine's table of connections, which is not ours to size.
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
YAML
  daemon kube-proxy kube-proxy --config="$RUN/kube-proxy.yaml"
}

start_dns() {
  write_file "$RUN/Corefile" <<COREFILE
.:53 {
    bind $API_HOST
    errors
    kubernetes cluster.local in-addr.arpa {
        kubeconfig $PKI/coredns.kubeconfig
        pods insecure
        ttl 1
    }
}
COREFILE
  daemon coredns coredns -conf "$RUN/Corefile"
}

services_ready() {
  check_alive coredns && check_alive kube-proxy && check_alive kube-scheduler &&
    nft list table ip kube-proxy && curl -fsS "http://$API_HOST:10256/healthz"
}

# What the cluster changes on the machine outside its own folder, and how that is put
# back: sysctls, folders that daemons insist on, the nodes' bridge, nft tables,
# cgroups, mounts, left processes. Sourced after cluster.sh.
# shellcheck shell=bash

# Folders whose place is compiled into kubelet, containerd and CNI.
FIXED_FOLDERS=(/var/lib/kubelet /var/lib/cni /run/containerd /var/log/containers /var/log/pods
  /opt/cni /etc/cni /usr/libexec/kubernetes /opt/containerd)
# What kubelet, kube-proxy and CNI write below /proc/sys.
SYSCTLS=(vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys
  kernel/keys/root_maxbytes net/ipv4/ip_forward net/ipv6/conf/all/forwarding
  net/ipv4/conf/all/route_localnet net/bridge/bridge-nf-call-iptables
  net/netfilter/nf_conntrack_max net/netfilter/nf_conntrack_tcp_timeout_established
  net/netfilter/nf_conntrack_tcp_timeout_close_wait net/netfilter/nf_conntrack_tcp_be_liberal
  net/netfilter/nf_conntrack_udp_timeout net/netfilter/nf_conntrack_udp_timeout_stream)

save_machine() {
  local name
  [[ -f $RUN/machine ]] && return 0
  if nft list table ip kube-proxy >/dev/null 2>&1; then
    echo "this machine already runs kube-proxy in nftables mode: not touching it" >&2
    return 1
  fi
  {
    for name in "${SYSCTLS[@]}"; do
      [[ -r /proc/sys/$name ]] && echo "sysctl $name $(<"/proc/sys/$name")"
    done
    for name in "${FIXED_FOLDERS[@]}"; do
      [[ -e $name ]] || echo "absent $name"
    done
  } >"$RUN/machine.new"
  mv "$RUN/machine.new" "$RUN/machine"
}

restore_machine() {
  local kind name value
  [[ -f $RUN/machine ]] || return 0
  while read -r kind name value; do
    case $kind in
      absent) rm -rf --one-file-system "$name" ;;
      sysctl) [[ $(<"/proc/sys/$name") == "$value" ]] || echo "$value" >"/proc/sys/$name" ;;
    esac
  done <"$RUN/machine"
  rm -f "$RUN/machine"
}

# The nodes' addresses, on a bridge without ports: it needs no other machine.
start_network() {
  local node
  # Where they are modules. Built in or not allowed to load: then this changes nothing.
  modprobe -aq bridge overlay veth nf_conntrack nft_chain_nat 2>/dev/null || true
  ip link show "$BRIDGE" >/dev/null 2>&1 || ip link add "$BRIDGE" type bridge
  ip link set "$BRIDGE" up
  for node in "${NODES[@]}"; do
    ip address replace "$(node_address "$node")/32" dev "$BRIDGE"
  done
  echo 1 >/proc/sys/net/ipv4/ip_forward
  # A firewall that drops what it does not know (Docker sets one up) must let pods through.
  if nft list chain ip filter FORWARD 2>/dev/null | grep -q 'policy drop'; then
    iptables -C FORWARD -s "$CLUSTER_CIDR" -j ACCEPT 2>/dev/null || iptables -I FORWARD -s "$CLUSTER_CIDR" -j ACCEPT
    iptables -C FORWARD -d "$CLUSTER_CIDR" -j ACCEPT 2>/dev/null || iptables -I FORWARD -d "$CLUSTER_CIDR" -j ACCEPT
  fi
}

stop_network() {
  local family
  if nft list chain ip filter FORWARD 2>/dev/null | grep -q "$CLUSTER_CIDR"; then
    iptables -D FORWARD -s "$CLUSTER_CIDR" -j ACCEPT || true
    iptables -D FORWARD -d "$CLUSTER_CIDR" -j ACCEPT || true
  fi
  ip link delete "$BRIDGE" 2>/dev/null || true
  for family in ip ip6; do
    nft delete table "$family" kube-proxy 2>/dev/null || true
  done
}

# The roots of all cgroup hierarchies: one with version 2, several with version 1.
cgroup_roots() {
  awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts
}

# make_cgroup NAME: in every hierarchy, ready for a kubelet below it.
make_cgroup() {
  local root file controller
  while read -r root; do
    if [[ -f $root/cgroup.controllers ]]; then
      # Version 2; those that are not there are used by a version 1 beside it, or by nobody.
      for controller in cpu cpuset io memory pids; do
        echo "+$controller" 2>/dev/null >"$root/cgroup.subtree_control" || true
      done
    fi
    mkdir -p "$root/$1"
    for file in cpuset.cpus cpuset.mems; do
      # Version 1 starts with empty sets, in which nothing may run.
      if [[ -f $root/$1/$file && -f $root/cgroup.clone_children && -z $(<"$root/$1/$file") ]]; then
        cat "$root/$file" >"$root/$1/$file"
      fi
    done
  done < <(cgroup_roots)
}

# kill_cgroup NAME: every process in it, in every hierarchy.
kill_cgroup() {
  local root pid
  while read -r root; do
    [[ -d $root/$1 ]] || continue
    while read -r pid; do
      kill -KILL "$pid" 2>/dev/null || true
    done < <(find "$root/$1" -name cgroup.procs -exec cat {} + 2>/dev/null)
  done < <(cgroup_roots)
}

cgroup_is_empty() {
  local root
  while read -r root; do
    [[ -d $root/$1 ]] || continue
    find "$root/$1" -name cgroup.procs -exec cat {} + | grep -q . && return 1
  done < <(cgroup_roots)
  return 0
}

remove_cgroup() {
  local root
  kill_cgroup "$1"
  wait_for 10 "the processes of $1 to end" cgroup_is_empty "$1"
  while read -r root; do
    [[ ! -d $root/$1 ]] || find "$root/$1" -depth -type d -exec rmdir {} + || true
  done < <(cgroup_roots)
}

# kill_shims FOLDER: containerd's shims outlive it; theirs have its socket as an argument.
kill_shims() {
  local file
  while read -r file; do
    file=${file#/proc/}
    kill -KILL "${file%/cmdline}" 2>/dev/null || true
  done < <(grep -lazxF -- "$1/containerd.sock" /proc/[0-9]*/cmdline 2>/dev/null)
}

# unmount_below FOLDER: the deepest first.
unmount_below() {
  local target
  while read -r target; do
    umount "$target" 2>/dev/null || umount -l "$target" || true
  done < <(awk -v d="$1/" 'index($5, d) == 1 { print $5 }' /proc/self/mountinfo | sort -r)
}

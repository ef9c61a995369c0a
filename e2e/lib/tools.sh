# Programs the cluster is made of: Debian packages, and Go builds kept by version.
# Sourced after common.sh.
# shellcheck shell=bash

# apt_install PACKAGE...: installs those that are missing; needs root only then.
apt_install() {
  local missing=() package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return 0; fi
  [[ $(id -u) == 0 ]] || die "please install: ${missing[*]}"
  echo "installing ${missing[*]}"
  local how=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  # Services of these packages are ours to start, not the package's.
  local policy=/usr/sbin/policy-rc.d made_policy=false
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    made_policy=true
  fi
  local status=0
  { "${how[@]}" update && "${how[@]}" install --no-install-recommends -y "${missing[@]}"; } || status=$?
  if $made_policy; then rm -f "$policy"; fi
  return "$status"
}

packages_build() { apt_install build-essential clang libclang-dev pkg-config curl ca-certificates jq openssl; }
packages_control_plane() { apt_install etcd-server openssl jq curl; }
packages_nodes() {
  apt_install containerd runc containernetworking-plugins nftables iptables conntrack busybox-static iproute2
}
packages_images() { apt_install buildah debootstrap busybox-static; }

# Kubernetes asks its consumers to restate its replacements of the staging modules.
KUBERNETES_STAGING=(
  api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider
  cluster-bootstrap code-generator component-base component-helpers controller-manager cri-api
  cri-client cri-streaming csi-translation-lib dynamic-resource-allocation endpointslice externaljwt
  kms kube-aggregator kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics
  mount-utils pod-security-admission sample-apiserver sample-cli-plugin sample-controller streaming
)
KUBERNETES_PROGRAMS=(kube-apiserver kube-controller-manager kubectl kube-scheduler kubelet kube-proxy)

# go_module DIR MODULE_FILE BUILD...: runs BUILD in a throw-away module, where it fills bin, and
# keeps that as DIR. DIR appears whole or not at all.
go_module() {
  local dir=$1 module=$2 work
  shift 2
  mkdir -p "$(dirname "$dir")"
  work=$(mktemp -d "$dir.XXXXXX")
  mkdir "$work/bin"
  printf '%s\n' "$module" >"$work/go.mod"
  if (cd "$work" && "$@"); then
    rm -rf "$dir"
    mv "$work/bin" "$dir"
    rm -rf "$work"
  else
    rm -rf "$work"
    return 1
  fi
}

# go_packages LDFLAGS VERSION PACKAGE...: for go_module.
go_packages() {
  local ldflags=$1 version=$2 package
  shift 2
  for package in "$@"; do go get -tool "$package@$version" || return; done
  CGO_ENABLED=0 go build -trimpath -ldflags "$ldflags" -o bin/ "$@"
}

# Needs about six minutes and 3 GB of Go's build cache the first time.
build_kubernetes() {
  local complete=true program module='module metafs.dev/e2e/kubernetes
go 1.26.0'
  for program in "${KUBERNETES_PROGRAMS[@]}"; do
    [[ -x $TOOLS/$program ]] || complete=false
  done
  if $complete; then return 0; fi
  for program in "${KUBERNETES_STAGING[@]}"; do
    module+=$'\n'"replace k8s.io/$program => k8s.io/$program v0.${KUBERNETES_VERSION#1.}"
  done
  go_module "$TOOLS" "$module" go_packages \
    "-s -w -X k8s.io/component-base/version.gitVersion=v$KUBERNETES_VERSION" \
    "v$KUBERNETES_VERSION" "${KUBERNETES_PROGRAMS[@]/#/k8s.io/kubernetes/cmd/}"
}

# Only with the plugins that the cluster's Corefile names: the usual program takes minutes to compile, most of it clouds' libraries.
build_coredns() {
  local dir=$CACHE/tools/coredns-$COREDNS_VERSION-few
  [[ -x $dir/coredns ]] || go_module "$dir" 'module metafs.dev/e2e/coredns' compile_coredns
}

# For go_module.
compile_coredns() {
  cat >main.go <<'GO'
package main

import (
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
)

func main() { coremain.Run() }
GO
  go get "github.com/coredns/coredns@v$COREDNS_VERSION" &&
    CGO_ENABLED=0 go build -mod=mod -trimpath -ldflags '-s -w' -o bin/coredns .
}

build_helm() {
  local dir=$CACHE/tools/helm-$HELM_VERSION
  [[ -x $dir/helm ]] ||
    go_module "$dir" 'module metafs.dev/e2e/helm' go_packages \
      "-s -w -X helm.sh/helm/v3/internal/version.version=v$HELM_VERSION" "v$HELM_VERSION" helm.sh/helm/v3/cmd/helm
}

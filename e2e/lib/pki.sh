# Certificates and kubeconfigs of the cluster. Sourced after cluster.sh.
# shellcheck shell=bash

# make_ca FILE NAME: a certificate authority.
make_ca() {
  [[ -f $PKI/$1.crt ]] && return 0
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -keyout "$PKI/$1.key" -out "$PKI/$1.crt" -subj "/CN=$2" -addext keyUsage=critical,keyCertSign,cRLSign
}

# make_cert FILE CA SUBJECT [NAMES]: a certificate for clients, and for a server when names are given.
make_cert() {
  local usage=clientAuth extra=()
  [[ -f $PKI/$1.crt ]] && return 0
  if [[ -n ${4:-} ]]; then
    usage+=,serverAuth
    extra=(-addext "subjectAltName=$4")
  fi
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -CA "$PKI/$2.crt" -CAkey "$PKI/$2.key" -keyout "$PKI/$1.key" -out "$PKI/$1.crt.new" -subj "$3" \
    -addext basicConstraints=critical,CA:FALSE -addext "extendedKeyUsage=$usage" "${extra[@]}"
  mv "$PKI/$1.crt.new" "$PKI/$1.crt"
}

# make_kubeconfig FILE CERT: with everything inside, so that it can be copied about.
make_kubeconfig() {
  [[ -f $1 ]] && return 0
  (
    umask 077
    cat >"$1.new" <<YAML
apiVersion: v1
kind: Config
current-context: metafs-e2e
contexts: [{name: metafs-e2e, context: {cluster: metafs-e2e, user: "$2"}}]
clusters:
  - name: metafs-e2e
    cluster:
      server: https://$API_HOST:$API_PORT
      certificate-authority-data: $(base64 -w0 <"$PKI/ca.crt")
users:
  - name: "$2"
    user:
      client-certificate-data: $(base64 -w0 <"$PKI/$2.crt")
      client-key-data: $(base64 -w0 <"$PKI/$2.key")
YAML
  )
  mv "$1.new" "$1"
}

make_pki() {
  local node
  (umask 077 && mkdir -p "$PKI")
  make_ca ca metafs-e2e-ca
  make_ca front-proxy-ca metafs-e2e-front-proxy-ca
  make_cert front-proxy front-proxy-ca /CN=front-proxy
  make_cert apiserver ca /CN=kube-apiserver \
    "IP:$API_HOST,IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  make_cert kubelet-client ca /O=system:masters/CN=kube-apiserver-kubelet-client
  make_cert admin ca /O=system:masters/CN=admin
  make_cert controller-manager ca /CN=system:kube-controller-manager
  make_cert scheduler ca /CN=system:kube-scheduler
  make_cert proxy ca /CN=system:kube-proxy
  make_cert coredns ca /CN=metafs-e2e:coredns
  [[ -f $PKI/service-account.key ]] ||
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$PKI/service-account.key"
  [[ -f $PKI/service-account.pub ]] ||
    openssl pkey -in "$PKI/service-account.key" -pubout -out "$PKI/service-account.pub"
  make_kubeconfig "$ADMIN_KUBECONFIG" admin
  local client
  for client in controller-manager scheduler proxy coredns; do
    make_kubeconfig "$PKI/$client.kubeconfig" "$client"
  done
  if [[ $CLUSTER == full ]]; then
    for node in "${NODES[@]}"; do
      make_cert "$node" ca "/O=system:nodes/CN=system:node:$node"
      make_kubeconfig "$PKI/$node.kubeconfig" "$node"
    done
  fi
}

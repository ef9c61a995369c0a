# etcd, kube-apiserver, kube-controller-manager and kube-scheduler as processes of
# this machine. Sourced after pki.sh.
# shellcheck shell=bash

start_etcd() {
  local client=http://127.0.0.1:$ETCD_PORT peer=http://127.0.0.1:$((ETCD_PORT + 1)) unsafe=()
  # A test cluster loses nothing by losing its last second with the machine.
  if etcd --unsafe-no-fsync --version >/dev/null 2>&1; then unsafe=(--unsafe-no-fsync); fi
  daemon etcd etcd --name e2e --data-dir "$RUN/etcd" "${unsafe[@]}" --log-level warn --logger zap \
    --listen-client-urls "$client" --advertise-client-urls "$client" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "e2e=$peer"
  wait_for 30 etcd curl -fsS "$client/health"
  check_alive etcd
}

start_apiserver() {
  local reconciler=none
  # The addresses of the "kubernetes" Service are wanted where there are pods.
  if [[ $CLUSTER == full ]]; then reconciler=lease; fi
  daemon kube-apiserver kube-apiserver \
    --etcd-servers="http://127.0.0.1:$ETCD_PORT" \
    --bind-address="$API_HOST" --advertise-address="$API_HOST" --secure-port="$API_PORT" \
    --endpoint-reconciler-type="$reconciler" --service-cluster-ip-range="$SERVICE_CIDR" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
    --anonymous-auth=false \
    --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
    --cert-dir="$RUN/apiserver" --client-ca-file="$PKI/ca.crt" \
    --kubelet-client-certificate="$PKI/kubelet-client.crt" --kubelet-client-key="$PKI/kubelet-client.key" \
    --kubelet-preferred-address-types=InternalIP \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file="$PKI/service-account.pub" \
    --service-account-signing-key-file="$PKI/service-account.key" \
    --requestheader-client-ca-file="$PKI/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
    --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file="$PKI/front-proxy.crt" --proxy-client-key-file="$PKI/front-proxy.key" \
    --default-not-ready-toleration-seconds=20 --default-unreachable-toleration-seconds=20
  wait_for 60 kube-apiserver kubectl --kubeconfig "$ADMIN_KUBECONFIG" get --raw /readyz
  check_alive kube-apiserver
}

start_controller_manager() {
  daemon kube-controller-manager kube-controller-manager \
    --kubeconfig="$PKI/controller-manager.kubeconfig" --leader-elect=false --secure-port=0 \
    --controllers='*' --use-service-account-credentials=true \
    --service-account-private-key-file="$PKI/service-account.key" --root-ca-file="$PKI/ca.crt" \
    --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key" \
    --kube-api-qps=300 --kube-api-burst=600 \
    --node-monitor-period=1s --node-monitor-grace-period=12s
  # The first thing it does that pods need.
  wait_for 30 "the default service account" \
    kubectl --kubeconfig "$ADMIN_KUBECONFIG" -n default get serviceaccount default
  check_alive kube-controller-manager
}

start_scheduler() {
  daemon kube-scheduler kube-scheduler --kubeconfig="$PKI/scheduler.kubeconfig" --leader-elect=false \
    --secure-port=0 --authentication-skip-lookup=true --kube-api-qps=300 --kube-api-burst=600
}

start_control_plane() {
  start_etcd
  start_apiserver
  start_controller_manager
}

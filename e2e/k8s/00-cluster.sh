#!/usr/bin/env bash
# The cluster itself: volumes, pods without privileges, DNS, services, exec, logs.
set -euo pipefail
# shellcheck source=SCRIPTDIR/../lib/k8s.sh
source "$(dirname "$(readlink -f "$0")")/../lib/k8s.sh"
if own_cluster; then exit 0; fi

NS=metafs-e2e-smoke
cleanup() { kubectl delete namespace "$NS" --ignore-not-found --wait=true --timeout=60s; }
trap 'cleanup >/dev/null 2>&1' EXIT

manifest() {
  cat <<YAML
apiVersion: v1
kind: Namespace
metadata: {name: $NS, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: $NS}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: front, namespace: $NS}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: $NS}
spec:
  replicas: 3
  serviceName: web
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: web}}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        fsGroup: 65532
        seccompProfile: {type: RuntimeDefault}
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}
      containers:
        - name: web
          image: $BUSYBOX_IMAGE
          imagePullPolicy: IfNotPresent
          command: [sh, -c, 'echo started; hostname > /data/index.html; exec httpd -f -p 8080 -h /data']
          readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
YAML
}

start_pods() {
  manifest | kubectl apply --server-side -f -
  kubectl -n "$NS" rollout status sts/web --timeout=60s
}
in_pod() { kubectl -n "$NS" exec web-0 -- "$@"; }
nodes_of_pods() { kubectl -n "$NS" get pods -o jsonpath='{range .items[*]}{.spec.nodeName}{"\n"}{end}' | sort -u | wc -l; }
free_volumes() { kubectl get pv -o jsonpath='{range .items[*]}{.status.phase}{"\n"}{end}' | grep -c Available || true; }
all_volumes_free() { [[ $(free_volumes) == "$before" ]]; }
through_service() {
  local answers
  answers=$(in_pod sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do timeout 5 wget -qO- http://front/; done')
  at_least "$(sort -u <<<"$answers" | wc -l)" 2
}

cleanup >/dev/null 2>&1
before=$(free_volumes)
check "three pods with volumes of their own start" start_pods
check "on three nodes" prints 3 nodes_of_pods
check "exec and a file of the volume" prints web-0 in_pod cat /data/index.html
check "logs" mentions started kubectl -n "$NS" logs web-1
check "DNS of a headless service" wait_for 30 "the name" prints web-2 in_pod wget -qO- "http://web-2.web.$NS.svc.cluster.local:8080/"
check "a service reaches several pods" through_service
check "a pod reaches the API server" in_pod nc -w 3 kubernetes.default.svc 443
check "deleted with its claims" cleanup
check "volumes are free again" wait_for 30 "the volumes" all_volumes_free

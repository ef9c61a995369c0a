# The Hadoop client's pod. Sourced after k8s.sh or all.sh.
# shellcheck shell=bash

# Namespace and name of the MetadataCluster that the client's configuration is of.
NAMESPACE=${METAFS_NAMESPACE:-default}
NAME=${METAFS_NAME:-demo}
CLIENT=hadoop-client
if [[ $NAME != demo ]]; then CLIENT=hadoop-client-$NAME; fi

# An image of Hadoop's makers where the caller brought a cluster of their own.
client_image() {
  if [[ -n ${HADOOP_IMAGE:-} ]]; then
    echo "$HADOOP_IMAGE"
  elif own_cluster; then
    echo "apache/hadoop:$HADOOP_VERSION"
  else
    echo "$HADOOP_CLIENT_IMAGE"
  fi
}

client_manifest() {
  cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $CLIENT, namespace: $NAMESPACE, labels: {app.kubernetes.io/name: $CLIENT}}
spec:
  terminationGracePeriodSeconds: 0
  automountServiceAccountToken: false
  securityContext:
    runAsNonRoot: true
    runAsUser: ${HADOOP_UID:-65532}
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: hadoop
      image: $(client_image)
      imagePullPolicy: IfNotPresent
      command: [sleep, infinity]
      env:
        - {name: HADOOP_CONF_DIR, value: /etc/hadoop/conf}
        - {name: HADOOP_USER_NAME, value: hdfs}
      # Without a request it gets next to nothing on a machine that is busy.
      resources: {requests: {cpu: 500m, memory: 256Mi}}
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      volumeMounts: [{name: conf, mountPath: /etc/hadoop/conf}]
  volumes:
    - name: conf
      configMap: {name: $NAME-discovery}
YAML
}

start_client() {
  client_manifest | kubectl apply --server-side --force-conflicts -f -
  kubectl -n "$NAMESPACE" wait --for=condition=Ready "pod/$CLIENT" --timeout=120s
}

stop_client() { kubectl -n "$NAMESPACE" delete pod "$CLIENT" --ignore-not-found --wait=true --timeout=60s; }

# in_client COMMAND...: in the client's pod, with this standard input.
in_client() { kubectl -n "$NAMESPACE" exec -i "$CLIENT" -- "$@"; }

# hdfs ARGUMENT...: one command of the file system shell, as the superuser.
hdfs() { in_client hadoop fs "$@"; }

# hdfs_as USER ARGUMENT...
hdfs_as() {
  local user=$1
  shift
  in_client env "HADOOP_USER_NAME=$user" hadoop fs "$@"
}

#!/usr/bin/env bash
# Observers: declared, read from by Hadoop's own client over hdfs://, changed without a restart; haadmin.
set -euo pipefail
# shellcheck source=SCRIPTDIR/../lib/product.sh
source "$(dirname "$(readlink -f "$0")")/../lib/product.sh"

URI=hdfs://$NAME
# Of the pods of voters.
pod_uids() { kubectl -n "$NAMESPACE" get pods -l "app.kubernetes.io/instance=$NAME,app.kubernetes.io/component=metaserver" -o jsonpath='{.items[*].metadata.uid}'; }
declare_cluster() { kubectl -n "$NAMESPACE" patch metadatacluster "$NAME" --type=merge -p "{\"spec\":$1}"; }
# members_that ROLE: how many.
members_that() { mdc_field ".status.members[?(@.role==\"$1\")].name" | wc -w; }
member_that() { mdc_field ".status.members[?(@.role==\"$1\")].name" | cut -d' ' -f1; }
observers_are() { prints "$1" members_that Observer && prints "$1/$1" mdc_field .status.observersReady; }
labelled() { kubectl -n "$NAMESPACE" get pods -l "app.kubernetes.io/instance=$NAME,metafs.dev/role=$1" -o name | wc -l; }
# metrics POD: of that server. The client's pod has no curl; bash does.
metrics() {
  # shellcheck disable=SC2016
  in_client bash -c 'exec 3<>"/dev/tcp/$0/9872" && printf "GET /metrics HTTP/1.0\r\n\r\n" >&3 && cat <&3' "$(pod_ip "$1")"
}
pod_ip() { kubectl -n "$NAMESPACE" get pod "$1" -o jsonpath='{.status.podIP}'; }
listings_of() { metrics "$1" | sed -n 's/^metafs_rpc_calls_total{method="getListing",result="ok"} //p'; }
haadmin() { in_client hadoop haadmin "$@"; }
state_of() { haadmin -ns "$NAME" -getServiceState "$1"; }
refuses_unforced() {
  local output
  if output=$(haadmin -ns "$NAME" -transitionToObserver "$1" 2>&1); then return 1; fi
  grep -q "spec.observers" <<<"$output"
}
force_observer() { in_client sh -c "echo y | hadoop haadmin -ns $NAME -transitionToObserver -forcemanual $1"; }
restore() { kubectl -n "$NAMESPACE" annotate metadatacluster "$NAME" metafs.dev/restore-roles=now --overwrite; }
fs() { in_client hadoop fs -D "fs.defaultFS=$URI" "$@"; }
reads_what_it_wrote() {
  fs -mkdir -p "/observed/$1" && fs -touchz "/observed/$1/file" && fs -test -e "/observed/$1/file"
}

must "the cluster is ready" wait_ready 120
must "the client's pod" start_client
must "one observer is declared" declare_cluster '{"observers":1}'
check "the status shows it" wait_for 60 "the role" observers_are 1
check "the pods' labels tell the roles" wait_for 60 "the labels" prints 1 labelled observer
observer=$(member_that Observer)
before=$(pod_uids)
must "a folder to list" fs -mkdir -p /observed/one /observed/two
seen=$(listings_of "$observer")
check "hadoop fs -ls over $URI" fs -ls /observed
answered() { (($(listings_of "$observer") > ${seen:-0})); }
check "it was answered by the observer, $observer" answered
check "a client reads what it wrote" reads_what_it_wrote three
check "haadmin: the observer" prints observer state_of "$observer"
check "haadmin: the active server" prints active state_of "$(leader)"
check "haadmin: an unforced transition is refused and says what to do" refuses_unforced "$(member_that Follower)"
standby=$(member_that Follower)
check "haadmin: a forced one is honoured" force_observer "$standby"
drift() { prints Observer mdc_field ".status.members[?(@.name==\"$standby\")].forcedRole"; }
check "and shown as drift" wait_for 60 "the status" drift
check "an annotation gives the roles back" restore
check "and they are" wait_for 60 "one observer" observers_are 1
must "no observer is declared" declare_cluster '{"observers":0}'
check "it is a standby again" wait_for 60 "the role" prints 0 members_that Observer
must "one is declared again" declare_cluster '{"observers":1}'
check "it observes again" wait_for 60 "the role" observers_are 1
check "no voter was restarted by any of that" prints "$before" pod_uids
must "two read replicas" declare_cluster '{"readReplicas":2}'
check "they observe too" wait_for 180 "three observers" observers_are 3
check "the voters are untouched" prints "$before" pod_uids
check "a client reads what it wrote, with them" reads_what_it_wrote four
must "no read replicas" declare_cluster '{"readReplicas":0}'
check "they are gone" wait_for 120 "one observer" observers_are 1
check "and the voters untouched still" prints "$before" pod_uids
check "the cluster is ready" wait_ready 120
mdc -o wide

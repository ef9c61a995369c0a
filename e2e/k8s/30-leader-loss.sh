#!/usr/bin/env bash
# The leader's pod is deleted with force while clients write.
set -euo pipefail
# shellcheck source=SCRIPTDIR/../lib/product.sh
source "$(dirname "$(readlink -f "$0")")/../lib/product.sh"
# shellcheck source=SCRIPTDIR/../lib/writer.sh
source "$LIB/writer.sh"

kill_leader() { kubectl -n "$NAMESPACE" delete pod "$1" --force --grace-period=0; }
events() { kubectl -n "$NAMESPACE" get events --field-selector "involvedObject.kind=MetadataCluster,involvedObject.name=$NAME" -o custom-columns=REASON:.reason,MESSAGE:.message; }
an_event_tells() { events | grep -qi leader; }
elected_again() { (($(mdc_field .status.term) > $1)); }

must "the cluster is ready" wait_ready 120
must "the client's pod" start_client
must "clients write" start_writers
must "and are acknowledged" wait_for 60 "the first batches" stored_at_least 3
old=$(leader)
term=$(mdc_field .status.term)
before=$(stored_batches)
check "the leader's pod $old is deleted with force" kill_leader "$old"
check "writes go on" wait_for 180 "six more batches" stored_at_least $((before + 6))
check "another term has begun (after $term)" wait_for 60 "the status" elected_again "$term"
check "an Event tells of the new leader" wait_for 60 "it" an_event_tells
must "the clients end" stop_writers
tell_writers
check "nothing acknowledged is missing" nothing_lost
check "the cluster is ready again" wait_ready 120

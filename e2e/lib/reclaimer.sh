#!/usr/bin/env bash
# The daemon that empties and offers again the local volumes whose claims were deleted.
set -euo pipefail
# shellcheck source=SCRIPTDIR/all.sh
source "$(dirname "$(readlink -f "$0")")/all.sh"
select_cluster full
export KUBECONFIG=$ADMIN_KUBECONFIG
reclaim_volumes

# What every test on Kubernetes starts with. Sourced, never run.
# shellcheck shell=bash
# shellcheck source=SCRIPTDIR/all.sh
source "$(dirname "${BASH_SOURCE[0]}")/all.sh"
# shellcheck source=SCRIPTDIR/checks.sh
source "$LIB/checks.sh"
use_cluster

# Everything below lib/ in the order in which it builds on each other.
# shellcheck shell=bash
LIB=$(dirname "${BASH_SOURCE[0]}")
for part in common cluster tools rust machine images hadoop pki controlplane volumes nodes lifecycle; do
  # shellcheck source=/dev/null
  source "$LIB/$part.sh"
done
unset part

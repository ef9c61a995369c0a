# A real folder tree of small files, on this machine and in the client's pod.
# Sourced after client.sh.
# shellcheck shell=bash

TREE_FILES=2500
TREE=$CACHE/tree-$TREE_FILES
# Below the default limit for contents, which is 64 KiB.
TREE_LARGEST=60

# tree_candidates: small regular files of this machine. A colon cannot be in a name in
# HDFS. Some of the folders may not be there.
tree_candidates() {
  find /usr/share/doc /usr/include /usr/share/perl /usr/lib/python3 /usr/share/zoneinfo \
    -type f -size "-${TREE_LARGEST}k" ! -name '*:*' -print0 2>/dev/null | sort -z || true
}

make_tree() {
  local new=$TREE.new
  [[ -d $TREE ]] && return 0
  rm -rf "$new"
  mkdir -p "$new"
  # In steps: head would end a pipe's writer early, which counts as a failure.
  tree_candidates >"$new.all"
  head -z -n "$TREE_FILES" "$new.all" | sed -z 's|^/||' >"$new.names"
  tar -C / --null -T "$new.names" -cf - | tar -C "$new" -xf -
  rm -f "$new.all" "$new.names"
  at_least "$(find "$new" -type f | wc -l)" 2000
  mv "$new" "$TREE"
}

# tree_count f|d: files or folders, the top one too.
tree_count() { find "$TREE" -type "$1" | wc -l; }
tree_bytes() { find "$TREE" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }'; }

# send_tree: into the client's pod as /tmp/tree.
send_tree() {
  in_client rm -rf /tmp/tree
  tar -C "$TREE" -cf - . | in_client sh -c 'mkdir /tmp/tree && tar -C /tmp/tree -xf -'
}

#!/usr/bin/env bash
# The unmodified Hadoop client's file system shell over a real tree of files.
set -euo pipefail
# shellcheck source=SCRIPTDIR/../lib/product.sh
source "$(dirname "$(readlink -f "$0")")/../lib/product.sh"
# shellcheck source=SCRIPTDIR/../lib/tree.sh
source "$LIB/tree.sh"

TOP=/shell-tour
# The trash is on for these commands whatever the cluster's setting.
trash() { hdfs -D fs.trash.interval=60 "$@"; }

clean() {
  hdfs -rm -r -f -skipTrash "$TOP" /user/hdfs/.Trash
  in_client rm -rf /tmp/back /tmp/one
  hdfs -mkdir -p "$TOP"
}
put_tree() { hdfs -put -t 8 /tmp/tree "$TOP/"; }
# DIRECTORIES FILES BYTES of a folder, as -count says.
count_of() { hdfs -count "$1" | awk '{ print $1, $2, $3 }'; }
listed_recursively() { hdfs -ls -R "$TOP/tree" | wc -l; }
usage_of() { hdfs -du -s "$1" | awk '{ print $1 }'; }
get_and_compare() {
  hdfs -get -t 8 "$TOP/tree" /tmp/back
  in_client diff -r /tmp/tree /tmp/back
}
a_file() { (cd "$TREE" && find . -type f -size +1k | sort | head -n 1 | cut -c3-); }
same_bytes() { cmp <(hdfs -cat "$TOP/tree/$1") "$TREE/$1"; }
# Beside "dir", which the check before made.
moved() {
  hdfs -mv "$TOP/$1" "$TOP/$2"
  prints "$TOP/dir"$'\n'"$TOP/$2" hdfs -ls -C "$TOP"
}
there_and_back() {
  moved tree moved-tree
  moved moved-tree tree
}
permissions_of() { hdfs -stat '%a %u %g' "$1"; }
set_permissions() {
  hdfs -chmod 1750 "$TOP/dir"
  hdfs -chown alice:analysts "$TOP/dir"
  prints '1750 alice analysts' permissions_of "$TOP/dir"
}
xattrs() {
  hdfs -setfattr -n user.origin -v tour "$TOP/dir"
  mentions 'user.origin="tour"' hdfs -getfattr -d "$TOP/dir"
  hdfs -setfattr -x user.origin "$TOP/dir"
  not mentions user.origin hdfs -getfattr -d "$TOP/dir"
}
acls() {
  hdfs -setfacl -m user:bob:r-x,default:group:auditors:r-x "$TOP/dir"
  local acl
  acl=$(hdfs -getfacl "$TOP/dir")
  contains "$acl" user:bob:r-x
  contains "$acl" default:group:auditors:r-x
  hdfs -setfacl -b "$TOP/dir"
  not mentions user:bob hdfs -getfacl "$TOP/dir"
}
touch_and_test() {
  hdfs -touchz "$TOP/empty"
  hdfs -test -z "$TOP/empty"
  hdfs -test -f "$TOP/empty"
  hdfs -test -d "$TOP/dir"
}
remove_to_trash() {
  trash -rm "$TOP/empty"
  not hdfs -test -e "$TOP/empty"
  hdfs -test -e "/user/hdfs/.Trash/Current$TOP/empty"
}
expunge() {
  trash -expunge -immediate
  not hdfs -test -e "/user/hdfs/.Trash/Current$TOP/empty"
}
remove_for_good() {
  hdfs -rm -r -skipTrash "$TOP/tree"
  not hdfs -test -e "$TOP/tree"
  prints "3 1 $(stat -c %s "$TREE/$(a_file)")" count_of "$TOP"
}
too_large() {
  in_client sh -c 'head -c 2000000 /dev/zero >/tmp/one'
  refused limit hdfs -put /tmp/one "$TOP/too-large"
}

must "a tree of real files" make_tree
must "the client's pod" start_client
must "the tree in the client's pod" send_tree
must "an empty folder to work in" clean
say "the tree: $(tree_count f) files, $(tree_count d) folders, $(tree_bytes) bytes"
check "-put of the tree, by 8 threads" put_tree
check "-count equals find | wc -l" prints "$(tree_count d) $(tree_count f) $(tree_bytes)" count_of "$TOP/tree"
check "-ls" mentions "$TOP/tree" hdfs -ls "$TOP"
check "-ls -R lists all" prints "$(($(tree_count d) + $(tree_count f) - 1))" listed_recursively
check "-du -s" prints "$(tree_bytes)" usage_of "$TOP/tree"
check "-stat" prints "$(stat -c '%s regular file' "$TREE/$(a_file)")" hdfs -stat '%b %F' "$TOP/tree/$(a_file)"
check "-cat, byte for byte" same_bytes "$(a_file)"
check "-get of the tree, byte for byte" get_and_compare
check "-mkdir -p" hdfs -mkdir -p "$TOP/dir/below"
check "-mv of the whole tree, there and back" there_and_back
check "-cp" hdfs -cp "$TOP/tree/$(a_file)" "$TOP/dir/copy"
check "-chmod with the sticky bit, -chown" set_permissions
check "others are kept out" refused 'Permission denied' hdfs_as mallory -ls "$TOP/dir"
check "-setfattr, -getfattr" xattrs
check "-setfacl, -getfacl" acls
check "-touchz, -test" touch_and_test
check "-rm to the trash" remove_to_trash
check "-expunge" expunge
check "-rm -r -skipTrash of the tree" remove_for_good
check "a file above the limit is refused with its name" too_large
check "a snapshot is refused clearly" refused snapshot hdfs -createSnapshot "$TOP"
hdfs -rm -r -f -skipTrash "$TOP" >/dev/null 2>&1 || true

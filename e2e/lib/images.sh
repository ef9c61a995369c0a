# Container images without an engine and without a registry: buildah builds them from a
# base that debootstrap made, containerd's ctr imports them. Sourced after tools.sh.
# shellcheck shell=bash disable=SC2034

IMAGES=$CACHE/images
# Also the nodes' pause image.
BUSYBOX_IMAGE=localhost/busybox:dev
BASE_IMAGE=docker.io/library/debian:$DEBIAN_RELEASE-slim
PROJECT_IMAGE=localhost/metafs:dev
TABLESTORE_IMAGE=localhost/tablestore-local:dev
HADOOP_CLIENT_IMAGE=localhost/hadoop-client:dev

# run_buildah ARGUMENT...: with its storage in the cache and not among the user's images.
run_buildah() {
  mkdir -p "$CACHE/buildah"
  if [[ ! -f $CACHE/buildah/policy.json ]]; then
    # Nothing is pulled, so there is nothing whose signature could be checked.
    echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$CACHE/buildah/policy.json"
    : >"$CACHE/buildah/registries.conf"
  fi
  CONTAINERS_REGISTRIES_CONF=$CACHE/buildah/registries.conf \
    buildah --root "$CACHE/buildah/root" --runroot "$CACHE/buildah/runroot" --storage-driver overlay "$@"
}

policy() { echo "--signature-policy=$CACHE/buildah/policy.json"; }

has_image() { run_buildah inspect --type image "$1" >/dev/null 2>&1; }

# save_image IMAGE FILE: as one that ctr imports under the same name; in Docker's form, whose
# layers are not compressed.
save_image() {
  mkdir -p "$(dirname "$2")"
  rm -f "$2.new"
  run_buildah push "$(policy)" "$1" "docker-archive:$2.new:$1"
  mv "$2.new" "$2"
}

# remove_dangling: what builds leave behind, and the images that a new build has replaced.
remove_dangling() {
  run_buildah rm --all >/dev/null 2>&1 || true
  run_buildah rmi --prune >/dev/null 2>&1 || true
  # Its cache of layers' sources has a fixed place; it is the user's if other images are there.
  if [[ ! -e /var/lib/containers/storage ]]; then rm -rf /var/lib/containers/cache; fi
  rmdir /var/lib/containers 2>/dev/null || true
}

# A static busybox: the nodes' pause container and the tests' shell.
build_busybox_image() {
  local tree container
  [[ -f $IMAGES/busybox.tar ]] && return 0
  tree=$(mktemp -d)
  mkdir -p "$tree"/{bin,tmp,etc,root}
  cp "$(command -v busybox)" "$tree/bin/busybox"
  local applet
  for applet in $("$tree/bin/busybox" --list); do
    [[ -e $tree/bin/$applet ]] || ln -s busybox "$tree/bin/$applet"
  done
  chmod 1777 "$tree/tmp"
  container=$(run_buildah from "$(policy)" scratch)
  run_buildah add -q "$container" "$tree" /
  run_buildah config --cmd '["/bin/sleep", "infinity"]' --env PATH=/bin "$container"
  run_buildah commit -q "$(policy)" --rm "$container" "$BUSYBOX_IMAGE"
  save_image "$BUSYBOX_IMAGE" "$IMAGES/busybox.tar"
  remove_dangling
  rm -rf "$tree"
}

# The mirror that this machine itself installs from.
debian_mirror() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v release="$DEBIAN_RELEASE" '$2 == release && $3 == "main" { print $1; exit }'
}

# Debian's slim base under the name that the Dockerfiles start from.
build_base_image() {
  local tree mirror container
  has_image "$BASE_IMAGE" && return 0
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || { echo "no mirror of Debian $DEBIAN_RELEASE in apt's sources" >&2 && return 1; }
  tree=$(mktemp -d "$CACHE/debootstrap.XXXXXX")
  debootstrap --variant=minbase "$DEBIAN_RELEASE" "$tree" "$mirror"
  # What the slim variant leaves out.
  rm -rf "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/apt/lists/* "$tree"/var/log/* \
    "$tree"/usr/share/{doc,info,man,locale,lintian,groff} "$tree"/var/cache/{debconf,ldconfig}/*
  chmod 755 "$tree"
  container=$(run_buildah from "$(policy)" scratch)
  run_buildah add -q "$container" "$tree" /
  run_buildah config --cmd /bin/bash "$container"
  run_buildah commit -q "$(policy)" --rm "$container" "$BASE_IMAGE"
  rm -rf --one-file-system "$tree"
}

# import_image NODE IMAGE FILE: unless the node has this very file's image.
import_image() {
  local dir mark
  dir=$(node_dir "$1")
  mark=$dir/imported-$(basename "$3")
  [[ -f $mark && $(<"$mark") == "$(stat -c '%Y %s' "$3")" ]] && return 0
  ctr -a "$dir/containerd.sock" -n k8s.io images import "$3"
  stat -c '%Y %s' "$3" >"$mark"
}

# import_everywhere IMAGE FILE: into all nodes at once.
import_everywhere() {
  local node job jobs=() status=0
  for node in "${NODES[@]}"; do
    import_image "$node" "$1" "$2" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || status=1; done
  return "$status"
}

# image_tag IMAGE NAME: the image under a name that changes with its content, so that an
# installation rolls to what was just built.
image_tag() { echo "${1%:*}:build-$(sha256sum <"$IMAGES/$2.digest" | cut -c1-12)"; }

# tag_image IMAGE NAME: in all nodes.
tag_image() {
  local node
  for node in "${NODES[@]}"; do
    ctr -a "$(node_dir "$node")/containerd.sock" -n k8s.io images tag --force "$1" "$(image_tag "$1" "$2")"
  done
}

# build_image IMAGE NAME DOCKERFILE PROGRAM...: by the project's own Dockerfile, around the binaries of
# build_programs.
build_image() {
  local image=$1 name=$2 dockerfile=$3 program
  local archive=$IMAGES/$name.tar context=$CACHE/image-context-$name
  shift 3
  rm -rf "$context"
  mkdir -p "$context/prebuilt"
  for program in "$@"; do
    strip -o "$context/prebuilt/$program" "$BINARIES/$program"
  done
  (cd "$context/prebuilt" && sha256sum "$@" && sha256sum <"$dockerfile") >"$context/digest"
  if [[ -f $archive ]] && cmp -s "$context/digest" "$IMAGES/$name.digest"; then
    echo "the image is up to date"
    return 0
  fi
  run_buildah bud --quiet --isolation chroot --pull-never "$(policy)" --build-arg BINARIES=prebuilt \
    -f "$dockerfile" -t "$image" "$context"
  save_image "$image" "$archive"
  mv "$context/digest" "$IMAGES/$name.digest"
  rm -rf "$context"
  remove_dangling
}

build_project_image() { build_image "$PROJECT_IMAGE" metafs "$REPO/Dockerfile" "${PROGRAMS[@]}"; }
build_tablestore_image() {
  build_image "$TABLESTORE_IMAGE" tablestore-local "$REPO/metaserver/tablestore-local/Dockerfile" "${TABLESTORE_PROGRAMS[@]}"
}

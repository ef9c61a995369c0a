# The Hadoop client: jars from Maven Central and a Java runtime, kept by version.
# Sourced after images.sh.
# shellcheck shell=bash

HADOOP_DIR=$CACHE/hadoop-tools-$HADOOP_VERSION
# What the client loads, among it the login module that asks for the user's name. And every security provider that
# Java's configuration names: where one is missing Java looks for it in all jars, which takes nearly as long as all the rest.
JAVA_MODULES=java.se,jdk.unsupported,jdk.security.auth,jdk.crypto.ec,jdk.naming.dns,jdk.zipfs
JAVA_MODULES+=,java.smartcardio,jdk.security.jgss,jdk.crypto.cryptoki

packages_java() {
  command -v mvn >/dev/null || apt_install maven
  [[ -d $(java_home)/jmods ]] || apt_install openjdk-17-jdk-headless
}

java_home() { dirname "$(dirname "$(readlink -f "$(command -v jlink || command -v java || echo /usr)")")"; }

fetch_hadoop_jars() {
  [[ -d $HADOOP_DIR/lib ]] && return 0
  rm -rf "$HADOOP_DIR/lib.new"
  mvn -q -B -f "$E2E/hadoop-client/pom.xml" -Dhadoop.version="$HADOOP_VERSION" \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$HADOOP_DIR/lib.new"
  mv "$HADOOP_DIR/lib.new" "$HADOOP_DIR/lib"
}

make_java_runtime() {
  [[ -f $HADOOP_DIR/java/modules && $(<"$HADOOP_DIR/java/modules") == "$JAVA_MODULES" ]] && return 0
  rm -rf "$HADOOP_DIR/java.new"
  jlink --add-modules "$JAVA_MODULES" --strip-java-debug-attributes --no-man-pages --no-header-files --output "$HADOOP_DIR/java.new"
  echo "$JAVA_MODULES" >"$HADOOP_DIR/java.new/modules"
  rm -rf "$HADOOP_DIR/java"
  mv "$HADOOP_DIR/java.new" "$HADOOP_DIR/java"
}

# What the image is made of besides the jars, which go by version.
client_digest() {
  (cd "$E2E/hadoop-client" && sha256sum -- *)
  echo "$JAVA_MODULES"
}

build_hadoop_client_image() {
  local archive=$IMAGES/hadoop-tools-$HADOOP_VERSION.tar source=$E2E/hadoop-client digest
  digest=$(client_digest)
  [[ -f $archive && $digest == "$(cat "$archive.digest" 2>/dev/null)" ]] && return 0
  "$source/list-classes" "$HADOOP_DIR/java/bin/java" "$HADOOP_DIR/lib" >"$HADOOP_DIR/classes.list"
  cp "$source/Dockerfile" "$source/hadoop" "$source/log4j.properties" "$HADOOP_DIR/"
  run_buildah bud --quiet --isolation chroot --pull-never "$(policy)" \
    --ignorefile /dev/null -t "$HADOOP_CLIENT_IMAGE" "$HADOOP_DIR"
  save_image "$HADOOP_CLIENT_IMAGE" "$archive"
  echo "$digest" >"$archive.digest"
  remove_dangling
}

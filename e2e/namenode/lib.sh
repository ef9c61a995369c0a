# Hadoop's own NameNode: its jars, its configuration, its processes.
# Sourced after all.sh.
# shellcheck shell=bash

NAMENODE=$E2E/namenode
NAMENODE_DIR=$CACHE/namenode-$HADOOP_VERSION
NAMESERVICE=ns
RPC_PORT=8020
JOURNAL_PORT=8485
# The superuser of its namespace, and of ours.
export HADOOP_USER_NAME=hdfs

fetch_namenode_jars() {
  [[ -d $NAMENODE_DIR/lib ]] && return 0
  packages_java
  rm -rf "$NAMENODE_DIR/lib.new"
  mvn -q -B -f "$NAMENODE/pom.xml" -Dhadoop.version="$HADOOP_VERSION" \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$NAMENODE_DIR/lib.new"
  mv "$NAMENODE_DIR/lib.new" "$NAMENODE_DIR/lib"
}

# java_command CONF: the array JAVA, to be followed by JVM options, a class and its arguments.
# shellcheck disable=SC2034
java_command() { JAVA=(java -cp "$1:$NAMENODE_DIR/lib/*" -Djava.net.preferIPv4Stack=true); }

# write_log4j CONF: warnings only; so the audit log is off, as in Hadoop's own default.
write_log4j() {
  cat >"$1/log4j.properties" <<'TEXT'
log4j.rootLogger=WARN,console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{HH:mm:ss} %p %c{2}: %m%n
TEXT
}

# site_xml NAME=VALUE...: a Hadoop configuration file.
site_xml() {
  local pair
  echo '<configuration>'
  for pair in "$@"; do
    printf '  <property><name>%s</name><value>%s</value></property>\n' "${pair%%=*}" "${pair#*=}"
  done
  echo '</configuration>'
}

# write_conf CONF DATA NETWORK: one NameNode (nn1), a second (nn2) that may be made an observer, and
# three JournalNodes, all on addresses of the network a.b.c/24.
write_conf() {
  local conf=$1 data=$2 network=$3 journals=() server
  for server in 1 2 3; do journals+=("$network.1$server:$JOURNAL_PORT"); done
  mkdir -p "$conf"
  write_log4j "$conf"
  site_xml "fs.defaultFS=hdfs://$NAMESERVICE" \
    "hadoop.user.group.static.mapping.overrides=hdfs=supergroup" >"$conf/core-site.xml"
  site_xml "dfs.nameservices=$NAMESERVICE" "dfs.ha.namenodes.$NAMESERVICE=nn1,nn2" \
    "dfs.namenode.rpc-address.$NAMESERVICE.nn1=$network.1:$RPC_PORT" \
    "dfs.namenode.rpc-address.$NAMESERVICE.nn2=$network.2:$RPC_PORT" \
    "dfs.namenode.http-address.$NAMESERVICE.nn1=$network.1:9870" \
    "dfs.namenode.http-address.$NAMESERVICE.nn2=$network.2:9870" \
    "dfs.namenode.name.dir.$NAMESERVICE.nn1=$data/nn1" "dfs.namenode.name.dir.$NAMESERVICE.nn2=$data/nn2" \
    "dfs.namenode.shared.edits.dir=qjournal://$(
      IFS=';'
      echo "${journals[*]}"
    )/$NAMESERVICE" \
    "dfs.client.failover.proxy.provider.$NAMESERVICE=org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider" \
    "dfs.ha.fencing.methods=shell(/bin/true)" \
    "dfs.namenode.handler.count=64" "dfs.namenode.fs-limits.min-block-size=1" \
    "dfs.namenode.accesstime.precision=0" \
    "dfs.namenode.state.context.enabled=true" "dfs.ha.tail-edits.in-progress=true" \
    "dfs.ha.tail-edits.period=0ms" >"$conf/hdfs-site.xml"
}

# listens HOST PORT
listens() { (: <>"/dev/tcp/$1/$2"); }

# start_java NAME HOST PORT COMMAND...: until it listens there.
start_java() {
  local name=$1 host=$2 port=$3
  shift 3
  daemon "$name" "$@"
  wait_for 180 "$name" listens_or_died "$name" "$host" "$port"
  check_alive "$name"
}
listens_or_died() { listens "$2" "$3" || ! is_running "$1"; }

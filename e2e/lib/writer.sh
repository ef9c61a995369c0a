# Clients that write while something is broken, and the account of what was acknowledged.
# Sourced after client.sh.
# shellcheck shell=bash

WRITERS=3
WRITE_TOP=/writers

# The program of one writer, run in the client's pod: puts folders of ten files one after
# the other; what `hadoop fs` said to have stored is noted with the time.
writer_program() {
  cat <<'SH'
writer=$1 top=$2
n=0
cd /tmp/writers || exit 1
while [ ! -e stop ]; do
  n=$((n + 1))
  batch=w$writer-$n
  mkdir "$batch"
  for i in 0 1 2 3 4 5 6 7 8 9; do echo "$batch file $i" >"$batch/$i"; done
  if hadoop fs -put "$batch" "$top/" >>"log-$writer" 2>&1; then
    echo "$(date +%s.%N) $batch" >>"stored-$writer"
  else
    echo "$(date +%s.%N) $batch" >>"refused-$writer"
  fi
done
echo "$writer" >"ended-$writer"
SH
}

start_writers() {
  local writer
  hdfs -rm -r -f -skipTrash "$WRITE_TOP"
  hdfs -mkdir -p "$WRITE_TOP"
  in_client sh -c 'rm -rf /tmp/writers && mkdir /tmp/writers'
  writer_program | in_client sh -c 'cat >/tmp/writers/program'
  for ((writer = 1; writer <= WRITERS; writer++)); do
    # Detached in the pod: the end of this exec does not end them.
    in_client sh -c "setsid sh /tmp/writers/program $writer $WRITE_TOP </dev/null >/dev/null 2>&1 &"
  done
}

stop_writers() {
  in_client touch /tmp/writers/stop
  wait_for 120 "the writers to end" writers_ended
}
writers_ended() { prints "$WRITERS" in_client sh -c 'cat /tmp/writers/ended-* | wc -l'; }

count_lines() { in_client sh -c "cat /tmp/writers/$1-* 2>/dev/null | wc -l"; }
stored_batches() { count_lines stored; }
refused_batches() { count_lines refused; }
stored_at_least() { (($(stored_batches) >= $1)); }

# longest_gap: the longest time without any acknowledged batch, in seconds.
longest_gap() {
  in_client sh -c 'sort -n /tmp/writers/stored-*' |
    awk 'NR > 1 && $1 - last > gap { gap = $1 - last } { last = $1 } END { printf "%.1f", gap }'
}

# The program that compares what was acknowledged with what came back.
comparison_program() {
  cat <<'SH'
lost=0
for batch in $(cat /tmp/writers/stored-* | cut -d' ' -f2); do
  diff -r "/tmp/writers/$batch" "/tmp/writers-back/$batch" || lost=$((lost + 1))
done
echo "lost batches: $lost"
[ "$lost" = 0 ]
SH
}

# nothing_lost: every batch that was acknowledged is there, byte for byte.
nothing_lost() {
  in_client sh -c "rm -rf /tmp/writers-back && hadoop fs -get $WRITE_TOP /tmp/writers-back"
  comparison_program | in_client sh -s
}

# tell_writers: one line for people.
tell_writers() {
  say "acknowledged $(stored_batches) folders of ten files, refused $(refused_batches); the longest wait between two was $(longest_gap) s"
}

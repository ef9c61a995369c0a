package dev.metafs.rpc;

import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The calls that a server has answered, as its own metrics count them. */
final class Metrics {
  private static final Pattern CALLS =
      Pattern.compile(
          "^metafs_rpc_calls_total\\{method=\"(\\w+)\",result=\"ok\"\\} (\\d+)$", Pattern.MULTILINE);

  private final Map<String, Long> calls = new HashMap<>();

  private Metrics() {}

  static Metrics of(String host) throws Exception {
    URLConnection connection = new URL("http://" + host + ":9872/metrics").openConnection();
    connection.setConnectTimeout(2000);
    connection.setReadTimeout(5000);
    Metrics metrics = new Metrics();
    String text;
    try (InputStream in = connection.getInputStream()) {
      text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    for (Matcher found = CALLS.matcher(text); found.find(); ) {
      metrics.calls.put(found.group(1), Long.valueOf(found.group(2)));
    }
    return metrics;
  }

  /** How many calls of these methods succeeded since the server's start. */
  long count(String... methods) {
    return Arrays.stream(methods).mapToLong(method -> calls.getOrDefault(method, 0L)).sum();
  }

  /** How many of them succeeded on {@code host} since this was taken. */
  long since(String host, String... methods) throws Exception {
    return of(host).count(methods) - count(methods);
  }
}

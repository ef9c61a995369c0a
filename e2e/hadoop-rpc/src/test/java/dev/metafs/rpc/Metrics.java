package dev.metafs.rpc;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
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
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  private final Map<String, Long> calls = new HashMap<>();

  private Metrics() {}

  static Metrics of(String host) throws Exception {
    URI address = URI.create("http://" + host + ":9872/metrics");
    HttpRequest request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(5)).build();
    Metrics metrics = new Metrics();
    String text = CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body();
    for (Matcher found = CALLS.matcher(text); found.find(); ) {
      metrics.calls.put(found.group(1), Long.valueOf(found.group(2)));
    }
    return metrics;
  }

  /** How many calls of these methods succeeded since the server's start. */
  long of(String... methods) {
    return Arrays.stream(methods).mapToLong(method -> calls.getOrDefault(method, 0L)).sum();
  }

  /** How many of them succeeded on {@code host} since this was taken. */
  long since(String host, String... methods) throws Exception {
    return of(host).of(methods) - of(methods);
  }
}

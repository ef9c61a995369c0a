package dev.metafs.rpc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A server's admin API, for what metactl does not do: a member without a vote. */
final class Admin {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String host;

  Admin(String host) {
    this.host = host;
  }

  boolean answers() {
    try {
      return status() != null;
    } catch (Exception e) {
      return false;
    }
  }

  JsonNode status() throws Exception {
    return call("GET", "/v1/status", null);
  }

  /** Adds the server with this node id, name and host. */
  void addLearner(String id, String name, String address) throws Exception {
    ObjectNode request = JSON.createObjectNode().put("nodeId", id);
    request
        .putObject("member")
        .put("name", name)
        .put("raft", address + ":8030")
        .put("admin", address + ":8031")
        .put("web", address + ":9870");
    call("POST", "/v1/learners", request);
  }

  void remove(String id) throws Exception {
    call("DELETE", "/v1/members/" + id, null);
  }

  private JsonNode call(String method, String path, JsonNode body) throws Exception {
    String key = Files.readString(Path.of(System.getProperty("rpc.work"), "key")).strip();
    URL url = new URL("http://" + host + ":8031" + path);
    HttpURLConnection connection = (HttpURLConnection) url.openConnection();
    connection.setConnectTimeout(2000);
    connection.setReadTimeout(10_000);
    connection.setRequestMethod(method);
    connection.setRequestProperty("Authorization", "Bearer " + key);
    connection.setRequestProperty("x-metafs-admin-version", "1");
    if (body != null) {
      connection.setRequestProperty("Content-Type", "application/json");
      connection.setDoOutput(true);
      connection.getOutputStream().write(body.toString().getBytes(StandardCharsets.UTF_8));
    }
    if (connection.getResponseCode() != 200) {
      try (InputStream error = connection.getErrorStream()) {
        String text = new String(error.readAllBytes(), StandardCharsets.UTF_8);
        throw new IOException(method + " " + path + ": " + text);
      }
    }
    try (InputStream answer = connection.getInputStream()) {
      return JSON.readTree(answer);
    }
  }
}

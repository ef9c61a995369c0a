package dev.metafs.rpc;

import static org.junit.Assert.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivilegedExceptionAction;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.ha.HAServiceProtocol;
import org.apache.hadoop.ha.HAServiceProtocol.HAServiceState;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.tools.NNHAServiceTarget;
import org.apache.hadoop.ipc.RPC;
import org.apache.hadoop.security.UserGroupInformation;

/** The servers under test, and their clients' configuration. */
final class Servers {
  static final String NAMESERVICE = "proof";
  static final URI NAMESPACE = URI.create("hdfs://" + NAMESERVICE);
  private static final String PROVIDERS = "org.apache.hadoop.hdfs.server.namenode.ha.";
  private static final List<String> HOSTS = List.of(property("rpc.servers").split(","));
  private static final ObjectMapper JSON = new ObjectMapper();

  private Servers() {}

  /** How a client finds the server for a call. */
  enum Provider {
    /** Everything goes to the active server. */
    CONFIGURED("ConfiguredFailoverProxyProvider"),
    /** Reads go to an observer. */
    OBSERVER("ObserverReadProxyProvider"),
    /** The same, with one address for whichever server is active. */
    OBSERVER_WITH_ADDRESS("ObserverReadProxyProviderWithIPFailover");

    private final String simpleName;

    Provider(String simpleName) {
      this.simpleName = simpleName;
    }
  }

  private static String property(String name) {
    return java.util.Objects.requireNonNull(System.getProperty(name), name);
  }

  static List<String> hosts() {
    return HOSTS;
  }

  /** The server that is declared an observer. */
  static String observer() {
    return HOSTS.get(HOSTS.size() - 1);
  }

  /** A host's name in dfs.ha.namenodes. */
  static String id(String host) {
    return "s" + HOSTS.indexOf(host);
  }

  /** What an hdfs-site.xml says, for a client that waits for silent servers in seconds, not minutes. */
  static Configuration conf(Provider provider) {
    Configuration conf = new Configuration();
    conf.set("fs.defaultFS", NAMESPACE.toString());
    conf.set("dfs.nameservices", NAMESERVICE);
    List<String> ids = new ArrayList<>();
    for (String host : HOSTS) {
      ids.add(id(host));
      conf.set("dfs.namenode.rpc-address." + NAMESERVICE + "." + id(host), host + ":8020");
    }
    conf.set("dfs.ha.namenodes." + NAMESERVICE, String.join(",", ids));
    conf.set(
        "dfs.client.failover.proxy.provider." + NAMESERVICE, PROVIDERS + provider.simpleName);
    // Raft does what fencing is for; haadmin wants a method all the same.
    conf.set("dfs.ha.fencing.methods", "shell(/bin/true)");
    // Above the observer's bound of 2 s: a client that times out itself asks the observer again.
    conf.setInt("ipc.client.rpc-timeout.ms", 3000);
    conf.setInt("ipc.client.connect.timeout", 1000);
    conf.setInt("dfs.client.failover.namenode.ha-state.probe.timeout", 1000);
    conf.setInt("dfs.client.failover.observer.probe.retry.period", 200);
    conf.setInt("dfs.client.failover.sleep.base.millis", 50);
    conf.setInt("dfs.client.failover.sleep.max.millis", 400);
    conf.setInt("dfs.client.failover.max.attempts", 60);
    return conf;
  }

  /** A client of its own. */
  static DistributedFileSystem client(Configuration conf) throws IOException {
    return (DistributedFileSystem) FileSystem.newInstance(NAMESPACE, conf);
  }

  static DistributedFileSystem client(Provider provider) throws IOException {
    return client(conf(provider));
  }

  /** What {@code user} does. */
  static <T> T as(String user, PrivilegedExceptionAction<T> action) throws Exception {
    return UserGroupInformation.createRemoteUser(user).doAs(action);
  }

  static void start(String host) throws Exception {
    run(property("rpc.server"), "start", host);
  }

  /** Starts one that the others reach at another address than its own. */
  static void startAs(String host, String advertised) throws Exception {
    Path work = Path.of(property("rpc.work"));
    String config = Files.readString(work.resolve("server.yaml"));
    String own = config.replace("advertise: \"{name}\"", "advertise: \"" + advertised + "\"");
    Files.writeString(work.resolve("server-" + host + ".yaml"), own);
    start(host);
  }

  /** SIGKILL; returns when it is gone. */
  static void kill(String host) throws Exception {
    run(property("rpc.server"), "kill", host);
  }

  /** SIGSTOP. */
  static void pause(String host) throws Exception {
    run(property("rpc.server"), "pause", host);
  }

  /** SIGCONT. */
  static void resume(String host) throws Exception {
    run(property("rpc.server"), "resume", host);
  }

  static String metactl(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(property("rpc.metactl")));
    command.addAll(List.of(arguments));
    return run(command.toArray(new String[0]));
  }

  /** The members, as metactl shows them. */
  static JsonNode status() throws Exception {
    return JSON.readTree(metactl("status", "-o", "json"));
  }

  /** Changes replicated settings: lines of YAML. */
  static void set(String... lines) throws Exception {
    Path file = Files.createTempFile(Path.of(property("rpc.work")), "settings", ".yaml");
    Files.write(file, List.of(lines));
    metactl("settings", "--set", file.toString());
    Files.delete(file);
  }

  private static String run(String... command) throws Exception {
    File output = File.createTempFile("output", ".txt", new File(property("rpc.work")));
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      Process process = builder.redirectErrorStream(true).redirectOutput(output).start();
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("took too long: " + String.join(" ", command));
      }
      String text = Files.readString(output.toPath(), StandardCharsets.UTF_8);
      assertEquals(String.join(" ", command) + ": " + text, 0, process.exitValue());
      return text;
    } finally {
      Files.delete(output.toPath());
    }
  }

  /** A server's state, as haadmin asks for it; null while it does not answer. */
  static HAServiceState state(String host) {
    NNHAServiceTarget target =
        new NNHAServiceTarget(conf(Provider.CONFIGURED), NAMESERVICE, id(host));
    Configuration conf = conf(Provider.CONFIGURED);
    conf.setInt("ipc.client.connect.max.retries", 0);
    HAServiceProtocol proxy = null;
    try {
      proxy = target.getProxy(conf, 1000);
      return proxy.getServiceStatus().getState();
    } catch (IOException e) {
      return null;
    } finally {
      if (proxy != null) {
        RPC.stopProxy(proxy);
      }
    }
  }

  /** The active server, once there is one. */
  static String active() throws Exception {
    return any(HAServiceState.ACTIVE);
  }

  /** A standby server, once there is one. */
  static String standby() throws Exception {
    return any(HAServiceState.STANDBY);
  }

  private static String any(HAServiceState state) throws Exception {
    List<String> found = new ArrayList<>();
    Await.until(
        "a server that is " + state,
        20,
        () -> HOSTS.stream().filter(host -> state(host) == state).limit(1).anyMatch(found::add));
    return found.get(0);
  }

  /** Waits until one server is active, the last one an observer, and the others are standbys. */
  static void awaitHealthy() throws Exception {
    active();
    Await.until("the declared observer", 20, () -> state(observer()) == HAServiceState.OBSERVER);
    for (String host : HOSTS) {
      Await.until(host + " to answer", 20, () -> state(host) != null);
    }
    long active = HOSTS.stream().filter(host -> state(host) == HAServiceState.ACTIVE).count();
    assertEquals("active servers", 1, active);
  }
}

package dev.metafs.rpc;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.XAttrSetFlag;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.junit.After;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.Timeout;

/**
 * The leader commits a call and dies before its client hears of it; the client's own retry goes to
 * the next leader, where the call must not happen again, nor fail because it has happened.
 */
public class AtMostOnceTest {
  @Rule public final Timeout timeout = Timeout.seconds(60);

  private static final Path TOP = new Path("/at-most-once");

  private final List<Forwarder> forwarders = new ArrayList<>();
  private DistributedFileSystem direct;
  private DistributedFileSystem client;
  private Path file;

  @Before
  public void clientThroughForwarders() throws Exception {
    Servers.awaitHealthy();
    direct = Servers.client(Servers.Provider.CONFIGURED);
    Configuration conf = Servers.conf(Servers.Provider.CONFIGURED);
    // Patient: what is lost is lost with the connection.
    conf.setInt("ipc.client.rpc-timeout.ms", 60_000);
    for (String host : Servers.hosts()) {
      String front = host.replace("127.78.0.", "127.78.1.");
      forwarders.add(new Forwarder(front, 8020, host));
      String name = Servers.NAMESERVICE + "." + Servers.id(host);
      conf.set("dfs.namenode.rpc-address." + name, front + ":8020");
    }
    client = Servers.client(conf);
    direct.mkdirs(TOP);
    file = new Path(TOP, "file-" + System.nanoTime());
    // It has found the leader.
    client.mkdirs(TOP);
  }

  @After
  public void closeAll() throws Exception {
    for (Forwarder forwarder : forwarders) {
      forwarder.close();
    }
    client.close();
    direct.close();
    Servers.awaitHealthy();
  }

  /** Does {@code action}, whose call of {@code method} is answered by a leader that dies with it. */
  private <T> T leaderDiesIn(String method, Callable<T> action) throws Exception {
    String leader = Servers.active();
    Forwarder before = forwarders.get(Servers.hosts().indexOf(leader));
    Map<String, Metrics> metrics = new HashMap<>();
    for (String host : Servers.hosts()) {
      metrics.put(host, Metrics.of(host));
    }
    before.swallowAnswersFrom(method);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<T> result = thread.submit(action);
      Await.until(
          method + " on the leader", 10, () -> metrics.get(leader).since(leader, method) == 1);
      assertTrue("its answer passed", before.swallowing());
      assertFalse("it was answered", result.isDone());
      Servers.kill(leader);
      before.pass();
      T value = result.get(30, TimeUnit.SECONDS);
      // The retry was that of the same call, to another server: not always to the one that is active
      // now, for an observer that has the only copy of the entry leads first and hands over.
      long answered = 0;
      for (String host : Servers.hosts()) {
        if (!host.equals(leader)) {
          answered += metrics.get(host).since(host, method);
        }
      }
      assertEquals(1, answered);
      return value;
    } finally {
      thread.shutdownNow();
      Servers.start(leader);
    }
  }

  @Test
  public void rename() throws Exception {
    direct.create(file).close();
    Path to = file.suffix("-moved");
    assertTrue(leaderDiesIn("rename", () -> client.rename(file, to)));
    assertFalse(direct.exists(file));
    assertTrue(direct.exists(to));
  }

  @Test
  public void renameWithOptions() throws Exception {
    direct.create(file).close();
    Path to = file.suffix("-moved");
    leaderDiesIn(
        "rename2",
        () -> {
          client.rename(file, to, Options.Rename.NONE);
          return null;
        });
    assertTrue(direct.exists(to));
  }

  @Test
  public void delete() throws Exception {
    direct.create(file).close();
    assertTrue(leaderDiesIn("delete", () -> client.delete(file, false)));
    assertFalse(direct.exists(file));
  }

  @Test
  public void create() throws Exception {
    leaderDiesIn("create", () -> client.create(file, false)).close();
    assertEquals(0, direct.getFileStatus(file).getLen());
    assertTrue(direct.isFileClosed(file));
  }

  /** Not remembered, but whoever closes what is closed has closed it (HDFS-3031). */
  @Test
  public void close() throws Exception {
    FSDataOutputStream out = client.create(file, false);
    leaderDiesIn(
        "complete",
        () -> {
          out.close();
          return null;
        });
    assertTrue(direct.isFileClosed(file));
  }

  @Test
  public void append() throws Exception {
    direct.create(file).close();
    leaderDiesIn("append", () -> client.append(file)).close();
    assertTrue(direct.isFileClosed(file));
  }

  @Test
  public void setAndRemoveXAttr() throws Exception {
    direct.create(file).close();
    byte[] value = {1, 2, 3};
    leaderDiesIn(
        "setXAttr",
        () -> {
          client.setXAttr(file, "user.once", value, EnumSet.of(XAttrSetFlag.CREATE));
          return null;
        });
    assertArrayEquals(value, direct.getXAttr(file, "user.once"));
    Servers.awaitHealthy();
    client.mkdirs(TOP);
    leaderDiesIn(
        "removeXAttr",
        () -> {
          client.removeXAttr(file, "user.once");
          return null;
        });
    assertEquals(List.of(), direct.listXAttrs(file));
  }
}

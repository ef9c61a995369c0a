package dev.metafs.rpc;

import static dev.metafs.rpc.Servers.Provider.OBSERVER;
import static dev.metafs.rpc.Servers.Provider.OBSERVER_WITH_ADDRESS;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsAction;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.junit.After;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.Timeout;

/** Where a client's reads and writes go, and that it reads what it wrote whatever dies meanwhile. */
public class ObserverReadsTest {
  @Rule public final Timeout timeout = Timeout.seconds(90);

  private static final Path TOP = new Path("/observer-reads");
  private static final String[] READS = {
    "getFileInfo", "getListing", "getBlockLocations", "getContentSummary", "getAclStatus",
    "getXAttrs", "listXAttrs", "checkAccess", "isFileClosed"
  };
  private static final String[] WRITES = {
    "create", "complete", "mkdirs", "rename2", "rename", "delete", "setTimes", "setPermission"
  };

  @Before
  public void servers() throws Exception {
    Servers.awaitHealthy();
    try (DistributedFileSystem client = Servers.client(Servers.Provider.CONFIGURED)) {
      client.delete(TOP, true);
      client.mkdirs(TOP);
    }
  }

  @After
  public void serversAgain() throws Exception {
    Servers.awaitHealthy();
  }

  @Test
  public void readsLandOnTheObserverAndWritesOnTheActive() throws Exception {
    try (DistributedFileSystem client = Servers.client(OBSERVER)) {
      landWhereTheyShould(client);
    }
  }

  private static void landWhereTheyShould(DistributedFileSystem client) throws Exception {
    String active = Servers.active();
    client.getFileStatus(TOP);
    Metrics onActive = Metrics.of(active);
    Metrics onObserver = Metrics.of(Servers.observer());
    int rounds = 25;
    for (int i = 0; i < rounds; i++) {
      Path file = new Path(TOP, "file-" + System.nanoTime());
      client.create(file).close();
      client.setTimes(file, i, -1);
      assertEquals(i, client.getFileStatus(file).getModificationTime());
      assertTrue(client.listStatus(TOP).length > 0);
      client.getFileBlockLocations(file, 0, 1);
      client.getContentSummary(TOP);
      client.getAclStatus(file);
      client.getXAttrs(file);
      client.access(file, FsAction.READ);
      assertTrue(client.isFileClosed(file));
      client.open(file).close();
    }
    assertEquals(3 * rounds, onActive.since(active, WRITES));
    assertEquals(0, onActive.since(active, READS));
    assertEquals(9 * rounds, onObserver.since(Servers.observer(), READS));
    assertEquals(0, onObserver.since(Servers.observer(), WRITES));
  }

  @Test
  public void oneAddressForWhicheverServerIsActive() throws Exception {
    Configuration conf = Servers.conf(OBSERVER_WITH_ADDRESS);
    String address = "127.78.1.9";
    conf.set(
        "dfs.client.failover.ipfailover.virtual-address." + Servers.NAMESERVICE,
        "hdfs://" + address + ":8020");
    try (Forwarder forwarder = new Forwarder(address, 8020, Servers.active());
        DistributedFileSystem client = Servers.client(conf)) {
      landWhereTheyShould(client);
      String before = Servers.active();
      Servers.metactl("transfer-leader", "--to", Servers.standby());
      Await.until("another active server", 10, () -> !Servers.active().equals(before));
      forwarder.retarget(Servers.active());
      landWhereTheyShould(client);
    }
  }

  @Test
  public void aFreshClientReadsAtOnce() throws Exception {
    long start = System.nanoTime();
    try (DistributedFileSystem client = Servers.client(OBSERVER)) {
      client.getFileStatus(TOP);
    }
    long millis = (System.nanoTime() - start) / 1_000_000;
    assertTrue("took " + millis + " ms", millis < 3000);
  }

  @Test
  public void everyClientReadsWhatItWrote() throws Exception {
    int clients = 6;
    List<Session> sessions = new ArrayList<>();
    List<Future<?>> running = new ArrayList<>();
    ExecutorService pool = Executors.newFixedThreadPool(clients);
    try {
      for (int i = 0; i < clients; i++) {
        Session session = new Session(new Path(TOP, "client-" + i), i);
        sessions.add(session);
        running.add(pool.submit(session));
      }
      breakThings();
      backOnTheObserver(sessions);
      Await.until(
          "thousands of pairs",
          40,
          () -> pairs(sessions) >= 2000 || running.stream().anyMatch(Future::isDone));
      for (Session session : sessions) {
        session.stop();
      }
      for (Future<?> each : running) {
        each.get();
      }
    } finally {
      sessions.forEach(Session::stop);
      pool.shutdownNow();
    }
    long pairs = pairs(sessions);
    long longest = sessions.stream().mapToLong(Session::longestMillis).max().orElse(0);
    System.out.println(pairs + " pairs of write and read; the longest call took " + longest + " ms");
    // A pause of 2 s, with the client's own timeout of 3 s on top.
    assertTrue("a call took " + longest + " ms", longest < 12_000);
  }

  private static long pairs(List<Session> sessions) {
    return sessions.stream().mapToLong(Session::pairs).sum();
  }

  private static void breakThings() throws Exception {
    String observer = Servers.observer();
    Thread.sleep(1000);
    Servers.pause(observer);
    Thread.sleep(2000);
    Servers.resume(observer);
    Thread.sleep(500);

    String leader = Servers.active();
    Servers.kill(leader);
    Servers.active();
    Servers.start(leader);
    Servers.awaitHealthy();

    Servers.kill(observer);
    Thread.sleep(1500);
    Servers.start(observer);
    Servers.awaitHealthy();

    // Deposed without knowing it.
    String silent = Servers.active();
    Servers.pause(silent);
    Await.until("another active server", 10, () -> !Servers.active().equals(silent));
    Servers.resume(silent);
    Servers.awaitHealthy();
  }

  /** Waits until every client's reads reach the observer again. */
  private static void backOnTheObserver(List<Session> sessions) throws Exception {
    Metrics before = Metrics.of(Servers.observer());
    long pairs = pairs(sessions);
    Await.until(
        "reads on the observer",
        15,
        () -> {
          long since = pairs(sessions) - pairs;
          long there = before.since(Servers.observer(), READS);
          // Each pair reads once at least; some may still be of before.
          return since > 300 && there >= since / 2;
        });
  }
}

package dev.metafs.rpc;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.junit.AfterClass;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.Timeout;

/**
 * Two clients that tell each other what they did, and an observer that is cut off from the leader: it
 * goes on answering, with what it has.
 */
public class SessionTest {
  @Rule public final Timeout timeout = Timeout.seconds(60);

  private static final Path TOP = new Path("/sessions");
  /** An observer beyond the voters, which the others reach through forwarders only. */
  private static final String LAGGING = "127.78.0.4";
  private static final String LAGGING_TO_OTHERS = "127.78.1.4";

  private static Forwarder raft;
  private static Forwarder admin;
  private static String id;

  @BeforeClass
  public static void laggingObserver() throws Exception {
    Servers.awaitHealthy();
    raft = new Forwarder(LAGGING_TO_OTHERS, 8030, LAGGING);
    admin = new Forwarder(LAGGING_TO_OTHERS, 8031, LAGGING);
    Servers.startAs(LAGGING, LAGGING_TO_OTHERS);
    Admin api = new Admin(LAGGING);
    Await.until("the lagging observer", 10, api::answers);
    id = api.status().get("nodeId").asText();
    Servers.set(String.format("observers: [\"%s\", \"%s\"]", Servers.observer(), LAGGING));
    new Admin(Servers.active()).addLearner(id, LAGGING, LAGGING_TO_OTHERS);
    Await.until("the lagging observer to follow", 10, SessionTest::hasCaughtUp);
    try (DistributedFileSystem client = Servers.client(Servers.Provider.CONFIGURED)) {
      client.delete(TOP, true);
      client.mkdirs(TOP);
    }
  }

  @AfterClass
  public static void withoutIt() throws Exception {
    raft.close();
    admin.close();
    new Admin(Servers.active()).remove(id);
    Servers.set(String.format("observers: [\"%s\"]", Servers.observer()));
    Servers.kill(LAGGING);
  }

  private static boolean hasCaughtUp() throws Exception {
    long there = applied(LAGGING);
    return there > 0 && there >= applied(Servers.active());
  }

  private static long applied(String host) throws Exception {
    JsonNode status = new Admin(host).status();
    return status.path("appliedIndex").asLong(0);
  }

  @Before
  public void inTouch() throws Exception {
    raft.release();
    Await.until("the lagging observer to catch up", 20, SessionTest::hasCaughtUp);
  }

  /** A client for which the lagging observer is the only one. */
  private static DistributedFileSystem reader(String period) throws Exception {
    Configuration conf = Servers.conf(Servers.Provider.OBSERVER);
    String observer = Servers.id(Servers.observer());
    conf.set("dfs.namenode.rpc-address." + Servers.NAMESERVICE + "." + observer, LAGGING + ":8020");
    conf.set("dfs.client.failover.observer.auto-msync-period." + Servers.NAMESERVICE, period);
    return Servers.client(conf);
  }

  private static DistributedFileSystem writer() throws Exception {
    return Servers.client(Servers.Provider.CONFIGURED);
  }

  /** A name that was never used. */
  private static Path fresh() {
    return new Path(TOP, "file-" + System.nanoTime());
  }

  /** Writes behind the lagging observer's back. */
  private static void writeUnseen(DistributedFileSystem writer, Path file) throws Exception {
    raft.hold();
    writer.create(file).close();
  }

  @Test
  public void withoutMsyncStaleIsAllowedAndAfterItNever() throws Exception {
    try (DistributedFileSystem writer = writer();
        DistributedFileSystem reader = reader("-1")) {
      for (int round = 0; round < 3; round++) {
        inTouch();
        Path file = fresh();
        assertFalse(reader.exists(file));
        writeUnseen(writer, file);
        Metrics before = Metrics.of(LAGGING);
        assertFalse("the observer was not cut off", reader.exists(file));
        assertEquals(1, before.since(LAGGING, "getFileInfo"));
        reader.msync();
        long start = System.nanoTime();
        assertTrue("stale after msync", reader.exists(file));
        // The observer's bound of 2 s, then the active server.
        assertTrue("waited too long", System.nanoTime() - start < 5_000_000_000L);
        assertEquals(1, before.since(LAGGING, "getFileInfo"));
      }
    }
  }

  @Test
  public void ownWritesAreSeenThoughTheObserverLags() throws Exception {
    try (DistributedFileSystem client = reader("-1")) {
      Path file = fresh();
      assertFalse(client.exists(file));
      writeUnseen(client, file);
      assertTrue(client.exists(file));
    }
  }

  @Test
  public void aFreshClientSeesWhatWasWrittenBefore() throws Exception {
    try (DistributedFileSystem writer = writer()) {
      Path file = fresh();
      writeUnseen(writer, file);
      try (DistributedFileSystem reader = reader("-1")) {
        assertTrue(reader.exists(file));
      }
    }
  }

  @Test
  public void aPeriodOfZeroIsNeverStale() throws Exception {
    try (DistributedFileSystem writer = writer();
        DistributedFileSystem reader = reader("0")) {
      Path file = fresh();
      assertFalse(reader.exists(file));
      writeUnseen(writer, file);
      assertTrue(reader.exists(file));
      raft.release();
      // In touch, many times.
      for (int i = 0; i < 200; i++) {
        Path next = fresh();
        writer.mkdirs(next);
        assertTrue("round " + i, reader.exists(next));
      }
    }
  }

  @Test
  public void aPeriodBoundsHowStaleReadsAre() throws Exception {
    long period = 1500;
    try (DistributedFileSystem writer = writer();
        DistributedFileSystem reader = reader(period + "ms")) {
      Path file = fresh();
      assertFalse(reader.exists(file));
      // Right after an msync, so that there is time to be stale.
      Thread.sleep(period + 50);
      assertFalse(reader.exists(file));
      writeUnseen(writer, file);
      long written = System.nanoTime();
      int stale = 0;
      long asked;
      while (true) {
        asked = (System.nanoTime() - written) / 1_000_000;
        if (reader.exists(file)) {
          break;
        }
        stale++;
        // The client compares with "more than the period", in whole milliseconds.
        assertTrue("stale after " + asked + " ms", asked <= period + 1);
      }
      assertTrue("never stale: the observer was not cut off", stale > 0);
    }
  }

  @Test
  public void readsComeBackToTheObserver() throws Exception {
    try (DistributedFileSystem writer = writer();
        DistributedFileSystem reader = reader("0")) {
      Path file = fresh();
      writeUnseen(writer, file);
      assertTrue(reader.exists(file));
      raft.release();
      Await.until("the lagging observer to catch up", 20, SessionTest::hasCaughtUp);
      Metrics before = Metrics.of(LAGGING);
      Await.until(
          "reads on the observer",
          5,
          () -> reader.exists(file) && before.since(LAGGING, "getFileInfo") > 0);
    }
  }

  @Test
  public void aCutOffObserverHoldsNobodyUp() throws Exception {
    try (DistributedFileSystem client = reader("-1")) {
      Path file = fresh();
      assertFalse(client.exists(file));
      writeUnseen(client, file);
      // As soon as it has missed its leader, it no longer waits for what the client has seen.
      Await.until(
          "a read that is not held up",
          15,
          () -> {
            long start = System.nanoTime();
            assertTrue(client.exists(file));
            return System.nanoTime() - start < 1_000_000_000L;
          });
      long start = System.nanoTime();
      for (int i = 0; i < 20; i++) {
        assertTrue(client.exists(file));
      }
      assertTrue("held up", System.nanoTime() - start < 10_000_000_000L);
    }
  }

  @Test
  public void othersAreNotHeldUp() throws Exception {
    try (DistributedFileSystem writer = writer()) {
      writeUnseen(writer, fresh());
      for (String host : List.of(Servers.active(), Servers.standby())) {
        assertTrue(applied(host) > 0);
      }
      long start = System.nanoTime();
      for (int i = 0; i < 50; i++) {
        writer.mkdirs(fresh());
      }
      assertTrue("slow", System.nanoTime() - start < 10_000_000_000L);
    }
  }
}

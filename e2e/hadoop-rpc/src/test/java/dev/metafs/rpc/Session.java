package dev.metafs.rpc;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.DistributedFileSystem;

/** One client in a folder of its own: writes something, and reads whether it is so. */
final class Session implements Callable<Void> {
  private final Path top;
  private final Random random;
  private final AtomicLong pairs = new AtomicLong();
  private final AtomicLong longest = new AtomicLong();
  private volatile boolean stopped;
  private DistributedFileSystem client;

  Session(Path top, long seed) {
    this.top = top;
    this.random = new Random(seed);
  }

  void stop() {
    stopped = true;
  }

  /** Writes that were followed by reads. */
  long pairs() {
    return pairs.get();
  }

  /** The longest call, with all of its client's retries. */
  long longestMillis() {
    return longest.get();
  }

  @Override
  public Void call() throws Exception {
    client = Servers.client(Servers.Provider.OBSERVER);
    try {
      client.mkdirs(top);
      for (long step = 0; !stopped; step++) {
        Path file = new Path(top, "file");
        timed(() -> client.create(file, true)).close();
        seen(file, true);
        int rounds = 1 + random.nextInt(8);
        for (int i = 0; i < rounds; i++) {
          attributes(file, step * 10 + i);
        }
        Path other = new Path(top, "moved-" + step);
        if (random.nextBoolean()) {
          assertTrue("rename of " + file, timed(() -> client.rename(file, other)));
        } else {
          timed(() -> rename2(file, other));
        }
        seen(other, true);
        seen(file, false);
        assertTrue("delete of " + other, timed(() -> client.delete(other, false)));
        seen(other, false);
      }
    } finally {
      client.close();
    }
    return null;
  }

  private Void rename2(Path from, Path to) throws Exception {
    client.rename(from, to, Options.Rename.NONE);
    return null;
  }

  /** An attribute, read again one way or another. */
  private void attributes(Path file, long value) throws Exception {
    if (random.nextBoolean()) {
      timed(
          () -> {
            client.setTimes(file, value, -1);
            return null;
          });
      assertEquals(value, timed(() -> client.getFileStatus(file)).getModificationTime());
    } else {
      FsPermission permission = new FsPermission((short) (0400 + value % 0300));
      timed(
          () -> {
            client.setPermission(file, permission);
            return null;
          });
      assertEquals(permission, timed(() -> client.listStatus(top))[0].getPermission());
    }
    pairs.incrementAndGet();
  }

  private void seen(Path path, boolean expected) throws Exception {
    assertEquals(path + " exists", expected, timed(() -> client.exists(path)));
    pairs.incrementAndGet();
  }

  private <T> T timed(Callable<T> action) throws Exception {
    long start = System.nanoTime();
    T result = action.call();
    longest.accumulateAndGet((System.nanoTime() - start) / 1_000_000, Math::max);
    return result;
  }
}

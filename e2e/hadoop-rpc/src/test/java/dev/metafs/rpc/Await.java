package dev.metafs.rpc;

import static org.junit.Assert.fail;

import java.util.concurrent.Callable;

/** Waiting for what has to become true. */
final class Await {
  private Await() {}

  /** Returns when the condition holds, and fails after {@code seconds}. */
  static void until(String what, int seconds, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    while (!condition.call()) {
      if (System.nanoTime() > end) {
        fail("gave up waiting " + seconds + " s for " + what);
      }
      Thread.sleep(20);
    }
  }
}

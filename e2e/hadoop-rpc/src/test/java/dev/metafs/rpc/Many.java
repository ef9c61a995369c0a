package dev.metafs.rpc;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The same for many, by several threads. */
final class Many {
  private Many() {}

  /** What is done with each. */
  interface Action<T> {
    void accept(T item) throws Exception;
  }

  /** Fails as the first that failed did. */
  static <T> void inParallel(int threads, List<T> items, Action<T> action) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (T item : items) {
        all.add(
            pool.submit(
                () -> {
                  action.accept(item);
                  return null;
                }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      pool.shutdownNow();
    }
  }
}

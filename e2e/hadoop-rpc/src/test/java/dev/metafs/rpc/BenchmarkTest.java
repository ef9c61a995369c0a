package dev.metafs.rpc;

import static org.junit.Assert.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.server.namenode.NNThroughputBenchmark;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.Timeout;

/** Hadoop's NNThroughputBenchmark, small, against the active server. */
public class BenchmarkTest {
  private static final Path TOP = new Path("/nnThroughputBenchmark");
  private static final int FILES = 300;

  @Rule public final Timeout timeout = Timeout.seconds(60);

  private String active;

  @Before
  public void empty() throws Exception {
    Servers.awaitHealthy();
    active = Servers.active();
    try (DistributedFileSystem client = Servers.client(Servers.Provider.CONFIGURED)) {
      client.delete(TOP, true);
    }
  }

  /** Runs an operation, and asserts that the server has answered {@code method} as often. */
  private void run(String operation, String method, String... options) throws Exception {
    Metrics before = Metrics.of(active);
    List<String> command = new ArrayList<>();
    command.addAll(List.of("-fs", "hdfs://" + active + ":8020", "-op", operation));
    command.addAll(List.of("-threads", "8"));
    command.addAll(List.of(operation.equals("mkdirs") ? "-dirs" : "-files", "" + FILES));
    command.addAll(List.of(options));
    // It wants a server's address, and none of the logical ones.
    NNThroughputBenchmark.runBenchmark(new Configuration(), command.toArray(new String[0]));
    long answered = before.since(active, method);
    assertTrue(operation + ": " + answered + " of " + method, answered >= FILES);
  }

  @Test
  public void create() throws Exception {
    // Without -keepResults, which would have it enter safe mode and save the namespace.
    run("create", "create", "-close");
  }

  @Test
  public void mkdirs() throws Exception {
    run("mkdirs", "mkdirs");
  }

  @Test
  public void open() throws Exception {
    run("open", "getBlockLocations");
  }

  @Test
  public void fileStatus() throws Exception {
    run("fileStatus", "getFileInfo");
  }

  @Test
  public void rename() throws Exception {
    run("rename", "rename");
  }

  @Test
  public void delete() throws Exception {
    run("delete", "delete");
  }
}

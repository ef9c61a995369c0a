package dev.metafs.rpc;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.util.Tool;
import org.apache.hadoop.util.ToolRunner;

/** Hadoop's command line tools, called as their main methods do, with what they print. */
final class Tools {
  private Tools() {}

  /** What one run came to. */
  record Result(int status, String out, String err) {
    Result succeeds() {
      assertEquals(toString(), 0, status);
      return this;
    }

    /** Fails, and says {@code text}. */
    Result refuses(String text) {
      assertNotEquals(toString(), 0, status);
      assertTrue("expected '" + text + "' of " + this, err.contains(text));
      return this;
    }

    /** Succeeds, and prints {@code text} among other things. */
    Result mentions(String text) {
      succeeds();
      assertTrue("expected '" + text + "' of " + this, out.contains(text));
      return this;
    }

    /** Succeeds, and prints {@code text} and nothing else. */
    void prints(String text) {
      succeeds();
      assertEquals(text, out.strip());
    }
  }

  /** Runs a tool, which is made when the standard streams are caught. */
  static Result run(Configuration conf, String input, Supplier<Tool> tool, String... arguments)
      throws Exception {
    PrintStream out = System.out;
    PrintStream err = System.err;
    InputStream in = System.in;
    ByteArrayOutputStream caughtOut = new ByteArrayOutputStream();
    ByteArrayOutputStream caughtErr = new ByteArrayOutputStream();
    int status;
    try {
      System.setOut(new PrintStream(caughtOut, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(caughtErr, true, StandardCharsets.UTF_8));
      System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
      status = ToolRunner.run(new Configuration(conf), tool.get(), arguments);
    } finally {
      System.setOut(out);
      System.setErr(err);
      System.setIn(in);
    }
    return new Result(
        status,
        caughtOut.toString(StandardCharsets.UTF_8),
        caughtErr.toString(StandardCharsets.UTF_8));
  }
}

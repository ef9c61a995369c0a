package dev.metafs.rpc;

import java.io.IOException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileContextCreateMkdirBaseTest;
import org.apache.hadoop.fs.FileContextMainOperationsBaseTest;
import org.apache.hadoop.fs.FileContextPermissionBase;
import org.apache.hadoop.fs.FileContextTestHelper;
import org.apache.hadoop.fs.Path;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Rule;
import org.junit.experimental.runners.Enclosed;
import org.junit.rules.TestRule;
import org.junit.runner.RunWith;

/** Hadoop's own tests of FileContext, over hdfs://. */
@RunWith(Enclosed.class)
public class FileContextTest {
  private static FileContext context() throws IOException {
    return FileContext.getFileContext(
        Servers.NAMESPACE, Servers.conf(Servers.Provider.OBSERVER));
  }

  public static class MainOperations extends FileContextMainOperationsBaseTest {
    @Rule public final TestRule contents = new WithoutContents();

    private Path home;

    @BeforeClass
    public static void servers() throws Exception {
      Servers.awaitHealthy();
    }

    @Override
    @Before
    public void setUp() throws Exception {
      fc = context();
      home = fc.makeQualified(new Path("/user/hdfs"));
      fc.mkdir(home, FileContext.DEFAULT_PERM, true);
      super.setUp();
    }

    @Override
    protected FileContextTestHelper createFileContextHelper() {
      return new FileContextTestHelper("/tmp/file-context");
    }

    @Override
    protected Path getDefaultWorkingDirectory() {
      return home;
    }

    @Override
    protected boolean listCorruptedBlocksSupported() {
      return true;
    }
  }

  public static class CreateMkdir extends FileContextCreateMkdirBaseTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    @Before
    public void setUp() throws Exception {
      fc = context();
      super.setUp();
    }
  }

  public static class Permission extends FileContextPermissionBase {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected FileContext getFileContext() throws IOException {
      return context();
    }
  }
}

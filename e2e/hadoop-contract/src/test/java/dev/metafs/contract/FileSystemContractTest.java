package dev.metafs.contract;

import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystemContractBaseTest;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;
import org.junit.Before;

/** As a user without privilege, like HDFS's own TestWebHdfsFileSystemContract. */
public class FileSystemContractTest extends FileSystemContractBaseTest {
  private String workingDirectory;

  @Before
  public void setUp() throws Exception {
    Configuration conf = new Configuration();
    conf.set("fs.permissions.umask-mode", TEST_UMASK);
    fs = Servers.asPlainUser(conf);
    workingDirectory = fs.getWorkingDirectory().toUri().getPath();
  }

  @Override
  protected String getDefaultWorkingDirectory() {
    return workingDirectory;
  }

  @Override
  protected int getGlobalTimeout() {
    return 60_000;
  }

  /** HDFS's own subclass replaces it too: to look below a file is AccessControlException there. */
  @Override
  public void testMkdirsFailsForSubdirectoryOfExistingFile() throws Exception {
    createFile(path("dir/file"));
    for (String name : new String[] {"dir/file/sub", "dir/file/deep/sub/dir"}) {
      Path below = path(name);
      assertThrows(IOException.class, () -> fs.mkdirs(below));
      try {
        assertFalse(fs.exists(below));
      } catch (AccessControlException expected) {
        assertTrue(expected.getMessage(), expected.getMessage().contains("is not a directory"));
      }
    }
  }
}

package dev.metafs.contract;

import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSMainOperationsBaseTest;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;

/** As a user without privilege, like HDFS's own TestFSMainOperationsWebHdfs. */
public class MainOperationsTest extends FSMainOperationsBaseTest {
  public MainOperationsTest() {
    super("/tmp/MainOperationsTest");
  }

  @Override
  protected FileSystem createFileSystem() throws Exception {
    return Servers.asPlainUser(new Configuration());
  }

  @Override
  protected Path getDefaultWorkingDirectory() throws IOException {
    return fSys.getHomeDirectory();
  }

  /** HDFS's own subclass replaces it too: to look below a file is AccessControlException there. */
  @Override
  public void testMkdirsFailsForSubdirectoryOfExistingFile() throws Exception {
    createFile(getTestRootPath(fSys, "dir/file"));
    for (String name : new String[] {"dir/file/sub", "dir/file/deep/sub/dir"}) {
      Path below = getTestRootPath(fSys, name);
      assertThrows(IOException.class, () -> fSys.mkdirs(below));
      try {
        assertFalse(exists(fSys, below));
      } catch (AccessControlException expected) {
        assertTrue(expected.getMessage(), expected.getMessage().contains("is not a directory"));
      }
    }
  }
}

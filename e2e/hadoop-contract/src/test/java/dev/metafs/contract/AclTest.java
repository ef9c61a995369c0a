package dev.metafs.contract;

import static org.apache.hadoop.fs.contract.ContractTestUtils.skip;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.Mockito.RETURNS_SELF;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.mockConstruction;
import static org.mockito.Mockito.when;
import static org.mockito.Mockito.withSettings;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.PermissionStatus;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.server.namenode.AclFeature;
import org.apache.hadoop.hdfs.server.namenode.FSAclBaseTest;
import org.apache.hadoop.hdfs.server.namenode.FSDirectory;
import org.apache.hadoop.hdfs.server.namenode.FSNamesystem;
import org.apache.hadoop.hdfs.server.namenode.INodeDirectory;
import org.apache.hadoop.security.UserGroupInformation;
import org.junit.After;
import org.junit.AfterClass;
import org.junit.Before;
import org.junit.BeforeClass;
import org.mockito.MockedConstruction;

/**
 * HDFS's tests of ACLs, over webhdfs:// like its own TestWebHDFSAcl. They also look into the
 * NameNode of their own process, whether an inode has an ACL: here that question goes to the
 * server.
 */
public class AclTest extends FSAclBaseTest {
  private MockedConstruction<MiniDFSCluster.Builder> restart;

  @BeforeClass
  public static void init() throws Exception {
    conf = Servers.configure(new Configuration());
    FileSystem fs = FileSystem.get(Servers.NAMESPACE, conf);
    FSDirectory directory = mock(FSDirectory.class);
    when(directory.getINode(anyString(), any()))
        .thenAnswer(call -> inode(fs, new Path((String) call.getArgument(0))));
    FSNamesystem namesystem = mock(FSNamesystem.class);
    when(namesystem.getFSDirectory()).thenReturn(directory);
    cluster = mock(MiniDFSCluster.class);
    when(cluster.getNamesystem()).thenReturn(namesystem);
    when(cluster.getConfiguration(0)).thenReturn(conf);
    when(cluster.getFileSystem()).thenAnswer(call -> FileSystem.newInstance(fs.getUri(), conf));
  }

  /** These tests leave everything behind, some of it closed to other tests' users. */
  @BeforeClass
  @AfterClass
  public static void empty() throws Exception {
    FileSystem fs = FileSystem.get(Servers.NAMESPACE, Servers.configure(new Configuration()));
    for (FileStatus left : fs.listStatus(new Path("/"))) {
      fs.delete(left.getPath(), true);
    }
  }

  private static INodeDirectory inode(FileSystem fs, Path path) throws IOException {
    FileStatus status = fs.getFileStatus(path);
    PermissionStatus permission =
        new PermissionStatus(status.getOwner(), status.getGroup(), status.getPermission());
    INodeDirectory inode = new INodeDirectory(1, new byte[0], permission, 0);
    if (status.hasAcl()) {
      // The tests only ask whether there are entries; these stand for them.
      inode.addAclFeature(new AclFeature(new int[1]));
    }
    return inode;
  }

  @Override
  protected FileSystem createFileSystem() throws Exception {
    return FileSystem.newInstance(Servers.NAMESPACE, conf);
  }

  @Override
  protected FileSystem createFileSystem(UserGroupInformation user) throws Exception {
    return Servers.as(user, conf);
  }

  /** The base class restarts its NameNode to look at what was kept; ours just goes on. */
  @Before
  public void goOnInsteadOfRestarting() {
    restart =
        mockConstruction(
            MiniDFSCluster.Builder.class,
            withSettings().defaultAnswer(RETURNS_SELF),
            (builder, context) -> when(builder.build()).thenReturn(cluster));
  }

  @After
  public void closeRestart() {
    restart.close();
  }

  @Override
  public void testSkipAclEnforcementPermsDisabled() {
    skip("Restarts with permissions switched off, which is a setting of the cluster here.");
  }

  @Override
  public void testDeDuplication() {
    skip("How a NameNode keeps ACLs in memory.");
  }

  @Override
  public void testDefaultAclNewSymlinkIntermediate() {
    skip("Symlinks are refused here, as HDFS does by default; the tests of HDFS switch them on.");
  }

  @Override
  public void testUMaskDefaultAclNewFile() {
    skip("Switches dfs.namenode.posix.acl.inheritance.enabled off; here it is always on.");
  }

  @Override
  public void testUMaskDefaultAclNewDir() {
    skip("Switches dfs.namenode.posix.acl.inheritance.enabled off; here it is always on.");
  }
}

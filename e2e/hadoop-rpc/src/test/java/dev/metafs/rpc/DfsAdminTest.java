package dev.metafs.rpc;

import static org.junit.Assert.assertEquals;

import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FsShell;
import org.apache.hadoop.hdfs.tools.DFSAdmin;
import org.apache.hadoop.hdfs.tools.GetGroups;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.junit.runners.Parameterized;

/** {@code hdfs dfsadmin} and {@code hdfs groups}. */
@RunWith(Parameterized.class)
public class DfsAdminTest {
  @Parameterized.Parameters(name = "{0}")
  public static List<Servers.Provider> providers() {
    return List.of(Servers.Provider.CONFIGURED, Servers.Provider.OBSERVER);
  }

  private final Configuration conf;

  public DfsAdminTest(Servers.Provider provider) {
    conf = Servers.conf(provider);
  }

  @Before
  public void servers() throws Exception {
    FileSystem.closeAll();
    Servers.awaitHealthy();
  }

  private Tools.Result dfsadmin(String... arguments) throws Exception {
    return Tools.run(conf, "", DFSAdmin::new, arguments);
  }

  private Tools.Result hadoop(String... arguments) throws Exception {
    return Tools.run(conf, "", FsShell::new, arguments);
  }

  @Test
  public void report() throws Exception {
    dfsadmin("-report").mentions("Configured Capacity").mentions("Under replicated blocks: 0");
  }

  @Test
  public void safeMode() throws Exception {
    dfsadmin("-safemode", "get").mentions("Safe mode is OFF");
    dfsadmin("-safemode", "wait").mentions("Safe mode is OFF");
    dfsadmin("-safemode", "leave").mentions("Safe mode is OFF");
  }

  @Test
  public void quotas() throws Exception {
    String top = "/quotas";
    hadoop("-rm", "-r", "-f", "-skipTrash", top).succeeds();
    hadoop("-mkdir", top).succeeds();
    dfsadmin("-setQuota", "3", top).succeeds();
    dfsadmin("-setSpaceQuota", "1g", top).succeeds();
    assertEquals(
        List.of("3", "2", "1073741824", "1073741824", "1", "0", "0", top),
        List.of(hadoop("-count", "-q", top).succeeds().out().strip().split("\\s+")));
    hadoop("-touchz", top + "/a", top + "/b").succeeds();
    hadoop("-touchz", top + "/c").refuses("The NameSpace quota (directories and files) of");
    dfsadmin("-clrQuota", top).succeeds();
    dfsadmin("-clrSpaceQuota", top).succeeds();
    hadoop("-touchz", top + "/c").succeeds();
    assertEquals(
        List.of("none", "inf", "none", "inf", "1", "3", "0", top),
        List.of(hadoop("-count", "-q", top).succeeds().out().strip().split("\\s+")));
    Servers.as("mallory", () -> dfsadmin("-setQuota", "5", top).refuses("Superuser privilege"));
    dfsadmin("-setQuota", "0", top).refuses("Invalid values for quota");
  }

  @Test
  public void refreshes() throws Exception {
    dfsadmin("-refreshUserToGroupsMappings").succeeds();
    dfsadmin("-refreshSuperUserGroupsConfiguration").succeeds();
    dfsadmin("-refreshCallQueue").succeeds();
    dfsadmin("-refreshServiceAcl").succeeds();
  }

  @Test
  public void groups() throws Exception {
    Tools.run(conf, "", () -> new GetGroups(conf), "bob", "nobody")
        .prints("bob : groupY groupZ\nnobody : nobody");
  }

  @Test
  public void whatIsNotOffered() throws Exception {
    dfsadmin("-allowSnapshot", "/").refuses("snapshot");
    dfsadmin("-safemode", "enter").refuses("Safe mode is not supported");
    dfsadmin("-saveNamespace").refuses("saveNamespace");
  }
}

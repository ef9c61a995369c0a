package dev.metafs.rpc;

import static dev.metafs.rpc.Servers.Provider.CONFIGURED;
import static dev.metafs.rpc.Servers.Provider.OBSERVER;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FsShell;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.junit.rules.TestName;
import org.junit.runner.RunWith;
import org.junit.runners.Parameterized;

/** {@code hadoop fs} over hdfs://, by way of either provider. */
@RunWith(Parameterized.class)
public class ShellTest {
  @Parameterized.Parameters(name = "{0}")
  public static List<Servers.Provider> providers() {
    return List.of(CONFIGURED, OBSERVER);
  }

  @Rule public final TestName test = new TestName();
  @Rule public final TemporaryFolder local = new TemporaryFolder();

  private final Configuration conf;
  private String top;

  public ShellTest(Servers.Provider provider) {
    conf = Servers.conf(provider);
  }

  @BeforeClass
  public static void servers() throws Exception {
    Servers.awaitHealthy();
  }

  @Before
  public void folder() throws Exception {
    // The cache does not ask which provider a client was made with.
    FileSystem.closeAll();
    top = "/shell/" + test.getMethodName().replaceAll("\\W", "_");
    hadoop("-rm", "-r", "-f", "-skipTrash", top).succeeds();
    hadoop("-mkdir", "-p", top).succeeds();
  }

  private Tools.Result hadoop(String... arguments) throws Exception {
    return Tools.run(conf, "", FsShell::new, arguments);
  }

  private void is(boolean expected, String flag, String path) throws Exception {
    assertEquals(flag + " " + path, expected ? 0 : 1, hadoop("-test", flag, path).status());
  }

  @Test
  public void makesAndListsFolders() throws Exception {
    hadoop("-mkdir", "-p", top + "/a/b/c").succeeds();
    hadoop("-touchz", top + "/a/one", top + "/a/b/two").succeeds();
    hadoop("-ls", top).mentions(top + "/a");
    hadoop("-ls", "-C", "-R", top)
        .prints(String.join("\n" + top, top + "/a", "/a/b", "/a/b/c", "/a/b/two", "/a/one"));
    hadoop("-ls", top + "/none").refuses("No such file or directory");
    hadoop("-mkdir", top + "/a").refuses("File exists");
    hadoop("-mkdir", top + "/x/y").refuses("No such file or directory");
    hadoop("-find", top, "-name", "t*").prints(top + "/a/b/two");
    hadoop("-rmdir", top + "/a").refuses("Directory is not empty");
    hadoop("-rmdir", top + "/a/b/c").succeeds();
  }

  @Test
  public void listsALargeFolderByPages() throws Exception {
    // Two pages.
    List<String> files = IntStream.range(0, 1201).mapToObj(i -> top + "/" + (10_000 + i)).toList();
    try (DistributedFileSystem client = Servers.client(CONFIGURED)) {
      Many.inParallel(16, files, file -> client.create(new Path(file)).close());
    }
    hadoop("-ls", "-C", top).prints(String.join("\n", files));
    hadoop("-ls", "-C", "-R", top).prints(String.join("\n", files));
  }

  @Test
  public void countsAndMeasures() throws Exception {
    hadoop("-mkdir", "-p", top + "/a/b").succeeds();
    hadoop("-touchz", top + "/a/one", top + "/a/two").succeeds();
    assertEquals(
        List.of("3", "2", "0", top),
        List.of(hadoop("-count", top).succeeds().out().strip().split("\\s+")));
    assertEquals(
        List.of("none", "inf", "none", "inf", "3", "2", "0", top),
        List.of(hadoop("-count", "-q", top).succeeds().out().strip().split("\\s+")));
    hadoop("-count", "-q", "-u", top).mentions(top);
    hadoop("-count", "-e", top).mentions(top);
    hadoop("-du", "-s", top).mentions(top);
    hadoop("-du", top).mentions(top + "/a");
    hadoop("-stat", "%F %b %r %n", top + "/a/one").prints("regular file 0 3 one");
    hadoop("-stat", "%F %u %g %a", top + "/a").prints("directory hdfs supergroup 755");
    hadoop("-df").mentions(Servers.NAMESPACE.toString());
    hadoop("-checksum", top + "/a/one").succeeds();
  }

  @Test
  public void testsForKinds() throws Exception {
    hadoop("-touchz", top + "/empty").succeeds();
    is(true, "-e", top);
    is(true, "-d", top);
    is(false, "-f", top);
    is(true, "-f", top + "/empty");
    is(true, "-z", top + "/empty");
    is(false, "-s", top + "/empty");
    is(false, "-e", top + "/none");
    is(true, "-r", top);
    is(true, "-w", top);
  }

  @Test
  public void moves() throws Exception {
    hadoop("-mkdir", "-p", top + "/from/deep").succeeds();
    hadoop("-mv", top + "/from", top + "/to").succeeds();
    is(false, "-e", top + "/from");
    is(true, "-d", top + "/to/deep");
    hadoop("-touchz", top + "/file").succeeds();
    hadoop("-mv", top + "/file", top + "/to").succeeds();
    is(true, "-f", top + "/to/file");
    hadoop("-mv", top + "/none", top + "/to").refuses("No such file or directory");
    hadoop("-touchz", top + "/file").succeeds();
    hadoop("-mv", top + "/file", top + "/to").refuses("File exists");
  }

  @Test
  public void changesOwnersAndPermissions() throws Exception {
    hadoop("-mkdir", top + "/dir").succeeds();
    hadoop("-touchz", top + "/dir/file").succeeds();
    hadoop("-chmod", "1750", top + "/dir").succeeds();
    hadoop("-chown", "alice:analysts", top + "/dir").succeeds();
    hadoop("-stat", "%a %u %g", top + "/dir").prints("1750 alice analysts");
    hadoop("-chgrp", "auditors", top + "/dir").succeeds();
    hadoop("-chmod", "-R", "g+w,o-rwx", top + "/dir").succeeds();
    hadoop("-stat", "%a %u %g", top + "/dir").prints("1770 alice auditors");
    hadoop("-stat", "%a", top + "/dir/file").prints("660");
    refusesAs("mallory", "Permission denied: user=mallory", "-ls", top + "/dir");
    refusesAs("mallory", "Permission denied: user=mallory", "-touchz", top + "/x");
    refusesAs("mallory", "Permission denied", "-rm", "-skipTrash", top + "/dir/file");
    refusesAs("alice", "non-super user cannot change owner", "-chown", "mallory", top + "/dir");
    Servers.as("alice", () -> hadoop("-ls", top + "/dir").mentions(top + "/dir/file"));
  }

  private void refusesAs(String user, String text, String... arguments) throws Exception {
    Servers.as(user, () -> hadoop(arguments).refuses(text));
  }

  @Test
  public void keepsExtendedAttributes() throws Exception {
    hadoop("-setfattr", "-n", "user.origin", "-v", "tour", top).succeeds();
    hadoop("-setfattr", "-n", "trusted.bytes", "-v", "0x00ff", top).succeeds();
    hadoop("-getfattr", "-d", top).mentions("user.origin=\"tour\"");
    hadoop("-getfattr", "-n", "trusted.bytes", "-e", "base64", top).mentions("trusted.bytes=0sAP8=");
    hadoop("-getfattr", "-n", "user.origin", "-e", "hex", top)
        .mentions("user.origin=0x746f7572");
    hadoop("-setfattr", "-x", "user.origin", top).succeeds();
    assertFalse(hadoop("-getfattr", "-d", top).succeeds().out().contains("origin"));
    hadoop("-getfattr", "-n", "user.none", top)
        .refuses("At least one of the attributes provided was not found");
  }

  @Test
  public void keepsAcls() throws Exception {
    hadoop("-setfacl", "-m", "user:bob:r-x,default:group:auditors:r-x", top).succeeds();
    hadoop("-getfacl", top).mentions("user:bob:r-x").mentions("default:group:auditors:r-x");
    hadoop("-mkdir", top + "/below").succeeds();
    hadoop("-getfacl", top + "/below").mentions("group:auditors:r-x");
    hadoop("-setfacl", "-x", "user:bob", top).succeeds();
    assertFalse(hadoop("-getfacl", top).succeeds().out().contains("bob"));
    hadoop("-setfacl", "-k", top).succeeds();
    hadoop("-setfacl", "--set", "user::rwx,group::r--,other::---,user:carol:rwx", top).succeeds();
    hadoop("-getfacl", top).mentions("user:carol:rwx");
    hadoop("-setfacl", "-b", top).succeeds();
    assertFalse(hadoop("-getfacl", top).succeeds().out().contains("carol"));
  }

  @Test
  public void changesReplicationAndTimes() throws Exception {
    hadoop("-touchz", top + "/file").succeeds();
    hadoop("-setrep", "2", top + "/file").succeeds();
    hadoop("-stat", "%r", top + "/file").prints("2");
    hadoop("-touch", "-t", "20200102:030405", top + "/file").succeeds();
    String times = hadoop("-stat", "%x | %y", top + "/file").succeeds().out();
    assertTrue(times, times.contains("2020-01-02") || times.contains("2020-01-01"));
    hadoop("-touch", top + "/new").succeeds();
    is(true, "-z", top + "/new");
    hadoop("-truncate", "0", top + "/file").succeeds();
  }

  @Test
  public void removes() throws Exception {
    conf.set("fs.trash.interval", "60");
    hadoop("-mkdir", "-p", top + "/dir/below").succeeds();
    hadoop("-touchz", top + "/file", top + "/gone").succeeds();
    hadoop("-rm", top + "/file").succeeds();
    is(false, "-e", top + "/file");
    is(true, "-e", "/user/hdfs/.Trash/Current" + top + "/file");
    hadoop("-expunge", "-immediate").succeeds();
    is(false, "-e", "/user/hdfs/.Trash/Current" + top + "/file");
    hadoop("-rm", "-skipTrash", top + "/gone").mentions("Deleted");
    hadoop("-rm", "-skipTrash", top + "/dir").refuses("Is a directory");
    hadoop("-rm", "-r", "-skipTrash", top + "/dir").mentions("Deleted");
    hadoop("-rm", top + "/none").refuses("No such file or directory");
    hadoop("-rm", "-f", top + "/none").succeeds();
    hadoop("-ls", "-C", top).prints("");
  }

  @Test
  public void copiesWhatIsEmpty() throws Exception {
    java.nio.file.Path empty = local.newFile("empty").toPath();
    hadoop("-put", empty.toString(), top + "/put").succeeds();
    is(true, "-z", top + "/put");
    hadoop("-put", empty.toString(), top + "/put").refuses("File exists");
    hadoop("-put", "-f", empty.toString(), top + "/put").succeeds();
    hadoop("-cp", top + "/put", top + "/copy").succeeds();
    is(true, "-z", top + "/copy");
    hadoop("-cat", top + "/copy").prints("");
    hadoop("-get", top + "/copy", local.getRoot() + "/back").succeeds();
    assertEquals(0, Files.size(local.getRoot().toPath().resolve("back")));
    hadoop("-appendToFile", empty.toString(), top + "/copy").succeeds();
    is(true, "-z", top + "/copy");
    hadoop("-mkdir", "-p", top + "/tree/below").succeeds();
    hadoop("-touchz", top + "/tree/below/file").succeeds();
    hadoop("-cp", "-p", top + "/tree", top + "/second").succeeds();
    is(true, "-z", top + "/second/below/file");
  }

  @Test
  public void refusesToWriteContents() throws Exception {
    java.nio.file.Path file = local.newFile("full").toPath();
    Files.writeString(file, "contents");
    String webhdfs = "webhdfs://" + Servers.NAMESERVICE + top;
    hadoop("-put", file.toString(), top + "/put").refuses(webhdfs + "/put");
    hadoop("-touchz", top + "/file").succeeds();
    hadoop("-appendToFile", file.toString(), top + "/file").refuses(webhdfs + "/file");
    // Nothing half is left.
    hadoop("-ls", "-C", top).prints(top + "/file");
    is(true, "-z", top + "/file");
  }

  @Test
  public void refusesToReadContents() throws Exception {
    String path = top + "/file";
    write(path, "contents");
    hadoop("-cat", path).refuses("webhdfs://" + Servers.NAMESERVICE + path);
    hadoop("-get", path, local.getRoot() + "/back").refuses("webhdfs://");
    // All but its contents is there.
    hadoop("-stat", "%b %F", path).prints("8 regular file");
    hadoop("-ls", top).mentions(" 8 ");
    hadoop("-mv", path, path + "2").succeeds();
    assertEquals(
        List.of("1", "1", "8", top),
        List.of(hadoop("-count", top).succeeds().out().strip().split("\\s+")));
    hadoop("-rm", "-skipTrash", path + "2").succeeds();
  }

  /** Over webhdfs://. */
  private static void write(String path, String contents) throws Exception {
    String address = "http://" + Servers.active() + ":9870/webhdfs/v1" + path;
    URL url = new URL(address + "?op=CREATE&user.name=hdfs&overwrite=true&data=true");
    HttpURLConnection connection = (HttpURLConnection) url.openConnection();
    connection.setRequestMethod("PUT");
    connection.setRequestProperty("Content-Type", "application/octet-stream");
    connection.setDoOutput(true);
    connection.getOutputStream().write(contents.getBytes(StandardCharsets.UTF_8));
    assertEquals(201, connection.getResponseCode());
    connection.disconnect();
  }

  @Test
  public void refusesWhatIsNotOffered() throws Exception {
    hadoop("-createSnapshot", top).refuses("snapshot");
    hadoop("-mkdir", "/.reserved/x").refuses("reserved");
  }
}

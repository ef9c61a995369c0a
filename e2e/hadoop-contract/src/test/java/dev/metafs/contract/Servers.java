package dev.metafs.contract;

import java.io.IOException;
import java.net.URI;
import java.security.PrivilegedExceptionAction;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.security.UserGroupInformation;

/** The servers under test, as a client finds them: by one logical name. */
final class Servers {
  static final URI NAMESPACE = URI.create("webhdfs://contract");
  private static final FsPermission ANYBODY = new FsPermission((short) 0777);

  private Servers() {}

  /** Adds to {@code conf} what an hdfs-site.xml says. */
  static Configuration configure(Configuration conf) {
    List<String> names = new ArrayList<>();
    for (String address : System.getProperty("contract.servers").split(",")) {
      String name = "s" + names.size();
      names.add(name);
      conf.set("dfs.namenode.http-address.contract." + name, address);
    }
    conf.set("dfs.nameservices", "contract");
    conf.set("dfs.ha.namenodes.contract", String.join(",", names));
    conf.set(
        "dfs.client.failover.proxy.provider.contract",
        "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider");
    return conf;
  }

  /** A client that acts as a user without privilege, to whom the root folder is opened. */
  static FileSystem asPlainUser(Configuration conf) throws IOException, InterruptedException {
    FileSystem.get(NAMESPACE, configure(conf)).setPermission(new Path("/"), ANYBODY);
    return as(UserGroupInformation.createUserForTesting("plain", new String[] {"user"}), conf);
  }

  /** A client of its own that acts as {@code user}. */
  static FileSystem as(UserGroupInformation user, Configuration conf)
      throws IOException, InterruptedException {
    PrivilegedExceptionAction<FileSystem> open = () -> FileSystem.newInstance(NAMESPACE, conf);
    return user.doAs(open);
  }
}

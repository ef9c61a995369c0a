package dev.metafs.rpc;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.contract.AbstractFSContract;

/** metafs over hdfs://, reading from observers, with the promises of contract/hdfs.xml. */
final class HdfsContract extends AbstractFSContract {
  HdfsContract(Configuration conf) {
    super(conf);
    addConfResource("contract/hdfs.xml");
    Servers.conf(Servers.Provider.OBSERVER)
        .forEach(entry -> getConf().set(entry.getKey(), entry.getValue()));
  }

  @Override
  public FileSystem getTestFileSystem() throws IOException {
    return FileSystem.get(Servers.NAMESPACE, getConf());
  }

  @Override
  public String getScheme() {
    return "hdfs";
  }

  @Override
  public Path getTestPath() {
    return new Path("/test");
  }
}

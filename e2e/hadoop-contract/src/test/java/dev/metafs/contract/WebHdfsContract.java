package dev.metafs.contract;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.contract.AbstractFSContract;

/** metafs over webhdfs://, with the promises of contract/webhdfs.xml. */
final class WebHdfsContract extends AbstractFSContract {
  WebHdfsContract(Configuration conf) {
    super(conf);
    addConfResource("contract/webhdfs.xml");
    Servers.configure(getConf());
  }

  @Override
  public FileSystem getTestFileSystem() throws IOException {
    return FileSystem.get(Servers.NAMESPACE, getConf());
  }

  @Override
  public String getScheme() {
    return "webhdfs";
  }

  @Override
  public Path getTestPath() {
    return new Path("/test");
  }
}

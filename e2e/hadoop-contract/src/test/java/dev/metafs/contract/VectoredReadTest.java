package dev.metafs.contract;

import static org.apache.hadoop.fs.contract.ContractTestUtils.skip;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.contract.AbstractContractVectoredReadTest;
import org.apache.hadoop.fs.contract.AbstractFSContract;

public class VectoredReadTest extends AbstractContractVectoredReadTest {
  public VectoredReadTest(String bufferType) {
    super(bufferType);
  }

  @Override
  protected AbstractFSContract createContract(Configuration conf) {
    return new WebHdfsContract(conf);
  }

  @Override
  public void testEOFRanges() {
    skip("WebHDFS says IOException, not EOFException, behind the end; so does a NameNode of HDFS.");
  }
}

package dev.metafs.contract;

import static org.apache.hadoop.fs.contract.ContractTestUtils.skip;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.contract.AbstractContractSeekTest;
import org.apache.hadoop.fs.contract.AbstractFSContract;

public class SeekTest extends AbstractContractSeekTest {
  @Override
  protected AbstractFSContract createContract(Configuration conf) {
    return new WebHdfsContract(conf);
  }

  // These three are skipped by HDFS's own TestRouterWebHDFSContractSeek too: the client's
  // ByteRangeInputStream seeks without a check. A NameNode of HDFS 3.4.2 fails them alike.

  @Override
  public void testNegativeSeek() {
    skip("Another exception than EOFException.");
  }

  @Override
  public void testSeekReadClosedFile() {
    skip("A closed stream seeks.");
  }

  @Override
  public void testSeekPastEndOfFileThenReseekAndRead() {
    skip("Fails when it reads, and does not recover by another seek.");
  }
}

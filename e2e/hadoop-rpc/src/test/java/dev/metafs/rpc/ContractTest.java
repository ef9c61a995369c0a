package dev.metafs.rpc;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.contract.AbstractContractAppendTest;
import org.apache.hadoop.fs.contract.AbstractContractBulkDeleteTest;
import org.apache.hadoop.fs.contract.AbstractContractConcatTest;
import org.apache.hadoop.fs.contract.AbstractContractContentSummaryTest;
import org.apache.hadoop.fs.contract.AbstractContractCreateTest;
import org.apache.hadoop.fs.contract.AbstractContractDeleteTest;
import org.apache.hadoop.fs.contract.AbstractContractGetFileStatusTest;
import org.apache.hadoop.fs.contract.AbstractContractMkdirTest;
import org.apache.hadoop.fs.contract.AbstractContractOpenTest;
import org.apache.hadoop.fs.contract.AbstractContractRenameTest;
import org.apache.hadoop.fs.contract.AbstractContractRootDirectoryTest;
import org.apache.hadoop.fs.contract.AbstractContractSetTimesTest;
import org.apache.hadoop.fs.contract.AbstractFSContract;
import org.junit.BeforeClass;
import org.junit.Rule;
import org.junit.experimental.runners.Enclosed;
import org.junit.rules.TestRule;
import org.junit.runner.RunWith;

/** Hadoop's own contract tests of file systems, over hdfs://. */
@RunWith(Enclosed.class)
public class ContractTest {
  @BeforeClass
  public static void servers() throws Exception {
    FileSystem.closeAll();
    Servers.awaitHealthy();
  }

  public static class Append extends AbstractContractAppendTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected AbstractFSContract createContract(Configuration conf) {
      return new HdfsContract(conf);
    }
  }

  public static class BulkDelete extends AbstractContractBulkDeleteTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected AbstractFSContract createContract(Configuration conf) {
      return new HdfsContract(conf);
    }
  }

  public static class Concat extends AbstractContractConcatTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected AbstractFSContract createContract(Configuration conf) {
      return new HdfsContract(conf);
    }
  }

  public static class ContentSummary extends AbstractContractContentSummaryTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected AbstractFSContract createContract(Configuration conf) {
      return new HdfsContract(conf);
    }
  }

  public static class Create extends AbstractContractCreateTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected AbstractFSContract createContract(Configuration conf) {
      return new HdfsContract(conf);
    }
  }

  public static class Delete extends AbstractContractDeleteTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected AbstractFSContract createContract(Configuration conf) {
      return new HdfsContract(conf);
    }
  }

  public static class GetFileStatus extends AbstractContractGetFileStatusTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected AbstractFSContract createContract(Configuration conf) {
      return new HdfsContract(conf);
    }
  }

  public static class Mkdir extends AbstractContractMkdirTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected AbstractFSContract createContract(Configuration conf) {
      return new HdfsContract(conf);
    }
  }

  public static class Open extends AbstractContractOpenTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected AbstractFSContract createContract(Configuration conf) {
      return new HdfsContract(conf);
    }
  }

  public static class Rename extends AbstractContractRenameTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected AbstractFSContract createContract(Configuration conf) {
      return new HdfsContract(conf);
    }
  }

  public static class RootDirectory extends AbstractContractRootDirectoryTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected AbstractFSContract createContract(Configuration conf) {
      return new HdfsContract(conf);
    }
  }

  public static class SetTimes extends AbstractContractSetTimesTest {
    @Rule public final TestRule contents = new WithoutContents();

    @Override
    protected AbstractFSContract createContract(Configuration conf) {
      return new HdfsContract(conf);
    }
  }
}

package dev.metafs.rpc;

import org.junit.AssumptionViolatedException;
import org.junit.rules.TestRule;
import org.junit.runner.Description;
import org.junit.runners.model.MultipleFailureException;
import org.junit.runners.model.Statement;

/** Skips a test that ends because it writes or reads contents, which do not go over hdfs:// yet. */
final class WithoutContents implements TestRule {
  private static final String REFUSAL = "over hdfs:// yet; use webhdfs://";

  @Override
  public Statement apply(Statement test, Description description) {
    return new Statement() {
      @Override
      public void evaluate() throws Throwable {
        try {
          test.evaluate();
        } catch (Throwable failure) {
          if (isRefusal(failure)) {
            throw new AssumptionViolatedException("contents do not go over hdfs:// yet", failure);
          }
          throw failure;
        }
      }
    };
  }

  private static boolean isRefusal(Throwable failure) {
    if (failure instanceof MultipleFailureException several) {
      return several.getFailures().stream().allMatch(WithoutContents::isRefusal);
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (String.valueOf(cause.getMessage()).contains(REFUSAL)) {
        return true;
      }
    }
    return false;
  }
}

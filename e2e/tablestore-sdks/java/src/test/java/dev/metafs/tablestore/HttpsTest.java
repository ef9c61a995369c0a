package dev.metafs.tablestore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assume.assumeNotNull;

import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.model.GetRowRequest;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PutRowRequest;
import org.junit.Test;

/** The same over HTTPS. Java trusts what is in the store that ../run names. */
public class HttpsTest extends Sdk {
  private static final String HTTPS = environment("HTTPS_ENDPOINT", null);

  @Test
  public void rowsAreWrittenAndRead() {
    assumeNotNull(HTTPS);
    String table = makePlain();
    PrimaryKey key = freshKey();
    String value = "x".repeat(100_000);
    SyncClient https = new SyncClient(HTTPS, KEY_ID, KEY_SECRET, INSTANCE, configuration());
    try {
      https.putRow(new PutRowRequest(putOf(table, key, "a", value)));
      assertEquals(of("a", value), columns(https.getRow(new GetRowRequest(newest(table, key))).getRow()));
    } finally {
      https.shutdown();
    }
    assertEquals(of("a", value), read(table, key));
  }
}

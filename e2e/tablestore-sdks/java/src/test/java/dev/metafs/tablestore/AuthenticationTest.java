package dev.metafs.tablestore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assume.assumeNotNull;

import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.TableStoreException;
import com.alicloud.openservices.tablestore.core.ErrorCode;
import com.alicloud.openservices.tablestore.core.auth.DefaultCredentialProvider;
import com.alicloud.openservices.tablestore.core.auth.DefaultCredentials;
import com.alicloud.openservices.tablestore.core.auth.ServiceCredentials;
import com.alicloud.openservices.tablestore.core.auth.V4Credentials;
import com.alicloud.openservices.tablestore.model.Column;
import com.alicloud.openservices.tablestore.model.GetRowRequest;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PutRowRequest;
import com.alicloud.openservices.tablestore.model.RowUpdateChange;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.BeforeClass;
import org.junit.Test;

/** Who may ask: signatures of both versions, security tokens, and what is refused. */
public class AuthenticationTest extends Sdk {
  private static final String STS_KEY_ID = environment("STS_KEY_ID", null);
  private static final String STS_KEY_SECRET = environment("STS_KEY_SECRET", null);
  private static final String STS_TOKEN = environment("STS_TOKEN", null);
  private static String table;

  @BeforeClass
  public static void makeTable() {
    table = makePlain();
  }

  private static void works(ServiceCredentials credentials, String instance) {
    SyncClient as = new SyncClient(ENDPOINT, new DefaultCredentialProvider(credentials), instance, configuration(), null);
    try {
      PrimaryKey key = freshKey();
      as.putRow(new PutRowRequest(putOf(table, key, "a", 1)));
      assertEquals(of("a", 1), columns(as.getRow(new GetRowRequest(newest(table, key))).getRow()));
    } finally {
      as.shutdown();
    }
  }

  private static List<ServiceCredentials> both(String id, String secret, String token) {
    ServiceCredentials plain = token == null ? new DefaultCredentials(id, secret) : new DefaultCredentials(id, secret, token);
    return List.of(plain, V4Credentials.createByServiceCredentials(plain, REGION));
  }

  private static void denied(String message, List<ServiceCredentials> all) {
    for (ServiceCredentials credentials : all) {
      TableStoreException error = refused(ErrorCode.AUTHORIZATION_FAILURE, 403, null, () -> works(credentials, INSTANCE));
      if (message != null) assertTrue(error.getMessage(), error.getMessage().contains(message));
    }
  }

  @Test
  public void theRightSecret() {
    both(KEY_ID, KEY_SECRET, null).forEach(credentials -> works(credentials, INSTANCE));
  }

  @Test
  public void theWrongSecret() {
    denied("Signature mismatch.", both(KEY_ID, "wrong", null));
  }

  @Test
  public void anUnknownKeyId() {
    denied("does not exist", both("nobody", KEY_SECRET, null));
  }

  @Test
  public void anUnknownInstance() {
    refused(ErrorCode.AUTHORIZATION_FAILURE, 403, null, () -> works(new DefaultCredentials(KEY_ID, KEY_SECRET), "another"));
  }

  @Test
  public void aSecurityToken() {
    assumeNotNull(STS_KEY_ID, STS_KEY_SECRET, STS_TOKEN);
    both(STS_KEY_ID, STS_KEY_SECRET, STS_TOKEN).forEach(credentials -> works(credentials, INSTANCE));
  }

  @Test
  public void withoutTheSecurityTokenOrWithAnother() {
    assumeNotNull(STS_KEY_ID, STS_KEY_SECRET, STS_TOKEN);
    denied(null, both(STS_KEY_ID, STS_KEY_SECRET, null));
    denied(null, both(STS_KEY_ID, STS_KEY_SECRET, STS_TOKEN + "x"));
  }

  @Test
  public void manyAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(16);
    try {
      PrimaryKey counter = freshKey();
      List<Callable<Void>> calls = IntStream.range(0, 400).mapToObj(n -> (Callable<Void>) () -> {
        RowUpdateChange change = new RowUpdateChange(table, counter);
        change.increment(new Column("n", value(1)));
        update(change);
        return null;
      }).toList();
      for (Future<Void> call : threads.invokeAll(calls)) call.get();
      assertEquals(of("n", 400), read(table, counter));
    } finally {
      threads.shutdown();
    }
  }
}

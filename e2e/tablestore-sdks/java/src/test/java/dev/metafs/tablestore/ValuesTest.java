package dev.metafs.tablestore;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;

import com.alicloud.openservices.tablestore.ClientConfiguration;
import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.core.auth.DefaultCredentialProvider;
import com.alicloud.openservices.tablestore.core.auth.DefaultCredentials;
import com.alicloud.openservices.tablestore.core.auth.V4Credentials;
import com.alicloud.openservices.tablestore.model.ColumnValue;
import com.alicloud.openservices.tablestore.model.GetRowRequest;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PrimaryKeyType;
import com.alicloud.openservices.tablestore.model.PutRowRequest;
import com.alicloud.openservices.tablestore.model.Row;
import com.alicloud.openservices.tablestore.model.TableOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.junit.runners.Parameterized;

/** Every type of value, in columns and in keys, under both signatures and both ways of sending. */
@RunWith(Parameterized.class)
public class ValuesTest extends Sdk {
  private static String plain;
  private static String triple;

  @Parameterized.Parameters(name = "{0}")
  public static List<String> ways() {
    return List.of("v2", "v4", "compressed");
  }

  @Parameterized.Parameter public String way;
  private static final List<SyncClient> OPEN = new ArrayList<>();

  @BeforeClass
  public static void makeTables() {
    plain = makePlain();
    triple = make(new TableOptions(-1, 1), "s", PrimaryKeyType.STRING, "i", PrimaryKeyType.INTEGER, "b", PrimaryKeyType.BINARY);
  }

  @AfterClass
  public static void disconnect() {
    OPEN.forEach(SyncClient::shutdown);
    OPEN.clear();
  }

  private SyncClient speaker() {
    ClientConfiguration configuration = configuration();
    SyncClient speaker;
    if (way.equals("v4")) {
      V4Credentials credentials = V4Credentials.createByServiceCredentials(new DefaultCredentials(KEY_ID, KEY_SECRET), REGION);
      speaker = new SyncClient(ENDPOINT, new DefaultCredentialProvider(credentials), INSTANCE, configuration, null);
    } else {
      configuration.setEnableRequestCompression(way.equals("compressed"));
      configuration.setEnableResponseCompression(way.equals("compressed"));
      speaker = new SyncClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE, configuration);
    }
    OPEN.add(speaker);
    return speaker;
  }

  private void comesBack(Object... values) {
    SyncClient speaker = speaker();
    for (Object value : values) {
      PrimaryKey key = freshKey();
      speaker.putRow(new PutRowRequest(putOf(plain, key, "c", value)));
      Row row = speaker.getRow(new GetRowRequest(newest(plain, key))).getRow();
      assertEquals(of("c", value), columns(row));
      update(updateOf(plain, key, "c", value, "d", value));
      assertEquals(of("c", value, "d", value), read(plain, key));
    }
  }

  @Test
  public void integers() {
    comesBack(0L, 1L, -1L, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 53);
  }

  @Test
  public void doubles() {
    comesBack(0.5, -0.0, 3.141592653589793, Double.MIN_VALUE, Double.MAX_VALUE);
  }

  @Test
  public void doublesThatAreNoNumbers() {
    invalid("NaN can't be set to double value.", () -> put(plain, freshKey(), "c", Double.NaN));
    for (double value : new double[] {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
      invalid("Infinity can't be set to double value.", () -> put(plain, freshKey(), "c", value));
    }
  }

  @Test
  public void booleans() {
    comesBack(true, false);
  }

  @Test
  public void strings() {
    comesBack("value", "", "表格存储 Größe Δx 🦊 \u0000 end", "a\r\nb\tc\\", "x".repeat(100_000));
  }

  @Test
  public void blobs() {
    byte[] all = new byte[256];
    for (int n = 0; n < all.length; n++) all[n] = (byte) n;
    comesBack(all, new byte[0], new byte[100_000]);
  }

  @Test
  public void allTypesInOneRowByName() {
    PrimaryKey key = freshKey();
    put(plain, key, "f", "s", "b", 2.5, "a", 1, "d", true, "c", new byte[] {1}, "e", "");
    Map<String, ColumnValue> expected = of("a", 1, "b", 2.5, "c", new byte[] {1}, "d", true, "e", "", "f", "s");
    assertEquals(List.copyOf(expected.entrySet()), List.copyOf(read(plain, key).entrySet()));
  }

  @Test
  public void columnsBeyondAscii() {
    PrimaryKey key = freshKey();
    put(plain, key, "列名", 1, "Größe", 2, "🦊", 3);
    assertEquals(of("列名", 1, "Größe", 2, "🦊", 3), read(plain, key));
  }

  @Test
  public void keysOfEveryType() {
    String[] strings = {"", "a", "表格存储", "🦊", "x".repeat(1024)};
    long[] integers = {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE};
    byte[][] blobs = {new byte[0], {0}, new byte[1024], "text".getBytes(), {-1}};
    SyncClient speaker = speaker();
    for (int n = 0; n < 5; n++) {
      PrimaryKey key = key("s", strings[n], "i", integers[n], "b", blobs[n]);
      speaker.putRow(new PutRowRequest(putOf(triple, key, "c", n)));
      Row row = speaker.getRow(new GetRowRequest(newest(triple, key))).getRow();
      assertEquals(key, row.getPrimaryKey());
      assertEquals(of("c", n), columns(row));
    }
  }

  @Test
  public void aRowOfItsKeyOnly() {
    PrimaryKey key = freshKey();
    put(plain, key);
    assertNotNull(get(plain, key));
    assertEquals(0, get(plain, key).getColumns().length);
    assertNull(get(plain, freshKey()));
  }

  @Test
  public void twoMegabytes() {
    byte[] largest = new byte[2 * 1024 * 1024];
    largest[largest.length - 1] = 7;
    PrimaryKey key = freshKey();
    speaker().putRow(new PutRowRequest(putOf(plain, key, "c", largest)));
    Row row = speaker().getRow(new GetRowRequest(newest(plain, key))).getRow();
    assertArrayEquals(largest, row.getLatestColumn("c").getValue().asBinary());
  }

  @Test
  public void asManyColumnsAsAllowed() {
    Object[] columns = new Object[2048];
    for (int n = 0; n < 1024; n++) {
      columns[2 * n] = String.format("c%04d", n);
      columns[2 * n + 1] = n;
    }
    PrimaryKey key = freshKey();
    put(plain, key, columns);
    assertEquals(of(columns), read(plain, key));
  }
}

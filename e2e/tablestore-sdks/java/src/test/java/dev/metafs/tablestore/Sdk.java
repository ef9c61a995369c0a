package dev.metafs.tablestore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertThrows;

import com.alicloud.openservices.tablestore.ClientConfiguration;
import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.TableStoreException;
import com.alicloud.openservices.tablestore.core.ErrorCode;
import com.alicloud.openservices.tablestore.model.CapacityUnit;
import com.alicloud.openservices.tablestore.model.Column;
import com.alicloud.openservices.tablestore.model.ColumnValue;
import com.alicloud.openservices.tablestore.model.Condition;
import com.alicloud.openservices.tablestore.model.CreateTableRequest;
import com.alicloud.openservices.tablestore.model.DeleteRowRequest;
import com.alicloud.openservices.tablestore.model.DeleteTableRequest;
import com.alicloud.openservices.tablestore.model.GetRowRequest;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PrimaryKeyBuilder;
import com.alicloud.openservices.tablestore.model.PrimaryKeyType;
import com.alicloud.openservices.tablestore.model.PrimaryKeyValue;
import com.alicloud.openservices.tablestore.model.PutRowRequest;
import com.alicloud.openservices.tablestore.model.ReservedThroughput;
import com.alicloud.openservices.tablestore.model.RetryStrategy;
import com.alicloud.openservices.tablestore.model.Row;
import com.alicloud.openservices.tablestore.model.RowDeleteChange;
import com.alicloud.openservices.tablestore.model.RowExistenceExpectation;
import com.alicloud.openservices.tablestore.model.RowPutChange;
import com.alicloud.openservices.tablestore.model.RowUpdateChange;
import com.alicloud.openservices.tablestore.model.SingleRowQueryCriteria;
import com.alicloud.openservices.tablestore.model.TableMeta;
import com.alicloud.openservices.tablestore.model.TableOptions;
import com.alicloud.openservices.tablestore.model.UpdateRowRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.function.ThrowingRunnable;

/** What the tests share: a client with the SDK's checks on, tables that go away again, and short names. */
public abstract class Sdk {
  static final String ENDPOINT = environment("ENDPOINT", "http://127.0.0.1:1");
  static final String INSTANCE = environment("INSTANCE", "local");
  static final String KEY_ID = environment("KEY_ID", "testid");
  static final String KEY_SECRET = environment("KEY_SECRET", "testsecret");
  static final String REGION = environment("REGION", "cn-hangzhou");

  /** The largest deviation of a timestamp that the service takes, in seconds. */
  static final long WIDE = Long.MAX_VALUE / 1_000_000;

  static SyncClient client;
  private static final List<String> MADE = new ArrayList<>();

  static String environment(String name, String otherwise) {
    String value = System.getenv("TABLESTORE_" + name);
    return value == null ? otherwise : value;
  }

  @BeforeClass
  public static void connectClient() {
    client = new SyncClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE, configuration());
  }

  @AfterClass
  public static void dropTables() {
    for (String table : MADE) {
      try {
        client.deleteTable(new DeleteTableRequest(table));
      } catch (TableStoreException error) {
        if (!error.getErrorCode().equals(ErrorCode.OBJECT_NOT_EXIST)) throw error;
      }
    }
    MADE.clear();
    client.shutdown();
  }

  /** The SDK's own checks on; errors are not hidden by trying again, unless a test asks for that. */
  static ClientConfiguration configuration() {
    ClientConfiguration configuration = new ClientConfiguration();
    configuration.setEnableResponseValidation(true);
    configuration.setEnableResponseContentMD5Checking(true);
    configuration.setRetryStrategy(new Once());
    return configuration;
  }

  /** Tries once. */
  static class Once implements RetryStrategy {
    @Override
    public RetryStrategy clone() {
      return new Once();
    }

    @Override
    public int getRetries() {
      return 0;
    }

    @Override
    public long nextPause(String action, Exception error) {
      return 0;
    }
  }

  static String freshName() {
    return "java_" + UUID.randomUUID().toString().replace("-", "").substring(0, 16);
  }

  static TableMeta meta(String name, Object... columns) {
    TableMeta meta = new TableMeta(name);
    for (int n = 0; n < columns.length; n += 2) {
      meta.addPrimaryKeyColumn((String) columns[n], (PrimaryKeyType) columns[n + 1]);
    }
    return meta;
  }

  static String make(CreateTableRequest request) {
    client.createTable(request);
    MADE.add(request.getTableMeta().getTableName());
    return request.getTableMeta().getTableName();
  }

  /** A table with these key columns: name, type, name, type ... */
  static String make(TableOptions options, Object... columns) {
    ReservedThroughput none = new ReservedThroughput(new CapacityUnit(0, 0));
    return make(new CreateTableRequest(meta(freshName(), columns), options, none));
  }

  /** A table with one string key and one version. */
  static String makePlain() {
    return make(new TableOptions(-1, 1), "pk", PrimaryKeyType.STRING);
  }

  /** A table that keeps ten versions with whatever timestamps. */
  static String makeVersions() {
    return make(new TableOptions(-1, 10, WIDE), "pk", PrimaryKeyType.STRING);
  }

  /** A key: name, value, name, value ... */
  static PrimaryKey key(Object... parts) {
    PrimaryKeyBuilder builder = PrimaryKeyBuilder.createPrimaryKeyBuilder();
    for (int n = 0; n < parts.length; n += 2) {
      builder.addPrimaryKeyColumn((String) parts[n], keyValue(parts[n + 1]));
    }
    return builder.build();
  }

  static PrimaryKeyValue keyValue(Object value) {
    if (value instanceof PrimaryKeyValue given) return given;
    if (value instanceof String text) return PrimaryKeyValue.fromString(text);
    if (value instanceof byte[] bytes) return PrimaryKeyValue.fromBinary(bytes);
    return PrimaryKeyValue.fromLong(((Number) value).longValue());
  }

  /** A key that no other test uses. */
  static PrimaryKey freshKey() {
    return key("pk", UUID.randomUUID().toString());
  }

  static ColumnValue value(Object value) {
    if (value instanceof ColumnValue given) return given;
    if (value instanceof String text) return ColumnValue.fromString(text);
    if (value instanceof byte[] bytes) return ColumnValue.fromBinary(bytes);
    if (value instanceof Boolean truth) return ColumnValue.fromBoolean(truth);
    if (value instanceof Double number) return ColumnValue.fromDouble(number);
    return ColumnValue.fromLong(((Number) value).longValue());
  }

  static RowPutChange putOf(String table, PrimaryKey key, Object... columns) {
    RowPutChange change = new RowPutChange(table, key);
    for (int n = 0; n < columns.length; n += 2) {
      change.addColumn((String) columns[n], value(columns[n + 1]));
    }
    return change;
  }

  static RowUpdateChange updateOf(String table, PrimaryKey key, Object... columns) {
    RowUpdateChange change = new RowUpdateChange(table, key);
    for (int n = 0; n < columns.length; n += 2) {
      change.put((String) columns[n], value(columns[n + 1]));
    }
    return change;
  }

  static void put(String table, PrimaryKey key, Object... columns) {
    client.putRow(new PutRowRequest(putOf(table, key, columns)));
  }

  static Row update(RowUpdateChange change) {
    return client.updateRow(new UpdateRowRequest(change)).getRow();
  }

  static void delete(String table, PrimaryKey key) {
    client.deleteRow(new DeleteRowRequest(new RowDeleteChange(table, key)));
  }

  static Row get(SingleRowQueryCriteria criteria) {
    return client.getRow(new GetRowRequest(criteria)).getRow();
  }

  static SingleRowQueryCriteria newest(String table, PrimaryKey key) {
    SingleRowQueryCriteria criteria = new SingleRowQueryCriteria(table, key);
    criteria.setMaxVersions(1);
    return criteria;
  }

  static Row get(String table, PrimaryKey key) {
    return get(newest(table, key));
  }

  /** The row's columns by name; null where there is no such row. */
  static Map<String, ColumnValue> read(String table, PrimaryKey key) {
    return columns(get(table, key));
  }

  static Map<String, ColumnValue> columns(Row row) {
    if (row == null) return null;
    Map<String, ColumnValue> columns = new LinkedHashMap<>();
    for (Column column : row.getColumns()) columns.put(column.getName(), column.getValue());
    return columns;
  }

  /** The same shape as {@link #columns}: name, value, name, value ... */
  static Map<String, ColumnValue> of(Object... columns) {
    Map<String, ColumnValue> expected = new LinkedHashMap<>();
    for (int n = 0; n < columns.length; n += 2) {
      expected.put((String) columns[n], value(columns[n + 1]));
    }
    return expected;
  }

  static Condition expecting(RowExistenceExpectation expectation) {
    return new Condition(expectation);
  }

  /** The service refuses; status 0 and a null message are not looked at. */
  static TableStoreException refused(String code, int status, String message, ThrowingRunnable call) {
    TableStoreException error = assertThrows(TableStoreException.class, call);
    assertEquals(error.toString(), code, error.getErrorCode());
    if (status != 0) assertEquals(status, error.getHttpStatus());
    if (message != null) assertEquals(message, error.getMessage());
    assertNotNull("an error without x-ots-requestid", error.getRequestId());
    return error;
  }

  static void invalid(String message, ThrowingRunnable call) {
    refused(ErrorCode.INVALID_PARAMETER, 400, message, call);
  }

  static void unmet(ThrowingRunnable call) {
    refused(ErrorCode.CONDITION_CHECK_FAIL, 403, "Condition check failed.", call);
  }
}

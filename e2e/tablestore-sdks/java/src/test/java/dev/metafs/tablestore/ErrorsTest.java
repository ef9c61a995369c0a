package dev.metafs.tablestore;

import static com.alicloud.openservices.tablestore.model.PrimaryKeyValue.INF_MAX;
import static com.alicloud.openservices.tablestore.model.PrimaryKeyValue.INF_MIN;
import static org.junit.Assert.assertNull;

import com.alicloud.openservices.tablestore.core.ErrorCode;
import com.alicloud.openservices.tablestore.model.BatchWriteRowRequest;
import com.alicloud.openservices.tablestore.model.GetRangeRequest;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PrimaryKeyType;
import com.alicloud.openservices.tablestore.model.RangeRowQueryCriteria;
import com.alicloud.openservices.tablestore.model.RowUpdateChange;
import com.alicloud.openservices.tablestore.model.SingleRowQueryCriteria;
import com.alicloud.openservices.tablestore.model.TableOptions;
import com.alicloud.openservices.tablestore.model.filter.SingleColumnValueFilter;
import java.util.List;
import org.junit.BeforeClass;
import org.junit.Test;

/** What the service refuses: wrong keys, names and sizes. Codes and messages are those of the real service. */
public class ErrorsTest extends Sdk {
  private static String plain;
  private static String triple;

  @BeforeClass
  public static void makeTables() {
    plain = makePlain();
    triple = make(new TableOptions(-1, 1), "s", PrimaryKeyType.STRING, "i", PrimaryKeyType.INTEGER, "b", PrimaryKeyType.BINARY);
  }

  private static void range(String table, PrimaryKey start, PrimaryKey end) {
    RangeRowQueryCriteria criteria = new RangeRowQueryCriteria(table);
    criteria.setInclusiveStartPrimaryKey(start);
    criteria.setExclusiveEndPrimaryKey(end);
    criteria.setMaxVersions(1);
    client.getRange(new GetRangeRequest(criteria));
  }

  private static void doesNotFit(String message, Object... parts) {
    PrimaryKey key = key(parts);
    refused(ErrorCode.INVALID_PK, 400, message, () -> get(triple, key));
    refused(ErrorCode.INVALID_PK, 400, message, () -> put(triple, key, "a", 1));
    refused(ErrorCode.INVALID_PK, 400, message, () -> update(updateOf(triple, key, "a", 1)));
    refused(ErrorCode.INVALID_PK, 400, message, () -> delete(triple, key));
    refused(ErrorCode.INVALID_PK, 400, message, () -> range(triple, key, key("s", INF_MAX, "i", INF_MAX, "b", INF_MAX)));
  }

  @Test
  public void numbersOfKeyColumns() {
    doesNotFit("Validate PK size fail. Input: 1, Meta: 3.", "s", "x");
    doesNotFit("Validate PK size fail. Input: 4, Meta: 3.", "s", "x", "i", 1, "b", new byte[] {1}, "t", 1);
  }

  @Test
  public void namesOfKeyColumns() {
    doesNotFit("Validate PK name fail. Input: j, Meta: i.", "s", "x", "j", 1, "b", new byte[] {1});
    doesNotFit("Validate PK name fail. Input: i, Meta: s.", "i", 1, "s", "x", "b", new byte[] {1});
  }

  @Test
  public void typesOfKeyColumns() {
    doesNotFit("Validate PK type fail. Input: VT_INTEGER, Meta: VT_STRING.", "s", 1, "i", 1, "b", new byte[] {1});
    doesNotFit("Validate PK type fail. Input: VT_STRING, Meta: VT_INTEGER.", "s", "x", "i", "x", "b", new byte[] {1});
    doesNotFit("Validate PK type fail. Input: VT_INTEGER, Meta: VT_BLOB.", "s", "x", "i", 1, "b", 1);
  }

  @Test
  public void boundsAreNoKeys() {
    for (boolean least : new boolean[] {true, false}) {
      String message = (least ? "VT_INF_MIN" : "VT_INF_MAX") + " is an invalid type for the primary key.";
      PrimaryKey key = key("pk", least ? INF_MIN : INF_MAX);
      invalid(message, () -> get(plain, key));
      invalid(message, () -> put(plain, key, "a", 1));
      invalid(message, () -> update(updateOf(plain, key, "a", 1)));
      invalid(message, () -> delete(plain, key));
      BatchWriteRowRequest batch = new BatchWriteRowRequest();
      batch.addRowChange(putOf(plain, key, "a", 1));
      invalid(message, () -> client.batchWriteRow(batch));
    }
  }

  @Test
  public void keysThatAreTooLong() {
    String message = "The length of primary key column: 'pk' exceeds the MaxLength:1024 with CurrentLength:1025.";
    PrimaryKey key = key("pk", "x".repeat(1025));
    invalid(message, () -> get(plain, key));
    invalid(message, () -> put(plain, key, "a", 1));
    invalid(message, () -> delete(plain, key));
    invalid(message, () -> range(plain, key, key("pk", INF_MAX)));
    String blob = "The length of primary key column: 'b' exceeds the MaxLength:1024 with CurrentLength:1025.";
    invalid(blob, () -> put(triple, key("s", "x", "i", 1, "b", new byte[1025]), "a", 1));
  }

  @Test
  public void namesOfColumnsThatAreNone() {
    for (String name : List.of("#", "#abc", "#阿", "a".repeat(256))) {
      String message = "Invalid column name: '" + name + "'.";
      invalid(message, () -> put(plain, freshKey(), name, 1));
      invalid(message, () -> update(new RowUpdateChange(plain, freshKey()).deleteColumns(name)));
      SingleRowQueryCriteria wanted = newest(plain, freshKey());
      wanted.addColumnsToGet(name);
      invalid(message, () -> get(wanted));
      SingleRowQueryCriteria filtered = newest(plain, freshKey());
      filtered.setFilter(new SingleColumnValueFilter(name, SingleColumnValueFilter.CompareOperator.EQUAL, value(1)));
      invalid(message, () -> get(filtered));
    }
  }

  @Test
  public void tooManyColumns() {
    Object[] columns = new Object[2050];
    SingleRowQueryCriteria wanted = newest(plain, freshKey());
    for (int n = 0; n < 1025; n++) {
      columns[2 * n] = "c" + n;
      columns[2 * n + 1] = n;
      wanted.addColumnsToGet("c" + n);
    }
    String message = "The number of attribute columns exceeds the limit, limit count: 1024, column count: 1025.";
    invalid(message, () -> put(plain, freshKey(), columns));
    invalid(message, () -> update(updateOf(plain, freshKey(), columns)));
    invalid("The number of columns from the request exceeds the limit, limit count: 1024, column count: 1025.", () -> get(wanted));
  }

  @Test
  public void valuesAndRequestsThatAreTooLarge() {
    PrimaryKey key = freshKey();
    invalid("The length of attribute column: 'c' exceeds the MaxLength:2097152 with CurrentLength:2097153.",
        () -> put(plain, key, "c", new byte[2 * 1024 * 1024 + 1]));
    byte[] large = new byte[2 * 1024 * 1024];
    refused(ErrorCode.REQUEST_TOO_LARGE, 413, null, () -> put(plain, key, "a", large, "b", large, "c", large));
    assertNull(get(plain, key));
  }

  @Test
  public void theServerGoesOnAfterErrors() {
    for (int n = 0; n < 50; n++) refused(ErrorCode.INVALID_PK, 400, null, () -> get(plain, key("no", "key")));
    put(plain, freshKey(), "a", 1);
  }
}

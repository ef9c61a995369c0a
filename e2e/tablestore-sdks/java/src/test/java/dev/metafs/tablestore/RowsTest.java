package dev.metafs.tablestore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import com.alicloud.openservices.tablestore.core.ErrorCode;
import com.alicloud.openservices.tablestore.model.CapacityUnit;
import com.alicloud.openservices.tablestore.model.Column;
import com.alicloud.openservices.tablestore.model.ColumnValue;
import com.alicloud.openservices.tablestore.model.GetRowRequest;
import com.alicloud.openservices.tablestore.model.GetRowResponse;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PutRowRequest;
import com.alicloud.openservices.tablestore.model.ReturnType;
import com.alicloud.openservices.tablestore.model.Row;
import com.alicloud.openservices.tablestore.model.RowPutChange;
import com.alicloud.openservices.tablestore.model.RowUpdateChange;
import com.alicloud.openservices.tablestore.model.SingleRowQueryCriteria;
import com.alicloud.openservices.tablestore.model.WideColumnIterator;
import org.junit.BeforeClass;
import org.junit.Test;

/** Put, update, delete and get of single rows, what comes back and what it costs. */
public class RowsTest extends Sdk {
  private static String table;

  @BeforeClass
  public static void makeTable() {
    table = makePlain();
  }

  private static RowUpdateChange increment(PrimaryKey key, String column, long by) {
    RowUpdateChange change = new RowUpdateChange(table, key);
    change.increment(new Column(column, ColumnValue.fromLong(by)));
    return change;
  }

  @Test
  public void noRowIsNoRow() {
    GetRowResponse response = client.getRow(new GetRowRequest(newest(table, freshKey())));
    assertNull(response.getRow());
    assertEquals(new CapacityUnit(1, 0), response.getConsumedCapacity().getCapacityUnit());
    assertTrue(response.getRequestId().length() > 0);
  }

  @Test
  public void putReplacesTheWholeRow() {
    PrimaryKey key = freshKey();
    put(table, key, "a", 1, "b", 2);
    put(table, key, "b", 3, "c", 4);
    assertEquals(of("b", 3, "c", 4), read(table, key));
  }

  @Test
  public void updateOfAllKinds() {
    PrimaryKey key = freshKey();
    put(table, key, "gone", 1, "kept", 2, "n", 10);
    RowUpdateChange change = updateOf(table, key, "fresh", "x");
    change.deleteColumns("gone");
    change.deleteColumns("never there");
    change.increment(new Column("n", ColumnValue.fromLong(-3)));
    assertNull(update(change));
    assertEquals(of("fresh", "x", "kept", 2, "n", 7), read(table, key));
  }

  @Test
  public void deletingColumnsMakesNoRow() {
    PrimaryKey key = freshKey();
    update(new RowUpdateChange(table, key).deleteColumns("a"));
    assertNull(get(table, key));
  }

  @Test
  public void deleteRemovesTheRow() {
    PrimaryKey key = freshKey();
    put(table, key, "a", 1);
    delete(table, key);
    assertNull(get(table, key));
    delete(table, key);
  }

  @Test
  public void incrementsTellTheirNewValues() {
    PrimaryKey key = freshKey();
    for (int n = 1; n <= 3; n++) {
      RowUpdateChange change = increment(key, "n", 10);
      change.increment(new Column("other", ColumnValue.fromLong(1)));
      change.setReturnType(ReturnType.RT_AFTER_MODIFY);
      change.addReturnColumn("n");
      Row row = update(change);
      assertEquals(of("n", 10 * n), columns(row));
    }
    assertEquals(of("n", 30, "other", 3), read(table, key));
  }

  @Test
  public void severalIncrementsTellTheirNewValues() {
    PrimaryKey key = freshKey();
    RowUpdateChange change = increment(key, "a", 1);
    change.increment(new Column("b", ColumnValue.fromLong(Long.MIN_VALUE)));
    change.setReturnType(ReturnType.RT_AFTER_MODIFY);
    change.addReturnColumn("a");
    change.addReturnColumn("b");
    assertEquals(of("a", 1, "b", Long.MIN_VALUE), columns(update(change)));
  }

  @Test
  public void onlyIncrementedColumnsComeBack() {
    PrimaryKey key = freshKey();
    for (String column : new String[] {"put", "not named"}) {
      RowUpdateChange change = increment(key, "n", 1);
      change.put("put", ColumnValue.fromLong(1));
      change.setReturnType(ReturnType.RT_AFTER_MODIFY);
      change.addReturnColumn("n");
      change.addReturnColumn(column);
      invalid(null, () -> update(change));
    }
    RowUpdateChange change = updateOf(table, key, "a", 1);
    change.setReturnType(ReturnType.RT_PK);
    change.addReturnColumn("a");
    invalid(null, () -> update(change));
    assertNull(get(table, key));
  }

  @Test
  public void onlyIntegersAreIncremented() {
    PrimaryKey key = freshKey();
    put(table, key, "n", "text");
    invalid(null, () -> update(increment(key, "n", 1)));
    assertEquals(of("n", "text"), read(table, key));
  }

  @Test
  public void keysComeBackWhenAskedFor() {
    PrimaryKey key = freshKey();
    RowPutChange change = putOf(table, key, "a", 1);
    change.setReturnType(ReturnType.RT_PK);
    assertEquals(key, client.putRow(new PutRowRequest(change)).getRow().getPrimaryKey());
    RowUpdateChange again = updateOf(table, key, "a", 2);
    again.setReturnType(ReturnType.RT_PK);
    assertEquals(key, update(again).getPrimaryKey());
  }

  @Test
  public void onlyTheWantedColumns() {
    PrimaryKey key = freshKey();
    put(table, key, "a", 1, "b", 2, "c", 3);
    SingleRowQueryCriteria criteria = newest(table, key);
    criteria.addColumnsToGet(new String[] {"c", "a", "none"});
    assertEquals(of("a", 1, "c", 3), columns(get(criteria)));
    criteria.clearColumnsToGet();
    criteria.addColumnsToGet("none");
    assertNull(get(criteria));
    criteria.clearColumnsToGet();
    criteria.setStartColumn("b");
    criteria.setEndColumn("c");
    assertEquals(of("b", 2), columns(get(criteria)));
  }

  @Test
  public void aWideRowColumnByColumn() {
    PrimaryKey key = freshKey();
    Object[] written = new Object[600];
    for (int n = 0; n < 300; n++) {
      written[2 * n] = String.format("c%03d", n);
      written[2 * n + 1] = n;
    }
    put(table, key, written);
    WideColumnIterator columns = client.createWideColumnIterator(new GetRowRequest(newest(table, key)));
    for (int n = 0; n < 300; n++) {
      assertTrue(columns.hasNextColumn());
      assertEquals(n, columns.nextColumn().getValue().asLong());
    }
    assertTrue(!columns.hasNextColumn());
    assertNull(client.createWideColumnIterator(new GetRowRequest(newest(table, freshKey()))));
  }

  @Test
  public void capacityUnits() {
    for (int length : new int[] {10, 4096, 9000}) {
      PrimaryKey key = freshKey();
      RowPutChange change = putOf(table, key, "c", "x".repeat(length));
      int units = (change.getDataSize() + 4095) / 4096;
      assertEquals(new CapacityUnit(0, units), client.putRow(new PutRowRequest(change)).getConsumedCapacity().getCapacityUnit());
      assertEquals(new CapacityUnit(units, 0), client.getRow(new GetRowRequest(newest(table, key))).getConsumedCapacity().getCapacityUnit());
    }
  }

  @Test
  public void tableMissing() {
    refused(ErrorCode.OBJECT_NOT_EXIST, 404, "Requested table does not exist.", () -> put(freshName(), freshKey(), "a", 1));
  }
}

package dev.metafs.tablestore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.alicloud.openservices.tablestore.TableStoreException;
import com.alicloud.openservices.tablestore.model.BatchWriteRowRequest;
import com.alicloud.openservices.tablestore.model.BatchWriteRowResponse;
import com.alicloud.openservices.tablestore.model.CapacityUnit;
import com.alicloud.openservices.tablestore.model.CreateTableRequest;
import com.alicloud.openservices.tablestore.model.DeleteRowRequest;
import com.alicloud.openservices.tablestore.model.DescribeTableRequest;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PrimaryKeyOption;
import com.alicloud.openservices.tablestore.model.PrimaryKeyType;
import com.alicloud.openservices.tablestore.model.PrimaryKeyValue;
import com.alicloud.openservices.tablestore.model.PutRowRequest;
import com.alicloud.openservices.tablestore.model.ReservedThroughput;
import com.alicloud.openservices.tablestore.model.ReturnType;
import com.alicloud.openservices.tablestore.model.RowDeleteChange;
import com.alicloud.openservices.tablestore.model.RowExistenceExpectation;
import com.alicloud.openservices.tablestore.model.RowPutChange;
import com.alicloud.openservices.tablestore.model.RowUpdateChange;
import com.alicloud.openservices.tablestore.model.TableMeta;
import com.alicloud.openservices.tablestore.model.TableOptions;
import java.util.HashSet;
import java.util.Set;
import org.junit.BeforeClass;
import org.junit.Test;

/** Key columns that the server fills in. */
public class GeneratedKeysTest extends Sdk {
  private static String table;

  @BeforeClass
  public static void makeTable() {
    TableMeta meta = meta(freshName(), "pk", PrimaryKeyType.STRING);
    meta.addAutoIncrementPrimaryKeyColumn("id");
    table = make(new CreateTableRequest(meta, new TableOptions(-1, 1), new ReservedThroughput(new CapacityUnit(0, 0))));
  }

  private static RowPutChange change(String part, long n) {
    RowPutChange change = putOf(table, key("pk", part, "id", PrimaryKeyValue.AUTO_INCREMENT), "n", n);
    change.setReturnType(ReturnType.RT_PK);
    return change;
  }

  private static PrimaryKey add(String part, long n) {
    return client.putRow(new PutRowRequest(change(part, n))).getRow().getPrimaryKey();
  }

  @Test
  public void theOptionIsDescribed() {
    TableMeta meta = client.describeTable(new DescribeTableRequest(table)).getTableMeta();
    assertEquals(PrimaryKeyOption.AUTO_INCREMENT, meta.getPrimaryKeyList().get(1).getOption());
  }

  @Test
  public void keysComeBackGrowAndReadTheRow() {
    long last = Long.MIN_VALUE;
    for (int n = 0; n < 20; n++) {
      PrimaryKey key = add("grow", n);
      long id = key.getPrimaryKeyColumn("id").getValue().asLong();
      assertTrue(id > last);
      last = id;
      assertEquals(of("n", n), read(table, key));
    }
  }

  @Test
  public void rowsAreUpdatedAndDeletedByTheirNumbers() {
    PrimaryKey key = add("later", 1);
    RowUpdateChange change = updateOf(table, key, "n", 2);
    change.setCondition(expecting(RowExistenceExpectation.EXPECT_EXIST));
    update(change);
    assertEquals(of("n", 2), read(table, key));
    RowDeleteChange delete = new RowDeleteChange(table, key);
    delete.setCondition(expecting(RowExistenceExpectation.EXPECT_EXIST));
    client.deleteRow(new DeleteRowRequest(delete));
    assertNull(get(table, key));
  }

  @Test
  public void severalOfABatch() {
    BatchWriteRowRequest request = new BatchWriteRowRequest();
    for (int n = 0; n < 5; n++) request.addRowChange(change("batch", n));
    BatchWriteRowResponse response = client.batchWriteRow(request);
    assertTrue(response.isAllSucceed());
    Set<Long> ids = new HashSet<>();
    for (BatchWriteRowResponse.RowResult row : response.getRowStatus(table)) {
      ids.add(row.getRow().getPrimaryKey().getPrimaryKeyColumn("id").getValue().asLong());
    }
    assertEquals(5, ids.size());
  }

  @Test
  public void otherTablesGenerateNothing() {
    String other = make(new TableOptions(-1, 1), "pk", PrimaryKeyType.STRING, "id", PrimaryKeyType.INTEGER);
    TableStoreException error = assertThrows(TableStoreException.class, () -> put(other, key("pk", "a", "id", PrimaryKeyValue.AUTO_INCREMENT), "n", 1));
    assertEquals(400, error.getHttpStatus());
  }
}

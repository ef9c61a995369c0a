package dev.metafs.tablestore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import com.alicloud.openservices.tablestore.core.ErrorCode;
import com.alicloud.openservices.tablestore.model.BatchGetRowRequest;
import com.alicloud.openservices.tablestore.model.BatchGetRowResponse;
import com.alicloud.openservices.tablestore.model.BatchWriteRowRequest;
import com.alicloud.openservices.tablestore.model.BatchWriteRowResponse;
import com.alicloud.openservices.tablestore.model.Column;
import com.alicloud.openservices.tablestore.model.ColumnValue;
import com.alicloud.openservices.tablestore.model.MultiRowQueryCriteria;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PrimaryKeyType;
import com.alicloud.openservices.tablestore.model.ReturnType;
import com.alicloud.openservices.tablestore.model.RowChange;
import com.alicloud.openservices.tablestore.model.RowDeleteChange;
import com.alicloud.openservices.tablestore.model.RowExistenceExpectation;
import com.alicloud.openservices.tablestore.model.RowUpdateChange;
import com.alicloud.openservices.tablestore.model.TableOptions;
import com.alicloud.openservices.tablestore.model.TimeRange;
import java.util.ArrayList;
import java.util.List;
import org.junit.BeforeClass;
import org.junit.Test;

/** Several rows in one request: what each of them came to. */
public class BatchesTest extends Sdk {
  private static String plain;
  private static String other;
  private static String pair;

  @BeforeClass
  public static void makeTables() {
    plain = makePlain();
    other = make(new TableOptions(-1, 1), "id", PrimaryKeyType.INTEGER);
    pair = make(new TableOptions(-1, 1), "pk", PrimaryKeyType.STRING, "n", PrimaryKeyType.INTEGER);
  }

  private static BatchWriteRowRequest batch(RowChange... changes) {
    BatchWriteRowRequest request = new BatchWriteRowRequest();
    for (RowChange change : changes) request.addRowChange(change);
    return request;
  }

  private static BatchWriteRowResponse write(RowChange... changes) {
    return client.batchWriteRow(batch(changes));
  }

  private static <T extends RowChange> T on(RowExistenceExpectation expectation, T change) {
    change.setCondition(expecting(expectation));
    return change;
  }

  private static MultiRowQueryCriteria rows(String table, PrimaryKey... keys) {
    MultiRowQueryCriteria criteria = new MultiRowQueryCriteria(table);
    criteria.setMaxVersions(1);
    for (PrimaryKey key : keys) criteria.addRow(key);
    return criteria;
  }

  private static BatchGetRowResponse get(MultiRowQueryCriteria... tables) {
    BatchGetRowRequest request = new BatchGetRowRequest();
    for (MultiRowQueryCriteria table : tables) request.addMultiRowQueryCriteria(table);
    return client.batchGetRow(request);
  }

  @Test
  public void allKindsAtOnce() {
    PrimaryKey a = freshKey(), b = freshKey(), c = freshKey();
    put(plain, b, "kept", 1, "gone", 2, "n", 3);
    put(plain, c, "x", 1);
    RowUpdateChange change = updateOf(plain, b, "fresh", 4).deleteColumns("gone");
    change.increment(new Column("n", ColumnValue.fromLong(10)));
    BatchWriteRowResponse response = write(putOf(plain, a, "x", 1), change, new RowDeleteChange(plain, c));
    assertTrue(response.isAllSucceed());
    for (BatchWriteRowResponse.RowResult row : response.getRowStatus(plain)) {
      assertTrue(row.getConsumedCapacity().getCapacityUnit().getWriteCapacityUnit() >= 1);
    }
    assertEquals(of("x", 1), read(plain, a));
    assertEquals(of("fresh", 4, "kept", 1, "n", 13), read(plain, b));
    assertNull(read(plain, c));
  }

  @Test
  public void eachRowHasItsOwnOutcome() {
    PrimaryKey there = freshKey(), absent = freshKey(), fresh = freshKey();
    put(plain, there, "x", 1);
    BatchWriteRowResponse response = write(
        on(RowExistenceExpectation.EXPECT_NOT_EXIST, putOf(plain, there, "x", 2)),
        on(RowExistenceExpectation.EXPECT_NOT_EXIST, putOf(plain, fresh, "x", 3)),
        on(RowExistenceExpectation.EXPECT_EXIST, updateOf(plain, absent, "x", 4)));
    assertFalse(response.isAllSucceed());
    List<BatchWriteRowResponse.RowResult> outcomes = response.getRowStatus(plain);
    assertEquals(List.of(false, true, false), outcomes.stream().map(BatchWriteRowResponse.RowResult::isSucceed).toList());
    assertEquals(ErrorCode.CONDITION_CHECK_FAIL, outcomes.get(0).getError().getCode());
    assertEquals("Condition check failed.", outcomes.get(0).getError().getMessage());
    assertEquals(of("x", 1), read(plain, there));
    assertEquals(of("x", 3), read(plain, fresh));
    assertNull(read(plain, absent));
  }

  @Test
  public void severalTablesOneOfThemMissing() {
    PrimaryKey key = freshKey();
    String missing = freshName();
    BatchWriteRowResponse response = write(putOf(plain, key, "x", 1), putOf(other, key("id", 1), "y", 2), putOf(missing, key, "z", 3));
    assertEquals(1, response.getFailedRows().size());
    assertEquals(missing, response.getFailedRows().get(0).getTableName());
    assertEquals(ErrorCode.OBJECT_NOT_EXIST, response.getFailedRows().get(0).getError().getCode());
    BatchGetRowResponse found = get(rows(plain, key), rows(other, key("id", 1), key("id", 2)), rows(missing, key));
    assertEquals(of("x", 1), columns(found.getBatchGetRowResult(plain).get(0).getRow()));
    assertEquals(of("y", 2), columns(found.getBatchGetRowResult(other).get(0).getRow()));
    assertTrue(found.getBatchGetRowResult(other).get(1).isSucceed());
    assertNull(found.getBatchGetRowResult(other).get(1).getRow());
    assertEquals(ErrorCode.OBJECT_NOT_EXIST, found.getBatchGetRowResult(missing).get(0).getError().getCode());
  }

  @Test
  public void aWrongKeyIsItsRowsFailure() {
    PrimaryKey wrong = key("other", "x"), good = freshKey();
    String message = "Validate PK name fail. Input: other, Meta: pk.";
    BatchWriteRowResponse response = write(putOf(plain, wrong, "x", 1), putOf(plain, good, "x", 1));
    assertEquals(message, response.getRowStatus(plain).get(0).getError().getMessage());
    assertTrue(response.getRowStatus(plain).get(1).isSucceed());
    List<BatchGetRowResponse.RowResult> found = get(rows(plain, wrong, good)).getBatchGetRowResult(plain);
    assertEquals(ErrorCode.INVALID_PK, found.get(0).getError().getCode());
    assertEquals(message, found.get(0).getError().getMessage());
    assertEquals(of("x", 1), columns(found.get(1).getRow()));
  }

  @Test
  public void oneKeySeveralTimesIsAppliedInOrder() {
    PrimaryKey key = freshKey();
    assertTrue(write(putOf(plain, key, "a", 1), updateOf(plain, key, "b", 2)).isAllSucceed());
    assertEquals(of("a", 1, "b", 2), read(plain, key));
    assertTrue(write(putOf(plain, key, "a", 1), putOf(plain, key, "c", 3)).isAllSucceed());
    assertEquals(of("c", 3), read(plain, key));
    assertTrue(write(updateOf(plain, key, "d", 4), new RowDeleteChange(plain, key)).isAllSucceed());
    assertNull(read(plain, key));
    List<BatchGetRowResponse.RowResult> found = get(rows(plain, key, key)).getBatchGetRowResult(plain);
    assertEquals(2, found.size());
  }

  @Test
  public void oneKeySeveralTimesWithACondition() {
    PrimaryKey key = freshKey();
    invalid(null, () -> write(on(RowExistenceExpectation.EXPECT_NOT_EXIST, putOf(plain, key, "a", 1)), putOf(plain, key, "a", 2)));
  }

  @Test
  public void whatComesBack() {
    PrimaryKey a = freshKey(), b = freshKey();
    RowUpdateChange change = new RowUpdateChange(plain, a);
    change.increment(new Column("n", ColumnValue.fromLong(7)));
    change.setReturnType(ReturnType.RT_AFTER_MODIFY);
    change.addReturnColumn("n");
    RowChange put = putOf(plain, b, "x", 1);
    put.setReturnType(ReturnType.RT_PK);
    BatchWriteRowResponse response = write(change, put);
    assertEquals(of("n", 7), columns(response.getRowStatus(plain).get(0).getRow()));
    assertEquals(b, response.getRowStatus(plain).get(1).getRow().getPrimaryKey());
  }

  @Test
  public void atomicBatchesOfOnePartition() {
    String part = freshName();
    BatchWriteRowRequest request = batch(putOf(pair, key("pk", part, "n", 1), "x", 1), putOf(pair, key("pk", part, "n", 2), "x", 2));
    request.setAtomic(true);
    assertTrue(client.batchWriteRow(request).isAllSucceed());
    assertEquals(of("x", 2), read(pair, key("pk", part, "n", 2)));
  }

  @Test
  public void atomicBatchesAreAllOrNothing() {
    String part = freshName();
    put(pair, key("pk", part, "n", 1), "x", 0);
    BatchWriteRowRequest request = batch(
        putOf(pair, key("pk", part, "n", 2), "x", 2),
        on(RowExistenceExpectation.EXPECT_NOT_EXIST, putOf(pair, key("pk", part, "n", 1), "x", 1)));
    request.setAtomic(true);
    assertFalse(client.batchWriteRow(request).isAllSucceed());
    assertNull(read(pair, key("pk", part, "n", 2)));
    assertEquals(of("x", 0), read(pair, key("pk", part, "n", 1)));
  }

  @Test
  public void atomicBatchesAcrossPartitions() {
    BatchWriteRowRequest request = batch(putOf(plain, key("pk", "0"), "x", 1), putOf(plain, key("pk", "1"), "x", 1));
    request.setAtomic(true);
    BatchWriteRowResponse response = client.batchWriteRow(request);
    assertEquals(2, response.getFailedRows().size());
    for (BatchWriteRowResponse.RowResult row : response.getFailedRows()) {
      assertEquals("OTSDataOutOfRange", row.getError().getCode());
      assertEquals("Data out of scope of atomic. Atomic PartKey:0. Data PartKey:1", row.getError().getMessage());
    }
  }

  @Test
  public void howManyRowsThereMayBe() {
    BatchWriteRowRequest request = new BatchWriteRowRequest();
    MultiRowQueryCriteria criteria = rows(plain);
    List<PrimaryKey> keys = new ArrayList<>();
    for (int n = 0; n < 200; n++) {
      keys.add(freshKey());
      request.addRowChange(putOf(plain, keys.get(n), "n", n));
      if (n < 100) criteria.addRow(keys.get(n));
    }
    assertTrue(client.batchWriteRow(request).isAllSucceed());
    List<BatchGetRowResponse.RowResult> found = get(criteria).getBatchGetRowResult(plain);
    for (int n = 0; n < 100; n++) assertEquals(of("n", n), columns(found.get(n).getRow()));
    request.addRowChange(putOf(plain, freshKey(), "n", 200));
    invalid(null, () -> client.batchWriteRow(request));
    criteria.addRow(keys.get(100));
    invalid(null, () -> get(criteria));
  }

  @Test
  public void whatIsReadMayBeNarrowed() {
    PrimaryKey a = freshKey(), b = freshKey();
    put(plain, a, "x", 1, "y", 2);
    put(plain, b, "y", 3);
    MultiRowQueryCriteria criteria = rows(plain, a, b);
    criteria.addColumnsToGet("x");
    List<BatchGetRowResponse.RowResult> found = get(criteria).getBatchGetRowResult(plain);
    assertEquals(of("x", 1), columns(found.get(0).getRow()));
    assertNull(found.get(1).getRow());
  }

  @Test
  public void versions() {
    String versions = makeVersions();
    PrimaryKey key = freshKey();
    RowUpdateChange change = new RowUpdateChange(versions, key);
    for (int n = 1; n <= 5; n++) change.put("c", ColumnValue.fromLong(n), n);
    update(change);
    MultiRowQueryCriteria criteria = new MultiRowQueryCriteria(versions);
    criteria.addRow(key);
    criteria.setTimeRange(new TimeRange(2, 4));
    assertEquals(2, get(criteria).getSucceedRows().get(0).getRow().getColumns().length);
    MultiRowQueryCriteria none = new MultiRowQueryCriteria(versions);
    none.addRow(key);
    invalid("No version condition is specified while querying row.", () -> get(none));
  }
}

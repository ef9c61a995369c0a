package dev.metafs.tablestore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import com.alicloud.openservices.tablestore.TableStoreException;
import com.alicloud.openservices.tablestore.core.ErrorCode;
import com.alicloud.openservices.tablestore.model.AbortTransactionRequest;
import com.alicloud.openservices.tablestore.model.BatchWriteRowRequest;
import com.alicloud.openservices.tablestore.model.BatchWriteRowResponse;
import com.alicloud.openservices.tablestore.model.CapacityUnit;
import com.alicloud.openservices.tablestore.model.ColumnValue;
import com.alicloud.openservices.tablestore.model.CommitTransactionRequest;
import com.alicloud.openservices.tablestore.model.CreateTableRequest;
import com.alicloud.openservices.tablestore.model.DeleteRowRequest;
import com.alicloud.openservices.tablestore.model.GetRangeRequest;
import com.alicloud.openservices.tablestore.model.GetRowRequest;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PrimaryKeyType;
import com.alicloud.openservices.tablestore.model.PrimaryKeyValue;
import com.alicloud.openservices.tablestore.model.PutRowRequest;
import com.alicloud.openservices.tablestore.model.RangeRowQueryCriteria;
import com.alicloud.openservices.tablestore.model.ReservedThroughput;
import com.alicloud.openservices.tablestore.model.Row;
import com.alicloud.openservices.tablestore.model.RowDeleteChange;
import com.alicloud.openservices.tablestore.model.RowExistenceExpectation;
import com.alicloud.openservices.tablestore.model.RowPutChange;
import com.alicloud.openservices.tablestore.model.StartLocalTransactionRequest;
import com.alicloud.openservices.tablestore.model.TableOptions;
import com.alicloud.openservices.tablestore.model.UpdateRowRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.After;
import org.junit.BeforeClass;
import org.junit.Test;

/** Local transactions on a table of one's own. */
public class TransactionsTest extends Sdk {
  private static String table;
  private final List<String> started = new ArrayList<>();

  @BeforeClass
  public static void makeTable() {
    table = make(request(true));
  }

  private static CreateTableRequest request(boolean transactions) {
    CreateTableRequest request = new CreateTableRequest(meta(freshName(), "pk", PrimaryKeyType.STRING, "n", PrimaryKeyType.INTEGER),
        new TableOptions(-1, 1), new ReservedThroughput(new CapacityUnit(0, 0)));
    request.setLocalTxnEnabled(transactions);
    return request;
  }

  @After
  public void endAll() {
    for (String transaction : started) {
      try {
        abort(transaction);
      } catch (TableStoreException ended) {
        // As it should have.
      }
    }
  }

  private String start(String part) {
    String transaction = client.startLocalTransaction(new StartLocalTransactionRequest(table, key("pk", part))).getTransactionID();
    assertFalse(transaction.isEmpty());
    started.add(transaction);
    return transaction;
  }

  private static void commit(String transaction) {
    client.commitTransaction(new CommitTransactionRequest(transaction));
  }

  private static void abort(String transaction) {
    client.abortTransaction(new AbortTransactionRequest(transaction));
  }

  private static PrimaryKey at(String part, Object n) {
    return key("pk", part, "n", n);
  }

  private static void putIn(String transaction, RowPutChange change) {
    PutRowRequest request = new PutRowRequest(change);
    request.setTransactionId(transaction);
    client.putRow(request);
  }

  private static Map<String, ColumnValue> readIn(String transaction, PrimaryKey key) {
    GetRowRequest request = new GetRowRequest(newest(table, key));
    request.setTransactionId(transaction);
    return columns(client.getRow(request).getRow());
  }

  private static List<Long> scan(String transaction, String part) {
    RangeRowQueryCriteria criteria = new RangeRowQueryCriteria(table);
    criteria.setInclusiveStartPrimaryKey(at(part, PrimaryKeyValue.INF_MIN));
    criteria.setExclusiveEndPrimaryKey(at(part, PrimaryKeyValue.INF_MAX));
    criteria.setMaxVersions(1);
    GetRangeRequest request = new GetRangeRequest(criteria);
    if (transaction != null) request.setTransactionId(transaction);
    List<Long> numbers = new ArrayList<>();
    for (Row row : client.getRange(request).getRows()) numbers.add(row.getPrimaryKey().getPrimaryKeyColumn("n").getValue().asLong());
    return numbers;
  }

  private void change(boolean commits) {
    String part = freshName();
    put(table, at(part, 1), "v", "old");
    put(table, at(part, 2), "v", "old");
    put(table, at(part, 3), "v", "old");
    String transaction = start(part);
    putIn(transaction, putOf(table, at(part, 4), "v", "new"));
    UpdateRowRequest update = new UpdateRowRequest(updateOf(table, at(part, 1), "v", "new"));
    update.setTransactionId(transaction);
    client.updateRow(update);
    DeleteRowRequest delete = new DeleteRowRequest(new RowDeleteChange(table, at(part, 2)));
    delete.setTransactionId(transaction);
    client.deleteRow(delete);
    BatchWriteRowRequest batch = new BatchWriteRowRequest();
    batch.addRowChange(putOf(table, at(part, 5), "v", "new"));
    batch.addRowChange(new RowDeleteChange(table, at(part, 3)));
    batch.setTransactionId(transaction);
    assertTrue(client.batchWriteRow(batch).isAllSucceed());
    assertEquals(of("v", "new"), readIn(transaction, at(part, 1)));
    assertEquals(of("v", "old"), read(table, at(part, 1)));
    assertEquals(List.of(1L, 4L, 5L), scan(transaction, part));
    assertEquals(List.of(1L, 2L, 3L), scan(null, part));
    if (commits) commit(transaction);
    else abort(transaction);
    assertEquals(commits ? List.of(1L, 4L, 5L) : List.of(1L, 2L, 3L), scan(null, part));
    assertEquals(of("v", commits ? "new" : "old"), read(table, at(part, 1)));
  }

  @Test
  public void commitKeepsAll() {
    change(true);
  }

  @Test
  public void abortKeepsNothing() {
    change(false);
  }

  @Test
  public void conditionsSeeTheTransactionsOwnWrites() {
    String part = freshName();
    String transaction = start(part);
    RowPutChange change = putOf(table, at(part, 1), "v", 1);
    change.setCondition(expecting(RowExistenceExpectation.EXPECT_NOT_EXIST));
    putIn(transaction, change);
    unmet(() -> putIn(transaction, change));
    commit(transaction);
    assertEquals(of("v", 1), read(table, at(part, 1)));
  }

  @Test
  public void othersMayReadButNotWrite() {
    String part = freshName();
    put(table, at(part, 1), "v", "old");
    String transaction = start(part);
    putIn(transaction, putOf(table, at(part, 1), "v", "new"));
    assertEquals(of("v", "old"), read(table, at(part, 1)));
    String conflict = ErrorCode.ROW_OPERATION_CONFLICT;
    refused(conflict, 409, null, () -> put(table, at(part, 1), "v", "other"));
    refused(conflict, 409, null, () -> put(table, at(part, 99), "v", "other"));
    refused(conflict, 409, null, () -> update(updateOf(table, at(part, 1), "v", "other")));
    refused(conflict, 409, null, () -> delete(table, at(part, 1)));
    refused(conflict, 409, null, () -> start(part));
    BatchWriteRowRequest batch = new BatchWriteRowRequest();
    batch.addRowChange(putOf(table, at(part, 1), "v", "other"));
    BatchWriteRowResponse response = client.batchWriteRow(batch);
    assertEquals(conflict, response.getFailedRows().get(0).getError().getCode());
    put(table, at(freshName(), 1), "v", "another part is free");
    commit(transaction);
    put(table, at(part, 1), "v", "free again");
  }

  @Test
  public void itEndsOnce() {
    for (boolean commits : new boolean[] {true, false}) {
      String part = freshName();
      String transaction = start(part);
      if (commits) commit(transaction);
      else abort(transaction);
      String message = "Session not exist or may be timeout.";
      refused("OTSSessionNotExist", 0, message, () -> commit(transaction));
      refused("OTSSessionNotExist", 0, message, () -> abort(transaction));
      refused("OTSSessionNotExist", 0, message, () -> putIn(transaction, putOf(table, at(part, 1), "v", "late")));
      assertNull(read(table, at(part, 1)));
    }
  }

  @Test
  public void namesThatAreNoTransaction() {
    for (String name : List.of("", "nonsense")) {
      invalid("TransactionID is invalid.", () -> commit(name));
      invalid("TransactionID is invalid.", () -> abort(name));
    }
    invalid("TransactionID is invalid.", () -> putIn("nonsense", putOf(table, at("p", 1), "v", 1)));
  }

  @Test
  public void theKeyIsTheFirstColumnOnly() {
    invalid("StartLocalTransaction support only one primary key.",
        () -> client.startLocalTransaction(new StartLocalTransactionRequest(table, at("p", 1))));
    invalid("Invalid table name: ''.", () -> client.startLocalTransaction(new StartLocalTransactionRequest("", key("pk", "p"))));
  }

  @Test
  public void tablesWithoutTransactions() {
    String other = make(request(false));
    invalid("Try to call method using explicit transaction on explicit-transaction-disabled table.",
        () -> client.startLocalTransaction(new StartLocalTransactionRequest(other, key("pk", "p"))));
  }

  @Test
  public void otherPartsAreOutOfItsRange() {
    String transaction = start("inside");
    refused("OTSDataOutOfRange", 0, "Data out of scope of transaction. Transaction PartKey:inside. Data PartKey:outside",
        () -> putIn(transaction, putOf(table, at("outside", 1), "v", 1)));
  }
}

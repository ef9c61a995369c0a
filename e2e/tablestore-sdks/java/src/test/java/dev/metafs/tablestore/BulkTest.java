package dev.metafs.tablestore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import com.alicloud.openservices.tablestore.DefaultTableStoreWriter;
import com.alicloud.openservices.tablestore.core.ErrorCode;
import com.alicloud.openservices.tablestore.core.auth.DefaultCredentials;
import com.alicloud.openservices.tablestore.model.BulkExportRequest;
import com.alicloud.openservices.tablestore.model.BulkExportResponse;
import com.alicloud.openservices.tablestore.model.BulkImportRequest;
import com.alicloud.openservices.tablestore.model.BulkImportResponse;
import com.alicloud.openservices.tablestore.model.DataBlockType;
import com.alicloud.openservices.tablestore.model.PlainBufferBlockParser;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PrimaryKeyType;
import com.alicloud.openservices.tablestore.model.PrimaryKeyValue;
import com.alicloud.openservices.tablestore.model.RangeIteratorParameter;
import com.alicloud.openservices.tablestore.model.Row;
import com.alicloud.openservices.tablestore.model.RowDeleteChange;
import com.alicloud.openservices.tablestore.model.SimpleRowMatrixBlockRowIterator;
import com.alicloud.openservices.tablestore.model.TableOptions;
import com.alicloud.openservices.tablestore.model.tunnel.BulkExportQueryCriteria;
import com.alicloud.openservices.tablestore.writer.WriterConfig;
import com.alicloud.openservices.tablestore.writer.enums.BatchRequestType;
import java.util.Iterator;
import java.util.List;
import org.junit.Test;

/** What the SDK builds on top of the single calls: its writer, and import and export in bulk. */
public class BulkTest extends Sdk {
  private static long count(String table) {
    RangeIteratorParameter parameter = new RangeIteratorParameter(table);
    parameter.setInclusiveStartPrimaryKey(key("pk", PrimaryKeyValue.INF_MIN));
    parameter.setExclusiveEndPrimaryKey(key("pk", PrimaryKeyValue.INF_MAX));
    parameter.setMaxVersions(1);
    long rows = 0;
    for (Iterator<Row> all = client.createRangeIterator(parameter); all.hasNext(); all.next()) rows++;
    return rows;
  }

  private static void written(BatchRequestType type) {
    String table = makePlain();
    WriterConfig configuration = new WriterConfig();
    configuration.setBatchRequestType(type);
    DefaultTableStoreWriter writer =
        new DefaultTableStoreWriter(ENDPOINT, new DefaultCredentials(KEY_ID, KEY_SECRET), INSTANCE, table, configuration, null);
    try {
      for (int n = 0; n < 3_000; n++) writer.addRowChange(putOf(table, key("pk", "row " + n), "n", n));
      writer.flush();
      assertEquals(3_000, writer.getWriterStatistics().getTotalSucceedRowsCount());
      assertEquals(0, writer.getWriterStatistics().getTotalFailedRowsCount());
    } finally {
      writer.close();
    }
    assertEquals(3_000, count(table));
    assertEquals(of("n", 2_999), read(table, key("pk", "row 2999")));
  }

  @Test
  public void theWriterByBatches() {
    written(BatchRequestType.BATCH_WRITE_ROW);
  }

  @Test
  public void theWriterInBulk() {
    written(BatchRequestType.BULK_IMPORT);
  }

  @Test
  public void bulkImport() {
    String table = makePlain();
    PrimaryKey gone = freshKey(), changed = freshKey(), fresh = freshKey();
    put(table, gone, "a", 1);
    put(table, changed, "a", 1);
    BulkImportRequest request = new BulkImportRequest(table);
    request.addRowChange(putOf(table, fresh, "a", 1));
    request.addRowChange(updateOf(table, changed, "b", 2));
    request.addRowChange(new RowDeleteChange(table, gone));
    request.addRowChange(putOf(table, key("other", "x"), "a", 1));
    BulkImportResponse response = client.bulkImport(request);
    assertFalse(response.isAllSucceed());
    assertEquals(3, response.getSucceedRows().size());
    assertEquals(ErrorCode.INVALID_PK, response.getFailedRows().get(0).getError().getCode());
    assertEquals(3, response.getFailedRows().get(0).getIndex());
    assertEquals(of("a", 1), read(table, fresh));
    assertEquals(of("a", 1, "b", 2), read(table, changed));
    assertNull(read(table, gone));
  }

  @Test
  public void bulkExport() {
    String table = make(new TableOptions(-1, 1), "pk", PrimaryKeyType.INTEGER);
    for (int n = 0; n < 300; n++) put(table, key("pk", n), "n", n, "s", "text " + n, "other", true);
    BulkExportQueryCriteria criteria = new BulkExportQueryCriteria(table);
    criteria.setInclusiveStartPrimaryKey(key("pk", PrimaryKeyValue.INF_MIN));
    criteria.setExclusiveEndPrimaryKey(key("pk", PrimaryKeyValue.INF_MAX));
    criteria.addColumnsToGet(new String[] {"pk", "n", "s"});
    criteria.setDataBlockType(DataBlockType.DBT_PLAIN_BUFFER);
    BulkExportResponse response = client.bulkExport(new BulkExportRequest(criteria));
    assertNull(response.getNextStartPrimaryKey());
    // The type that the request names is a wish only.
    if (response.getDataBlockType() == DataBlockType.DBT_PLAIN_BUFFER) {
      List<Row> rows = new PlainBufferBlockParser(response.getRows()).getRows();
      assertEquals(300, rows.size());
      for (int n = 0; n < 300; n++) {
        assertEquals(key("pk", n), rows.get(n).getPrimaryKey());
        assertEquals(of("n", n, "s", "text " + n), columns(rows.get(n)));
      }
    } else {
      SimpleRowMatrixBlockRowIterator rows = new SimpleRowMatrixBlockRowIterator(client, criteria, true);
      for (int n = 0; n < 300; n++) {
        rows.next();
        assertEquals(n, rows.getLong("pk"));
        assertEquals(n, rows.getLong("n"));
        assertEquals("text " + n, rows.getString("s"));
      }
      assertTrue(!rows.hasNext());
    }
  }
}

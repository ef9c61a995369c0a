package dev.metafs.tablestore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import com.alicloud.openservices.tablestore.core.ErrorCode;
import com.alicloud.openservices.tablestore.model.AddDefinedColumnRequest;
import com.alicloud.openservices.tablestore.model.CapacityUnit;
import com.alicloud.openservices.tablestore.model.ComputeSplitsBySizeRequest;
import com.alicloud.openservices.tablestore.model.ComputeSplitsBySizeResponse;
import com.alicloud.openservices.tablestore.model.CreateIndexRequest;
import com.alicloud.openservices.tablestore.model.CreateTableRequest;
import com.alicloud.openservices.tablestore.model.DefinedColumnSchema;
import com.alicloud.openservices.tablestore.model.DefinedColumnType;
import com.alicloud.openservices.tablestore.model.DeleteDefinedColumnRequest;
import com.alicloud.openservices.tablestore.model.DeleteIndexRequest;
import com.alicloud.openservices.tablestore.model.DeleteTableRequest;
import com.alicloud.openservices.tablestore.model.DescribeTableRequest;
import com.alicloud.openservices.tablestore.model.DescribeTableResponse;
import com.alicloud.openservices.tablestore.model.IndexMeta;
import com.alicloud.openservices.tablestore.model.ListStreamRequest;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PrimaryKeySchema;
import com.alicloud.openservices.tablestore.model.PrimaryKeyType;
import com.alicloud.openservices.tablestore.model.PrimaryKeyValue;
import com.alicloud.openservices.tablestore.model.ReservedThroughput;
import com.alicloud.openservices.tablestore.model.Split;
import com.alicloud.openservices.tablestore.model.TableMeta;
import com.alicloud.openservices.tablestore.model.TableOptions;
import com.alicloud.openservices.tablestore.model.UpdateTableRequest;
import com.alicloud.openservices.tablestore.model.UpdateTableResponse;
import java.util.List;
import org.junit.Test;

/** Tables: made, described, changed, listed, deleted, and where they would be cut. */
public class TablesTest extends Sdk {
  private static final ReservedThroughput NONE = new ReservedThroughput(new CapacityUnit(0, 0));

  private static DescribeTableResponse describe(String table) {
    return client.describeTable(new DescribeTableRequest(table));
  }

  private static void options(TableOptions found, int timeToLive, int versions, long deviation) {
    assertEquals(timeToLive, found.getTimeToLive());
    assertEquals(versions, found.getMaxVersions());
    assertEquals(deviation, found.getMaxTimeDeviation());
  }

  @Test
  public void describeTellsWhatWasMade() {
    TableMeta meta = meta(freshName(), "s", PrimaryKeyType.STRING, "i", PrimaryKeyType.INTEGER, "b", PrimaryKeyType.BINARY);
    meta.addDefinedColumn("d", DefinedColumnType.DOUBLE);
    meta.addDefinedColumn("t", DefinedColumnType.BOOLEAN);
    long before = System.currentTimeMillis();
    String table = make(new CreateTableRequest(meta, new TableOptions(1_200_000, 2, 86_401), new ReservedThroughput(new CapacityUnit(1, 2))));
    DescribeTableResponse response = describe(table);
    assertEquals(table, response.getTableMeta().getTableName());
    assertEquals(meta.getPrimaryKeyList(), response.getTableMeta().getPrimaryKeyList());
    assertEquals(meta.getDefinedColumnsList(), response.getTableMeta().getDefinedColumnsList());
    options(response.getTableOptions(), 1_200_000, 2, 86_401);
    assertEquals(new CapacityUnit(1, 2), response.getReservedThroughputDetails().getCapacityUnit());
    assertTrue(response.getIndexMeta().isEmpty());
    // Microseconds in the real service; what counts is that it is told and not before now.
    assertTrue(response.getCreationTime() >= before - 60_000);
    assertFalse(response.getSseDetails() != null && response.getSseDetails().isEnable());
  }

  @Test
  public void theListOfTables() {
    String table = makePlain();
    assertEquals(1, client.listTable().getTableNames().stream().filter(table::equals).count());
    client.deleteTable(new DeleteTableRequest(table));
    assertFalse(client.listTable().getTableNames().contains(table));
    refused(ErrorCode.OBJECT_NOT_EXIST, 404, "Requested table does not exist.", () -> describe(table));
    refused(ErrorCode.OBJECT_NOT_EXIST, 404, "Requested table does not exist.", () -> client.deleteTable(new DeleteTableRequest(table)));
  }

  @Test
  public void aTableThereAlready() {
    CreateTableRequest request = new CreateTableRequest(meta(makePlain(), "other", PrimaryKeyType.INTEGER), new TableOptions(-1, 1), NONE);
    refused(ErrorCode.OBJECT_ALREADY_EXIST, 409, "Requested table already exists.", () -> client.createTable(request));
  }

  @Test
  public void namesThatAreNone() {
    for (String name : List.of("0", "#", "中文", "T#", "3t", "-")) {
      String message = "Invalid table name: '" + name + "'.";
      CreateTableRequest request = new CreateTableRequest(meta(name, "pk", PrimaryKeyType.STRING), new TableOptions(-1, 1), NONE);
      invalid(message, () -> client.createTable(request));
      invalid(message, () -> describe(name));
      invalid(message, () -> client.deleteTable(new DeleteTableRequest(name)));
      invalid(message, () -> put(name, freshKey(), "a", 1));
      invalid(message, () -> get(name, freshKey()));
    }
  }

  @Test
  public void keysThatAreNone() {
    invalid("Duplicated primary key name: 'pk'.", () -> make(new TableOptions(-1, 1), "pk", PrimaryKeyType.STRING, "pk", PrimaryKeyType.INTEGER));
    invalid(null, () -> make(new TableOptions(-1, 1), "a", PrimaryKeyType.STRING, "b", PrimaryKeyType.STRING, "c", PrimaryKeyType.STRING,
        "d", PrimaryKeyType.STRING, "e", PrimaryKeyType.STRING));
  }

  @Test
  public void updateChangesOptions() {
    String table = makePlain();
    UpdateTableRequest request = new UpdateTableRequest(table);
    request.setTableOptionsForUpdate(new TableOptions(100_000, 3, 86_402));
    UpdateTableResponse response = client.updateTable(request);
    options(response.getTableOptions(), 100_000, 3, 86_402);
    options(describe(table).getTableOptions(), 100_000, 3, 86_402);
  }

  @Test
  public void updateChangesOneOption() {
    String table = makePlain();
    UpdateTableRequest request = new UpdateTableRequest(table);
    TableOptions options = new TableOptions();
    options.setMaxVersions(7);
    request.setTableOptionsForUpdate(options);
    client.updateTable(request);
    options(describe(table).getTableOptions(), -1, 7, 86_400);
  }

  @Test
  public void updateChangesTheThroughput() {
    String table = makePlain();
    UpdateTableRequest request = new UpdateTableRequest(table);
    request.setReservedThroughputForUpdate(new ReservedThroughput(new CapacityUnit(3, 4)));
    assertEquals(new CapacityUnit(3, 4), client.updateTable(request).getReservedThroughputDetails().getCapacityUnit());
    assertEquals(new CapacityUnit(3, 4), describe(table).getReservedThroughputDetails().getCapacityUnit());
  }

  @Test
  public void aTableThatIsMadeAgainIsEmpty() {
    PrimaryKey key = freshKey();
    String table = makePlain();
    put(table, key, "a", 1);
    client.deleteTable(new DeleteTableRequest(table));
    make(new CreateTableRequest(meta(table, "pk", PrimaryKeyType.STRING), new TableOptions(-1, 1), NONE));
    assertNull(get(table, key));
  }

  @Test
  public void definedColumnsComeAndGo() {
    String table = makePlain();
    AddDefinedColumnRequest add = new AddDefinedColumnRequest();
    add.setTableName(table);
    add.addDefinedColumn("a", DefinedColumnType.INTEGER);
    add.addDefinedColumn("b", DefinedColumnType.STRING);
    client.addDefinedColumn(add);
    assertEquals(List.of(new DefinedColumnSchema("a", DefinedColumnType.INTEGER), new DefinedColumnSchema("b", DefinedColumnType.STRING)),
        describe(table).getTableMeta().getDefinedColumnsList());
    DeleteDefinedColumnRequest delete = new DeleteDefinedColumnRequest();
    delete.setTableName(table);
    delete.addDefinedColumn("a");
    client.deleteDefinedColumn(delete);
    assertEquals(List.of(new DefinedColumnSchema("b", DefinedColumnType.STRING)), describe(table).getTableMeta().getDefinedColumnsList());
  }

  @Test
  public void indexesAreDescribed() {
    TableMeta meta = meta(freshName(), "pk", PrimaryKeyType.STRING);
    meta.addDefinedColumn("a", DefinedColumnType.INTEGER);
    String table = make(new CreateTableRequest(meta, new TableOptions(-1, 1), NONE));
    IndexMeta index = new IndexMeta(freshName());
    index.addPrimaryKeyColumn("a");
    client.createIndex(new CreateIndexRequest(table, index, false));
    List<IndexMeta> found = describe(table).getIndexMeta();
    assertEquals(1, found.size());
    assertEquals(index.getIndexName(), found.get(0).getIndexName());
    // The service appends the table's own key.
    assertEquals("a", found.get(0).getPrimaryKeyList().get(0));
    client.deleteIndex(new DeleteIndexRequest(table, index.getIndexName()));
    assertTrue(describe(table).getIndexMeta().isEmpty());
  }

  @Test
  public void noStreams() {
    assertTrue(client.listStream(new ListStreamRequest(makePlain())).getStreams().isEmpty());
  }

  @Test
  public void updatesWhereTheyAreNotAllowed() {
    TableOptions options = new TableOptions(-1, 1);
    options.setAllowUpdate(false);
    String table = make(options, "pk", PrimaryKeyType.STRING);
    assertFalse(describe(table).getTableOptions().getAllowUpdate());
    put(table, key("pk", "k"), "a", 1);
    invalid(null, () -> update(updateOf(table, key("pk", "k"), "a", 2)));
  }

  private static ComputeSplitsBySizeResponse splits(String table, long units, long unit) {
    return client.computeSplitsBySize(new ComputeSplitsBySizeRequest(table, units, unit));
  }

  @Test
  public void aSmallTableIsOneSplit() {
    String table = make(new TableOptions(-1, 1), "s", PrimaryKeyType.STRING, "i", PrimaryKeyType.INTEGER);
    for (boolean filled : new boolean[] {false, true}) {
      if (filled) put(table, key("s", "k", "i", 1), "a", 1);
      ComputeSplitsBySizeResponse response = client.computeSplitsBySize(new ComputeSplitsBySizeRequest(table, 1));
      assertEquals(1, response.getSplits().size());
      Split split = response.getSplits().get(0);
      assertEquals(key("s", PrimaryKeyValue.INF_MIN, "i", PrimaryKeyValue.INF_MIN), split.getLowerBound());
      assertEquals(key("s", PrimaryKeyValue.INF_MAX, "i", PrimaryKeyValue.INF_MAX), split.getUpperBound());
      assertEquals(new CapacityUnit(1, 0), response.getConsumedCapacity().getCapacityUnit());
      assertEquals(List.of(new PrimaryKeySchema("s", PrimaryKeyType.STRING), new PrimaryKeySchema("i", PrimaryKeyType.INTEGER)),
          response.getPrimaryKeySchema());
    }
  }

  @Test
  public void aLargerTableIsSeveralSplits() {
    String table = make(new TableOptions(-1, 1), "n", PrimaryKeyType.INTEGER, "t", PrimaryKeyType.STRING);
    for (int n = 0; n < 12; n++) put(table, key("n", n, "t", "t"), "c", new byte[500_000]);
    List<Split> splits = splits(table, 2, 1024 * 1024).getSplits();
    assertTrue("splits: " + splits.size(), splits.size() >= 2 && splits.size() <= 6);
    PrimaryKey bound = key("n", PrimaryKeyValue.INF_MIN, "t", PrimaryKeyValue.INF_MIN);
    for (Split split : splits) {
      assertEquals(bound, split.getLowerBound());
      assertTrue(split.getLowerBound().compareTo(split.getUpperBound()) < 0);
      bound = split.getUpperBound();
    }
    assertEquals(key("n", PrimaryKeyValue.INF_MAX, "t", PrimaryKeyValue.INF_MAX), bound);
  }

  @Test
  public void splitsOfNoSize() {
    String table = makePlain();
    invalid("The split_size should be greater than 0.", () -> client.computeSplitsBySize(new ComputeSplitsBySizeRequest(table, 0)));
    invalid("The split_size should be greater than 0.", () -> splits(table, 0, 100 * 1024 * 1024));
    invalid("The split_size_unit_in_byte should be greater equal than: 1048576", () -> splits(table, 1000, 0));
    refused(ErrorCode.OBJECT_NOT_EXIST, 404, null, () -> splits(freshName(), 1, 1024 * 1024));
  }
}

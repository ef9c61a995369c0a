package dev.metafs.tablestore;

import static com.alicloud.openservices.tablestore.model.filter.SingleColumnValueFilter.CompareOperator.EQUAL;
import static com.alicloud.openservices.tablestore.model.filter.SingleColumnValueFilter.CompareOperator.GREATER_THAN;
import static com.alicloud.openservices.tablestore.model.filter.SingleColumnValueFilter.CompareOperator.LESS_EQUAL;
import static com.alicloud.openservices.tablestore.model.filter.SingleColumnValueFilter.CompareOperator.NOT_EQUAL;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import com.alicloud.openservices.tablestore.model.Column;
import com.alicloud.openservices.tablestore.model.ColumnValue;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PrimaryKeyType;
import com.alicloud.openservices.tablestore.model.PutRowRequest;
import com.alicloud.openservices.tablestore.model.Row;
import com.alicloud.openservices.tablestore.model.RowPutChange;
import com.alicloud.openservices.tablestore.model.RowUpdateChange;
import com.alicloud.openservices.tablestore.model.SingleRowQueryCriteria;
import com.alicloud.openservices.tablestore.model.TableOptions;
import com.alicloud.openservices.tablestore.model.TimeRange;
import com.alicloud.openservices.tablestore.model.UpdateTableRequest;
import com.alicloud.openservices.tablestore.model.filter.ColumnPaginationFilter;
import com.alicloud.openservices.tablestore.model.filter.CompositeColumnValueFilter;
import com.alicloud.openservices.tablestore.model.filter.CompositeColumnValueFilter.LogicOperator;
import com.alicloud.openservices.tablestore.model.filter.Filter;
import com.alicloud.openservices.tablestore.model.filter.RegexRule;
import com.alicloud.openservices.tablestore.model.filter.SingleColumnValueFilter;
import com.alicloud.openservices.tablestore.model.filter.SingleColumnValueRegexFilter;
import java.util.ArrayList;
import java.util.List;
import org.junit.BeforeClass;
import org.junit.Test;

/** Filters and versions of single rows. */
public class ReadsTest extends Sdk {
  private static String plain;
  private static String versions;

  @BeforeClass
  public static void makeTables() {
    plain = makePlain();
    versions = makeVersions();
  }

  private static SingleColumnValueFilter single(String column, SingleColumnValueFilter.CompareOperator operator, Object value) {
    return new SingleColumnValueFilter(column, operator, value(value));
  }

  private static void passes(boolean expected, Filter filter) {
    PrimaryKey key = freshKey();
    put(plain, key, "n", 5, "s", "some text", "t", true, "d", 2.5, "b", new byte[] {0});
    SingleRowQueryCriteria criteria = newest(plain, key);
    criteria.setFilter(filter);
    Row row = get(criteria);
    assertEquals(expected, row != null);
    if (expected) assertEquals(5, row.getColumns().length);
  }

  @Test
  public void filtersOfOneColumn() {
    passes(true, single("n", EQUAL, 5));
    passes(false, single("n", EQUAL, 6));
    passes(false, single("n", NOT_EQUAL, 5));
    passes(true, single("n", GREATER_THAN, 4));
    passes(false, single("n", LESS_EQUAL, 4));
    passes(true, single("s", GREATER_THAN, "some"));
    passes(true, single("t", EQUAL, true));
    passes(true, single("d", GREATER_THAN, 2.0));
    passes(true, single("b", EQUAL, new byte[] {0}));
    passes(true, single("none", EQUAL, 1));
    passes(false, single("none", EQUAL, 1).setPassIfMissing(false));
  }

  private static CompositeColumnValueFilter composite(LogicOperator operator, SingleColumnValueFilter... parts) {
    CompositeColumnValueFilter filter = new CompositeColumnValueFilter(operator);
    for (SingleColumnValueFilter part : parts) filter.addFilter(part);
    return filter;
  }

  @Test
  public void filtersOfSeveralColumns() {
    SingleColumnValueFilter yes = single("n", EQUAL, 5), no = single("t", EQUAL, false);
    passes(false, composite(LogicOperator.AND, yes, no));
    passes(true, composite(LogicOperator.AND, yes, yes));
    passes(true, composite(LogicOperator.OR, no, yes));
    passes(false, composite(LogicOperator.OR, no, no));
    passes(true, composite(LogicOperator.NOT, no));
    passes(false, composite(LogicOperator.NOT, yes));
    passes(true, composite(LogicOperator.AND, yes).addFilter(composite(LogicOperator.NOT, no)));
  }

  @Test
  public void partsOfStrings() {
    PrimaryKey key = freshKey();
    put(plain, key, "c", "t1=42;t2=x");
    RegexRule number = new RegexRule("t1=([0-9]+);", RegexRule.CastType.VT_INTEGER);
    RegexRule text = new RegexRule("t2=([a-z]+)", RegexRule.CastType.VT_STRING);
    RegexRule missing = new RegexRule("t3=([a-z]+)", RegexRule.CastType.VT_STRING);
    SingleRowQueryCriteria criteria = newest(plain, key);
    criteria.setFilter(new SingleColumnValueRegexFilter("c", number, SingleColumnValueRegexFilter.CompareOperator.GREATER_THAN, value(41)));
    assertEquals(of("c", "t1=42;t2=x"), columns(get(criteria)));
    criteria.setFilter(new SingleColumnValueRegexFilter("c", number, SingleColumnValueRegexFilter.CompareOperator.LESS_THAN, value(42)));
    assertNull(get(criteria));
    criteria.setFilter(new SingleColumnValueRegexFilter("c", text, SingleColumnValueRegexFilter.CompareOperator.EQUAL, value("x")));
    assertEquals(of("c", "t1=42;t2=x"), columns(get(criteria)));
    criteria.setFilter(new SingleColumnValueRegexFilter("c", missing, SingleColumnValueRegexFilter.CompareOperator.EQUAL, value("x")));
    assertNull(get(criteria));
    criteria.setFilter(new SingleColumnValueRegexFilter("c", SingleColumnValueRegexFilter.CompareOperator.EXIST));
    assertEquals(of("c", "t1=42;t2=x"), columns(get(criteria)));
    criteria.setFilter(new SingleColumnValueRegexFilter("c", SingleColumnValueRegexFilter.CompareOperator.NOT_EXIST));
    assertNull(get(criteria));
  }

  @Test
  public void pagesOfColumns() {
    PrimaryKey key = freshKey();
    put(plain, key, "a", 0, "b", 1, "c", 2, "d", 3, "e", 4);
    SingleRowQueryCriteria criteria = newest(plain, key);
    criteria.setFilter(new ColumnPaginationFilter(2));
    assertEquals(of("a", 0, "b", 1), columns(get(criteria)));
    criteria.setFilter(new ColumnPaginationFilter(2, 3));
    assertEquals(of("d", 3, "e", 4), columns(get(criteria)));
    criteria.setFilter(new ColumnPaginationFilter(10, 4));
    assertEquals(of("e", 4), columns(get(criteria)));
    criteria.setFilter(new ColumnPaginationFilter(2, 0));
    criteria.setStartColumn("c");
    assertEquals(of("c", 2, "d", 3), columns(get(criteria)));
  }

  private static PrimaryKey five() {
    PrimaryKey key = freshKey();
    RowPutChange change = new RowPutChange(versions, key);
    for (int n = 1; n <= 5; n++) change.addColumn(new Column("c", ColumnValue.fromLong(n), n));
    client.putRow(new PutRowRequest(change));
    return key;
  }

  private static SingleRowQueryCriteria all(PrimaryKey key) {
    SingleRowQueryCriteria criteria = new SingleRowQueryCriteria(versions, key);
    criteria.setMaxVersions(Integer.MAX_VALUE);
    return criteria;
  }

  private static List<Long> numbers(SingleRowQueryCriteria criteria) {
    List<Long> numbers = new ArrayList<>();
    Row row = get(criteria);
    if (row == null) return null;
    for (Column column : row.getColumns()) {
      numbers.add(column.getValue().asLong());
      assertEquals(column.getValue().asLong(), column.getTimestamp());
    }
    return numbers;
  }

  @Test
  public void numbersOfVersions() {
    PrimaryKey key = five();
    assertEquals(List.of(5L, 4L, 3L, 2L, 1L), numbers(all(key)));
    assertEquals(List.of(5L), numbers(newest(versions, key)));
    SingleRowQueryCriteria criteria = newest(versions, key);
    criteria.setMaxVersions(3);
    assertEquals(List.of(5L, 4L, 3L), numbers(criteria));
  }

  @Test
  public void rangesOfTime() {
    PrimaryKey key = five();
    SingleRowQueryCriteria criteria = new SingleRowQueryCriteria(versions, key);
    criteria.setTimeRange(new TimeRange(2, 4));
    assertEquals(List.of(3L, 2L), numbers(criteria));
    criteria.setTimestamp(4);
    assertEquals(List.of(4L), numbers(criteria));
    criteria.setTimeRange(new TimeRange(3));
    assertEquals(List.of(5L, 4L, 3L), numbers(criteria));
    criteria.setTimeRange(new TimeRange(1, 5));
    criteria.setMaxVersions(2);
    assertEquals(List.of(4L, 3L), numbers(criteria));
    criteria.setTimeRange(new TimeRange(6, 9));
    assertNull(get(criteria));
  }

  @Test
  public void neitherRangeNorNumber() {
    invalid("No version condition is specified.", () -> get(new SingleRowQueryCriteria(plain, freshKey())));
  }

  @Test
  public void versionsAreDeleted() {
    PrimaryKey key = five();
    update(new RowUpdateChange(versions, key).deleteColumn("c", 2).deleteColumn("c", 9));
    assertEquals(List.of(5L, 4L, 3L, 1L), numbers(all(key)));
    RowUpdateChange again = new RowUpdateChange(versions, key);
    again.put("c", ColumnValue.fromLong(2), 2);
    update(again);
    assertEquals(List.of(5L, 4L, 3L, 2L, 1L), numbers(all(key)));
    update(updateOf(versions, key, "other", 1).deleteColumns("c"));
    assertEquals(of("other", 1), columns(get(all(key))));
  }

  @Test
  public void theTableKeepsNoMoreThanItsNumber() {
    PrimaryKey key = freshKey();
    for (int n = 1; n <= 14; n++) {
      RowUpdateChange change = new RowUpdateChange(versions, key);
      change.put("c", ColumnValue.fromLong(n), n);
      update(change);
    }
    assertEquals(10, get(all(key)).getColumns().length);
    assertEquals(14, get(all(key)).getColumns()[0].getTimestamp());
    assertEquals(5, get(all(key)).getColumns()[9].getTimestamp());
  }

  @Test
  public void oneAfterTheOtherAreVersionsOfTheirOwn() {
    PrimaryKey key = freshKey();
    for (int n = 0; n < 5; n++) update(updateOf(versions, key, "c", n));
    Column[] cells = get(all(key)).getColumns();
    assertEquals(5, cells.length);
    for (int n = 0; n < 5; n++) {
      assertEquals(4 - n, cells[n].getValue().asLong());
      assertTrue(Math.abs(cells[n].getTimestamp() - System.currentTimeMillis()) < 60_000);
    }
  }

  @Test
  public void extremeTimestamps() {
    for (long timestamp : new long[] {0, 1, Long.MAX_VALUE / 1000 - 1}) {
      PrimaryKey key = freshKey();
      RowPutChange change = new RowPutChange(versions, key);
      change.addColumn("c", ColumnValue.fromLong(1), timestamp);
      client.putRow(new PutRowRequest(change));
      assertEquals(timestamp, get(all(key)).getColumns()[0].getTimestamp());
    }
  }

  @Test
  public void timestampsTooFarFromNow() {
    String table = make(new TableOptions(-1, 1, 3600), "pk", PrimaryKeyType.STRING);
    long now = System.currentTimeMillis();
    for (long timestamp : new long[] {now - 1_800_000, now + 1_800_000}) {
      RowPutChange change = new RowPutChange(table, freshKey());
      change.addColumn("c", ColumnValue.fromLong(1), timestamp);
      client.putRow(new PutRowRequest(change));
    }
    for (long timestamp : new long[] {1, now - 7_200_000, now + 7_200_000}) {
      RowPutChange change = new RowPutChange(table, freshKey());
      change.addColumn("c", ColumnValue.fromLong(1), timestamp);
      invalid(null, () -> client.putRow(new PutRowRequest(change)));
    }
  }

  @Test
  public void oldCellsEnd() {
    long day = 86_400_000;
    long now = System.currentTimeMillis();
    String table = make(new TableOptions(-1, 5, 864_000), "pk", PrimaryKeyType.STRING);
    PrimaryKey key = freshKey();
    RowPutChange change = new RowPutChange(table, key);
    change.addColumn("old", ColumnValue.fromLong(1), now - 2 * day);
    change.addColumn("both", ColumnValue.fromLong(1), now - 2 * day);
    change.addColumn("both", ColumnValue.fromLong(2), now);
    client.putRow(new PutRowRequest(change));
    // Now that the cells have their age the table gets its life.
    UpdateTableRequest request = new UpdateTableRequest(table);
    request.setTableOptionsForUpdate(new TableOptions(86_400));
    client.updateTable(request);
    SingleRowQueryCriteria criteria = newest(table, key);
    criteria.setMaxVersions(5);
    assertEquals(1, get(criteria).getColumns().length);
    assertEquals(of("both", 2), columns(get(criteria)));
  }

  @Test
  public void onlyTheNewestVersionPassesUnlessAllAreLookedAt() {
    PrimaryKey key = five();
    SingleRowQueryCriteria criteria = all(key);
    criteria.setFilter(single("c", EQUAL, 2).setPassIfMissing(false));
    assertNull(get(criteria));
    criteria.setFilter(single("c", EQUAL, 2).setPassIfMissing(false).setLatestVersionsOnly(false));
    assertEquals(5, get(criteria).getColumns().length);
  }
}

package dev.metafs.tablestore;

import static com.alicloud.openservices.tablestore.model.PrimaryKeyValue.INF_MAX;
import static com.alicloud.openservices.tablestore.model.PrimaryKeyValue.INF_MIN;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import com.alicloud.openservices.tablestore.model.BatchWriteRowRequest;
import com.alicloud.openservices.tablestore.model.CapacityUnit;
import com.alicloud.openservices.tablestore.model.Direction;
import com.alicloud.openservices.tablestore.model.GetRangeRequest;
import com.alicloud.openservices.tablestore.model.GetRangeResponse;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PrimaryKeyType;
import com.alicloud.openservices.tablestore.model.RangeIteratorParameter;
import com.alicloud.openservices.tablestore.model.RangeRowQueryCriteria;
import com.alicloud.openservices.tablestore.model.Row;
import com.alicloud.openservices.tablestore.model.TableOptions;
import com.alicloud.openservices.tablestore.model.filter.SingleColumnValueFilter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.junit.BeforeClass;
import org.junit.Test;

/** Ranges of rows: bounds, directions, pages, and the limits of one answer. */
public class RangesTest extends Sdk {
  private static final int ROWS = 5_300;
  private static String grid;
  private static String many;
  private static final List<String> ALL = new ArrayList<>();

  @BeforeClass
  public static void makeTables() {
    grid = make(new TableOptions(-1, 1), "pk", PrimaryKeyType.STRING, "n", PrimaryKeyType.INTEGER);
    ALL.clear();
    for (String part : List.of("a", "b", "c")) {
      for (int n = 0; n < 4; n++) {
        ALL.add(part + n);
        put(grid, at(part, n), "name", part + n, "even", n % 2 == 0);
      }
    }
    many = make(new TableOptions(-1, 1), "pk", PrimaryKeyType.INTEGER);
    BatchWriteRowRequest batch = new BatchWriteRowRequest();
    for (int n = 0; n < ROWS; n++) {
      batch.addRowChange(putOf(many, key("pk", n), "n", n));
      if (n % 200 == 199 || n == ROWS - 1) {
        assertTrue(client.batchWriteRow(batch).isAllSucceed());
        batch = new BatchWriteRowRequest();
      }
    }
  }

  private static PrimaryKey at(Object part, Object n) {
    return key("pk", part, "n", n);
  }

  private static RangeRowQueryCriteria range(String table, Direction direction, PrimaryKey start, PrimaryKey end) {
    RangeRowQueryCriteria criteria = new RangeRowQueryCriteria(table);
    criteria.setDirection(direction);
    criteria.setInclusiveStartPrimaryKey(start);
    criteria.setExclusiveEndPrimaryKey(end);
    criteria.setMaxVersions(1);
    return criteria;
  }

  private static GetRangeResponse page(RangeRowQueryCriteria criteria) {
    return client.getRange(new GetRangeRequest(criteria));
  }

  private static List<String> found(RangeRowQueryCriteria criteria) {
    List<String> names = new ArrayList<>();
    PrimaryKey next = criteria.getInclusiveStartPrimaryKey();
    while (next != null) {
      criteria.setInclusiveStartPrimaryKey(next);
      GetRangeResponse response = page(criteria);
      for (Row row : response.getRows()) names.add(row.getLatestColumn("name").getValue().asString());
      next = response.getNextStartPrimaryKey();
    }
    return names;
  }

  private static void expect(Direction direction, PrimaryKey start, PrimaryKey end, int from, int to) {
    List<String> expected = new ArrayList<>(ALL.subList(from, to));
    if (direction == Direction.BACKWARD) Collections.reverse(expected);
    assertEquals(expected, found(range(grid, direction, start, end)));
    for (int limit : new int[] {1, 3, 12}) {
      RangeRowQueryCriteria criteria = range(grid, direction, start, end);
      criteria.setLimit(limit);
      assertEquals(expected, found(criteria));
    }
  }

  @Test
  public void forward() {
    expect(Direction.FORWARD, at(INF_MIN, INF_MIN), at(INF_MAX, INF_MAX), 0, 12);
    expect(Direction.FORWARD, at("b", INF_MIN), at("b", INF_MAX), 4, 8);
    expect(Direction.FORWARD, at("a", 2), at("c", 1), 2, 9);
    expect(Direction.FORWARD, at("a", INF_MAX), at("b", INF_MIN), 0, 0);
    expect(Direction.FORWARD, at("x", 0), at("z", 0), 0, 0);
  }

  @Test
  public void backward() {
    expect(Direction.BACKWARD, at(INF_MAX, INF_MAX), at(INF_MIN, INF_MIN), 0, 12);
    expect(Direction.BACKWARD, at("b", INF_MAX), at("b", INF_MIN), 4, 8);
    expect(Direction.BACKWARD, at("c", 1), at("a", 2), 3, 10);
    expect(Direction.BACKWARD, at("b", INF_MIN), at("a", INF_MAX), 0, 0);
  }

  @Test
  public void theNextKeyIsTheFirstThatWasNotGivenOut() {
    RangeRowQueryCriteria criteria = range(grid, Direction.FORWARD, at("a", INF_MIN), at("c", INF_MAX));
    criteria.setLimit(4);
    assertEquals(at("b", 0), page(criteria).getNextStartPrimaryKey());
    criteria.setLimit(12);
    assertEquals(12, page(criteria).getRows().size());
    criteria.setLimit(13);
    assertNull(page(criteria).getNextStartPrimaryKey());
  }

  @Test
  public void filtersAndPagesTogetherFindAll() {
    RangeRowQueryCriteria criteria = range(grid, Direction.FORWARD, at(INF_MIN, INF_MIN), at(INF_MAX, INF_MAX));
    criteria.setFilter(new SingleColumnValueFilter("even", SingleColumnValueFilter.CompareOperator.EQUAL, value(true)));
    criteria.setLimit(2);
    assertEquals(List.of("a0", "a2", "b0", "b2", "c0", "c2"), found(criteria));
  }

  @Test
  public void onlyTheWantedColumns() {
    RangeRowQueryCriteria criteria = range(grid, Direction.FORWARD, at("a", 0), at("a", 2));
    criteria.addColumnsToGet("even");
    assertEquals(of("even", true), columns(page(criteria).getRows().get(0)));
    criteria.clearColumnsToGet();
    criteria.addColumnsToGet("none");
    assertTrue(page(criteria).getRows().isEmpty());
    criteria.clearColumnsToGet();
    criteria.setStartColumn("f");
    assertEquals(of("name", "a0"), columns(page(criteria).getRows().get(0)));
  }

  @Test
  public void boundsTheWrongWayRound() {
    String forward = "Begin key must less than end key in FORWARD";
    invalid(forward, () -> page(range(grid, Direction.FORWARD, at("b", 0), at("a", 0))));
    invalid(forward, () -> page(range(grid, Direction.FORWARD, at("a", 0), at("a", 0))));
    String backward = "Begin key must more than end key in BACKWARD";
    invalid(backward, () -> page(range(grid, Direction.BACKWARD, at("a", 0), at("b", 0))));
  }

  @Test
  public void noVersions() {
    RangeRowQueryCriteria criteria = new RangeRowQueryCriteria(grid);
    criteria.setInclusiveStartPrimaryKey(at("a", 0));
    criteria.setExclusiveEndPrimaryKey(at("b", 0));
    invalid("No version condition is specified.", () -> page(criteria));
  }

  @Test
  public void oneAnswerHasFiveThousandRowsAtMost() {
    GetRangeResponse first = page(range(many, Direction.FORWARD, key("pk", INF_MIN), key("pk", INF_MAX)));
    assertEquals(5_000, first.getRows().size());
    assertEquals(key("pk", 5_000), first.getNextStartPrimaryKey());
    GetRangeResponse second = page(range(many, Direction.FORWARD, first.getNextStartPrimaryKey(), key("pk", INF_MAX)));
    assertEquals(ROWS - 5_000, second.getRows().size());
    assertNull(second.getNextStartPrimaryKey());
  }

  @Test
  public void theIteratorGoesOnByItself() {
    RangeIteratorParameter parameter = new RangeIteratorParameter(many);
    parameter.setInclusiveStartPrimaryKey(key("pk", INF_MAX));
    parameter.setExclusiveEndPrimaryKey(key("pk", INF_MIN));
    parameter.setDirection(Direction.BACKWARD);
    parameter.setMaxVersions(1);
    Iterator<Row> rows = client.createRangeIterator(parameter);
    for (int n = ROWS - 1; n >= 0; n--) assertEquals(n, rows.next().getLatestColumn("n").getValue().asLong());
    assertTrue(!rows.hasNext());
    parameter.setMaxCount(77);
    parameter.setBufferSize(10);
    rows = client.createRangeIterator(parameter);
    int count = 0;
    for (; rows.hasNext(); rows.next()) count++;
    assertEquals(77, count);
  }

  @Test
  public void oneAnswerHasFourMegabytesAtMost() {
    String table = make(new TableOptions(-1, 1), "pk", PrimaryKeyType.INTEGER);
    for (int n = 0; n < 7; n++) put(table, key("pk", n), "c", new byte[900_000]);
    int pages = 0, rows = 0;
    PrimaryKey next = key("pk", INF_MIN);
    while (next != null) {
      GetRangeResponse response = page(range(table, Direction.FORWARD, next, key("pk", INF_MAX)));
      assertTrue(response.getRows().size() <= 4);
      rows += response.getRows().size();
      next = response.getNextStartPrimaryKey();
      pages++;
    }
    assertEquals(7, rows);
    assertTrue(pages > 1);
  }

  @Test
  public void consumptionIsThatOfAllRowsTogether() {
    String table = makePlain();
    for (int n = 0; n < 9; n++) put(table, key("pk", "" + n), "c", "v".repeat(800));
    GetRangeResponse response = page(range(table, Direction.FORWARD, key("pk", INF_MIN), key("pk", INF_MAX)));
    assertEquals(new CapacityUnit(2, 0), response.getConsumedCapacity().getCapacityUnit());
  }

  @Test
  public void fourKeyColumnsOfAllTypes() {
    String table = make(new TableOptions(-1, 1), "s", PrimaryKeyType.STRING, "i", PrimaryKeyType.INTEGER,
        "b", PrimaryKeyType.BINARY, "t", PrimaryKeyType.STRING);
    List<PrimaryKey> keys = new ArrayList<>();
    for (String s : List.of("", "s", "表")) {
      for (long i : new long[] {Long.MIN_VALUE, 0, Long.MAX_VALUE}) {
        for (byte[] b : new byte[][] {{}, {0}, {127}, {-1}}) keys.add(key("s", s, "i", i, "b", b, "t", "t"));
      }
    }
    List<PrimaryKey> shuffled = new ArrayList<>(keys);
    Collections.shuffle(shuffled);
    for (PrimaryKey key : shuffled) put(table, key, "c", 1);
    List<PrimaryKey> back = new ArrayList<>();
    PrimaryKey low = key("s", INF_MIN, "i", INF_MIN, "b", INF_MIN, "t", INF_MIN);
    PrimaryKey high = key("s", INF_MAX, "i", INF_MAX, "b", INF_MAX, "t", INF_MAX);
    for (Row row : page(range(table, Direction.FORWARD, low, high)).getRows()) back.add(row.getPrimaryKey());
    assertEquals(keys, back);
  }
}

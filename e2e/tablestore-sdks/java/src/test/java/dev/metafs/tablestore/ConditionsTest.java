package dev.metafs.tablestore;

import static com.alicloud.openservices.tablestore.model.condition.CompositeColumnValueCondition.LogicOperator.AND;
import static com.alicloud.openservices.tablestore.model.condition.CompositeColumnValueCondition.LogicOperator.NOT;
import static com.alicloud.openservices.tablestore.model.condition.CompositeColumnValueCondition.LogicOperator.OR;
import static com.alicloud.openservices.tablestore.model.condition.SingleColumnValueCondition.CompareOperator.EQUAL;
import static org.junit.Assert.assertEquals;

import com.alicloud.openservices.tablestore.model.Column;
import com.alicloud.openservices.tablestore.model.ColumnValue;
import com.alicloud.openservices.tablestore.model.Condition;
import com.alicloud.openservices.tablestore.model.DeleteRowRequest;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PutRowRequest;
import com.alicloud.openservices.tablestore.model.RowChange;
import com.alicloud.openservices.tablestore.model.RowDeleteChange;
import com.alicloud.openservices.tablestore.model.RowExistenceExpectation;
import com.alicloud.openservices.tablestore.model.RowPutChange;
import com.alicloud.openservices.tablestore.model.RowUpdateChange;
import com.alicloud.openservices.tablestore.model.UpdateRowRequest;
import com.alicloud.openservices.tablestore.model.condition.ColumnCondition;
import com.alicloud.openservices.tablestore.model.condition.CompositeColumnValueCondition;
import com.alicloud.openservices.tablestore.model.condition.SingleColumnValueCondition;
import com.alicloud.openservices.tablestore.model.condition.SingleColumnValueCondition.CompareOperator;
import java.util.List;
import java.util.Map;
import org.junit.BeforeClass;
import org.junit.Test;

/** Conditions of writes: whether the row exists, and what its columns hold. */
public class ConditionsTest extends Sdk {
  private static String table;

  @BeforeClass
  public static void makeTable() {
    table = makePlain();
  }

  private static void write(RowChange change) {
    if (change instanceof RowPutChange put) client.putRow(new PutRowRequest(put));
    else if (change instanceof RowUpdateChange update) client.updateRow(new UpdateRowRequest(update));
    else client.deleteRow(new DeleteRowRequest((RowDeleteChange) change));
  }

  private static List<RowChange> writes(PrimaryKey key) {
    return List.of(putOf(table, key, "written", true), updateOf(table, key, "written", true), new RowDeleteChange(table, key));
  }

  /** The write happens when the condition is met, and else is refused and changes nothing. */
  private static void expect(RowChange change, Condition condition, boolean met) {
    change.setCondition(condition);
    Map<String, ColumnValue> before = read(table, change.getPrimaryKey());
    if (!met) {
      unmet(() -> write(change));
      assertEquals(before, read(table, change.getPrimaryKey()));
      return;
    }
    write(change);
    Map<String, ColumnValue> after = read(table, change.getPrimaryKey());
    if (change instanceof RowDeleteChange) assertEquals(null, after);
    else if (change instanceof RowPutChange) assertEquals(of("written", true), after);
    else assertEquals(ColumnValue.fromBoolean(true), after.get("written"));
  }

  private static Condition when(ColumnCondition columns) {
    Condition condition = expecting(RowExistenceExpectation.IGNORE);
    condition.setColumnCondition(columns);
    return condition;
  }

  private static SingleColumnValueCondition is(String column, Object value) {
    return new SingleColumnValueCondition(column, EQUAL, value(value)).setPassIfMissing(false);
  }

  @Test
  public void existenceOfTheRow() {
    for (RowExistenceExpectation expectation : RowExistenceExpectation.values()) {
      for (boolean there : new boolean[] {true, false}) {
        for (int how = 0; how < 3; how++) {
          PrimaryKey key = freshKey();
          if (there) put(table, key, "a", 1);
          boolean met = expectation == RowExistenceExpectation.IGNORE || (expectation == RowExistenceExpectation.EXPECT_EXIST) == there;
          expect(writes(key).get(how), expecting(expectation), met);
        }
      }
    }
  }

  @Test
  public void everyWriteChecksColumns() {
    for (int how = 0; how < 3; how++) {
      PrimaryKey key = freshKey();
      put(table, key, "c", 1);
      expect(writes(key).get(how), when(is("c", 2)), false);
      expect(writes(key).get(how), when(is("c", 1)), true);
    }
  }

  @Test
  public void columnsThatAreMissing() {
    for (boolean pass : new boolean[] {true, false}) {
      for (int how = 0; how < 3; how++) {
        PrimaryKey key = freshKey();
        put(table, key, "other", 1);
        expect(writes(key).get(how), when(is("c", 1).setPassIfMissing(pass)), pass);
        expect(updateOf(table, freshKey(), "written", true), when(is("c", 1).setPassIfMissing(pass)), pass);
      }
    }
  }

  private static void compared(Object... values) {
    Object stored = values[1];
    for (int n = 0; n < values.length; n++) {
      int order = Integer.compare(1, n);
      for (CompareOperator operator : CompareOperator.values()) {
        boolean met = switch (operator) {
          case EQUAL -> order == 0;
          case NOT_EQUAL -> order != 0;
          case GREATER_THAN -> order > 0;
          case GREATER_EQUAL -> order >= 0;
          case LESS_THAN -> order < 0;
          case LESS_EQUAL -> order <= 0;
          default -> throw new IllegalStateException(operator.toString());
        };
        PrimaryKey key = freshKey();
        put(table, key, "c", stored);
        expect(updateOf(table, key, "written", true), when(new SingleColumnValueCondition("c", operator, value(values[n]))), met);
      }
    }
  }

  @Test
  public void integersAreCompared() {
    compared(Long.MIN_VALUE, 3L, Long.MAX_VALUE);
  }

  @Test
  public void doublesAreCompared() {
    compared(-0.5, 2.25, Double.MAX_VALUE);
  }

  @Test
  public void stringsAreCompared() {
    compared("", "b", "bb", "ä", "表");
  }

  @Test
  public void blobsAreCompared() {
    compared(new byte[0], new byte[] {1}, new byte[] {1, 0}, new byte[] {-1});
  }

  @Test
  public void booleansAreCompared() {
    compared(false, true);
  }

  private static CompositeColumnValueCondition composite(CompositeColumnValueCondition.LogicOperator operator, ColumnCondition... parts) {
    CompositeColumnValueCondition condition = new CompositeColumnValueCondition(operator);
    for (ColumnCondition part : parts) condition.addCondition(part);
    return condition;
  }

  @Test
  public void compositeConditions() {
    ColumnCondition yes = is("t", 1), no = is("t", 0);
    Map<ColumnCondition, Boolean> conditions = Map.of(
        composite(AND, yes, yes), true,
        composite(AND, yes, no), false,
        composite(OR, no, yes), true,
        composite(OR, no, no), false,
        composite(NOT, no), true,
        composite(NOT, yes), false,
        composite(NOT, composite(AND, yes, no)), true,
        composite(AND, composite(OR, yes, no), composite(NOT, no)), true,
        composite(OR, composite(AND, yes, no), composite(NOT, yes)), false);
    conditions.forEach((condition, met) -> {
      PrimaryKey key = freshKey();
      put(table, key, "t", 1);
      expect(updateOf(table, key, "written", true), when(condition), met);
    });
  }

  @Test
  public void bothMustHold() {
    PrimaryKey key = freshKey();
    put(table, key, "c", 1);
    Condition condition = expecting(RowExistenceExpectation.EXPECT_NOT_EXIST);
    condition.setColumnCondition(is("c", 1));
    expect(updateOf(table, key, "written", true), condition, false);
  }

  @Test
  public void theNewestVersionCounts() {
    String versions = makeVersions();
    PrimaryKey key = freshKey();
    RowPutChange change = new RowPutChange(versions, key);
    change.addColumn(new Column("c", ColumnValue.fromString("old"), 1));
    change.addColumn(new Column("c", ColumnValue.fromString("new"), 2));
    client.putRow(new PutRowRequest(change));
    RowUpdateChange update = updateOf(versions, key, "d", 1);
    update.setCondition(when(is("c", "old")));
    unmet(() -> update(update));
    update.setCondition(when(is("c", "old").setLatestVersionsOnly(false)));
    update(update);
    update.setCondition(when(is("c", "new")));
    update(update);
  }
}

package dev.metafs.tablestore;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;
import static org.junit.Assume.assumeNotNull;

import com.alicloud.openservices.tablestore.ClientConfiguration;
import com.alicloud.openservices.tablestore.ClientException;
import com.alicloud.openservices.tablestore.SyncClient;
import com.alicloud.openservices.tablestore.model.BatchGetRowRequest;
import com.alicloud.openservices.tablestore.model.BatchGetRowResponse;
import com.alicloud.openservices.tablestore.model.BatchWriteRowRequest;
import com.alicloud.openservices.tablestore.model.DefaultRetryStrategy;
import com.alicloud.openservices.tablestore.model.GetRowRequest;
import com.alicloud.openservices.tablestore.model.MultiRowQueryCriteria;
import com.alicloud.openservices.tablestore.model.PrimaryKey;
import com.alicloud.openservices.tablestore.model.PutRowRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.After;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** The SDK's own handling of a service that is busy, gone or wrong, which the control API brings about. */
public class RetriesTest extends Sdk {
  private static final String CONTROL = environment("CONTROL", null);
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static String table;
  /** With the SDK's default strategy. */
  private static SyncClient patient;

  @BeforeClass
  public static void makeTable() {
    assumeNotNull(CONTROL);
    table = makePlain();
    ClientConfiguration configuration = configuration();
    configuration.setRetryStrategy(new DefaultRetryStrategy());
    patient = new SyncClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE, configuration);
  }

  @AfterClass
  public static void disconnect() {
    if (patient != null) patient.shutdown();
  }

  @After
  public void clear() throws Exception {
    control("DELETE", "/faults", "");
  }

  private static String control(String method, String path, String body) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(CONTROL + path)).header("content-type", "application/json")
        .method(method, HttpRequest.BodyPublishers.ofString(body)).build();
    HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    assertEquals(method + " " + path, 2, response.statusCode() / 100);
    return response.body();
  }

  private static void faults(String kind, String operation, String more) throws Exception {
    String rule = "{\"kind\":\"%s\",\"operations\":[\"%s\"],\"tables\":[\"%s\"]%s}".formatted(kind, operation, table, more);
    control("PUT", "/faults", "{\"seed\":1,\"rules\":[" + rule + "]}");
    control("DELETE", "/counters", "");
  }

  private static long requests(String operation) throws Exception {
    Matcher found = Pattern.compile("\"" + operation + "\":\\{[^}]*\"requests\":(\\d+)").matcher(control("GET", "/counters", ""));
    return found.find() ? Long.parseLong(found.group(1)) : 0;
  }

  private static void putBy(SyncClient who, PrimaryKey key) {
    who.putRow(new PutRowRequest(putOf(table, key, "a", 1)));
  }

  @Test
  public void writesAreRepeatedWhenNothingWasDone() throws Exception {
    for (String kind : List.of("busy", "partitionUnavailable", "notReady", "quotaExhausted", "capacityExhausted")) {
      PrimaryKey key = freshKey();
      faults(kind, "PutRow", ",\"times\":5");
      putBy(patient, key);
      assertEquals(kind, 6, requests("PutRow"));
      assertEquals(of("a", 1), read(table, key));
    }
  }

  @Test
  public void readsAreRepeated() throws Exception {
    PrimaryKey key = freshKey();
    put(table, key, "a", 1);
    for (String kind : List.of("busy", "unavailable", "partitionUnavailable", "timeoutBefore", "timeoutAfter", "cutBefore")) {
      faults(kind, "GetRow", ",\"times\":3");
      assertEquals(kind, of("a", 1), columns(patient.getRow(new GetRowRequest(newest(table, key))).getRow()));
      assertEquals(kind, 4, requests("GetRow"));
    }
  }

  @Test
  public void writesAreNotRepeatedWhenTheyMayHaveBeenDone() throws Exception {
    PrimaryKey key = freshKey();
    faults("timeoutBefore", "PutRow", ",\"times\":1");
    refused("OTSTimeout", 503, null, () -> putBy(patient, key));
    assertEquals(1, requests("PutRow"));
    assertNull(read(table, key));
    faults("timeoutAfter", "PutRow", ",\"times\":1");
    refused("OTSTimeout", 503, null, () -> putBy(patient, key));
    assertEquals(of("a", 1), read(table, key));
  }

  @Test
  public void connectionsThatAreCut() throws Exception {
    PrimaryKey lost = freshKey(), kept = freshKey();
    faults("cutBefore", "PutRow", ",\"times\":1");
    assertThrows(ClientException.class, () -> putBy(client, lost));
    assertNull(read(table, lost));
    faults("cutAfter", "PutRow", ",\"times\":1");
    assertThrows(ClientException.class, () -> putBy(client, kept));
    assertEquals(of("a", 1), read(table, kept));
  }

  @Test
  public void damagedAnswersAreFound() throws Exception {
    PrimaryKey key = freshKey();
    put(table, key, "a", 1);
    faults("damagedAnswer", "GetRow", ",\"times\":1");
    assertThrows(ClientException.class, () -> get(table, key));
  }

  @Test
  public void onlyTheRowsOfABatchThatFailedAreWrittenAgain() throws Exception {
    BatchWriteRowRequest request = new BatchWriteRowRequest();
    List<PrimaryKey> keys = new ArrayList<>();
    for (int n = 0; n < 30; n++) {
      keys.add(freshKey());
      request.addRowChange(putOf(table, keys.get(n), "n", n));
    }
    faults("rowBusy", "BatchWriteRow", ",\"rate\":0.5");
    assertTrue(patient.batchWriteRow(request).isAllSucceed());
    assertTrue(requests("BatchWriteRow") > 1);
    for (int n = 0; n < 30; n++) assertEquals(of("n", n), read(table, keys.get(n)));
  }

  @Test
  public void onlyTheRowsOfABatchThatFailedAreReadAgain() throws Exception {
    MultiRowQueryCriteria criteria = new MultiRowQueryCriteria(table);
    criteria.setMaxVersions(1);
    for (int n = 0; n < 30; n++) {
      PrimaryKey key = freshKey();
      put(table, key, "n", n);
      criteria.addRow(key);
    }
    BatchGetRowRequest request = new BatchGetRowRequest();
    request.addMultiRowQueryCriteria(criteria);
    faults("rowBusy", "BatchGetRow", ",\"rate\":0.5");
    BatchGetRowResponse response = patient.batchGetRow(request);
    assertTrue(response.isAllSucceed());
    assertTrue(requests("BatchGetRow") > 1);
    for (int n = 0; n < 30; n++) assertEquals(of("n", n), columns(response.getBatchGetRowResult(table).get(n).getRow()));
  }

  @Test
  public void theRowsOfABatchAreToldWithoutRetries() throws Exception {
    BatchWriteRowRequest request = new BatchWriteRowRequest();
    PrimaryKey key = freshKey();
    request.addRowChange(putOf(table, key, "a", 1));
    faults("rowBusy", "BatchWriteRow", "");
    assertEquals("OTSServerBusy", client.batchWriteRow(request).getFailedRows().get(0).getError().getCode());
    assertNull(read(table, key));
  }
}

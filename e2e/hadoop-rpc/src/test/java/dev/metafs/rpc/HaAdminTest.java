package dev.metafs.rpc;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.ha.HAServiceProtocol.HAServiceState;
import org.apache.hadoop.hdfs.tools.DFSHAAdmin;
import org.junit.After;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.Timeout;

/** {@code hdfs haadmin}. */
public class HaAdminTest {
  @Rule public final Timeout timeout = Timeout.seconds(60);

  private static final String MANAGER = "MetadataCluster default/proof";

  private final Configuration conf = Servers.conf(Servers.Provider.CONFIGURED);

  @Before
  @After
  public void rolesAsDeclared() throws Exception {
    Servers.set("rolesManagedBy: null");
    String observer = Servers.observer();
    if (Servers.state(observer) == HAServiceState.ACTIVE) {
      Servers.metactl("transfer-leader");
    }
    for (String host : Servers.hosts()) {
      if (Servers.state(host) == HAServiceState.OBSERVER && !host.equals(observer)) {
        haadmin("-transitionToStandby", Servers.id(host)).succeeds();
      }
    }
    if (Servers.state(observer) == HAServiceState.STANDBY) {
      haadmin("-transitionToObserver", Servers.id(observer)).succeeds();
    }
    Servers.awaitHealthy();
  }

  private Tools.Result haadmin(String... arguments) throws Exception {
    return answering("", arguments);
  }

  private Tools.Result answering(String input, String... arguments) throws Exception {
    return Tools.run(conf, input, DFSHAAdmin::new, arguments);
  }

  private void is(String state, String host) throws Exception {
    haadmin("-getServiceState", Servers.id(host)).prints(state);
  }

  /** The role that is forced on a server, as metactl shows it; empty without one. */
  private static String forced(String host) throws Exception {
    JsonNode status = Servers.status().at("/members/0/status");
    return status.path("forcedRoles").path(host).asText("");
  }

  @Test
  public void tellsStatesAndHealth() throws Exception {
    is("active", Servers.active());
    is("standby", Servers.standby());
    is("observer", Servers.observer());
    String all = haadmin("-getAllServiceState").succeeds().out();
    assertEquals(all, 3, all.strip().split("\n").length);
    assertTrue(all, all.contains(Servers.observer() + ":8020"));
    for (String host : Servers.hosts()) {
      haadmin("-checkHealth", Servers.id(host)).succeeds();
    }
  }

  @Test
  public void standbyBecomesObserverAndBack() throws Exception {
    String standby = Servers.standby();
    haadmin("-transitionToObserver", Servers.id(standby)).succeeds();
    is("observer", standby);
    assertEquals("observer", forced(standby));
    haadmin("-transitionToObserver", Servers.id(standby)).succeeds();
    haadmin("-transitionToStandby", Servers.id(standby)).succeeds();
    is("standby", standby);
    assertEquals("", forced(standby));
  }

  @Test
  public void observerBecomesStandbyAndBack() throws Exception {
    String observer = Servers.observer();
    haadmin("-transitionToStandby", Servers.id(observer)).succeeds();
    is("standby", observer);
    assertEquals("standby", forced(observer));
    haadmin("-transitionToObserver", Servers.id(observer)).succeeds();
    is("observer", observer);
    assertEquals("", forced(observer));
  }

  @Test
  public void activeAndObserverDoNotTurnIntoEachOther() throws Exception {
    haadmin("-transitionToObserver", Servers.id(Servers.active()))
        .refuses("Cannot transition from 'active' to 'observer'");
    haadmin("-transitionToActive", "--forceactive", Servers.id(Servers.observer()))
        .refuses("Cannot transition from 'observer' to 'active'");
  }

  @Test
  public void failover() throws Exception {
    String from = Servers.active();
    String to = Servers.standby();
    haadmin("-failover", Servers.id(from), Servers.id(to))
        .mentions("Failover from " + Servers.id(from) + " to " + Servers.id(to) + " successful");
    is("active", to);
    haadmin("-failover", Servers.id(to), Servers.id(Servers.observer()))
        .refuses("Can't failover to an observer service");
    is("active", to);
    is("observer", Servers.observer());
  }

  @Test
  public void activeSteps() throws Exception {
    String first = Servers.active();
    String second = Servers.standby();
    haadmin("-transitionToActive", Servers.id(second)).refuses("is already active");
    haadmin("-transitionToStandby", Servers.id(first)).succeeds();
    is("standby", first);
    Await.until("another active server", 10, () -> Servers.active() != null);
    haadmin("-transitionToActive", "--forceactive", Servers.id(first)).succeeds();
    is("active", first);
  }

  @Test
  public void managedRolesChangeByForceOnly() throws Exception {
    Servers.set("rolesManagedBy: " + MANAGER);
    String standby = Servers.standby();
    String id = Servers.id(standby);
    haadmin("-transitionToObserver", id).refuses("spec.observers").refuses(MANAGER);
    haadmin("-transitionToActive", "--forceactive", id).refuses("-forcemanual");
    haadmin("-failover", Servers.id(Servers.active()), id).refuses("Failover failed");
    is("standby", standby);
    // It asks first.
    answering("n\n", "-transitionToObserver", "-forcemanual", id).refuses("");
    is("standby", standby);
    answering("y\n", "-transitionToObserver", "-forcemanual", id).succeeds();
    is("observer", standby);
    assertEquals("observer", forced(standby));
    answering("y\n", "-transitionToStandby", "-forcemanual", id).succeeds();
    is("standby", standby);
    assertEquals("", forced(standby));
  }

  @Test
  public void onlySuperusersMay() throws Exception {
    String standby = Servers.id(Servers.standby());
    Servers.as(
        "mallory",
        () ->
            haadmin("-transitionToObserver", standby)
                .refuses("Access denied for user mallory. Superuser privilege is required"));
    Servers.as("super", () -> haadmin("-getServiceState", standby).succeeds());
  }
}

//! The resource's reference as Markdown, out of the same schema as the definition, so that the two
//! cannot differ. Printed by `crdgen reference` into docs/resource.md.

use std::fmt::Write as _;

use serde_json::Value;

use crate::definition::{DefinitionError, metadatacluster};

/// Fields whose types are Kubernetes' own: named, not unfolded.
const KUBERNETES: [&str; 5] =
    ["affinity", "imagePullSecrets", "resources", "tolerations", "topologySpreadConstraints"];

const HEAD: &str = "# MetadataCluster

`metafs.dev/v1alpha1`, short name `mdc`. Made from the types by `manifests/check.sh --write`; `kubectl explain mdc.spec` tells the
same. Examples are in [manifests/samples](../manifests/samples). Fields of Kubernetes' own types (affinity, tolerations and the like) are as in a pod.
";

const TAIL: &str = "
## ObserversReady

| reason | meaning |
|---|---|
| `NoneWanted` | `observers` and `readReplicas` are 0. |
| `AllServe` | Every wanted observer answers reads. |
| `NotReady` | Some do not; the message says which, and why. Clients read from the others and from the active server. |
| `Promoted` | No standby is left and an observer leads; it steps back by itself when one returns. Events `ObserverPromoted`, `ObserverDemoted`. |
| `HandingOver` | The leader is to be an observer from now on, and hands over to a standby. |
| `Forced` | `haadmin -forcemanual` changed roles against this resource. The next change of the spec ends that, or the annotation below. Events `RolesForced`, `RolesRestored`. |

## The copy in Tablestore

Only where `spec.tablestore` is given; how to use it is in [tablestore](tablestore.md). Synced, Uploading and RemoteFenced are the present leader's word, once it has
applied the present spec; else they are Unknown (`NoLeader`, `SettingsPending`, `NotReported`). `kubectl wait` works with each.

| condition | True | False |
|---|---|---|
| `Synced` | `Synced`: everything acknowledged until 5 seconds ago is in Tablestore and checkpointed. | `Disabled`, `Recovering`, `Starting`, `Backfilling`, `CatchingUp`, `Lagging` (synced before), `FarBehind` (for more than a minute), or what is in the way. |
| `Uploading` | `Backfilling`, `Tailing`: the leader writes to the copy. | `Disabled`, `Recovering`, `Starting`, `TakingOver`, or what is in the way. |
| `Recovered` | `Finished`: identical to the copy. | `NotRecovered` (nor to be), `Waiting`, `Loading`, `Verifying`, `Failed`, or what is in the way or the recovery failed of. |
| `ReadOnly` | `Recovering`, `RecoveryFinished`, `RecoveryFailed`: writes are refused with error 25021. | `Writable` |
| `RemoteFenced` | `TakenOver`: by the cluster that the message names. | `NotFenced` |

| what is in the way | meaning |
|---|---|
| `CredentialsMissing` | The Secret or one of its keys is missing; the message names it. |
| `CredentialsRefused` | Tablestore does not know the key, or the secret is wrong. |
| `PermissionDenied` | The key may not do what is needed. |
| `InstanceMissing` | There is no such instance. |
| `QuotaExceeded` | A quota of the instance is exhausted. |
| `Unreachable`, `Throttled` | Tablestore does not answer, or refuses for its load; told when it lasts for 5 seconds. |
| `ForeignTables` | Tables of these names hold something else. |
| `WaitingForOwner` | Another cluster owns the copy and is alive; the message names it. |
| `Fenced` | Another cluster has taken the copy over. |
| `SettingsRefused` | The servers refuse the present spec, most likely as a recovery has not ended; also the reason of Ready then. |
| `NoCopy` | There is no complete copy under this prefix. |
| `Damaged`, `Mismatch` | A row of the copy is missing or changed; what was read does not match the copy's counts or checksum. |
| `NewerFormat` | The copy was written by a newer version. |
| `TablestoreError` | Anything else; the message says what. |

While a cluster is recovered Available is False (`Recovering`), and the message of Ready says so too.

Events: `UploadStarted`, `UploadStopped`, `BackfillStarted`, `BackfillFinished`, `Synced`, `SyncLost` (after a minute), `TablestoreProblem`, `TablestoreProblemEnded`,
`WaitingForOwner`, `RemoteFenced`, `RemoteFenceLifted`, `RecoveryWaiting`, `RecoveryLoading`, `RecoveryVerifying`, `RecoveryFinished`, `RecoveryFailed`, `Writable`,
`SettingsRefused`.

## Beside the spec

| object | meaning |
|---|---|
| annotation `metafs.dev/restore-roles` | With any value: all members get back the roles that the resource declares, and the annotation is removed. Waits while `paused`. `kubectl annotate mdc NAME metafs.dev/restore-roles=now` |
| pod label `metafs.dev/role` | `active`, `standby` or `observer`: what the pod is to clients now. Kept by the operator, which looks at changes of pods at once, and at least every 15 seconds. |
| Secret `NAME-tablestore` | The credentials for Tablestore that the pods mount: a copy, made by the operator, of what is needed of `spec.tablestore.credentialsSecret`. |
| pod annotation `metafs.dev/tablestore-credentials` | The version of that Secret: a change makes the kubelet look at once. |
| Service `NAME` | Any ready voting member. |
| Service `NAME-active` | The active server: for clients without failover of their own, and the virtual address of `ObserverReadProxyProviderWithIPFailover`. |
| Service `NAME-observers` | The observers. |
| Service `NAME-members` | Without an address of its own: stable DNS names of all members. |
| ConfigMap `NAME-discovery` | `core-site.xml` and `hdfs-site.xml` for Hadoop clients. Over `hdfs://` they read from observers where there are any. |
| StatefulSet `NAME-read` | The read replicas, while there are any. |

The Services offer ports `rpc` (8020, `hdfs://`) and `web` (9870, `webhdfs://`).
";

/// The reference.
///
/// # Errors
/// [`DefinitionError::Json`]
pub fn metadatacluster_markdown() -> Result<String, DefinitionError> {
    let crd = metadatacluster()?;
    let mut out = HEAD.to_owned();
    for (title, part) in [("Spec", "spec"), ("Status", "status")] {
        let _ = write!(
            out,
            "\n## {title}\n\n| field | type | default | meaning |\n|---|---|---|---|\n"
        );
        let path = format!("/spec/versions/0/schema/openAPIV3Schema/properties/{part}");
        if let Some(schema) = crd.pointer(&path) {
            rows(&mut out, "", schema);
        }
    }
    let rules = crd.pointer("/spec/versions/0/schema/openAPIV3Schema");
    out.push_str(
        "\n## Rules\n\nBeside bounds and types, the API server refuses, with these messages:\n\n",
    );
    let mut messages = Vec::new();
    if let Some(schema) = rules {
        collect(schema, &mut messages);
    }
    for message in messages {
        let _ = writeln!(out, "- {message}");
    }
    out.push_str(TAIL);
    Ok(out)
}

fn rows(out: &mut String, prefix: &str, schema: &Value) {
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("{prefix}{name}");
        let text = field.get("description").and_then(Value::as_str).unwrap_or_default();
        let text = text.replace("\n\n", " ").replace('\n', " ").replace('|', "\\|");
        let default = match field.get("default") {
            // An object's default is that of its fields, which are listed.
            None | Some(Value::Object(_)) => String::new(),
            Some(value) => format!("`{}`", value.to_string().trim_matches('"')),
        };
        let _ = writeln!(out, "| `{path}` | {} | {default} | {text} |", kind(field));
        if KUBERNETES.contains(&name.as_str()) {
            continue;
        }
        rows(out, &format!("{path}."), field);
        if let Some(items) = field.get("items") {
            rows(out, &format!("{path}[]."), items);
        }
    }
}

fn kind(field: &Value) -> String {
    if let Some(values) = field.get("enum").and_then(Value::as_array) {
        let values: Vec<_> =
            values.iter().filter_map(Value::as_str).map(|v| format!("`{v}`")).collect();
        return values.join(", ");
    }
    let name = field.get("type").and_then(Value::as_str).unwrap_or("quantity");
    match (
        field.get("minimum").and_then(Value::as_i64),
        field.get("maximum").and_then(Value::as_i64),
    ) {
        (Some(least), Some(most)) => format!("{name}, {least} to {most}"),
        (Some(least), None) => format!("{name}, from {least}"),
        _ => name.to_owned(),
    }
}

fn collect(schema: &Value, messages: &mut Vec<String>) {
    for rule in
        schema.get("x-kubernetes-validations").and_then(Value::as_array).into_iter().flatten()
    {
        if let Some(message) = rule.get("message").and_then(Value::as_str) {
            messages.push(message.to_owned());
        }
    }
    for below in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        collect(below.1, messages);
    }
    for below in ["items", "additionalProperties"] {
        if let Some(schema) = schema.get(below) {
            collect(schema, messages);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_defaults_and_rules_are_there() {
        let text = metadatacluster_markdown().unwrap();
        assert!(text.contains("| `replicas` | integer, 1 to 9 | `3` |"), "{text}");
        assert!(text.contains("| `storage.size` |"));
        assert!(text.contains("spec.nameservice is part of clients' URIs"));
        assert!(text.contains(crate::RESTORE_ROLES));
        assert!(text.contains("| `tablestore.mode` | `Disabled`, `AsyncUpload`, `Recovery` |"));
        assert!(text.contains("can be Recovery only from the creation"));
        assert!(!text.contains("nodeAffinity"), "Kubernetes' own types are not unfolded");
    }
}

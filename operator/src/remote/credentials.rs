//! The credentials: from the user's Secret, whatever its keys are called, to the data of the one that
//! the pods mount. Pure. Two Secrets, as the pods' template must not change with the name of a
//! Secret, nor with whether there is one.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;

use super::spec::{Credentials, Wanted};

/// File with the AccessKey id.
pub const ACCESS_KEY_ID: &str = "accessKeyId";
/// File with the AccessKey secret.
pub const ACCESS_KEY_SECRET: &str = "accessKeySecret";
/// File with an STS token; need not be there.
pub const SECURITY_TOKEN: &str = "securityToken";

/// What the pods get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirror {
    /// The files; none where they are not complete: half of a pair is of no use.
    pub data: BTreeMap<String, ByteString>,
    /// What is wrong with the user's Secret, and what to do.
    pub problem: Option<String>,
}

/// What the pods are to get; `None`: nothing was ever asked of Tablestore. Also while the mode is
/// Disabled, for the servers tell Tablestore that they have stopped; only nobody complains then.
pub fn mirror(wanted: Option<&Wanted>, secret: Option<&Secret>) -> Option<Mirror> {
    let wanted = wanted?;
    let Mirror { data, problem } = complete(wanted, secret);
    Some(Mirror { data, problem: problem.filter(|_| wanted.needs_credentials()) })
}

fn complete(wanted: &Wanted, secret: Option<&Secret>) -> Mirror {
    let Credentials { secret: name, id_key, secret_key, token_key } = &wanted.credentials;
    let problem = |problem: String| Mirror { data: BTreeMap::new(), problem: Some(problem) };
    let Some(secret) = secret.filter(|secret| secret.name_any() == *name) else {
        return problem(format!(
            "Secret {name} (spec.tablestore.credentialsSecret) does not exist in this namespace: create it with keys {id_key} and {secret_key}"
        ));
    };
    let value = |key: &str| {
        let value = secret.data.as_ref()?.get(key)?;
        (!value.0.trim_ascii().is_empty()).then(|| value.clone())
    };
    let missing: Vec<&str> = [id_key, secret_key]
        .into_iter()
        .map(String::as_str)
        .filter(|key| value(key).is_none())
        .collect();
    if !missing.is_empty() {
        return problem(format!(
            "Secret {name} has no value under key {}: add it, or name the right key in spec.tablestore.credentialsSecret",
            missing.join(" and ")
        ));
    }
    let files = [
        (ACCESS_KEY_ID, value(id_key)),
        (ACCESS_KEY_SECRET, value(secret_key)),
        (SECURITY_TOKEN, value(token_key)),
    ];
    let data =
        files.into_iter().filter_map(|(file, value)| Some((file.to_owned(), value?))).collect();
    Mirror { data, problem: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metafs_crds::{CredentialsSecret, Tablestore, TablestoreMode};
    use serde_json::json;

    fn wanted(mode: TablestoreMode) -> Wanted {
        let mut keys = CredentialsSecret::named("keys");
        keys.access_key_secret_key = "SECRET".into();
        let tablestore = Tablestore {
            mode,
            instance: "inst".into(),
            endpoint: "http://inst.example.com".into(),
            region: None,
            credentials_secret: keys,
            table_prefix: Some("p".into()),
            on_recovered: Default::default(),
            takeover: false,
        };
        Wanted::new(tablestore, "data", "demo", "u").unwrap()
    }

    fn secret(data: serde_json::Value) -> Secret {
        serde_json::from_value(json!({ "metadata": { "name": "keys" }, "data": data })).unwrap()
    }

    #[test]
    fn keys_are_renamed_and_the_token_may_be_absent() {
        let wanted = wanted(TablestoreMode::AsyncUpload);
        let found = secret(json!({ "accessKeyId": "YQ==", "SECRET": "Yg==", "other": "Yw==" }));
        let got = mirror(Some(&wanted), Some(&found)).unwrap();
        assert_eq!(got.problem, None);
        assert_eq!(got.data.keys().collect::<Vec<_>>(), [ACCESS_KEY_ID, ACCESS_KEY_SECRET]);
        assert_eq!(got.data[ACCESS_KEY_SECRET].0, b"b");
        let found =
            secret(json!({ "accessKeyId": "YQ==", "SECRET": "Yg==", "securityToken": "dA==" }));
        let got = mirror(Some(&wanted), Some(&found)).unwrap();
        assert_eq!(got.data[SECURITY_TOKEN].0, b"t");
    }

    #[test]
    fn what_is_missing_is_named() {
        let wanted = wanted(TablestoreMode::Recovery);
        let problem = |found: Option<&Secret>| {
            let got = mirror(Some(&wanted), found).unwrap();
            assert!(got.data.is_empty());
            got.problem.unwrap()
        };
        assert!(problem(None).contains("Secret keys"));
        assert!(problem(None).contains("does not exist"));
        let half = secret(json!({ "accessKeyId": "YQ==" }));
        assert!(problem(Some(&half)).contains("under key SECRET:"));
        let blank = secret(json!({ "accessKeyId": "Cg==", "SECRET": "" }));
        assert!(problem(Some(&blank)).contains("accessKeyId and SECRET"));
    }

    #[test]
    fn switched_off_the_copy_can_still_be_released_and_nothing_is_missed() {
        assert_eq!(mirror(None, None), None);
        let found = secret(json!({ "accessKeyId": "YQ==", "SECRET": "Yg==" }));
        let off = wanted(TablestoreMode::Disabled);
        let got = mirror(Some(&off), Some(&found)).unwrap();
        assert_eq!((got.data.len(), got.problem), (2, None));
        assert_eq!(mirror(Some(&off), None), Some(Mirror::default()));
    }
}

//! `spec.tablestore`, checked, as replicated settings.

use metafs_crds::{CredentialsSecret, OnRecovered, Tablestore, TablestoreMode};
use metafs_namespace::settings;

use crate::validate::Invalid;

/// What is wanted of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The part of the replicated settings.
    pub settings: settings::Tablestore,
    /// The user's Secret.
    pub credentials: Credentials,
}

/// The user's Secret, and the names of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Its name.
    pub secret: String,
    /// Key of the AccessKey id.
    pub id_key: String,
    /// Key of the AccessKey secret.
    pub secret_key: String,
    /// Key of an STS token, which may be absent.
    pub token_key: String,
}

impl Wanted {
    /// Checks `tablestore` and fills in what it leaves open.
    ///
    /// # Errors
    /// A rule that does not hold.
    pub fn new(
        tablestore: Tablestore,
        namespace: &str,
        name: &str,
        uid: &str,
    ) -> Result<Self, Invalid> {
        let Tablestore {
            mode,
            instance,
            endpoint,
            region,
            credentials_secret,
            table_prefix,
            on_recovered,
            takeover,
        } = tablestore;
        if mode == TablestoreMode::Recovery && table_prefix.is_none() {
            return Err(Invalid::Field {
                field: "spec.tablestore.tablePrefix",
                message: "must say which copy is to be recovered".into(),
            });
        }
        let CredentialsSecret {
            name: secret,
            access_key_id_key,
            access_key_secret_key,
            security_token_key,
        } = credentials_secret;
        let settings = settings::Tablestore {
            mode: match mode {
                TablestoreMode::Disabled => settings::TablestoreMode::Disabled,
                TablestoreMode::AsyncUpload => settings::TablestoreMode::AsyncUpload,
                TablestoreMode::Recovery => settings::TablestoreMode::Recovery,
            },
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            instance,
            region,
            table_prefix: table_prefix.unwrap_or_else(|| default_prefix(namespace, name, uid)),
            on_recovered: match on_recovered {
                OnRecovered::StayReadOnly => settings::OnRecovered::StayReadOnly,
                OnRecovered::AsyncUpload => settings::OnRecovered::AsyncUpload,
            },
            takeover,
        };
        Ok(Self {
            settings,
            credentials: Credentials {
                secret,
                id_key: access_key_id_key,
                secret_key: access_key_secret_key,
                token_key: security_token_key,
            },
        })
    }

    /// Whether the servers need the credentials now.
    pub fn needs_credentials(&self) -> bool {
        self.settings.mode != settings::TablestoreMode::Disabled
    }
}

/// What the tables' names begin with unless the resource says so. Names of Kubernetes have `-` and
/// `.`, which tables must not: the uid tells those apart that become alike, and a resource from one
/// of the same name before it. At most 144 bytes.
fn default_prefix(namespace: &str, name: &str, uid: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() { c.to_ascii_lowercase().to_string() } else { "_".into() }
    };
    let uid: String = uid.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    let text = format!("metafs_{namespace}_{name}_{uid}");
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(mode: TablestoreMode, table_prefix: Option<&str>) -> Tablestore {
        Tablestore {
            mode,
            instance: "inst".into(),
            endpoint: "https://inst.example.com/".into(),
            region: None,
            credentials_secret: CredentialsSecret::named("keys"),
            table_prefix: table_prefix.map(str::to_owned),
            on_recovered: OnRecovered::default(),
            takeover: false,
        }
    }

    #[test]
    fn becomes_settings() {
        let wanted = Wanted::new(
            asked(TablestoreMode::AsyncUpload, None),
            "data",
            "my-demo",
            "0b5c9ab9-5d6f-4c53-9d3c-0a3c5b1d2e3f",
        )
        .unwrap();
        assert_eq!(
            wanted.settings.table_prefix,
            "metafs_data_my_demo_0b5c9ab95d6f4c539d3c0a3c5b1d2e3f"
        );
        assert_eq!(wanted.settings.endpoint, "https://inst.example.com");
        assert!(wanted.needs_credentials());
        assert_eq!(wanted.credentials.id_key, "accessKeyId");
        let off = Wanted::new(asked(TablestoreMode::Disabled, Some("mine")), "data", "demo", "u");
        let off = off.unwrap();
        assert_eq!(off.settings.table_prefix, "mine");
        assert!(!off.needs_credentials());
    }

    #[test]
    fn a_recovery_names_its_copy() {
        let recovery = |prefix| Wanted::new(asked(TablestoreMode::Recovery, prefix), "d", "n", "u");
        assert!(recovery(Some("lost")).is_ok());
        assert!(recovery(None).unwrap_err().to_string().contains("tablePrefix"));
    }

    proptest! {
        #[test]
        fn the_default_prefix_is_good_for_the_servers(
            namespace in "[a-z0-9][-a-z0-9]{0,61}[a-z0-9]",
            name in "[a-z][-a-z0-9]{0,38}[a-z0-9]",
            uid in "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        ) {
            let tablestore = asked(TablestoreMode::AsyncUpload, None);
            let wanted = Wanted::new(tablestore, &namespace, &name, &uid).unwrap();
            let settings = metafs_namespace::Settings {
                tablestore: Some(wanted.settings),
                ..metafs_namespace::Settings::default()
            };
            prop_assert!(settings.check().is_ok());
        }
    }
}

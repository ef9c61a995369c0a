//! `spec.tablestore`: the copy of the namespace in a Tablestore instance, and recovery from it.
//!
//! What may follow what is a matter of rules here (the mode Recovery only from the start, the place of
//! the copy only while nothing uses it); whether a recovery is finished only the servers know: they
//! refuse what must not happen before, and the resource says so.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The copy of the namespace in a Tablestore instance.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.mode != 'Recovery' || has(self.tablePrefix)")
        .message("spec.tablestore.tablePrefix must say which copy is to be recovered: the lost cluster's, as its status.tablestore.tablePrefix showed it; the names of the copy's tables in the instance begin with it")
        .field_path(".tablePrefix"),
    validation = Rule::new("oldSelf.mode == 'Disabled' || self.instance == oldSelf.instance")
        .message("spec.tablestore.instance can change only while spec.tablestore.mode is Disabled: set the mode to Disabled, then change the instance, then the mode again; a new copy is made there")
        .field_path(".instance"),
    validation = Rule::new("oldSelf.mode == 'Disabled' || self.endpoint == oldSelf.endpoint")
        .message("spec.tablestore.endpoint can change only while spec.tablestore.mode is Disabled: set the mode to Disabled, then change the endpoint, then the mode again")
        .field_path(".endpoint"),
    validation = Rule::new("oldSelf.mode == 'Disabled' || (has(self.tablePrefix) == has(oldSelf.tablePrefix) && (!has(self.tablePrefix) || self.tablePrefix == oldSelf.tablePrefix))")
        .message("spec.tablestore.tablePrefix can change only while spec.tablestore.mode is Disabled: set the mode to Disabled, then change the prefix, then the mode again; a new copy is made under it"),
)]
pub struct Tablestore {
    /// What the copy is used for. Recovery must be there when the resource is created, and ends with a
    /// change to AsyncUpload or Disabled. No change restarts anything.
    #[serde(default)]
    pub mode: TablestoreMode,

    /// Name of the Tablestore instance. Can change only while the mode is Disabled.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?$")
    )]
    pub instance: String,

    /// URL of the instance's endpoint, such as https://INSTANCE.REGION.vpc.tablestore.aliyuncs.com. Can
    /// change only while the mode is Disabled.
    #[schemars(
        length(min = 8, max = 512),
        regex(
            pattern = r"^https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?)(:[0-9]{1,5})?/?$"
        )
    )]
    pub endpoint: String,

    /// Region of the instance, such as cn-hangzhou. Where it is given requests are signed with version 4,
    /// else with version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub region: Option<String>,

    /// The Secret, in the same namespace, with the credentials. A change of it is followed at once,
    /// without a restart.
    pub credentials_secret: CredentialsSecret,

    /// What the names of the copy's tables begin with: letters, digits and underscores, no digit first.
    /// Default: from namespace, name and uid of the resource, so that no two resources share a copy;
    /// status.tablestore.tablePrefix shows it. Can change only while the mode is Disabled. A recovery
    /// needs that of the lost cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub table_prefix: Option<String>,

    /// What follows a recovery that has ended well.
    #[serde(default)]
    pub on_recovered: OnRecovered,

    /// Take the copy over even if the cluster that owns it is alive. That cluster then stops uploading.
    /// Set it back to false afterwards, or two clusters with it take the copy from each other in turn.
    #[serde(default)]
    pub takeover: bool,
}

/// What the copy is used for.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
pub enum TablestoreMode {
    /// Nothing is uploaded, and the servers are not given the credentials. Upload that is switched on
    /// again goes on where it was, or, after long, makes the copy anew.
    #[default]
    Disabled,
    /// The leader keeps a full copy of the namespace in Tablestore. No client waits for it.
    AsyncUpload,
    /// The namespace is read from the copy. Read-only until the mode is changed.
    Recovery,
}

/// What follows a recovery that has ended well.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
pub enum OnRecovered {
    /// The namespace stays read-only until the mode is changed.
    #[default]
    StayReadOnly,
    /// The namespace takes writes and is uploaded to the same copy, without a change of the mode.
    AsyncUpload,
}

/// A Secret with the credentials for Tablestore, and the names of its keys.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct CredentialsSecret {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"))]
    pub name: String,

    /// Key of the AccessKey id in it.
    #[serde(default = "default_access_key_id")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._A-Za-z0-9]+$"))]
    pub access_key_id_key: String,

    /// Key of the AccessKey secret in it.
    #[serde(default = "default_access_key_secret")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._A-Za-z0-9]+$"))]
    pub access_key_secret_key: String,

    /// Key of an STS token in it. The Secret need not have it.
    #[serde(default = "default_security_token")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._A-Za-z0-9]+$"))]
    pub security_token_key: String,
}

fn default_access_key_id() -> String {
    "accessKeyId".into()
}
fn default_access_key_secret() -> String {
    "accessKeySecret".into()
}
fn default_security_token() -> String {
    "securityToken".into()
}

impl CredentialsSecret {
    /// The Secret of that name, with the keys that are the defaults.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            access_key_id_key: default_access_key_id(),
            access_key_secret_key: default_access_key_secret(),
            security_token_key: default_security_token(),
        }
    }
}

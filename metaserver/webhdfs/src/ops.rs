//! The operations of WebHDFS: their names, the HTTP method each belongs to, and the command name
//! HDFS's audit log has for it (`FSNamesystem`'s operationName; empty: not audited there).

use http::Method;

use crate::error::Refusal;

/// The four methods that carry operations (`HttpOpParam.Type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Put,
    Post,
    Delete,
}

impl Verb {
    /// Of an HTTP method; HEAD is a GET whose body is not sent.
    pub(crate) fn of(method: &Method) -> Option<Self> {
        match *method {
            Method::GET | Method::HEAD => Some(Self::Get),
            Method::PUT => Some(Self::Put),
            Method::POST => Some(Self::Post),
            Method::DELETE => Some(Self::Delete),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

macro_rules! ops {
    ($($op:ident $verb:ident $name:literal $audit:literal,)*) => {
        /// An operation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Op { $($op,)* }

        impl Op {
            /// All of them.
            #[cfg(test)]
            const ALL: &[Op] = &[$(Op::$op,)*];

            /// Its name in the `op` parameter.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Op::$op => $name,)* }
            }

            /// Its name in the audit log.
            pub(crate) fn audit_name(self) -> &'static str {
                match self { $(Op::$op => $audit,)* }
            }

            fn find(verb: Verb, name: &str) -> Option<Op> {
                match (verb, name) {
                    $((Verb::$verb, $name) => Some(Op::$op),)*
                    _ => None,
                }
            }
        }
    };
}

ops! {
    GetFileStatus Get "GETFILESTATUS" "getfileinfo",
    ListStatus Get "LISTSTATUS" "listStatus",
    ListStatusBatch Get "LISTSTATUS_BATCH" "listStatus",
    Open Get "OPEN" "open",
    GetContentSummary Get "GETCONTENTSUMMARY" "contentSummary",
    GetQuotaUsage Get "GETQUOTAUSAGE" "quotaUsage",
    GetFileChecksum Get "GETFILECHECKSUM" "open",
    GetHomeDirectory Get "GETHOMEDIRECTORY" "",
    GetDelegationToken Get "GETDELEGATIONTOKEN" "",
    GetBlockLocations Get "GET_BLOCK_LOCATIONS" "open",
    GetFileBlockLocations Get "GETFILEBLOCKLOCATIONS" "open",
    GetAclStatus Get "GETACLSTATUS" "getAclStatus",
    GetXAttrs Get "GETXATTRS" "getXAttrs",
    ListXAttrs Get "LISTXATTRS" "listXAttrs",
    GetTrashRoot Get "GETTRASHROOT" "",
    GetTrashRoots Get "GETTRASHROOTS" "",
    GetAllStoragePolicy Get "GETALLSTORAGEPOLICY" "",
    GetStoragePolicy Get "GETSTORAGEPOLICY" "",
    GetEcPolicy Get "GETECPOLICY" "getErasureCodingPolicy",
    GetEcPolicies Get "GETECPOLICIES" "getErasureCodingPolicies",
    GetEcCodecs Get "GETECCODECS" "getErasureCodingCodecs",
    CheckAccess Get "CHECKACCESS" "checkAccess",
    GetServerDefaults Get "GETSERVERDEFAULTS" "",
    GetStatus Get "GETSTATUS" "",
    GetLinkTarget Get "GETLINKTARGET" "",
    GetFileLinkStatus Get "GETFILELINKSTATUS" "getfileinfo",
    GetSnapshotDiff Get "GETSNAPSHOTDIFF" "",
    GetSnapshotDiffListing Get "GETSNAPSHOTDIFFLISTING" "",
    GetSnapshottableDirectoryList Get "GETSNAPSHOTTABLEDIRECTORYLIST" "",
    GetSnapshotList Get "GETSNAPSHOTLIST" "",
    Create Put "CREATE" "create",
    Mkdirs Put "MKDIRS" "mkdirs",
    CreateSymlink Put "CREATESYMLINK" "",
    Rename Put "RENAME" "rename",
    SetReplication Put "SETREPLICATION" "setReplication",
    SetOwner Put "SETOWNER" "setOwner",
    SetPermission Put "SETPERMISSION" "setPermission",
    SetTimes Put "SETTIMES" "setTimes",
    RenewDelegationToken Put "RENEWDELEGATIONTOKEN" "",
    CancelDelegationToken Put "CANCELDELEGATIONTOKEN" "",
    ModifyAclEntries Put "MODIFYACLENTRIES" "modifyAclEntries",
    RemoveAclEntries Put "REMOVEACLENTRIES" "removeAclEntries",
    RemoveDefaultAcl Put "REMOVEDEFAULTACL" "removeDefaultAcl",
    RemoveAcl Put "REMOVEACL" "removeAcl",
    SetAcl Put "SETACL" "setAcl",
    SetXAttr Put "SETXATTR" "setXAttr",
    RemoveXAttr Put "REMOVEXATTR" "removeXAttr",
    SetQuota Put "SETQUOTA" "setQuota",
    SetQuotaByStorageType Put "SETQUOTABYSTORAGETYPE" "",
    SetStoragePolicy Put "SETSTORAGEPOLICY" "",
    SatisfyStoragePolicy Put "SATISFYSTORAGEPOLICY" "",
    EnableEcPolicy Put "ENABLEECPOLICY" "",
    DisableEcPolicy Put "DISABLEECPOLICY" "",
    SetEcPolicy Put "SETECPOLICY" "",
    AllowSnapshot Put "ALLOWSNAPSHOT" "",
    DisallowSnapshot Put "DISALLOWSNAPSHOT" "",
    CreateSnapshot Put "CREATESNAPSHOT" "",
    RenameSnapshot Put "RENAMESNAPSHOT" "",
    Append Post "APPEND" "append",
    Concat Post "CONCAT" "concat",
    Truncate Post "TRUNCATE" "truncate",
    UnsetEcPolicy Post "UNSETECPOLICY" "",
    UnsetStoragePolicy Post "UNSETSTORAGEPOLICY" "",
    Delete Delete "DELETE" "delete",
    DeleteSnapshot Delete "DELETESNAPSHOT" "",
}

impl Op {
    /// The operation that `op=value` names for `verb`, in any case of letters.
    pub(crate) fn parse(verb: Verb, value: Option<&str>) -> Result<Op, Refusal> {
        let value = value.unwrap_or("null");
        if value.eq_ignore_ascii_case("null") {
            return Err(Refusal::unsupported("op=NULL is not supported"));
        }
        let mut upper = [0_u8; 32];
        let known = upper.get_mut(..value.len()).and_then(|upper| {
            upper.copy_from_slice(value.as_bytes());
            upper.make_ascii_uppercase();
            Op::find(verb, std::str::from_utf8(upper).ok()?)
        });
        known.ok_or_else(|| {
            let verb = verb.name();
            Refusal::parameter("op", format_args!("{value} is not a valid {verb} operation."))
        })
    }

    /// Operations that HDFS counts as READ; the rest is WRITE.
    pub(crate) fn is_read(self) -> bool {
        Op::find(Verb::Get, self.name()).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_for_their_own_method_only() {
        for &op in Op::ALL {
            let verb = [Verb::Get, Verb::Put, Verb::Post, Verb::Delete]
                .into_iter()
                .find(|verb| Op::find(*verb, op.name()) == Some(op))
                .unwrap();
            assert_eq!(Op::parse(verb, Some(&op.name().to_lowercase())).unwrap(), op);
            assert_eq!(op.is_read(), verb == Verb::Get);
        }
        assert_eq!(
            Op::parse(Verb::Get, Some("mkdirs")).unwrap_err().message(),
            "Invalid value for webhdfs parameter \"op\": mkdirs is not a valid GET operation."
        );
        assert_eq!(Op::parse(Verb::Put, None).unwrap_err().message(), "op=NULL is not supported");
        let long = "X".repeat(100);
        assert!(Op::parse(Verb::Put, Some(&long)).unwrap_err().message().contains(&long));
    }
}

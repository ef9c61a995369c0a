use super::*;

/// ListTable as the official Python SDK (6.4.8) signs it.
const REQUEST: [(&str, &str); 5] = [
    ("x-ots-date", "2026-01-02T03:04:05.000Z"),
    ("X-OTS-ApiVersion", "2015-12-31"),
    ("x-ots-accesskeyid", "testid"),
    ("x-ots-instancename", " inst "),
    ("x-ots-contentmd5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
];

#[test]
fn v2_as_the_python_sdk() {
    let key = SigningKey::v2("testsecret");
    let signature = "6zl1qyVIdhDVaNek9Zt+nntZ2YM=";
    assert_eq!(key.sign_request("ListTable", REQUEST), signature);
    let with_more = REQUEST.into_iter().chain([
        ("user-agent", "me"),
        ("x-ots-signature", signature),
        ("host", "x"),
    ]);
    assert!(key.verify_request("ListTable", with_more, signature));
    assert!(!key.verify_request("GetRow", REQUEST, signature));
    assert!(!key.verify_request("ListTable", REQUEST, ""));
    assert!(!SigningKey::v2("other").verify_request("ListTable", REQUEST, signature));
    assert_eq!(key.signature_header(), "x-ots-signature");
}

#[test]
fn v4_as_the_python_sdk() {
    let key = SigningKey::v4("testsecret", "20260102", "cn-hangzhou");
    let headers = REQUEST
        .into_iter()
        .chain([("x-ots-signdate", "20260102"), ("x-ots-signregion", "cn-hangzhou")]);
    let signature = key.sign_request("ListTable", headers);
    assert_eq!(signature, "uA1gkFt64xC/wKLcIVqLaIx0L5mQLWyUQt162GOkrC4=");
    assert_eq!(key.signature_header(), "x-ots-signaturev4");
}

#[test]
fn answers_are_signed_both_ways() {
    let headers = [
        ("x-ots-contentmd5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        ("x-ots-requestid", "0005"),
        ("x-ots-date", "2026-01-02T03:04:05.000Z"),
        ("x-ots-contenttype", CONTENT_TYPE),
    ];
    for key in [SigningKey::v2("s"), SigningKey::v4("s", "20260102", "cn-hangzhou")] {
        let authorization = key.authorization("ListTable", headers, "id");
        assert!(authorization.starts_with("OTS id:"));
        assert!(key.verify_authorization("ListTable", headers, "id", &authorization));
        assert!(!key.verify_authorization("ListTable", headers, "di", &authorization));
        assert!(!key.verify_authorization("GetRow", headers, "id", &authorization));
        assert!(!key.verify_authorization("ListTable", headers, "id", "OTS id:"));
        assert!(!key.verify_authorization("ListTable", headers, "id", "OTS id"));
        assert!(!key.verify_authorization("ListTable", headers, "id", ""));
        let changed = [("x-ots-requestid", "0006")];
        assert!(!key.verify_authorization("ListTable", changed, "id", &authorization));
    }
}

#[test]
fn md5_of_nothing() {
    assert_eq!(content_md5(b""), "1B2M2Y8AsgTpgAmY7PhCfg==");
}

#[test]
fn keys_do_not_show_themselves() {
    assert!(!format!("{:?}", SigningKey::v2("hidden")).contains("hidden"));
}

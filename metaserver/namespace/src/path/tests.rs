//! Paths: cases from HDFS's rules, and properties over arbitrary text.

use proptest::prelude::*;

use super::*;

#[test]
fn normal_forms() {
    for (sent, normal) in [
        ("/", "/"),
        ("//", "/"),
        ("/a", "/a"),
        ("/a/", "/a"),
        ("//a///b//", "/a/b"),
        ("/a b/ü", "/a b/ü"),
        ("/...", "/..."),
        ("/.hidden/..x", "/.hidden/..x"),
        ("/a/../b:c/.", "/a/../b:c/."),
    ] {
        assert_eq!(normalize(sent).unwrap(), normal, "{sent}");
    }
}

#[test]
fn refused_forms() {
    for sent in ["", "a", "a/b", "/a\0b"] {
        let error = normalize(sent).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidPath);
        assert_eq!(error.message, format!("Invalid path name {sent}"));
    }
    for sent in ["", "a", "/.", "/..", "/a/./b", "/a/../b", "/a:b", "/a/..", "//a", "/a//b"] {
        let error = normalize_file(sent).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidPath);
        assert_eq!(error.message, format!("Invalid path name {sent}"));
        let error = normalize_new(sent).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidPath);
        assert_eq!(error.message, format!("Invalid path name Invalid file name: {sent}"));
    }
    assert_eq!(normalize_new("/a\0b").unwrap_err().kind, ErrorKind::InvalidPath);
}

#[test]
fn new_paths_have_no_empty_component() {
    assert_eq!(normalize_new("/a/b//").unwrap(), "/a/b");
    assert_eq!(normalize_new("/").unwrap(), "/");
    for sent in ["//a", "/a//b", "/a///b/"] {
        assert_eq!(normalize_new(sent).unwrap_err().kind, ErrorKind::InvalidPath);
    }
}

#[test]
fn parts() {
    assert_eq!(split("/"), None);
    assert_eq!(split("/a"), Some(("/", "a")));
    assert_eq!(split("/a/b"), Some(("/a", "b")));
    assert_eq!(parent("/a/b"), Some("/a"));
    assert!(starts_with("/a/b", "/a"));
    assert!(starts_with("/a", "/a"));
    assert!(starts_with("/a", "/"));
    assert!(!starts_with("/ab", "/a"));
    assert!(!starts_with("/a", "/a/b"));
}

#[test]
fn lengths() {
    let fits = format!("/{}", "x".repeat(MAX_PATH_LENGTH - 1));
    assert_eq!(check_length("create", &fits), Ok(()));
    let error = check_length("create", &format!("{fits}x")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Io);
    assert_eq!(error.message, "create: Pathname too long.  Limit 8000 characters, 1000 levels.");
    // Characters are UTF-16 units, not bytes.
    let euros = format!("/{}", "€".repeat(MAX_PATH_LENGTH - 1));
    assert_eq!(check_length("mkdirs", &euros), Ok(()));
    let pairs = format!("/{}", "🦀".repeat(MAX_PATH_LENGTH / 2));
    assert!(check_length("mkdirs", &pairs).is_err());
    assert_eq!(check_length("mkdirs", &"/x".repeat(MAX_PATH_DEPTH)), Ok(()));
    assert!(check_length("mkdirs", &"/x".repeat(MAX_PATH_DEPTH + 1)).is_err());
}

#[test]
fn component_limits() {
    assert_eq!(check_component("/", &"x".repeat(255)), Ok(()));
    let name = "é".repeat(128);
    let error = check_component("/a", &name).unwrap_err();
    assert_eq!(error.kind, ErrorKind::PathComponentTooLong);
    assert_eq!(
        error.message,
        format!(
            "The maximum path component name limit of {name} in directory /a is exceeded: \
             limit=255 length=256"
        )
    );
}

#[test]
fn reserved_names() {
    let error = check_component("/", ".reserved").unwrap_err();
    assert_eq!(error.kind, ErrorKind::HadoopIllegalArgument);
    assert!(
        error.message.starts_with("File name \".reserved\" is reserved and cannot be created.")
    );
    assert_eq!(check_component("/a", ".reserved"), Ok(()));
    let error = check_component("/a", ".snapshot").unwrap_err();
    assert_eq!(error.message, "\".snapshot\" is a reserved name.");

    for (path, create, change) in [
        ("/.reserved", false, false),
        ("/.reserved/raw/a", false, true),
        ("/.reservedly", true, true),
        ("/a/.reserved", true, true),
    ] {
        assert_eq!(check_create(path).is_ok(), create, "{path}");
        assert_eq!(check_change(path).is_ok(), change, "{path}");
    }
    assert_eq!(
        check_rename("/a", "/.reserved").unwrap_err().message,
        "Invalid path name Cannot rename to or from /.reserved"
    );
    assert_eq!(check_rename("/a", "/b"), Ok(()));
}

/// Paths that look like paths, and arbitrary text.
fn any_path() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::collection::vec(prop_oneof!["[/.:a-c\u{0}]{0,3}", Just("/".into())], 0..12)
            .prop_map(|parts: Vec<String>| format!("/{}", parts.concat())),
        ".*",
    ]
}

proptest! {
    #[test]
    fn normal_paths_are_canonical(sent in any_path()) {
        if let Ok(path) = normalize(&sent) {
            prop_assert!(path.starts_with('/'));
            prop_assert!(path == "/" || !path.ends_with('/'));
            prop_assert!(!path.contains("//"));
            prop_assert!(!path.contains('\0'));
            prop_assert_eq!(normalize(&path), Ok(path.clone()), "normal paths stay");
            let rebuilt = components(&path).fold("/".to_string(), |at, name| join(&at, name));
            prop_assert_eq!(&rebuilt, &path);
            if let Some((parent, name)) = split(&path) {
                prop_assert_eq!(&join(parent, name), &path);
                prop_assert!(starts_with(&path, parent));
                prop_assert!(!starts_with(parent, &path));
            }
        }
    }

    #[test]
    fn strict_is_part_of_lenient(sent in any_path()) {
        prop_assert_eq!(normalize_new(&sent).ok(), normalize_file(&sent).ok());
        if let Ok(path) = normalize_new(&sent) {
            prop_assert!(!path.contains([':', '\0']));
            prop_assert!(components(&path).all(|name| name != "." && name != ".."));
            prop_assert_eq!(normalize_new(&path), Ok(path.clone()));
            prop_assert_eq!(normalize(&sent), Ok(path));
        }
    }

    #[test]
    fn limits_never_panic(path in any_path(), parent in any_path()) {
        let _ = check_length("create", &path);
        let _ = check_component(&parent, &path);
        let _ = (check_create(&path), check_change(&path), is_reserved(&path));
    }
}

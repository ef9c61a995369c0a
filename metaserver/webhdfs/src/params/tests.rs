use proptest::prelude::*;

use super::*;

fn refusal<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
    result.unwrap_err().message().to_owned()
}

#[test]
fn names_and_booleans_are_case_insensitive_and_the_first_value_wins() {
    let params = Params::parse("OP=ls&Recursive=True&recursive=false&x&&y=a+b%2Bc").unwrap();
    assert_eq!(params.get("op"), Some("ls"));
    assert!(params.boolean("recursive", false).unwrap());
    assert_eq!(params.get("x"), None);
    assert_eq!(params.get("y"), Some("a b+c"));
    assert_eq!(
        refusal(params.boolean("op", false)),
        "Invalid value for webhdfs parameter \"op\": Failed to parse \"ls\" to Boolean."
    );
}

#[test]
fn numbers_have_hadoops_ranges_and_words() {
    let params = Params::parse(
        "permission=7777&p8=9&p=1777&offset=-1&length=null&replication=40000&n=99999999999999999999",
    )
    .unwrap();
    assert_eq!(params.permission("p").unwrap(), Some(0o1777));
    assert_eq!(
        refusal(params.permission("permission")),
        "Invalid value for webhdfs parameter \"permission\": \
         Invalid parameter range: permission = 7777 > 1777"
    );
    assert_eq!(
        refusal(params.permission("p8")),
        "Invalid value for webhdfs parameter \"p8\": \
         Failed to parse \"9\" as a radix-8 short integer."
    );
    assert_eq!(
        refusal(params.long("offset", 0, i64::MAX)),
        "Invalid value for webhdfs parameter \"offset\": \
         Invalid parameter range: offset = -1 < 0"
    );
    assert_eq!(params.long("length", 0, i64::MAX).unwrap(), None);
    assert!(refusal(params.short("replication", 1)).contains("radix-10 short integer"));
    assert!(refusal(params.long("n", 0, i64::MAX)).contains("radix-10 long integer"));
}

#[test]
fn patterns_are_hadoops() {
    for (user, good) in
        [("joe", true), ("_j.o-e$", true), ("1joe", false), ("a b", false), ("$", false)]
    {
        assert_eq!(is_user_name(user), good, "{user}");
    }
    for (spec, good) in [
        ("user:joe:rwx", true),
        ("default:group::r--", true),
        ("user::", true),
        ("mask::xxx", true),
        ("user:joe", false),
        ("user:joe:rw", false),
        ("nobody:joe:rwx", false),
        ("user:a b:rwx", false),
    ] {
        assert_eq!(is_acl_entry(spec), good, "{spec}");
    }
    assert_eq!(rwx("r-x"), Some(5));
    assert_eq!(rwx("xr-"), None);
}

#[test]
fn destinations_are_cleaned_as_a_path_is() {
    for (given, clean) in
        [("/a//b/", "/a/b"), ("/a/../b", "/b"), ("/a/./b", "/a/b"), ("/../b", "/../b"), ("/", "/")]
    {
        let query = format!("destination={given}");
        assert_eq!(Params::parse(&query).unwrap().destination("RENAME").unwrap(), clean);
    }
    assert!(
        refusal(Params::parse("destination=x").unwrap().destination("RENAME"))
            .ends_with("destination = \"x\" is not an absolute path.")
    );
    assert_eq!(
        refusal(Params::parse("").unwrap().destination("RENAME")),
        "Required param destination for op: RENAME is null or empty"
    );
}

#[test]
fn decoding_refuses_what_is_cut_or_not_utf8() {
    assert_eq!(decode("/a%20b+c", false).unwrap(), "/a b+c");
    assert!(decode("/%F", false).is_err());
    assert!(decode("/%zz", false).is_err());
    assert!(decode("/%ff%fe", false).is_err());
    assert_eq!(decode("%e2%82%ac", false).unwrap(), "€");
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(text in "\\PC{0,40}") {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        prop_assert_eq!(decode(&encoded, true).unwrap(), text);
    }

    #[test]
    fn decoding_never_panics(text in "[%+a-f0-9\\PC]{0,40}") {
        let _ = decode(&text, true);
        let _ = Params::parse(&text);
    }
}

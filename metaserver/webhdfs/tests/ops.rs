//! Every operation over a real socket: what it answers and what it changes.

mod common;

use common::{limits, start, start_unformed, start_with};
use metafs_door::HaState;
use serde_json::{Value, json};

const IAE: &str = "java.lang.IllegalArgumentException";
const HIAE: &str = "org.apache.hadoop.HadoopIllegalArgumentException";
const UOE: &str = "java.lang.UnsupportedOperationException";
const FNF: &str = "java.io.FileNotFoundException";
const IOE: &str = "java.io.IOException";
const ACE: &str = "org.apache.hadoop.security.AccessControlException";

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|entry| entry["pathSuffix"].as_str().unwrap()).collect()
}

#[test]
fn mkdirs_status_and_list() {
    let server = start();
    let made = server.put("/a/b?op=MKDIRS&permission=750").expect(200);
    assert_eq!(made.text(), "{\"boolean\":true}");
    assert_eq!(made.headers["content-length"], "16");
    server.file("/a/f", "hello");
    let status = server.get("/a/b?op=GETFILESTATUS").expect(200).json();
    let status = &status["FileStatus"];
    assert_eq!(status["type"], "DIRECTORY");
    assert_eq!(status["permission"], "750");
    assert_eq!(status["owner"], "joe");
    assert_eq!(status["pathSuffix"], "");
    assert_eq!(status["replication"], 0);
    assert!(status.get("aclBit").is_none());
    let link = server.get("/a/b?op=GETFILELINKSTATUS").expect(200).json();
    assert_eq!(link["FileStatus"], *status);
    let list = server.get("/a?op=liststatus").expect(200).json();
    assert_eq!(names(&list["FileStatuses"]["FileStatus"]), ["b", "f"]);
    let one = server.get("/a/f?op=LISTSTATUS").expect(200).json();
    assert_eq!(names(&one["FileStatuses"]["FileStatus"]), [""]);
    assert_eq!(one["FileStatuses"]["FileStatus"][0]["length"], 5);
    server.get("/none?op=GETFILESTATUS").refused(404, FNF, "File does not exist: /none");
    server.get("/none?op=LISTSTATUS").refused(404, FNF, "File /none does not exist.");
    server.put("/a/f/x?op=MKDIRS").refused(
        403,
        "org.apache.hadoop.fs.ParentNotDirectoryException",
        "/a/f",
    );
}

#[test]
fn long_listings_come_in_pages() {
    let limits = metafs_webhdfs::Limits { list_page: 10, ..limits() };
    let server = start_with(common::settings(), limits);
    for name in 0..35 {
        server.put(&format!("/d/{name:03}?op=MKDIRS")).expect(200);
    }
    let all = server.get("/d?op=LISTSTATUS").expect(200);
    assert_eq!(all.headers["transfer-encoding"], "chunked");
    let all = all.json();
    let all = names(&all["FileStatuses"]["FileStatus"]);
    assert_eq!(all.len(), 35);
    assert!(all.is_sorted());
    let mut start = String::new();
    let mut seen = Vec::new();
    loop {
        let page =
            server.get(&format!("/d?op=LISTSTATUS_BATCH&startAfter={start}")).expect(200).json();
        let listing = &page["DirectoryListing"];
        let entries = &listing["partialListing"]["FileStatuses"]["FileStatus"];
        seen.extend(names(entries).into_iter().map(str::to_owned));
        start = seen.last().unwrap().clone();
        assert_eq!(listing["remainingEntries"] != 0, seen.len() < 35);
        if seen.len() == 35 {
            break;
        }
    }
    assert_eq!(seen, all);
}

#[test]
fn create_open_append_truncate_concat() {
    let server = start();
    let step = server.put("/d/f?op=CREATE&overwrite=true&permission=640").expect(307);
    let location = &step.headers["location"];
    assert_eq!(
        *location,
        format!(
            "http://{}/webhdfs/v1/d/f?op=CREATE&overwrite=true&permission=640&user.name=joe&data=true",
            server.addr
        )
    );
    assert!(step.body.is_empty());
    let step = server.put("/d/f?op=CREATE&noredirect=true").expect(200).json();
    assert_eq!(
        step["Location"],
        format!("http://{}/webhdfs/v1/d/f?op=CREATE&user.name=joe&data=true", server.addr)
    );
    let target = location.split_once(&server.addr.to_string()).unwrap().1.to_owned();
    let made = server.send("PUT", &target, "content-length: 5\r\n", b"hello").expect(201);
    assert_eq!(made.headers["location"], "webhdfs://metafs/d/f");
    let status = server.get("/d/f?op=GETFILESTATUS").json();
    assert_eq!(status["FileStatus"]["permission"], "640");
    assert_eq!(status["FileStatus"]["replication"], 3);
    assert_eq!(status["FileStatus"]["blockSize"], 128 << 20);
    server.upload("PUT", "/d/f?op=CREATE", b"x").refused(
        403,
        "org.apache.hadoop.fs.FileAlreadyExistsException",
        "/d/f",
    );

    let open = server.get("/d/f?op=OPEN").expect(200);
    assert_eq!(open.text(), "hello");
    assert_eq!(open.headers["content-type"], "application/octet-stream");
    assert_eq!(server.get("/d/f?op=OPEN&offset=1&length=3").expect(200).text(), "ell");
    assert_eq!(server.get("/d/f?op=OPEN&offset=4&length=99").expect(200).text(), "o");
    server.get("/d/f?op=OPEN&offset=5").refused(
        403,
        IOE,
        "Offset=5 out of the range [0, 5); OPEN, path=/d/f",
    );
    let step = server.get("/d/f?op=OPEN&noredirect=true&offset=2").expect(200).json();
    let location = step["Location"].as_str().unwrap();
    let target = location.split_once(&server.addr.to_string()).unwrap().1;
    assert_eq!(server.send("GET", target, "", b"").expect(200).text(), "llo");
    server.get("/none?op=OPEN").refused(404, FNF, "File /none not found.");
    server.get("/none?op=OPEN&noredirect=true").refused(404, FNF, "File /none not found.");
    server.get("/d?op=OPEN").refused(404, FNF, "Path is not a file: /d");

    server.post("/none?op=APPEND").refused(404, FNF, "File /none not found.");
    server.post("/d/f?op=APPEND").expect(307);
    server.upload("POST", "/d/f?op=APPEND", b", world").expect(200);
    server.upload_chunked("POST", "/d/f?op=APPEND", &[b"!", b"!"]).expect(200);
    assert_eq!(server.get("/d/f?op=OPEN").text(), "hello, world!!");
    let done = server.post("/d/f?op=TRUNCATE&newlength=5").expect(200);
    assert_eq!(done.text(), "{\"boolean\":true}");
    server.post("/d/f?op=TRUNCATE").refused(
        400,
        IAE,
        "Required param newlength for op: TRUNCATE is null or empty",
    );
    server.file("/d/g", "12");
    server.file("/d/h", "345");
    server.post("/d/f?op=CONCAT&sources=/d/g,/d/h").expect(200);
    assert_eq!(server.get("/d/f?op=OPEN").text(), "hello12345");
    server.get("/d/g?op=GETFILESTATUS").expect(404);
}

#[test]
fn chunked_create_as_the_java_client_does_it() {
    let server = start();
    server
        .upload_chunked("PUT", "/f?op=CREATE&blocksize=1048576&replication=1", &[b"ab", b"cd"])
        .expect(201);
    assert_eq!(server.get("/f?op=OPEN").text(), "abcd");
    server.upload_chunked("PUT", "/empty?op=CREATE", &[]).expect(201);
    assert_eq!(server.get("/empty?op=OPEN").expect(200).headers["content-length"], "0");
    server.upload("PUT", "/x?op=CREATE&createflag=CREATE,OVERWRITE", b"1").expect(201);
    server.upload("PUT", "/x?op=CREATE&createflag=create,overwrite", b"2").expect(201);
    server.upload("PUT", "/x?op=CREATE&createflag=CREATE", b"3").expect(403);
    server.upload("PUT", "/no/x?op=CREATE&createparent=false", b"").refused(404, FNF, "/no");
    server.upload("PUT", "/x?op=CREATE&createflag=LATER", b"").refused(
        400,
        IAE,
        "Invalid value for webhdfs parameter \"createflag\": \
         No enum constant org.apache.hadoop.fs.CreateFlag.LATER",
    );
    assert_eq!(server.get("/x?op=OPEN").text(), "2");
}

#[test]
fn rename_and_delete() {
    let server = start();
    server.put("/a?op=MKDIRS").expect(200);
    server.file("/f", "1");
    server.file("/g", "2");
    let rename = |target: &str| server.put(target);
    assert_eq!(rename("/f?op=RENAME&destination=/a").text(), "{\"boolean\":true}");
    assert_eq!(rename("/none?op=RENAME&destination=/x").text(), "{\"boolean\":false}");
    let done = rename("/a/f?op=RENAME&destination=/g&renameoptions=OVERWRITE").expect(200);
    assert!(done.body.is_empty());
    assert_eq!(server.get("/g?op=OPEN").text(), "1");
    server.file("/h", "");
    rename("/g?op=RENAME&destination=/h&renameoptions=NONE").refused(
        403,
        "org.apache.hadoop.fs.FileAlreadyExistsException",
        "/h",
    );
    rename("/g?op=RENAME&destination=/i&renameoptions=TO_TRASH").expect(200);
    rename("/i?op=RENAME&destination=i").refused(
        400,
        IAE,
        "Invalid value for webhdfs parameter \"destination\": \
         Invalid parameter value: destination = \"i\" is not an absolute path.",
    );
    rename("/i?op=RENAME").refused(
        400,
        IAE,
        "Required param destination for op: RENAME is null or empty",
    );
    rename("/i?op=RENAME&destination=/j&renameoptions=FAST").refused(
        400,
        IAE,
        "No enum constant org.apache.hadoop.fs.Options.Rename.FAST",
    );
    assert_eq!(server.delete("/i?op=DELETE").text(), "{\"boolean\":true}");
    assert_eq!(server.delete("/i?op=DELETE").text(), "{\"boolean\":false}");
    server.put("/a/b/c?op=MKDIRS").expect(200);
    server.delete("/a?op=DELETE").refused(
        403,
        "org.apache.hadoop.fs.PathIsNotEmptyDirectoryException",
        "/a",
    );
    assert_eq!(server.delete("/a?op=DELETE&Recursive=True").text(), "{\"boolean\":true}");
    server.delete("/a?op=DELETE&recursive=maybe").refused(
        400,
        IAE,
        "Invalid value for webhdfs parameter \"recursive\": Failed to parse \"maybe\" to Boolean.",
    );
}

#[test]
fn attributes() {
    let server = start();
    server.file("/f", "123");
    server.put("/f?op=SETPERMISSION&permission=600").expect(200);
    server.put("/f?op=SETPERMISSION&permission=2777").refused(400, IAE, "2777 > 1777");
    server.put("/f?op=SETPERMISSION&permission=rw").refused(
        400,
        IAE,
        "Failed to parse \"rw\" as a radix-8 short integer.",
    );
    server.put("/f?op=SETOWNER&owner=jim").refused(403, ACE, "");
    server.put("/f?op=SETOWNER").refused(400, IAE, "Both owner and group are empty.");
    server.put("/f?op=SETOWNER&owner=jim&group=them&user.name=hdfs").expect(200);
    server.put("/f?op=SETTIMES&modificationtime=1000&accesstime=-1&user.name=jim").expect(200);
    let done = server.put("/f?op=SETREPLICATION&replication=2&user.name=jim").expect(200);
    assert_eq!(done.text(), "{\"boolean\":true}");
    server.put("/f?op=SETREPLICATION&replication=0").refused(400, IAE, "replication = 0 < 1");
    let status = server.get("/f?op=GETFILESTATUS").json();
    let status = &status["FileStatus"];
    assert_eq!(status["owner"], "jim");
    assert_eq!(status["group"], "them");
    assert_eq!(status["permission"], "600");
    assert_eq!(status["modificationTime"], 1000);
    assert_eq!(status["replication"], 2);
    server.get("/f?op=OPEN").refused(403, ACE, "Permission denied: user=joe, access=READ");
    server.get("/f?op=CHECKACCESS&fsaction=r--").refused(403, ACE, "joe");
    let may = server.get("/f?op=CHECKACCESS&fsaction=rw-&user.name=jim").expect(200);
    assert!(may.body.is_empty());
    server.get("/f?op=CHECKACCESS&fsaction=read").refused(
        400,
        IAE,
        "Invalid value: \"read\" does not belong to the domain [r-][w-][x-]",
    );
    server.get("/f?op=CHECKACCESS").refused(400, IAE, "Required param fsaction");
}

#[test]
fn acls() {
    let server = start();
    server.put("/d?op=MKDIRS").expect(200);
    let spec = "user:jim:rwx,default:user:jim:r-x,default:group::r--";
    server.put(&format!("/d?op=MODIFYACLENTRIES&aclspec={spec}")).expect(200);
    let acl = server.get("/d?op=GETACLSTATUS").expect(200).json();
    let acl = &acl["AclStatus"];
    assert_eq!(acl["owner"], "joe");
    assert_eq!(acl["stickyBit"], false);
    assert_eq!(acl["permission"], "775");
    let entries: Vec<_> = acl["entries"].as_array().unwrap().iter().collect();
    assert!(entries.contains(&&json!("user:jim:rwx")), "{entries:?}");
    assert!(entries.contains(&&json!("default:user:jim:r-x")), "{entries:?}");
    assert_eq!(server.get("/d?op=GETFILESTATUS").json()["FileStatus"]["aclBit"], true);
    server.put("/d?op=REMOVEACLENTRIES&aclspec=user:jim:").expect(200);
    server.put("/d?op=REMOVEDEFAULTACL").expect(200);
    server.put("/d?op=SETACL&aclspec=user::rwx,group::r-x,other::---,user:ann:r--").expect(200);
    let acl = server.get("/d?op=GETACLSTATUS").json();
    assert_eq!(acl["AclStatus"]["permission"], "750");
    server.put("/d?op=REMOVEACL").expect(200);
    let acl = server.get("/d?op=GETACLSTATUS").json();
    assert_eq!(acl["AclStatus"]["entries"], json!([]));
    server.put("/d?op=SETACL&aclspec=joe:rwx").refused(
        400,
        IAE,
        "Invalid value for webhdfs parameter \"aclspec\": Invalid value: \"joe:rwx\" does not \
         belong to the domain ^(default:)?(user|group|mask|other):",
    );
    server.put("/d?op=SETACL&aclspec=user:joe:").refused(400, HIAE, "Invalid <aclSpec>");
    server.put("/d?op=SETACL&aclspec=user:joe:xwr").refused(400, HIAE, "Invalid permission");
    server.put("/d?op=SETACL").refused(400, IAE, "Required param aclspec for op: SETACL");
    server.get("/none?op=GETACLSTATUS").expect(404);
}

#[test]
fn xattrs() {
    let server = start();
    server.file("/f", "");
    let set = |name: &str, value: &str, flag: &str| {
        server.put(&format!("/f?op=SETXATTR&xattr.name={name}&xattr.value={value}&flag={flag}"))
    };
    set("user.a", "%22one%22", "CREATE").expect(200);
    set("user.b", "0x00ff", "CREATE,REPLACE").expect(200);
    set("USER.c", "", "CREATE").expect(200);
    set("user.a", "two", "CREATE").refused(403, IOE, "");
    set("user.a", "0sdHdv", "REPLACE").expect(200);
    let all = server.get("/f?op=GETXATTRS&encoding=HEX").expect(200);
    assert_eq!(
        all.text(),
        "{\"XAttrs\":[{\"name\":\"user.a\",\"value\":\"0x74776f\"},\
         {\"name\":\"user.b\",\"value\":\"0x00ff\"},{\"name\":\"user.c\",\"value\":null}]}"
    );
    let some = server.get("/f?op=GETXATTRS&xattr.name=user.b&xattr.name=user.a&encoding=base64");
    assert_eq!(
        some.expect(200).text(),
        "{\"XAttrs\":[{\"name\":\"user.b\",\"value\":\"0sAP8=\"},\
         {\"name\":\"user.a\",\"value\":\"0sdHdv\"}]}"
    );
    let text = server.get("/f?op=GETXATTRS&xattr.name=user.a&encoding=text").expect(200);
    assert_eq!(text.json()["XAttrs"][0]["value"], "\"two\"");
    let names = server.get("/f?op=LISTXATTRS").expect(200);
    assert_eq!(names.text(), "{\"XAttrNames\":\"[\\\"user.a\\\",\\\"user.b\\\",\\\"user.c\\\"]\"}");
    server.put("/f?op=REMOVEXATTR&xattr.name=user.b").expect(200);
    let missing = "org.apache.hadoop.hdfs.protocol.XAttrNotFoundException";
    server.get("/f?op=GETXATTRS&xattr.name=user.b&encoding=text").refused(403, missing, "");
    server.put("/f?op=SETXATTR&xattr.name=user.d").refused(
        400,
        IAE,
        "Required param flag for op: SETXATTR is null or empty",
    );
    set("colour", "x", "CREATE").refused(400, HIAE, "An XAttr name must be prefixed with");
    set("user.e", "0xz", "CREATE").refused(403, IOE, "hex");
    server.get("/f?op=GETXATTRS").refused(400, IAE, "Required param encoding");
    server.get("/f?op=GETXATTRS&encoding=rot13").refused(400, IAE, "XAttrCodec.ROT13");
}

#[test]
fn quotas_and_summaries() {
    let server = start();
    server.put("/d/e?op=MKDIRS").expect(200);
    server.file("/d/f", "12345");
    let summary = server.get("/d?op=GETCONTENTSUMMARY").expect(200).json();
    assert_eq!(
        summary["ContentSummary"],
        json!({"directoryCount": 2, "ecPolicy": "", "fileCount": 1, "length": 5, "quota": -1,
            "snapshotDirectoryCount": 0, "snapshotFileCount": 0, "snapshotLength": 0,
            "snapshotSpaceConsumed": 0, "spaceConsumed": 15, "spaceQuota": -1, "typeQuota": {}})
    );
    server.put("/d?op=SETQUOTA&namespacequota=4&storagespacequota=100&user.name=hdfs").expect(200);
    let usage = server.get("/d?op=GETQUOTAUSAGE").expect(200).json();
    assert_eq!(
        usage["QuotaUsage"],
        json!({"fileAndDirectoryCount": 3, "quota": 4, "spaceConsumed": 15, "spaceQuota": 100,
            "typeQuota": {}})
    );
    server.put("/d/x?op=MKDIRS").expect(200);
    server.put("/d/y?op=MKDIRS").refused(
        403,
        "org.apache.hadoop.hdfs.protocol.NSQuotaExceededException",
        "/d",
    );
    server.put("/d?op=SETQUOTA&namespacequota=-1&user.name=hdfs").expect(200);
    let usage = server.get("/d?op=GETQUOTAUSAGE").json();
    assert_eq!(usage["QuotaUsage"]["quota"], -1);
    assert_eq!(usage["QuotaUsage"]["spaceQuota"], 100);
    server.put("/d?op=SETQUOTA&namespacequota=-2").refused(
        400,
        IAE,
        "Invalid value for webhdfs parameter \"namespacequota\": \
         Invalid parameter range: namespacequota = -2 < -1",
    );
    server.put("/d?op=SETQUOTA&namespacequota=4").refused(403, ACE, "");
    server.get("/none?op=GETCONTENTSUMMARY").expect(404);
}

#[test]
fn checksum_is_that_of_a_real_hdfs() {
    let server = start();
    server.file("/empty", "");
    let sum = server.get("/empty?op=GETFILECHECKSUM").expect(200).json();
    assert_eq!(
        sum["FileChecksum"],
        json!({"algorithm": "MD5-of-0MD5-of-0CRC32", "length": 28,
            "bytes": "00000000000000000000000070bc8f4b72a86921468bf8e8441dce5100000000"})
    );
    server.file("/f", "hello\n");
    let sum = server.get("/f?op=GETFILECHECKSUM").expect(200).json();
    assert_eq!(sum["FileChecksum"]["algorithm"], "MD5-of-0MD5-of-512CRC32C");
    let step = server.get("/f?op=GETFILECHECKSUM&noredirect=true").expect(200).json();
    assert!(step["Location"].as_str().unwrap().contains("/f?op=GETFILECHECKSUM"));
    server.get("/none?op=GETFILECHECKSUM").refused(404, FNF, "File /none not found.");
}

#[test]
fn homes_trash_defaults_and_other_facts() {
    let server = start();
    let text = |target: &str| server.get(target).expect(200).text().to_owned();
    assert_eq!(text("/?op=GETHOMEDIRECTORY"), "{\"Path\":\"/user/joe\"}");
    assert_eq!(text("/a?op=GETTRASHROOT"), "{\"Path\":\"/user/joe/.Trash\"}");
    assert_eq!(text("/?op=GETTRASHROOTS"), "{\"Paths\":null}");
    assert_eq!(text("/?op=GETTRASHROOTS&allusers=true"), "{\"Paths\":null}");
    for user in ["joe", "jim"] {
        let target = format!("/user/{user}/.Trash?op=MKDIRS&user.name=hdfs");
        server.put(&target).expect(200);
    }
    server.put("/user/ann?op=MKDIRS&user.name=hdfs").expect(200);
    let roots = server.get("/?op=GETTRASHROOTS").json();
    assert_eq!(roots["Paths"].as_array().unwrap().len(), 1);
    assert_eq!(roots["Paths"][0]["path"], "/user/joe/.Trash");
    assert_eq!(roots["Paths"][0]["isdir"], true);
    let roots = server.get("/?op=GETTRASHROOTS&allusers=true").json();
    assert_eq!(roots["Paths"].as_array().unwrap().len(), 2);
    assert_eq!(
        server.get("/?op=GETSERVERDEFAULTS").json()["FsServerDefaults"]["encryptDataTransfer"],
        false
    );
    assert_eq!(server.get("/?op=GETSTATUS").json()["FsStatus"]["remaining"], 999);
    assert_eq!(text("/?op=GETDELEGATIONTOKEN&renewer=joe"), "{\"Token\":null}");
    server.get("/?op=GETDELEGATIONTOKEN&delegation=abc").refused(
        400,
        IAE,
        "delegation parameter is not null.",
    );
    server.get("/none?op=GETSTORAGEPOLICY").refused(
        404,
        FNF,
        "File/Directory does not exist: /none",
    );
    assert_eq!(server.get("/?op=GETSTORAGEPOLICY").json()["BlockStoragePolicy"]["name"], "HOT");
    let all = server.get("/?op=GETALLSTORAGEPOLICY").json();
    assert_eq!(all["BlockStoragePolicies"]["BlockStoragePolicy"][0]["id"], 7);
    assert_eq!(text("/?op=GETECPOLICY"), "null");
    server.get("/none?op=GETECPOLICY").expect(404);
    assert_eq!(text("/?op=GETECCODECS"), "{\"ErasureCodingCodecs\":{}}");
    server.get("/?op=GETECPOLICIES").expect(200);
    server.file("/f", "abc");
    server.get("/f?op=GETLINKTARGET").refused(403, IOE, "Path /f is not a symbolic link");
}

#[test]
fn block_locations_are_plausible() {
    let server = start();
    server.file("/f", "abcdef");
    server.file("/empty", "");
    let blocks = server.get("/f?op=GETFILEBLOCKLOCATIONS").expect(200).json();
    let block = &blocks["BlockLocations"]["BlockLocation"][0];
    assert_eq!(block["offset"], 0);
    assert_eq!(block["length"], 6);
    assert_eq!(block["hosts"], json!(["127.0.0.1"]));
    let none = server.get("/f?op=GETFILEBLOCKLOCATIONS&offset=6").json();
    assert_eq!(none["BlockLocations"]["BlockLocation"], json!([]));
    let located = server.get("/f?op=GET_BLOCK_LOCATIONS").expect(200).json();
    let located = &located["LocatedBlocks"];
    assert_eq!(located["fileLength"], 6);
    assert_eq!(located["locatedBlocks"][0]["block"]["numBytes"], 6);
    assert_eq!(located["isLastBlockComplete"], true);
    let empty = server.get("/empty?op=GET_BLOCK_LOCATIONS").expect(200).json();
    assert_eq!(empty["LocatedBlocks"]["lastLocatedBlock"], Value::Null);
    server.get("/?op=GET_BLOCK_LOCATIONS").refused(404, FNF, "Path is not a file");
}

#[test]
fn what_is_not_offered_is_refused_clearly() {
    let server = start();
    for (method, op, part) in [
        ("GET", "GETSNAPSHOTDIFF", "no snapshots"),
        ("GET", "GETSNAPSHOTDIFFLISTING", "no snapshots"),
        ("GET", "GETSNAPSHOTTABLEDIRECTORYLIST", "SNAPSHOT"),
        ("GET", "GETSNAPSHOTLIST", "no snapshots"),
        ("PUT", "ALLOWSNAPSHOT", "no snapshots"),
        ("PUT", "DISALLOWSNAPSHOT", "no snapshots"),
        ("PUT", "CREATESNAPSHOT", "no snapshots"),
        ("PUT", "RENAMESNAPSHOT", "no snapshots"),
        ("DELETE", "DELETESNAPSHOT", "no snapshots"),
        ("PUT", "CREATESYMLINK", "Symlinks not supported"),
        ("PUT", "SETSTORAGEPOLICY", "HOT"),
        ("PUT", "SATISFYSTORAGEPOLICY", "HOT"),
        ("POST", "UNSETSTORAGEPOLICY", "HOT"),
        ("PUT", "SETECPOLICY", "erasure coding"),
        ("PUT", "ENABLEECPOLICY", "erasure coding"),
        ("PUT", "DISABLEECPOLICY", "erasure coding"),
        ("POST", "UNSETECPOLICY", "erasure coding"),
        ("PUT", "RENEWDELEGATIONTOKEN", "delegation tokens"),
        ("PUT", "CANCELDELEGATIONTOKEN", "delegation tokens"),
        ("PUT", "SETQUOTABYSTORAGETYPE", "SETQUOTA"),
    ] {
        server.call(method, &format!("/?op={op}")).refused(400, UOE, part);
    }
}

#[test]
fn operations_and_methods() {
    let server = start();
    server.get("/?op=MKDIRS").refused(
        400,
        IAE,
        "Invalid value for webhdfs parameter \"op\": MKDIRS is not a valid GET operation.",
    );
    server.delete("/?op=dance").refused(400, IAE, "dance is not a valid DELETE operation.");
    for query in ["x=y", "op=", "op=null"] {
        server.get(&format!("/?{query}")).refused(400, UOE, "op=NULL is not supported");
    }
    server.call("PATCH", "/?op=DELETE").refused(405, UOE, "PATCH");
    let options = server.call("OPTIONS", "/?op=DELETE").expect(200);
    assert_eq!(options.headers["allow"], "GET, HEAD, PUT, POST, DELETE, OPTIONS");
    let head = server.call("HEAD", "/?op=GETFILESTATUS").expect(200);
    assert!(head.body.is_empty());
    assert_ne!(head.headers["content-length"], "0");
    let page = server.send("GET", "/", "", b"").expect(200);
    assert!(page.text().contains("metafs") && page.text().contains("active"));
    server.send("GET", "/webhdfs/v2/?op=LISTSTATUS", "", b"").expect(404);
    server.send("GET", "/webhdfs/v1x?op=LISTSTATUS", "", b"").expect(404);
    server.send("GET", "/webhdfs/v1?op=LISTSTATUS", "", b"").expect(200);
}

#[test]
fn who_asks() {
    let server = start();
    let home = |query: &str| {
        let target = format!("/webhdfs/v1/?op=GETHOMEDIRECTORY{query}");
        server.send("GET", &target, "", b"")
    };
    assert_eq!(home("").text(), "{\"Path\":\"/user/dr.who\"}");
    assert_eq!(home("&User.Name=ann").text(), "{\"Path\":\"/user/ann\"}");
    assert_eq!(home("&user.name=ann&doas=ann").text(), "{\"Path\":\"/user/ann\"}");
    home("&user.name=ann&doas=joe").refused(
        403,
        "org.apache.hadoop.security.authorize.AuthorizationException",
        "User: ann is not allowed to impersonate joe",
    );
    home("&user.name=a%20b").refused(
        400,
        IAE,
        "Invalid value for webhdfs parameter \"user.name\": Invalid value: \"a b\" does not \
         belong to the domain ^[A-Za-z_][A-Za-z0-9._-]*[$]?$",
    );
    assert_eq!(home("&user.name=ann&delegation=ignored").status, 200);
}

#[test]
fn paths() {
    let server = start();
    server.put("/a%20%2B+%e2%82%ac?op=MKDIRS").expect(200);
    let list = server.get("/?op=LISTSTATUS").json();
    assert_eq!(names(&list["FileStatuses"]["FileStatus"]), ["a ++€"]);
    let invalid = "org.apache.hadoop.fs.InvalidPathException";
    for path in ["/../a", "/a/./b", "/%2e%2e/a", "/a:b", "/a%00b"] {
        server.put(&format!("{path}?op=MKDIRS")).refused(400, invalid, "");
        server.put(&format!("{path}?op=CREATE")).refused(400, invalid, "");
    }
    let message = "Invalid path name Invalid file name: /a:b";
    server.put("/a:b?op=MKDIRS").refused(400, invalid, message);
    server.put("/d?op=RENAME&destination=/a:b").refused(400, invalid, message);
    server.put("/a:b?op=CREATE").refused(400, invalid, "Invalid path name /a:b");
    for path in ["/a/../b", "/a:b"] {
        let missing = format!("File does not exist: {path}");
        server.get(&format!("{path}?op=GETFILESTATUS")).refused(404, FNF, &missing);
        server.get(&format!("{path}?op=OPEN")).refused(400, invalid, "");
        server.get(&format!("{path}?op=LISTSTATUS")).refused(404, FNF, "does not exist.");
        assert_eq!(server.delete(&format!("{path}?op=DELETE")).json()["boolean"], false);
    }
    server.get("/a%00b?op=GETFILESTATUS").refused(400, invalid, "");
    // As Java's client sends it, and as it can read it.
    let raw = server.put("/ü?op=CREATE&x=é").expect(307);
    assert!(raw.headers["location"].contains("/v1/%C3%BC?op=CREATE&x=%C3%A9&"), "{raw:?}");
    server.put("//a//b?op=MKDIRS").refused(400, invalid, "");
    server.get("/%ff?op=GETFILESTATUS").refused(400, IAE, "not UTF-8");
    server.get("/%f?op=GETFILESTATUS").refused(400, IAE, "Malformed percent-encoding");
    server.get("/?op=GETFILESTATUS&x=%ff").refused(400, IAE, "not UTF-8");
    let long = "x".repeat(256);
    server.put(&format!("/{long}?op=MKDIRS")).refused(
        403,
        "org.apache.hadoop.hdfs.protocol.FSLimitException$PathComponentTooLongException",
        "255",
    );
    let deep = "/d".repeat(1001);
    server.put(&format!("{deep}?op=MKDIRS")).refused(403, IOE, "Pathname too long");
}

#[test]
fn failover_is_told_as_hadoop_tells_it() {
    let server = start();
    let everything = [
        ("GET", "/?op=GETFILESTATUS"),
        ("GET", "/?op=LISTSTATUS"),
        ("GET", "/?op=GETHOMEDIRECTORY"),
        ("GET", "/?op=GETSERVERDEFAULTS"),
        ("GET", "/?op=GETDELEGATIONTOKEN"),
        ("PUT", "/d?op=MKDIRS"),
        ("PUT", "/f?op=CREATE"),
        ("PUT", "/f?op=CREATE&data=true"),
        ("POST", "/f?op=APPEND"),
        ("DELETE", "/f?op=DELETE"),
    ];
    server.backend.set_state(HaState::Standby);
    for (method, target) in everything {
        server.call(method, target).refused(
            403,
            "org.apache.hadoop.ipc.StandbyException",
            "is not supported in state standby. Visit https://s.apache.org/sbnn-error",
        );
    }
    server.backend.set_state(HaState::Initializing);
    for (method, target) in everything {
        server.call(method, target).refused(
            403,
            "org.apache.hadoop.ipc.RetriableException",
            "no leader",
        );
    }
    let unformed = start_unformed(limits());
    for (method, target) in everything {
        unformed.call(method, target).refused(
            403,
            "org.apache.hadoop.ipc.RetriableException",
            "not formed",
        );
    }
    unformed.send("GET", "/", "", b"").expect(200);
}

//! The audit log: one line for each client operation, in the form of HDFS's
//! `FSNamesystem.DefaultAuditLogger`, to the tracing target `audit`.

use std::cell::RefCell;
use std::fmt::Write;
use std::net::IpAddr;

use metafs_namespace::permission::symbolic;
use metafs_namespace::reply::FileStatus;

/// The tracing target of audit lines.
const TARGET: &str = "audit";

/// One audited operation.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Whether permissions let it pass.
    pub allowed: bool,
    /// The user.
    pub user: &'a str,
    /// From where.
    pub ip: IpAddr,
    /// The operation's name in HDFS's log.
    pub cmd: &'a str,
    /// Options to show behind it.
    pub options: Option<&'a str>,
    /// Its path.
    pub src: &'a str,
    /// The second path, of a rename or a concat.
    pub dst: Option<&'a str>,
    /// The object afterwards, where HDFS shows it.
    pub status: Option<&'a FileStatus>,
    /// Through which door: `rpc` or `webhdfs`.
    pub proto: &'a str,
}

/// Whether anybody reads audit lines.
pub fn enabled() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::INFO)
}

/// Writes the line.
pub fn log(entry: &Entry<'_>) {
    thread_local! {
        static LINE: RefCell<String> = const { RefCell::new(String::new()) };
    }
    LINE.with_borrow_mut(|line| {
        line.clear();
        entry.write(line);
        tracing::info!(target: TARGET, "{line}");
    });
}

impl Entry<'_> {
    /// Writing to a String does not fail.
    fn write(&self, line: &mut String) {
        let Self { allowed, user, ip, cmd, .. } = self;
        let _ = write!(line, "allowed={allowed}\tugi={user} (auth:SIMPLE)\tip=/{ip}\tcmd={cmd}");
        if let Some(options) = self.options {
            let _ = write!(line, " (options=[{options}])");
        }
        line.push_str("\tsrc=");
        escape(line, self.src);
        line.push_str("\tdst=");
        match self.dst {
            Some(dst) => escape(line, dst),
            None => line.push_str("null"),
        }
        line.push_str("\tperm=");
        match self.status {
            Some(status) => {
                let FileStatus { owner, group, permission, .. } = status;
                let _ = write!(line, "{owner}:{group}:{}", symbolic(*permission));
            }
            None => line.push_str("null"),
        }
        let _ = write!(line, "\tproto={}", self.proto);
    }
}

/// `StringEscapeUtils.escapeJava`, as far as it keeps a line a line and a field a field.
fn escape(line: &mut String, path: &str) {
    for c in path.chars() {
        match c {
            '\\' => line.push_str("\\\\"),
            '"' => line.push_str("\\\""),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(line, "\\u{:04X}", u32::from(c));
            }
            c => line.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use metafs_namespace::inode::Kind;

    use super::*;

    #[test]
    fn lines_are_hdfs() {
        let status = FileStatus {
            inode: 1,
            kind: Kind::Directory,
            name: String::new(),
            length: 0,
            permission: 0o755,
            owner: "joe".into(),
            group: "supergroup".into(),
            mtime: 0,
            atime: 0,
            replication: 0,
            block_size: 0,
            children: 0,
            has_acl: false,
            under_construction: false,
        };
        let mut entry = Entry {
            allowed: true,
            user: "joe",
            ip: [1, 2, 3, 4].into(),
            cmd: "mkdirs",
            options: None,
            src: "/a",
            dst: None,
            status: Some(&status),
            proto: "webhdfs",
        };
        let mut line = String::new();
        entry.write(&mut line);
        assert_eq!(
            line,
            "allowed=true\tugi=joe (auth:SIMPLE)\tip=/1.2.3.4\tcmd=mkdirs\tsrc=/a\tdst=null\t\
             perm=joe:supergroup:rwxr-xr-x\tproto=webhdfs"
        );
        entry = Entry {
            allowed: false,
            cmd: "rename",
            options: Some("OVERWRITE"),
            src: "/a\tb\nallowed=true",
            dst: Some("/c"),
            status: None,
            ..entry
        };
        line.clear();
        entry.write(&mut line);
        assert_eq!(
            line,
            "allowed=false\tugi=joe (auth:SIMPLE)\tip=/1.2.3.4\tcmd=rename (options=[OVERWRITE])\t\
             src=/a\\tb\\nallowed=true\tdst=/c\tperm=null\tproto=webhdfs"
        );
    }
}

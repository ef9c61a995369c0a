"""hdfs-native (Rust, through its Python package) against the servers of e2e/hadoop-rpc/run.

usage: python_client.py SERVER-PROGRAM HOST,HOST,HOST     (the last host is the observer)
"""

import re
import subprocess
import sys
import time
import unittest
import urllib.request

from hdfs_native import AclEntry, Client, TrashNotEnabledError, WriteOptions

SERVER = sys.argv[1]
HOSTS = sys.argv[2].split(",")
PROVIDERS = "org.apache.hadoop.hdfs.server.namenode.ha."


def client(provider="ObserverReadProxyProvider"):
    config = {
        "dfs.ha.namenodes.proof": ",".join(f"s{i}" for i in range(len(HOSTS))),
        "dfs.client.failover.proxy.provider.proof": PROVIDERS + provider,
    }
    for i, host in enumerate(HOSTS):
        config[f"dfs.namenode.rpc-address.proof.s{i}"] = f"{host}:8020"
    return Client("hdfs://proof", config)


def answered(host, method):
    """Calls of a method that a server has answered since its start."""
    with urllib.request.urlopen(f"http://{host}:9872/metrics", timeout=5) as answer:
        text = answer.read().decode()
    found = re.search(rf'^metafs_rpc_calls_total{{method="{method}",result="ok"}} (\d+)$', text, re.M)
    return int(found[1]) if found else 0


def patiently(action, *arguments):
    """Repeats what fails: this client does not wait for an election by itself."""
    end = time.monotonic() + 20
    while True:
        try:
            return action(*arguments)
        except (OSError, RuntimeError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


class NativeClient(unittest.TestCase):
    def setUp(self):
        self.client = client()
        self.top = "/python/" + self._testMethodName
        self.client.delete(self.top, recursive=True)
        self.client.mkdirs(self.top, permission=0o755, create_parent=True)

    def make(self, name):
        path = f"{self.top}/{name}"
        self.client.create(path, WriteOptions()).close()
        return path

    def names(self, recursive=False):
        return sorted(status.path[len(self.top) + 1 :] for status in self.client.list_status(self.top, recursive))

    def test_tree(self):
        self.client.mkdirs(f"{self.top}/a/b", permission=0o700, create_parent=True)
        self.make("a/file")
        self.assertEqual(self.names(), ["a"])
        self.assertEqual(self.names(recursive=True), ["a", "a/b", "a/file"])
        status = self.client.get_file_info(f"{self.top}/a/b")
        self.assertEqual((status.isdir, status.permission, status.owner), (True, 0o700, "hdfs"))
        self.client.rename(f"{self.top}/a", f"{self.top}/c")
        self.assertEqual(self.names(recursive=True), ["c", "c/b", "c/file"])
        summary = self.client.get_content_summary(self.top)
        self.assertEqual((summary.directory_count, summary.file_count, summary.length), (3, 1, 0))
        self.assertEqual(len(self.client.glob_status(f"{self.top}/c/*")), 2)
        with self.assertRaises(RuntimeError):
            self.client.delete(f"{self.top}/c", recursive=False)
        self.assertTrue(self.client.delete(f"{self.top}/c", recursive=True))
        self.assertFalse(self.client.delete(f"{self.top}/c", recursive=True))
        with self.assertRaises(FileNotFoundError):
            self.client.get_file_info(f"{self.top}/c")

    def test_many(self):
        for i in range(1100):
            self.client.mkdirs(f"{self.top}/d{i}", permission=0o755, create_parent=False)
        self.assertEqual(len(self.names()), 1100)

    def test_rename_over(self):
        one, two = self.make("one"), self.make("two")
        with self.assertRaises(Exception):
            self.client.rename(one, two)
        self.client.rename(one, two, overwrite=True)
        self.assertEqual(self.names(), ["two"])

    def test_attributes(self):
        path = self.make("file")
        self.client.set_times(path, 1_000_000_000_000, 1_000_000_000_001)
        self.client.set_owner(path, "alice", "analysts")
        self.client.set_permission(path, 0o640)
        self.assertTrue(self.client.set_replication(path, 2))
        status = self.client.get_file_info(path)
        self.assertEqual((status.owner, status.group, status.permission), ("alice", "analysts", 0o640))
        self.assertEqual(status.modification_time, 1_000_000_000_000)
        self.assertEqual((status.access_time, status.replication), (1_000_000_000_001, 2))

    def test_acls(self):
        path = self.make("file")
        bob = AclEntry("user", "access", "r-x", "bob")
        self.client.modify_acl_entries(path, [bob])
        self.assertIn("bob", [entry.name for entry in self.client.get_acl_status(path).entries])
        self.client.remove_acl_entries(path, [bob])
        self.assertNotIn("bob", [entry.name for entry in self.client.get_acl_status(path).entries])
        self.client.remove_acl(path)
        self.assertEqual(self.client.get_acl_status(path).entries, [])

    def test_contents_are_refused(self):
        path = f"{self.top}/full"
        with self.assertRaisesRegex(Exception, "webhdfs://proof/"):
            with self.client.create(path, WriteOptions()) as file:
                file.write(b"contents")
        empty = self.make("empty")
        self.assertEqual(self.client.read(empty).read(), b"")
        self.client.append(empty).close()

    def test_trash(self):
        with self.assertRaises(TrashNotEnabledError):
            self.client.trash(self.make("file"))

    def test_reads_land_on_the_observer(self):
        path = self.make("file")
        before = [answered(host, "getFileInfo") for host in HOSTS]
        for i in range(50):
            self.client.set_times(path, i, i)
            self.assertEqual(self.client.get_file_info(path).modification_time, i)
        calls = [answered(host, "getFileInfo") - b for host, b in zip(HOSTS, before)]
        self.assertEqual(calls, [0, 0, 50])

    def test_the_leader_dies(self):
        path = self.make("file")
        for provider in ("ConfiguredFailoverProxyProvider", "ObserverReadProxyProvider"):
            fs = client(provider)
            writes = [answered(host, "setTimes") for host in HOSTS]
            fs.set_times(path, 1, 1)
            leader = next(h for h, w in zip(HOSTS, writes) if answered(h, "setTimes") > w)
            subprocess.run([SERVER, "kill", leader], check=True)
            try:
                patiently(fs.set_times, path, 2, 2)
                for i in range(3, 20):
                    fs.set_times(path, i, i)
                    self.assertEqual(fs.get_file_info(path).modification_time, i)
            finally:
                subprocess.run([SERVER, "start", leader], check=True)
            # Both voters are there again before the next one goes.
            patiently(self.serving, leader)

    def serving(self, host):
        with urllib.request.urlopen(f"http://{host}:9872/readyz", timeout=5) as answer:
            self.assertEqual(answer.status, 200)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

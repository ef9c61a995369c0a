"""Python's WebHDFS clients against a server: python_clients.py HOST:PORT

Wants the packages hdfs (HdfsCLI), fsspec with requests, and pywebhdfs; acts as the superuser
hdfs below /python-clients, which it removes. Ends with "ok" and 0, or with a traceback.
"""

import sys

import fsspec
from hdfs import InsecureClient
from hdfs.util import HdfsError
from pywebhdfs.webhdfs import PyWebHdfsClient

BASE = "/python-clients"


def refused(call, part):
    """The error that `call` raises names `part`."""
    try:
        call()
    except Exception as error:  # each client has its own classes
        assert part in str(error), error
    else:
        raise AssertionError(f"not refused: {part}")


def hdfs_cli(address):
    # The first server of the two is not there.
    client = InsecureClient(f"http://127.0.0.1:1;http://{address}", user="hdfs")
    client.delete(BASE, recursive=True)
    client.makedirs(f"{BASE}/a", permission="755")
    client.write(f"{BASE}/a/f", data=b"hello", overwrite=True)
    client.write(f"{BASE}/a/f", data=b" world", append=True)
    with client.read(f"{BASE}/a/f", offset=6, length=3) as reader:
        assert reader.read() == b"wor"
    with client.write(f"{BASE}/a/g", encoding="utf-8") as writer:
        for line in range(100):
            writer.write(f"{line} \u20ac\n")
    with client.read(f"{BASE}/a/g", encoding="utf-8", delimiter="\n") as reader:
        assert len(list(reader)) == 101
    assert client.list(f"{BASE}/a") == ["f", "g"]
    assert client.status(f"{BASE}/a/f")["length"] == 11
    assert client.status(f"{BASE}/none", strict=False) is None
    assert client.content(BASE)["fileCount"] == 2
    client.set_permission(f"{BASE}/a/f", "600")
    client.set_owner(f"{BASE}/a/f", owner="joe", group="staff")
    client.set_times(f"{BASE}/a/f", access_time=5, modification_time=6)
    client.set_replication(f"{BASE}/a/f", 2)
    client.set_acl(f"{BASE}/a", "user:ann:rwx", clear=False)
    assert "user:ann:rwx" in client.acl_status(f"{BASE}/a")["entries"]
    assert client.checksum(f"{BASE}/a/f")["algorithm"] == "MD5-of-0MD5-of-512CRC32C"
    client.rename(f"{BASE}/a/g", f"{BASE}/a/h")
    assert client.delete(f"{BASE}/a/h") and not client.delete(f"{BASE}/a/h")
    big = b"x" * (2 << 20)
    refused(lambda: client.write(f"{BASE}/big", data=big), "the most this cluster keeps")
    refused(lambda: client.write(f"{BASE}/big", data=iter([big])), "the most this cluster keeps")
    refused(lambda: client.delete(BASE), "non empty")
    refused(lambda: client.create_snapshot(BASE, "s"), "no snapshots")
    try:
        client.status(f"{BASE}/none")
    except HdfsError as error:
        assert error.exception == "FileNotFoundException", error
    assert client.delete(BASE, recursive=True)


def fsspec_webhdfs(address):
    host, port = address.split(":")
    fs = fsspec.filesystem("webhdfs", host=host, port=int(port), user="hdfs")
    fs.makedirs(f"{BASE}/a/b", exist_ok=True)
    fs.pipe(f"{BASE}/a/x", b"0123456789")
    assert fs.cat_file(f"{BASE}/a/x", start=2, end=5) == b"234"
    with fs.open(f"{BASE}/a/y", "wb") as file:
        file.write(b"abc")
    with fs.open(f"{BASE}/a/y", "rb") as file:
        file.seek(1)
        assert file.read(2) == b"bc"
    assert fs.info(f"{BASE}/a/x")["size"] == 10
    assert not fs.exists("/none") and fs.isdir(BASE)
    assert fs.find(BASE) == [f"{BASE}/a/x", f"{BASE}/a/y"]
    assert fs.du(BASE) == 13
    fs.mv(f"{BASE}/a/x", f"{BASE}/a/z")
    fs.cp_file(f"{BASE}/a/z", f"{BASE}/a/w")
    assert fs.cat(f"{BASE}/a/w") == b"0123456789"
    try:
        fs.cat(f"{BASE}/none")
    except FileNotFoundError:
        pass
    fs.rm(BASE, recursive=True)
    assert not fs.exists(BASE)


def pywebhdfs(address):
    host, port = address.split(":")
    client = PyWebHdfsClient(host=host, port=port, user_name="hdfs")
    base = BASE.lstrip("/")
    client.make_dir(f"{base}/a", permission=755)
    client.create_file(f"{base}/a/f", b"data", overwrite=True)
    client.append_file(f"{base}/a/f", b"more")
    assert client.read_file(f"{base}/a/f") == b"datamore"
    assert client.get_file_dir_status(f"{base}/a/f")["FileStatus"]["length"] == 8
    client.rename_file_dir(f"{base}/a/f", f"{BASE}/a/g")
    client.delete_file_dir(base, recursive=True)
    assert not client.exists_file_dir(base)


if __name__ == "__main__":
    for client in (hdfs_cli, fsspec_webhdfs, pywebhdfs):
        client(sys.argv[1])
        print(client.__name__)
    print("ok")

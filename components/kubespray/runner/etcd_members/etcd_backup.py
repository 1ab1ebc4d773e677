"""Backs up etcd on one of its members: a snapshot and the keys without which it is useless, encrypted for a certificate whose
private key is elsewhere, put into S3-compatible storage. Installed and started by a timer (etcd-backup.yml).

Each is tried before it counts: the snapshot is restored into a folder that is thrown away, and what was stored is read back. What is
encrypted cannot be opened here, as the key is elsewhere.

Nothing but Python's standard library, etcdctl and openssl: all of them are on every member.
"""

import contextlib
import datetime
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from typing import IO, Callable, List, Optional, TypedDict

HOME = os.environ.get("ETCD_BACKUP_HOME", "/etc/exchange-platform/etcd-backup")
# Where the node exporter finds what it tells for others.
METRICS = os.environ.get("ETCD_BACKUP_METRICS", "/var/lib/exchange-platform/metrics")
WORK = os.environ.get("ETCD_BACKUP_WORK", "/var/lib/exchange-platform/etcd-backup")
# A restored etcd with encrypted Secrets cannot be read without their key, nor can a cluster start without its CA.
KEYS = ("etc/kubernetes/ssl", "etc/kubernetes/pki", "etc/ssl/etcd/ssl", "etc/etcd.env")
UNSIGNED = "UNSIGNED-PAYLOAD"
# What a storage says when it refuses, and what that means here.
REASONS = {
    "InvalidAccessKeyId": "the storage does not know kubernetes.etcdBackup.accessKey",
    "SignatureDoesNotMatch": "kubernetes.etcdBackup.secretKey is not the one that belongs to the access key, or the region is another",
    "AccessDenied": "the user of the access key may not do this: let it list, get, put and delete under the prefix",
    "NoSuchBucket": "the bucket does not exist: make it, or mend kubernetes.etcdBackup.bucket",
    "AuthorizationHeaderMalformed": "kubernetes.etcdBackup.region is not the storage's",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
}
EMPTY = hashlib.sha256(b"").hexdigest()


class Settings(TypedDict):
    """settings.json: what the program reads of the stack's kubernetes.etcdBackup."""

    endpoint: str
    region: str
    bucket: str
    prefix: str
    keep: int
    everyHours: int
    accessKey: str
    secretKey: str


def main() -> int:
    with open(os.path.join(HOME, "settings.json"), encoding="utf-8") as file:
        settings: Settings = json.load(file)
    os.makedirs(WORK, mode=0o700, exist_ok=True)
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    storage = Storage(settings)
    # Asked first, because it costs nothing: a storage that refuses a large body may hang up before it has said why.
    names = storage.list(settings["prefix"] + "/")
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        snapshot = os.path.join(folder, "snapshot.db")
        run("etcdctl", "snapshot", "save", snapshot)
        restore(snapshot, os.path.join(folder, "restored"))
        sealed = os.path.join(folder, "backup.cms")
        seal(folder, sealed, os.path.join(HOME, "certificate.pem"))
        name = "%s/%s.tar.cms" % (settings["prefix"], stamp)
        storage.put(name, sealed)
        read = read_back(storage, name, sealed)
        print("stored %s, %d bytes" % (name, os.path.getsize(sealed)))
    for old in expired(names + [name], settings["keep"]):
        storage.delete(old)
        print("deleted", old)
    tell(METRICS, int(time.time()), settings["everyHours"], read)
    return 0


def restore(snapshot: str, data: str) -> None:
    """Makes data of a snapshot, as whoever needs it would, and throws it away: etcd checks the sum of the whole of it on the way."""
    tool = "etcdutl" if shutil.which("etcdutl") else "etcdctl"  # which lost it with 3.6
    try:
        run(tool, "snapshot", "restore", snapshot, "--data-dir", data)
        if not os.path.getsize(os.path.join(data, "member", "snap", "db")):
            raise OSError("%s snapshot restore left an empty database" % tool)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def read_back(storage: "Storage", name: str, path: str) -> bool:
    """Holds what the storage gives back against the file that was put there. A user who may not get is no reason to have no backup: others
    are told that nobody has read it."""
    whole = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            whole.update(piece)
    try:
        given = storage.digest(name)
    except PermissionError as error:
        print("not read back:", error)
        return False
    if given != whole.digest():
        storage.delete(name)
        raise OSError("%s: the storage gives back something else than was put there" % name)
    return True


def tell(folder: str, now: int, hours: int, read: bool) -> None:
    """Leaves when this backup was made to the node exporter, whole or not at all: a half-written file is an error of every scrape."""
    os.makedirs(folder, mode=0o755, exist_ok=True)
    half = os.path.join(folder, "etcd_backup.half")
    with open(half, "w", encoding="utf-8") as file:
        file.write("# HELP etcd_backup_last_success_timestamp_seconds When this member last stored a backup of etcd.\n"
                   "# TYPE etcd_backup_last_success_timestamp_seconds gauge\n"
                   "etcd_backup_last_success_timestamp_seconds %d\n"
                   "# HELP etcd_backup_interval_seconds The time between two of them.\n"
                   "# TYPE etcd_backup_interval_seconds gauge\n"
                   "etcd_backup_interval_seconds %d\n"
                   "# HELP etcd_backup_read_back Whether it was restored, and read back from the storage.\n"
                   "# TYPE etcd_backup_read_back gauge\n"
                   "etcd_backup_read_back %d\n" % (now, hours * 3600, read))
    os.chmod(half, 0o644)
    os.replace(half, os.path.join(folder, "etcd_backup.prom"))


def run(*command: str) -> None:
    """Runs a program; what it says is in the error if it fails, and otherwise of no interest."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["without a word"]
        raise OSError("%s failed: %s" % (" ".join(command[:3]), said[-1]))


def seal(folder: str, sealed: str, certificate: str, root: str = "/") -> None:
    """Packs the snapshot and the keys, and encrypts them on the way to the disk."""
    paths = [path for path in KEYS if os.path.exists(os.path.join(root, path))]
    with open(sealed, "wb") as out:
        tar = subprocess.Popen(["tar", "-cf", "-", "-C", folder, "snapshot.db"] + (["-C", root] + paths if paths else []),
                               stdout=subprocess.PIPE)
        cms = subprocess.Popen(["openssl", "cms", "-encrypt", "-binary", "-stream", "-aes-256-gcm", "-outform", "DER", certificate],
                               stdin=tar.stdout, stdout=out, stderr=subprocess.PIPE, text=True)
        if tar.stdout:
            tar.stdout.close()  # openssl alone has it: tar hears of it if that one ends
        said = cms.communicate()[1].strip().splitlines() or ["without a word"]
        packed = tar.wait() == 0
        if cms.returncode:
            raise OSError("the backup could not be encrypted for %s: %s" % (certificate, said[0]))
        if not packed:
            raise OSError("the backup could not be packed: tar ended with %d" % tar.returncode)


def expired(names: list[str], keep: int) -> list[str]:
    """The backups beyond the newest keep; their names sort by time. Anything else in the folder is left alone."""
    backups = sorted(name for name in names if re.search(r"/\d{8}T\d{6}Z\.tar\.cms$", name))
    return backups[:max(len(backups) - keep, 0)]


class Storage:
    """One bucket, addressed by path."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.endpoint = urllib.parse.urlsplit(settings["endpoint"])

    def put(self, name: str, path: str) -> None:
        with open(path, "rb") as body:
            self.call("PUT", name, body=body, size=os.path.getsize(path))

    def digest(self, name: str) -> bytes:
        """The SHA-256 of what the storage gives back."""
        whole = hashlib.sha256()

        def take(response: http.client.HTTPResponse) -> bytes:
            for piece in iter(lambda: response.read(1 << 20), b""):
                whole.update(piece)
            return b""

        self.call("GET", name, take=take)
        return whole.digest()

    def delete(self, name: str) -> None:
        self.call("DELETE", name)

    def list(self, prefix: str) -> List[str]:
        names: List[str] = []
        token: Optional[str] = None
        while True:
            query = {"list-type": "2", "prefix": prefix}
            if token:
                query["continuation-token"] = token
            answer = self.call("GET", "", query).decode()
            names += [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", answer)]
            more = re.search(r"<NextContinuationToken>(.*?)</NextContinuationToken>", answer)
            if not more:
                return names
            token = unescape(more.group(1))

    def call(self, method: str, name: str, query: Optional[dict[str, str]] = None, body: Optional[IO[bytes]] = None,
             size: int = 0, take: Callable[[http.client.HTTPResponse], bytes] = http.client.HTTPResponse.read) -> bytes:
        path = "/" + urllib.parse.quote("%s/%s" % (self.settings["bucket"], name))
        text = canonical_query(query or {})
        date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": self.endpoint.netloc, "x-amz-date": date, "x-amz-content-sha256": UNSIGNED if body else EMPTY}
        headers["authorization"] = authorization(self.settings, method, path, text, headers)
        headers["content-length"] = str(size)
        kind = http.client.HTTPSConnection if self.endpoint.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.endpoint.netloc, timeout=300)
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # what it said before it hung up counts
                connection.request(method, path + ("?" + text if text else ""), body=body, headers=headers)
            response = connection.getresponse()
            answer = take(response) if response.status < 300 else response.read()
        except (OSError, http.client.HTTPException) as error:
            raise OSError("the storage %s cannot be reached: %s" % (self.settings["endpoint"], error)) from error
        finally:
            connection.close()
        if response.status >= 300:
            kind_of = PermissionError if response.status == 403 else OSError
            raise kind_of("%s %s%s: %d %s" % (
                method, self.settings["endpoint"], path, response.status, refusal(answer.decode(errors="replace"))))
        return answer


def refusal(answer: str) -> str:
    """What a storage's error document says, in one line."""
    code = re.search(r"<Code>(.*?)</Code>", answer)
    if not code:
        return " ".join(answer.split())[:200]
    message = re.search(r"<Message>(.*?)</Message>", answer, re.DOTALL)
    reason = REASONS.get(code.group(1)) or (unescape(message.group(1)).strip() if message else "")
    return "%s: %s" % (code.group(1), reason) if reason else code.group(1)


def canonical_query(query: dict[str, str]) -> str:
    return "&".join("%s=%s" % (urllib.parse.quote(key, safe=""), urllib.parse.quote(query[key], safe="")) for key in sorted(query))


def authorization(settings: Settings, method: str, path: str, query: str, headers: dict[str, str]) -> str:
    """AWS signature, version 4."""
    date = headers["x-amz-date"]
    scope = "/".join((date[:8], settings["region"], "s3", "aws4_request"))
    signed = ";".join(sorted(headers))
    request = "\n".join([method, path, query] + ["%s:%s" % (key, headers[key]) for key in sorted(headers)]
                        + ["", signed, headers["x-amz-content-sha256"]])
    text = "\n".join(("AWS4-HMAC-SHA256", date, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = ("AWS4" + settings["secretKey"]).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return "AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=%s,Signature=%s" % (settings["accessKey"], scope, signed, signature)


def unescape(text: str) -> str:
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(entity, char)
    return text


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, KeyError) as error:
        sys.exit("etcd backup: %s" % error)

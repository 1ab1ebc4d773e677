"""Backs up etcd on one of its members: a snapshot and the keys without which it is useless, encrypted for a certificate whose
private key is elsewhere, put into S3-compatible storage. Installed and started by a timer (etcd-backup.yml).

Nothing but Python's standard library, etcdctl and openssl: all of them are on every member.
"""

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
import urllib.parse

HOME = os.environ.get("ETCD_BACKUP_HOME", "/etc/exchange-platform/etcd-backup")
WORK = os.environ.get("ETCD_BACKUP_WORK", "/var/lib/exchange-platform/etcd-backup")
# A restored etcd with encrypted Secrets cannot be read without their key, nor can a cluster start without its CA.
KEYS = ("etc/kubernetes/ssl", "etc/kubernetes/pki", "etc/ssl/etcd/ssl", "etc/etcd.env")
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY = hashlib.sha256(b"").hexdigest()


def main():
    with open(os.path.join(HOME, "settings.json"), encoding="utf-8") as file:
        settings = json.load(file)
    os.makedirs(WORK, mode=0o700, exist_ok=True)
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    storage = Storage(settings)
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        snapshot = os.path.join(folder, "snapshot.db")
        subprocess.run(["etcdctl", "snapshot", "save", snapshot], check=True, stdout=subprocess.DEVNULL)
        if shutil.which("etcdutl"):
            subprocess.run(["etcdutl", "snapshot", "status", snapshot], check=True, stdout=subprocess.DEVNULL)
        sealed = os.path.join(folder, "backup.cms")
        seal(folder, sealed, os.path.join(HOME, "certificate.pem"))
        name = "%s/%s.tar.cms" % (settings["prefix"], stamp)
        storage.put(name, sealed)
        print("stored %s, %d bytes" % (name, os.path.getsize(sealed)))
    for old in expired(storage.list(settings["prefix"] + "/"), settings["keep"]):
        storage.delete(old)
        print("deleted", old)
    return 0


def seal(folder, sealed, certificate, root="/"):
    """Packs the snapshot and the keys, and encrypts them on the way to the disk."""
    paths = [path for path in KEYS if os.path.exists(os.path.join(root, path))]
    with open(sealed, "wb") as out:
        tar = subprocess.Popen(["tar", "-cf", "-", "-C", folder, "snapshot.db", "-C", root] + paths, stdout=subprocess.PIPE)
        cms = subprocess.Popen(["openssl", "cms", "-encrypt", "-binary", "-stream", "-aes-256-gcm", "-outform", "DER", certificate],
                               stdin=tar.stdout, stdout=out)
        tar.stdout.close()
        if cms.wait() or tar.wait():
            raise OSError("the backup could not be packed (tar %s) or encrypted (openssl %s)" % (tar.returncode, cms.returncode))


def expired(names, keep):
    """The backups beyond the newest keep; their names sort by time. Anything else in the folder is left alone."""
    backups = sorted(name for name in names if re.search(r"/\d{8}T\d{6}Z\.tar\.cms$", name))
    return backups[:max(len(backups) - keep, 0)]


class Storage:
    """One bucket, addressed by path."""

    def __init__(self, settings):
        self.settings = settings
        self.endpoint = urllib.parse.urlsplit(settings["endpoint"])

    def put(self, name, path):
        with open(path, "rb") as body:
            self.call("PUT", name, body=body, size=os.path.getsize(path))

    def delete(self, name):
        self.call("DELETE", name)

    def list(self, prefix):
        names, token = [], None
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

    def call(self, method, name, query=None, body=None, size=0):
        path = "/" + urllib.parse.quote("%s/%s" % (self.settings["bucket"], name))
        text = canonical_query(query or {})
        date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": self.endpoint.netloc, "x-amz-date": date, "x-amz-content-sha256": UNSIGNED if body else EMPTY}
        headers["authorization"] = authorization(self.settings, method, path, text, headers)
        headers["content-length"] = str(size)
        kind = http.client.HTTPSConnection if self.endpoint.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.endpoint.netloc, timeout=300)
        try:
            connection.request(method, path + ("?" + text if text else ""), body=body, headers=headers)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise OSError("%s %s%s: %d %s" % (method, self.endpoint.netloc, path, response.status, answer[:500].decode(errors="replace")))
        return answer


def canonical_query(query):
    return "&".join("%s=%s" % (urllib.parse.quote(key, safe=""), urllib.parse.quote(query[key], safe="")) for key in sorted(query))


def authorization(settings, method, path, query, headers):
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


def unescape(text):
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(entity, char)
    return text


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, KeyError, subprocess.CalledProcessError) as error:
        sys.exit("etcd backup: %s" % error)

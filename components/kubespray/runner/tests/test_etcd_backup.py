"""Encrypting, signing and keeping backups."""

import http.server
import os
import socket
import subprocess
import tempfile
import threading
import unittest
import unittest.mock

from etcd_members import etcd_backup


class Signature(unittest.TestCase):
    # The examples of Amazon's documentation of signature version 4.
    SETTINGS: etcd_backup.Settings = {
        "accessKey": "AKIAIOSFODNN7EXAMPLE", "secretKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "region": "us-east-1",
        "endpoint": "https://s3.amazonaws.com", "bucket": "examplebucket", "prefix": "etcd/demo", "keep": 1,
        "everyHours": 6,
    }
    HEADERS = {"host": "examplebucket.s3.amazonaws.com", "x-amz-content-sha256": etcd_backup.EMPTY, "x-amz-date": "20130524T000000Z"}

    def test_published_examples(self):
        for query, signature in (
            ({"lifecycle": ""}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            ({"prefix": "J", "max-keys": "2"}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        ):
            text = etcd_backup.authorization(self.SETTINGS, "GET", "/", etcd_backup.canonical_query(query), self.HEADERS)
            self.assertTrue(text.endswith(signature), text)


def storage_at(endpoint):
    settings = Signature.SETTINGS.copy()
    settings["endpoint"] = endpoint
    return etcd_backup.Storage(settings)


class Seal(unittest.TestCase):
    def test_only_the_private_key_opens_it(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())

        def at(name):
            return os.path.join(folder, name)

        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=backup", "-keyout", at("key.pem"), "-out",
                        at("certificate.pem")], check=True, capture_output=True)
        with open(at("snapshot.db"), "w", encoding="utf-8") as file:
            file.write("the snapshot")
        os.makedirs(at("root/etc/kubernetes/ssl"))
        with open(at("root/etc/kubernetes/ssl/ca.key"), "w", encoding="utf-8") as file:
            file.write("the key")
        etcd_backup.seal(folder, at("sealed"), at("certificate.pem"), root=at("root"))
        with open(at("sealed"), "rb") as sealed:
            self.assertNotIn(b"the snapshot", sealed.read())
        subprocess.run(["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", at("sealed"), "-inkey", at("key.pem"), "-out",
                        at("opened.tar")], check=True)
        listing = subprocess.run(["tar", "-tf", at("opened.tar")], check=True, capture_output=True, text=True).stdout
        self.assertIn("snapshot.db\n", listing)
        self.assertIn("etc/kubernetes/ssl/ca.key\n", listing)


class Tried(unittest.TestCase):
    """A backup counts once it has been restored and read back."""

    def program(self, text):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        path = os.path.join(folder, "etcdutl")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + text)
        os.chmod(path, 0o700)
        self.enterContext(unittest.mock.patch.dict(os.environ, {"PATH": folder + os.pathsep + os.environ["PATH"]}))
        return os.path.join(folder, "restored")

    def test_a_snapshot_that_cannot_be_restored_is_none(self):
        data = self.program("mkdir -p $5/member/snap; echo 'expected sha256 [1], got [2]' >&2; exit 1")
        with self.assertRaisesRegex(OSError, "etcdutl snapshot restore failed: expected sha256"):
            etcd_backup.restore("snapshot.db", data)
        self.assertFalse(os.path.exists(data))

    def test_what_was_restored_is_thrown_away(self):
        data = self.program('[ "$1 $2 $3 $4" = "snapshot restore snapshot.db --data-dir" ] || exit 1\n'
                            "mkdir -p $5/member/snap && echo data >$5/member/snap/db")
        etcd_backup.restore("snapshot.db", data)
        self.assertFalse(os.path.exists(data))

    def test_an_empty_database_is_none(self):
        data = self.program("mkdir -p $5/member/snap && : >$5/member/snap/db")
        with self.assertRaisesRegex(OSError, "left an empty database"):
            etcd_backup.restore("snapshot.db", data)

    def test_what_the_storage_gives_back_is_what_was_put_there(self):
        path = os.path.join(self.enterContext(tempfile.TemporaryDirectory()), "sealed")
        with open(path, "wb") as file:
            file.write(bytes(3 << 20))
        for status, given, whole in ((200, bytes(3 << 20), True), (200, bytes((3 << 20) - 1), False),
                                     (403, b"<Code>AccessDenied</Code>", True)):
            asked = []

            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    asked.append(self.command)
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(given)))
                    self.end_headers()
                    self.wfile.write(given)

                def do_DELETE(self):
                    asked.append(self.command)
                    self.send_response(204)
                    self.end_headers()

                def log_message(self, *_):
                    pass

            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            storage = storage_at("http://127.0.0.1:%d" % server.server_port)
            if whole:
                self.assertEqual(etcd_backup.read_back(storage, "name", path), status == 200)
            else:
                with self.assertRaisesRegex(OSError, "name: the storage gives back something else than was put there"):
                    etcd_backup.read_back(storage, "name", path)
            server.shutdown()
            server.server_close()
            self.assertEqual(asked, ["GET"] if whole else ["GET", "DELETE"])


class Metrics(unittest.TestCase):
    def test_the_node_exporter_is_left_a_whole_file(self):
        folder = os.path.join(self.enterContext(tempfile.TemporaryDirectory()), "metrics")
        etcd_backup.tell(folder, 1, 6, False)
        etcd_backup.tell(folder, 1700000000, 6, True)
        self.assertEqual(os.listdir(folder), ["etcd_backup.prom"])
        with open(os.path.join(folder, "etcd_backup.prom"), encoding="utf-8") as file:
            lines = [line for line in file.read().splitlines() if not line.startswith("#")]
        self.assertEqual(lines, [
            "etcd_backup_last_success_timestamp_seconds 1700000000", "etcd_backup_interval_seconds 21600", "etcd_backup_read_back 1"])
        self.assertEqual(os.stat(os.path.join(folder, "etcd_backup.prom")).st_mode & 0o777, 0o644)


class Errors(unittest.TestCase):
    def test_a_program_that_fails_is_quoted(self):
        with self.assertRaisesRegex(OSError, r"^sh -c .* failed: no such endpoint$"):
            etcd_backup.run("sh", "-c", "echo trying; echo no such endpoint >&2; exit 3")

    def test_a_certificate_that_cannot_be_encrypted_for_is_named(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        for name in ("snapshot.db", "wrong.pem"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write("not a certificate")
        with self.assertRaisesRegex(OSError, r"could not be encrypted for .*wrong\.pem: "):
            etcd_backup.seal(folder, os.path.join(folder, "sealed"), os.path.join(folder, "wrong.pem"), root=folder)

    def test_what_a_storage_says_before_it_hangs_up_counts(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def refuse():
            connection, _ = server.accept()
            with connection:  # closed while most of the body is unread, it resets the connection
                connection.recv(64)
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 42\r\n\r\n"
                                   b"<Error><Code>NoSuchBucket</Code>  </Error>")

        threading.Thread(target=refuse, daemon=True).start()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        with open(os.path.join(folder, "large"), "wb") as file:
            file.write(bytes(8 << 20))
        storage = storage_at("http://127.0.0.1:%d" % server.getsockname()[1])
        with self.assertRaisesRegex(OSError, "404 NoSuchBucket: the bucket does not exist"):
            storage.put("name", os.path.join(folder, "large"))

    def test_a_storage_that_is_not_there_is_named(self):
        server = socket.create_server(("127.0.0.1", 0))
        endpoint = "http://127.0.0.1:%d" % server.getsockname()[1]
        server.close()
        storage = storage_at(endpoint)
        with self.assertRaisesRegex(OSError, "the storage %s cannot be reached: .*refused" % endpoint):
            storage.list("etcd/")

    def test_a_refusal_says_what_to_mend(self):
        for answer, said in (
            ("<Error><Code>NoSuchBucket</Code></Error>", "NoSuchBucket: the bucket does not exist"),
            ("<Error>\n<Code>SlowDown</Code><Message>Reduce your\nrate</Message></Error>", "SlowDown: Reduce your\nrate"),
            ("<html> <b>Bad gateway</b>\n</html>", "<html> <b>Bad gateway</b> </html>"),
        ):
            self.assertTrue(etcd_backup.refusal(answer).startswith(said), etcd_backup.refusal(answer))


class Retention(unittest.TestCase):
    def test_the_oldest_go(self):
        names = ["etcd/a/2026010%dT000000Z.tar.cms" % day for day in (3, 1, 2)] + ["etcd/a/notes.txt"]
        self.assertEqual(etcd_backup.expired(names, 2), ["etcd/a/20260101T000000Z.tar.cms"])
        self.assertEqual(etcd_backup.expired(names, 9), [])

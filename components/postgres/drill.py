"""The restore drill: a backup that nobody has restored is none.

"run" restores the newest backup into a cluster of its own, reads all of it, asks the application's image whether it could use it, sees
that a moment beyond the archive is refused, and writes down what it took. Whatever it made it deletes, also when it is told to stop;
what a killed one left goes with its Job, which owns it, or is deleted by the next. "serve" tells Prometheus the last results.

Nothing but Python's standard library and psql; the image is the servers' own.
"""

import http.server
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.parse
from typing import Any, Dict, List, Optional

from api import API, Failed, Stopped, until
from application import Application

NAME = "restore-drill"
BEYOND = NAME + "-beyond"
# What PostgreSQL says when its archive ends before the moment that it was asked for.
UNREACHED = "recovery ended before configured recovery target was reached"
# A copy whose last heartbeat is older, in seconds, lost more than any archive may: five minutes are between two heartbeats, five between
# two pieces of the log. The log may have a hole, at which a restore to the newest moment ends as if it were the end.
OLDEST = 15 * 60
FILES = os.environ.get("RESULTS", "/results")


class Drill:
    """One drill."""

    def __init__(self, api: API) -> None:
        self.api = api
        self.spec: Dict[str, Any] = json.loads(os.environ["CLUSTER"])
        self.limit = float(os.environ["LIMIT_SECONDS"])
        self.phases: Dict[str, float] = {}
        self.found: Dict[str, float] = {}
        # the operator gives it to the owner in the copy alone: production's is of no use here, nor this one there
        self.password = secrets.token_hex(24)
        recovery = self.spec["bootstrap"]["recovery"]
        self.application = Application(api, NAME, recovery["database"], recovery["owner"])

    def timed(self, phase: str, work: Any) -> None:
        begun = time.monotonic()
        print("%s ..." % phase, flush=True)
        work()
        self.phases[phase] = time.monotonic() - begun
        print("%s: %.0f s" % (phase, self.phases[phase]), flush=True)

    def give_up(self) -> None:
        """Takes away what this drill made: another may have begun that replaces it, and whose copy is its own."""
        for name in (NAME, BEYOND):
            if self.api.owns(self.api.call("GET", self.api.cluster(name))):
                self.api.call("DELETE", self.api.cluster(name))
        self.application.give_up()

    def clean(self) -> None:
        """Takes away what drills before this one left, and waits until it is gone: volumes, too."""
        for name in (NAME, BEYOND):
            self.api.call("DELETE", self.api.cluster(name))
        self.api.call("DELETE", self.api.core("secrets", NAME))
        self.api.call("DELETE", self.application.path())
        until(300, "what was restored is deleted", lambda: not any(
            [self.api.call("GET", path) for path in (self.api.cluster(NAME), self.api.cluster(BEYOND), self.application.path())]
            + self.left("persistentvolumeclaims")))

    def left(self, kind: str) -> List[Any]:
        """Objects of the operator's in this namespace."""
        found = self.api.call("GET", self.api.core(kind) + "?labelSelector=" + urllib.parse.quote("cnpg.io/cluster"), absent={"items": []})
        return list(found["items"])

    def create(self, name: str, target: Optional[Dict[str, str]] = None) -> None:
        spec = json.loads(json.dumps(self.spec))
        spec["bootstrap"]["recovery"]["secret"] = {"name": NAME}
        if target:
            spec["bootstrap"]["recovery"]["recoveryTarget"] = target
        self.api.call("POST", self.api.cluster(), self.api.owned("Cluster", "postgresql.cnpg.io/v1", name, {"spec": spec}))

    def restore(self) -> None:
        login = {"username": self.spec["bootstrap"]["recovery"]["owner"], "password": self.password}
        self.api.call("POST", self.api.core("secrets"), self.api.owned(
            "Secret", "v1", NAME, {"type": "kubernetes.io/basic-auth", "stringData": login}))
        self.found["asked"] = time.time()
        self.create(NAME)

        def ready() -> bool:
            self.broken(NAME)
            status = (self.api.call("GET", self.api.cluster(NAME)) or {}).get("status") or {}
            return status.get("readyInstances", 0) > 0 and bool(self.sql("SELECT NOT pg_is_in_recovery()", quietly=True) == "t")

        until(self.limit, "the newest backup is restored", ready)

    def broken(self, name: str) -> None:
        """Fails as soon as the operator's recovery has: it would try again for hours."""
        for pod in self.left("pods"):
            if pod["metadata"].get("labels", {}).get("cnpg.io/cluster") == name and pod.get("status", {}).get("phase") == "Failed":
                raise Failed("the recovery failed: " + self.last_words(pod))

    def last_words(self, pod: Any) -> str:
        path = self.api.core("pods", pod["metadata"]["name"]) + "/log?tailLines=400&container=" + urllib.parse.quote(
            pod["spec"]["containers"][0]["name"])
        lines = (self.api.call("GET", path, absent="") or "").strip().splitlines()
        # what PostgreSQL said; what the operator's process adds of its own end comes after it, and is the longest
        for telling in (UNREACHED, "FATAL", '"error"', ""):
            said = [line for line in lines if telling in line]
            if said:
                words = said[-1].partition(',"stacktrace"')[0]
                at = words.find(telling)
                return words[max(0, at - 200):at + 400]
        return "it left no word"

    def sql(self, query: str, quietly: bool = False) -> str:
        recovery = self.spec["bootstrap"]["recovery"]
        environ = {"PGHOST": NAME + "-rw", "PGSSLMODE": "require", "PGCONNECT_TIMEOUT": "10", **os.environ,
                   "PGUSER": recovery["owner"], "PGDATABASE": recovery["database"], "PGPASSWORD": self.password}
        command = ["psql", "--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]
        done = subprocess.run(command, input=query, env=environ, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            if quietly:
                return ""
            raise Failed("the copy refuses %s: %s" % (query.split("\n")[0][:120], done.stderr.strip()[-300:]))
        return done.stdout.strip()

    def read(self) -> None:
        """Reads every row, by which PostgreSQL checks the sum of every page, and looks whether the heartbeats are all there."""
        at = self.sql("SELECT extract(epoch FROM max(at)) FROM platform.heartbeat")
        if not at:
            raise Failed("the copy has no heartbeat of production's")
        self.found["rpo"] = max(0.0, self.found["asked"] - float(at))
        gap = self.sql(
            "SELECT id FROM (SELECT id, at, digest, lag(id) OVER chain AS before, lag(digest) OVER chain AS above"
            " FROM platform.heartbeat WINDOW chain AS (ORDER BY id)) AS beats"
            " WHERE before IS NOT NULL AND (id <> before + 1 OR digest <> md5(above || id || extract(epoch FROM at))) ORDER BY id LIMIT 1")
        if gap:
            raise Failed("heartbeat %s does not follow from the one before it: rows are missing, or are others than production's" % gap)
        tables = self.sql(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            " AND has_schema_privilege(schemaname, 'USAGE')"
            " AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT') ORDER BY 1")
        counts = {table: int(self.sql("SELECT count(*) FROM " + table)) for table in tables.splitlines()}
        filled = self.sql("SELECT array_to_string(filled, chr(10)) FROM platform.heartbeat ORDER BY id DESC LIMIT 1").splitlines()
        empty = [table for table in filled if counts.get(table, 0) == 0]
        if empty:
            raise Failed("empty or missing in the copy, with more than a thousand rows in production: " + ", ".join(empty))
        self.found["tables"], self.found["rows"] = len(counts), sum(counts.values())
        if self.found["rpo"] > OLDEST:
            raise Failed("the newest that can be restored is %d minutes old: a piece of the log is missing from the archive, "
                         "or none was written since" % (self.found["rpo"] / 60))

    def migrations(self) -> None:
        """Asks the application's own image whether the copy is at its migrations: a copy that it cannot use is no backup."""
        self.found["checked"] = self.application.try_copy()

    def refuse(self) -> None:
        """A moment that the archive does not reach fails, for that reason: else a restore to a time could be one to any other."""
        self.api.call("DELETE", self.api.cluster(NAME))
        until(300, "the copy is deleted", lambda: not self.left("persistentvolumeclaims"))
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
        self.create(BEYOND, {"targetTime": moment})

        def failed() -> str:
            status = (self.api.call("GET", self.api.cluster(BEYOND)) or {}).get("status") or {}
            if status.get("readyInstances", 0) > 0:
                raise Failed("a restore to %s, which no archive reaches, ended well: times are not obeyed" % moment)
            for pod in self.left("pods"):
                if pod["metadata"].get("labels", {}).get("cnpg.io/cluster") == BEYOND and pod.get("status", {}).get("phase") == "Failed":
                    return self.last_words(pod)
            return ""

        words = until(self.limit, "a restore beyond the archive fails", failed)
        if UNREACHED not in words:
            raise Failed("a restore beyond the archive failed for another reason: " + words)

    def write_down(self, begun: float, problem: str) -> None:
        """What Prometheus is told, for as long as the next drill takes to come."""
        api, path = self.api, self.api.core("configmaps", NAME + "-results")
        before = api.call("GET", path)
        last = ((before or {}).get("data") or {}).get("success", "0")
        lines = ["restore_drill_success %d" % (not problem), "restore_drill_last_run_timestamp_seconds %d" % begun,
                 "restore_drill_last_success_timestamp_seconds %s" % (last if problem else "%d" % begun)]
        lines += ["restore_drill_phase_seconds{phase=\"%s\"} %.1f" % each for each in self.phases.items()]
        if "restore" in self.phases:
            lines.append("restore_drill_rto_seconds %.1f" % self.phases["restore"])
        for key, metric in (("rpo", "restore_drill_rpo_seconds"), ("tables", "restore_drill_tables"), ("rows", "restore_drill_rows"),
                            ("checked", "restore_drill_migrations_checked")):
            if key in self.found:
                lines.append("%s %.0f" % (metric, self.found[key]))
        data = {"metrics": "\n".join(lines) + "\n", "problem": problem, "success": last if problem else "%d" % begun}
        if before is None:
            metadata = {"name": NAME + "-results", "namespace": api.namespace}
            api.call("POST", api.core("configmaps"), {"apiVersion": "v1", "kind": "ConfigMap", "data": data, "metadata": metadata})
        else:
            api.call("PATCH", path, {"data": data})


def run() -> int:
    def stop(_number: int, _frame: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what it made is taken away, once
        raise Stopped("it was told to stop: its time is over, or another drill begins")

    signal.signal(signal.SIGTERM, stop)
    drill, begun, problem = Drill(API()), time.time(), ""
    try:
        drill.timed("clean", drill.clean)
        drill.timed("restore", drill.restore)
        drill.timed("read", drill.read)
        drill.timed("migrations", drill.migrations)
        drill.timed("refuse", drill.refuse)
    except (Failed, Stopped, OSError) as error:
        problem = str(error)
        print("FAILED: " + problem, flush=True)
    for each in (drill.give_up, lambda: drill.write_down(begun, problem)):
        try:
            each()
        except (Failed, OSError) as error:
            problem = problem or str(error)
            print("FAILED: %s" % error, flush=True)
    if not problem:
        print("restored in %.0f s; %.0f s of writes would have been lost" % (drill.phases["restore"], drill.found["rpo"]), flush=True)
    return 1 if problem else 0


class Results(http.server.BaseHTTPRequestHandler):
    """The last results, as the kubelet lays them down."""

    def do_GET(self) -> None:
        try:
            with open(FILES + "/metrics", encoding="ascii") as file:
                text = file.read()
        except OSError:
            text = "restore_drill_last_success_timestamp_seconds 0\n"  # there was none yet
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_arguments: Any) -> None:
        pass


def main(arguments: List[str]) -> int:
    if arguments == ["run"]:
        return run()
    if arguments == ["serve"]:
        http.server.ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Results).serve_forever()
    print("usage: drill.py run | serve", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

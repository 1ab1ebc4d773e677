"""What the restore drill asks of Kubernetes, in its own namespace."""

import http.client
import json
import os
import ssl
import time
import urllib.parse
from typing import Any, Dict

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/%s/clusters"
PAUSE = float(os.environ.get("PAUSE_SECONDS", "5"))


class Failed(Exception):
    """What the drill has found to be wrong."""


class Stopped(Exception):
    """Somebody wants the drill to end."""


class API:
    """Kubernetes' own, as the Job's account sees it."""

    def __init__(self) -> None:
        self.address = urllib.parse.urlsplit(os.environ.get("API", "https://kubernetes.default.svc"))
        self.namespace = os.environ["NAMESPACE"]

    def call(self, method: str, path: str, body: Any = None, absent: Any = None) -> Any:
        """The answer; absent if there is no such thing."""
        headers = {"Accept": "*/*", "Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json"}
        connection: http.client.HTTPConnection
        if self.address.scheme == "https":
            with open(ACCOUNT + "/token", encoding="ascii") as file:
                headers["Authorization"] = "Bearer " + file.read().strip()
            trust = ssl.create_default_context(cafile=ACCOUNT + "/ca.crt")
            connection = http.client.HTTPSConnection(self.address.netloc, timeout=30, context=trust)
        else:
            connection = http.client.HTTPConnection(self.address.netloc, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        finally:
            connection.close()
        if response.status == 404:
            return absent
        if response.status >= 300:
            raise OSError("%s %s: %d %s" % (method, path, response.status, text[:300]))
        return text if path.split("?")[0].endswith("/log") else json.loads(text)

    def core(self, kind: str, name: str = "") -> str:
        return "/api/v1/namespaces/%s/%s%s" % (self.namespace, kind, "/" + name if name else "")

    def cluster(self, name: str = "") -> str:
        return CLUSTERS % self.namespace + ("/" + name if name else "")

    def owned(self, kind: str, version: str, name: str, fields: Dict[str, Any]) -> Dict[str, Any]:
        """An object that goes with the Job, however that ends."""
        metadata: Dict[str, Any] = {"name": name, "namespace": self.namespace}
        if os.environ.get("JOB_UID"):
            metadata["ownerReferences"] = [
                {"apiVersion": "batch/v1", "kind": "Job", "name": os.environ["JOB_NAME"], "uid": os.environ["JOB_UID"]}]
        return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}

    def owns(self, found: Any) -> bool:
        owners = ((found or {}).get("metadata") or {}).get("ownerReferences") or []
        return any(owner.get("uid") == os.environ.get("JOB_UID") for owner in owners)


def until(seconds: float, what: str, look: Any) -> Any:
    """What look finds, once it finds something. An API server that is away for a moment is asked again."""
    end = time.monotonic() + seconds
    while True:
        try:
            found = look()
            if found:
                return found
            trouble = "it is not so yet"
        except OSError as error:
            trouble = str(error)
        if time.monotonic() > end:
            raise Failed("%s: not within %d s (%s)" % (what, seconds, trouble))
        time.sleep(PAUSE)

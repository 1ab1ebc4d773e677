"""Whether the application that uses the database could use the copy: a command of its own image says so.

What runs is read from the application's Deployment, whoever has delivered it, and from the ConfigMap of its settings. The pod that is
made of it here has none of production's Secrets: where one is asked for it gets the copy's password, or something made up.
"""

import json
import os
import secrets
import time
from typing import Any, Dict, List, Optional

from api import API, Failed, until

# How long the pod may take, with the pull of its image, and how long a kubelet may fail to start it: a registry may be away for a moment.
SECONDS = float(os.environ.get("CHECK_SECONDS", "1200"))
START_SECONDS = float(os.environ.get("START_SECONDS", "300"))
# What a kubelet says of a container that it does not get started, and tries again.
REFUSED = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError",
           "CreateContainerError")
# What says what is there, before all that Django would do.
PLAN = "Planned operations:"
LONGEST = 600


class Application:
    """What tries a copy: its Secret has the name of the copy, too."""

    def __init__(self, api: API, copy: str, database: str, user: str) -> None:
        self.api, self.copy = api, copy
        self.name = copy + "-migrations"
        self.known: Dict[str, Any] = json.loads(os.environ.get("APPLICATION", "{}"))
        self.leads = {"DATABASE_HOST": copy + "-rw", "DATABASE_PORT": "5432", "DATABASE_NAME": database, "DATABASE_USER": user,
                      "DATABASE_REPLICA_HOST": copy + "-rw", "PGSSLMODE": "require"}
        self.refused = 0.0

    def path(self) -> str:
        return self.api.core("pods", self.name)

    def give_up(self) -> None:
        if self.api.owns(self.api.call("GET", self.path())):
            self.api.call("DELETE", self.path())

    def try_copy(self) -> bool:
        """Fails if the copy is none that the application can use; false if there is no application to ask."""
        if not self.known:
            print("no application is known that uses the database: none is tried", flush=True)
            return False
        runs = "/apis/apps/v1/namespaces/%s/deployments/%s" % (self.known["namespace"], self.known["deployment"])
        found = self.api.call("GET", runs)
        if found is None:
            print("there is no Deployment %(deployment)s in %(namespace)s, so no image to try the copy with" % self.known, flush=True)
            return False
        self.api.call("POST", self.api.core("pods"), self.pod(found["spec"]["template"]["spec"]))
        until(SECONDS, "the exchange's image has looked at the copy", self.ended)
        self.give_up()
        return True

    def pod(self, runs: Dict[str, Any]) -> Dict[str, Any]:
        """The pod of the application's first container, with nothing of it that is not named here."""
        of = runs["containers"][0]
        volumes = [each for each in runs.get("volumes", []) if "emptyDir" in each]
        named = [each["name"] for each in volumes]
        container = {key: of[key] for key in ("image", "imagePullPolicy", "securityContext", "resources", "workingDir") if key in of}
        container.update({"name": "check", "command": self.known["command"], "env": self.environment(of),
                          "volumeMounts": [each for each in of.get("volumeMounts", []) if each["name"] in named]})
        spec = {key: runs[key] for key in ("securityContext", "imagePullSecrets") if key in runs}
        spec.update({"restartPolicy": "Never", "automountServiceAccountToken": False, "enableServiceLinks": False,
                     "terminationGracePeriodSeconds": 5, "containers": [container], "volumes": volumes})
        print("%s: %s" % (of["image"], " ".join(self.known["command"])), flush=True)
        return self.api.owned("Pod", "v1", self.name, {"spec": spec})

    def environment(self, of: Dict[str, Any]) -> List[Dict[str, Any]]:
        """The container's variables in their order, as later ones are made of earlier ones; those of the database lead to the copy."""
        own = {each["name"]: self.variable(each) for each in of.get("env", [])}
        settings: Dict[str, Dict[str, Any]] = {}
        for each in of.get("envFrom", []):
            for key, value in self.settings(each.get("configMapRef")).items():
                # it is taken as it is: only a value that stands in the pod is looked through for $(NAME)
                settings[each.get("prefix", "") + key] = {"name": each.get("prefix", "") + key, "value": value.replace("$", "$$")}
        first = {name: {"name": name, "value": value} for name, value in self.leads.items()}
        first["DATABASE_PASSWORD"] = self.password()
        return [each for name, each in {**settings, **first}.items() if name not in own] + list(own.values())

    def variable(self, of: Dict[str, Any]) -> Dict[str, Any]:
        name, source = of["name"], of.get("valueFrom") or {}
        if name == "DATABASE_PASSWORD":
            return self.password()
        if name in self.leads:
            return {"name": name, "value": self.leads[name]}
        if "secretKeyRef" in source or "configMapKeyRef" in source:
            return {"name": name, "value": secrets.token_hex(32)}
        return of

    def password(self) -> Dict[str, Any]:
        return {"name": "DATABASE_PASSWORD", "valueFrom": {"secretKeyRef": {"name": self.copy, "key": "password"}}}

    def settings(self, of: Optional[Dict[str, Any]]) -> Dict[str, str]:
        """Those of the application's ConfigMap; others, and all Secrets, are none of the drill's business."""
        if of is None or of["name"] != self.known["settings"]:
            return {}
        found = self.api.call("GET", "/api/v1/namespaces/%s/configmaps/%s" % (self.known["namespace"], of["name"]))
        return dict((found or {}).get("data") or {})

    def ended(self) -> bool:
        """Whether the pod ended well. Fails once it is clear that it did not, or never will."""
        pod = self.api.call("GET", self.path())
        if pod is None:
            raise Failed("the pod %s, which looks at the copy with the exchange's image, was deleted by somebody" % self.name)
        status = pod.get("status") or {}
        if status.get("phase") == "Succeeded":
            return True
        if status.get("phase") == "Failed":
            raise Failed(self.last_words(status))
        waiting = ((status.get("containerStatuses") or [{}])[0].get("state") or {}).get("waiting") or {}
        reason, why = waiting.get("reason", ""), waiting.get("message", "")[:LONGEST]
        if reason in REFUSED:
            self.refused = self.refused or time.monotonic()
            if time.monotonic() - self.refused > START_SECONDS:
                raise Failed("the exchange's image does not start, so nobody knows whether it could use the copy: %s: %s: %s" % (
                    pod["spec"]["containers"][0]["image"], reason, why))
        for each in status.get("conditions") or []:
            if each.get("type") == "PodScheduled" and each.get("status") == "False":
                raise OSError("it waits for a node: " + each.get("message", "")[:LONGEST])  # which until tells, once its time is over
        if reason:
            raise OSError("%s %s" % (reason, why))
        return False

    def last_words(self, status: Dict[str, Any]) -> str:
        try:
            said = self.api.call("GET", self.path() + "/log?tailLines=400&container=check", absent="") or ""
        except OSError:
            said = ""  # of a container that never began there is none
        words = "; ".join(line.strip() for line in said.splitlines() if line.strip())
        if PLAN in words:
            return ("the exchange's migrations and the copy do not fit: %s. Those of a release within ten minutes before the drill "
                    "may not have been archived yet: drill again" % words[words.rindex(PLAN):][:LONGEST])
        ended = ((status.get("containerStatuses") or [{}])[0].get("state") or {}).get("terminated") or {}
        return "the exchange's image cannot use the copy: %s (%s %s)" % (
            words[-LONGEST:] or "it left no word", ended.get("reason") or status.get("reason", "Failed"), ended.get("exitCode", ""))

"""What a cluster is, as the planner reads it (plan.State in Go). Each change is on disk before the next step."""

from typing import Optional, Sequence

from cluster_runner import json_files
from cluster_runner.protocol import LABELS, ClusterState, Node, Shape, Step, Unfinished


class ClusterRecord:
    """The state.json of a cluster."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.data: ClusterState = {"revision": 0, "shape": None, "pending": [], "unfinished": None}
        found: Optional[ClusterState] = json_files.read(path)
        if found:
            self.data = found

    @property
    def revision(self) -> int:
        return self.data["revision"]

    @property
    def unfinished(self) -> Optional[Unfinished]:
        return self.data.get("unfinished")

    @property
    def nodes(self) -> list[Node]:
        return self.data["shape"]["nodes"] if self.data["shape"] else []

    @property
    def settled(self) -> bool:
        """Whether the cluster is as some update wanted it."""
        return self.data["shape"] is not None and bool(self.data["shape"]["hash"]) and not self.unfinished

    def reached(self, wanted_hash: str) -> bool:
        """Whether the cluster is the one with that hash."""
        return self.data["shape"] is not None and self.settled and self.data["shape"]["hash"] == wanted_hash

    def start(self, wanted: Shape, why: str, steps: Sequence[Step]) -> None:
        """A plan is about to touch machines: from here on it has to be finished, or planned again."""
        if self.data["shape"] is None:
            shape = wanted.copy()
            shape.update({"nodes": [], "hash": ""})
            self.data["shape"] = shape
        self._left(wanted, why, steps)

    def begin(self, step: Step, wanted: Shape) -> None:
        """Nodes that are about to join or to leave may be half there from now on."""
        joins = step.get("joins") or []
        self._put(joins, wanted)
        self.data["pending"] = sorted(set(self.data.get("pending") or []) | set(joins) | set(step.get("removes") or []))
        self._save()

    def finish(self, step: Step, wanted: Shape, why: str, steps: Sequence[Step]) -> None:
        """The step is done; steps are those that are left."""
        gone = step.get("removes") or []
        self._set_nodes([node for node in self.nodes if node["name"] not in gone])
        joined = set(step.get("joins") or []) | set(gone)
        self.data["pending"] = [name for name in self.data.get("pending") or [] if name not in joined]
        if step["playbook"] == LABELS:
            self._put(step["hosts"], wanted)
        self._left(wanted, why, steps)

    def complete(self, wanted: Shape) -> None:
        self.data.update({"shape": wanted, "pending": [], "unfinished": None})
        self._save()

    def _left(self, wanted: Shape, why: str, steps: Sequence[Step]) -> None:
        self.data["unfinished"] = {
            "wanted": wanted["hash"], "why": why, "kubernetes": wanted["kubernetes"], "kubespray": wanted["kubespray"],
            "playbooks": [step["playbook"] for step in steps],
        }
        self._save()

    def _put(self, names: list[str], wanted: Shape) -> None:
        """Takes over nodes from the wanted shape, in its order, leaving the others in theirs."""
        new = {node["name"]: node for node in wanted["nodes"] if node["name"] in names}
        known = [new.pop(node["name"], node) for node in self.nodes]
        self._set_nodes(known + [node for node in wanted["nodes"] if node["name"] in new])

    def _set_nodes(self, nodes: list[Node]) -> None:
        if self.data["shape"] is None:
            raise ValueError("%s: a step of a run that was never started" % self.path)
        self.data["shape"]["nodes"] = nodes

    def _save(self) -> None:
        self.data["revision"] += 1
        json_files.write(self.path, self.data)

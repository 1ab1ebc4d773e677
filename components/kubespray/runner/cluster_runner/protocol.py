"""What the program and the runner hand each other as JSON, and what a run leaves for those after it, whichever version they are of.

The program's side is in Go: plan.Shape, plan.Plan, plan.State, plan.Timing, and order and toolchainFile beside the bundle. Both sides'
tests read the same examples, testdata/protocol, and each takes exactly the fields that are in there.
"""

from typing import Any, Literal, Optional, TypedDict

# Steps that run a playbook of the runner's own. Plans, timings and what is left of interrupted runs hold these names: they stay,
# wherever the files are.
LABELS = "runner/labels.yml"
ETCD_BACKUP = "runner/etcd-backup.yml"
RELEASE = "runner/release-claims.yml"


class NodeRequired(TypedDict):
    name: str
    controlPlane: bool
    etcd: bool
    worker: bool
    address: str
    port: int
    user: str
    hostKey: str
    machine: str


class Node(NodeRequired, total=False):
    """One machine of a cluster."""

    image: str
    labels: dict[str, str]
    taints: list[str]


class Shape(TypedDict):
    """What a cluster is, or is to be (wanted.json). Of the variables, each value is JSON in a text."""

    cluster: str
    kubernetes: str
    kubespray: str
    nodes: list[Node]
    variables: dict[str, str]
    hash: str


class StepRequired(TypedDict):
    playbook: str
    hosts: list[str]
    why: str


class Step(StepRequired, total=False):
    """One run of a playbook."""

    limit: list[str]
    variables: dict[str, Any]
    before: bool
    joins: list[str]
    removes: list[str]
    gone: list[str]


class OrderRequired(TypedDict):
    wanted: str
    against: int
    why: str
    # What a run makes of them it notes with them.
    steps: Optional[list["Phase"]]


class Order(OrderRequired, total=False):
    """The plan that "check" and "up" are given, and how leaving nodes are reached."""

    leaving: list[Node]
    force: bool
    beforeInventory: str
    beforeKnownHosts: str


class Toolchain(TypedDict):
    """Where Kubespray and Ansible come from (toolchain.json)."""

    archive: str
    sha256: str
    ansible: Literal["venv", "system"]
    packageIndex: str


class TokenRequest(TypedDict):
    """What "grant" is given."""

    account: str
    namespace: str
    seconds: int


class Unfinished(TypedDict):
    """A plan that was started: the hash it leads to, and what of it is left."""

    wanted: str
    why: str
    kubernetes: str
    kubespray: str
    playbooks: list[str]


class ClusterStateRequired(TypedDict):
    revision: int
    shape: Optional[Shape]


class ClusterState(ClusterStateRequired, total=False):
    """What is known of a cluster (state.json), which the program plans from."""

    pending: list[str]
    unfinished: Optional[Unfinished]


class Timing(TypedDict):
    """How long a playbook took when it last succeeded."""

    seconds: int
    tasks: int


# By timing_key (timings.json).
Timings = dict[str, Timing]


class Phase(Step, total=False):
    """A step of a run: whether it is done, and whether an earlier run did it."""

    status: Literal["done"]
    earlier: bool


class FailureReport(TypedDict, total=False):
    """Why a run failed, and where, if that is known."""

    message: str
    play: str
    task: str
    host: str


class RunStateRequired(TypedDict):
    status: Literal["running", "succeeded", "failed", "stopped"]
    wanted: str
    unit: str
    why: str
    started: str
    phase: str
    number: int
    phases: list[Phase]
    failure: Optional[FailureReport]


class RunState(RunStateRequired, total=False):
    """How far a run is (runs/<run>/state.json)."""

    boot: str
    ended: str


class EventRequired(TypedDict):
    event: Literal["play", "total", "task", "begin", "end", "failed", "say", "wait", "stats"]
    time: float


class Event(EventRequired, total=False):
    """A line of a run's events.jsonl. The play of a phase is the runner's own and has no name."""

    phase: str
    play: str
    tasks: int
    task: str
    included: bool
    host: str
    on: str
    changed: bool
    skipped: bool
    message: str
    ignored: bool
    text: str


def timing_key(step: Step) -> str:
    """What the durations of such steps are kept under: a limited run is not like one on all hosts."""
    return step["playbook"] + (" --limit" if step.get("limit") else "")

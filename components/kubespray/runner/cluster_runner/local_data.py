"""What is lost with nodes that leave for good: local volumes are on the nodes' own disks."""

from collections.abc import Collection, Iterator
from typing import Any

# The label by which a local volume is tied to its node.
HOSTNAME = "kubernetes.io/hostname"

# The label of a claim by which its workload says that it has no quorum: each member has all of it, and one that stays is enough
# (components/chart, Copies).
HOLDS = "exchange-platform/holds"
COPY = "copy"


class Keeper:
    """A workload that keeps local data: its members by name, each with the nodes that its volumes lie on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: dict[str, set[str]] = {}
        self.ready: set[str] = set()
        self.claims: dict[str, set[str]] = {}
        self.holds: set[str] = set()

    def add(self, member: str, node: str, claim: str, ready: bool, holds: str) -> None:
        self.members.setdefault(member, set()).add(node)
        self.claims.setdefault(member, set()).add(claim)
        self.holds.add(holds)
        if ready:
            self.ready.add(member)

    def quorum(self) -> int:
        """How many members have to stay."""
        return 1 if self.holds == {COPY} else len(self.members) // 2 + 1


def judge(objects: list[Any], leaving: Collection[str], force: bool) -> tuple[list[str], list[str]]:
    """What is to be said of the nodes' data, and what forbids to take them out. Force bears the loss of a quorum, never that of the
    last copy."""
    said, reasons = [], []
    for keeper in sorted(keepers(objects), key=lambda keeper: keeper.name):
        lost = sorted(member for member, nodes in keeper.members.items() if nodes & set(leaving))
        if not lost:
            continue
        nodes = ", ".join(sorted({node for member in lost for node in keeper.members[member]} & set(leaving)))
        count = len(keeper.members)
        left = len(keeper.ready - set(lost))
        quorum = keeper.quorum()
        holds = "%s keeps data on %s: %s of %d" % (keeper.name, nodes, ", ".join(lost), count)
        if left == 0:
            claims = ", ".join(sorted(claim for member in lost for claim in keeper.claims[member]))
            reasons.append("%s; no other member that is Ready has it, and it would be lost: give that workload replicas, or move its data, "
                           "or, if nobody needs it, delete the claims %s yourself" % (holds, claims))
        elif left < quorum and not force:
            reasons.append("%s; %d Ready %s left is no quorum: remove fewer nodes at a time, wait until its other members are Ready, or "
                           "set kubernetes.force" % (holds, left, "member" if left == 1 else "members"))
        else:
            said.append("%s; %d that %s Ready stay, %s, and it gets new volumes on other nodes for those that leave" % (
                holds, left, "is" if left == 1 else "are", stays(left, quorum)))
    return said, reasons


def stays(left: int, quorum: int) -> str:
    """What those that are left are."""
    if left < quorum:
        return "no quorum"
    return "a quorum" if quorum > 1 else "each with all of it"


def keepers(objects: list[Any]) -> Iterator[Keeper]:
    """Each workload whose claims have local volumes. A claim that no pod uses is of the workload whose claims have its labels."""
    nodes = {claim: node for volume in objects if volume["kind"] == "PersistentVolume" for claim, node in local(volume)}
    users = {(pod["metadata"]["namespace"], source["persistentVolumeClaim"]["claimName"]): pod
             for pod in objects if pod["kind"] == "Pod" and pod["status"].get("phase") not in ("Succeeded", "Failed")
             for source in pod["spec"].get("volumes") or [] if source.get("persistentVolumeClaim")}
    claims = [item for item in objects if item["kind"] == "PersistentVolumeClaim" and identity(item) in nodes]
    owners: dict[Any, str] = {}
    for claim in claims:
        if identity(claim) in users and marks(claim):
            owners[marks(claim)] = owner(users[identity(claim)])
    found: dict[str, Keeper] = {}
    for claim in claims:
        namespace, name = identity(claim)
        pod = users.get((namespace, name))
        workload = owner(pod) if pod else owners.get(marks(claim), name)
        keeper = found.setdefault("%s/%s" % (namespace, workload), Keeper("%s/%s" % (namespace, workload)))
        member = pod["metadata"]["name"] if pod else name
        keeper.add(member, nodes[namespace, name], "%s/%s" % (namespace, name), bool(pod) and is_ready(pod),
                   (claim["metadata"].get("labels") or {}).get(HOLDS, ""))
    yield from found.values()


def local(volume: Any) -> Iterator[tuple[tuple[str, str], str]]:
    """The claim of a volume that is tied to one node, and that node."""
    claim = volume["spec"].get("claimRef")
    terms = ((volume["spec"].get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or []
    for term in terms:
        for rule in term.get("matchExpressions") or []:
            if claim and rule["key"] == HOSTNAME and rule["operator"] == "In" and len(rule["values"]) == 1:
                yield (claim["namespace"], claim["name"]), rule["values"][0]


def identity(item: Any) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def marks(claim: Any) -> Any:
    labels = claim["metadata"].get("labels")
    return (claim["metadata"]["namespace"], tuple(sorted(labels.items()))) if labels else None


def owner(pod: Any) -> str:
    """The name of what made the pod; its own if nothing did."""
    metadata = pod["metadata"]
    for each in metadata.get("ownerReferences") or []:
        if each.get("controller"):
            return each["name"]
    return metadata["name"]


def is_ready(pod: Any) -> bool:
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in pod["status"].get("conditions") or [])

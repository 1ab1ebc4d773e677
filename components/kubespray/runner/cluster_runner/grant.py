"""Makes a token of a ServiceAccount that expires. No resource of the Kubernetes API holds one, so a control plane is asked."""

from cluster_runner.protocol import TokenRequest
from cluster_runner.store import Store


def grant(store: Store, asked: TokenRequest) -> int:
    """Prints the token, and nothing else."""
    nodes = store.cluster().nodes
    if not nodes:
        raise ValueError("there is no cluster yet")
    token = store.login().kubectl(nodes, "create token %s --namespace %s --duration %ds" % (
        asked["account"], asked["namespace"], asked["seconds"]))
    print(token.strip(), end="")
    return 0

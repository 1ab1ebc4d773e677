"""Makes a token of a ServiceAccount that expires. No resource of the Kubernetes API holds one, so a control plane is asked."""

import os

from playbooks import ask


def grant(store, asked):
    """Prints the token, and nothing else."""
    wanted = store.state().data["shape"]
    if not wanted:
        raise ValueError("there is no cluster yet")
    token = ask(store, os.path.join(store.bundle, "known_hosts"), wanted, "create token %s --namespace %s --duration %ds" % (
        asked["account"], asked["namespace"], asked["seconds"]))
    print(token.strip(), end="")
    return 0

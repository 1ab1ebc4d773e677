"""Gives a ServiceAccount its rights and makes a token of it that expires."""

import json
import os

from playbooks import ask

NAMESPACE = "platform-access"


def grant(store, asked):
    """Prints the token, and nothing else."""
    wanted = store.state().data["shape"]
    if not wanted:
        raise ValueError("there is no cluster yet")
    known_hosts = os.path.join(store.bundle, "known_hosts")
    ask(store, known_hosts, wanted, "apply -f - -o name", json.dumps({"apiVersion": "v1", "kind": "List", "items": objects(asked)}))
    token = ask(store, known_hosts, wanted, "create token %s --namespace %s --duration %dh" % (asked["account"], NAMESPACE, asked["hours"]))
    print(token.strip(), end="")
    return 0


def objects(asked):
    """The ServiceAccount and its bindings to one of Kubernetes' own roles."""
    def metadata(name, namespace=None):
        labels = {"app.kubernetes.io/managed-by": "exchange-platform"}
        return dict({"name": name, "labels": labels}, **({"namespace": namespace} if namespace else {}))

    account = asked["account"]
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": asked["role"]},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}],
    }
    # The role is part of the name: a binding cannot be pointed at another role.
    name = "%s-%s-%s" % (NAMESPACE, account, asked["role"])
    bindings = [dict(binding, kind="RoleBinding", metadata=metadata(name, namespace)) for namespace in asked["namespaces"] or []]
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata(NAMESPACE)},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(account, NAMESPACE)},
    ] + (bindings or [dict(binding, kind="ClusterRoleBinding", metadata=metadata(name))])

"""The way to a cluster's nodes, and to its API through one of them."""

import subprocess
from typing import Sequence

from cluster_runner.errors import Failure
from cluster_runner.protocol import Node

# The exit status of ssh itself, not of the command.
UNREACHED = 255


class Login:
    """Logs in to nodes with one key, trusting the pinned host keys alone."""

    def __init__(self, key: str, known_hosts: str) -> None:
        self.key, self.known_hosts = key, known_hosts

    def options(self) -> list[str]:
        """Options of ssh; with them a connection notices when the other end is gone."""
        return [
            "-o", "UserKnownHostsFile=" + self.known_hosts, "-o", "StrictHostKeyChecking=yes", "-o", "GlobalKnownHostsFile=/dev/null",
            "-o", "ServerAliveInterval=30", "-o", "ServerAliveCountMax=10",
        ]

    def ssh(self, node: Node, command: str) -> tuple[int, str, str]:
        """Runs a command on a node; returns its status, output and error output."""
        try:
            done = subprocess.run(
                ["ssh", "-i", self.key, "-p", str(node["port"]), "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", *self.options(),
                 "%s@%s" % (node["user"], node["address"]), command],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise Failure("ssh is not on the runner's PATH: install openssh-client") from error
        return done.returncode, done.stdout, done.stderr.strip()

    def on_control_plane(self, nodes: Sequence[Node], command: str) -> str:
        """What a command prints on the first control plane that can be reached: any of them knows the cluster."""
        failure = "%s: the cluster has no control plane" % command
        for node in nodes:
            if not node["controlPlane"]:
                continue
            status, out, err = self.ssh(node, command)
            if status == 0:
                return out
            failure = "%s on %s: %s" % (command, node["name"], err)
            if status != UNREACHED:
                break
        raise Failure(failure)

    def kubectl(self, nodes: Sequence[Node], question: str) -> str:
        """What kubectl answers on a control plane."""
        return self.on_control_plane(nodes, "sudo -n /usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf " + question)

"""What stands in for the world of a run."""

import contextlib
import io
from unittest import mock

from cluster_runner import execute


class StandInAnsible:
    """Plays what it is told, and notes it."""

    def __init__(self, played, happens):
        self.played, self.happens = played, happens

    def __call__(self, *_):
        return self

    def install_inventory(self, _):
        pass

    def check_inventory(self, _):
        pass

    def forget_facts(self, _):
        pass

    def play(self, step, _):
        self.played.append(step["playbook"])
        self.happens(step["playbook"])
        return 3


@contextlib.contextmanager
def world(played, happens):
    """Within it, execute plays nothing for real. Yields the mock of signal.signal."""
    with mock.patch.object(execute, "Ansible", StandInAnsible(played, happens)), mock.patch("cluster_runner.toolchain.prepare"), \
            mock.patch.object(execute, "wait_for_name"), mock.patch.object(execute, "wait_ready"), \
            mock.patch.object(execute, "wait_api"), mock.patch.object(execute, "cordons"), \
            mock.patch("signal.signal") as handlers, contextlib.redirect_stderr(io.StringIO()):
        yield handlers

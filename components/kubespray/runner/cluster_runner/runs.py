"""What a run keeps on disk."""

import os
from typing import Any

from cluster_runner import json_files
from cluster_runner.protocol import Order, RunState, Shape


class Run:
    """The directory of one run."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.name = os.path.basename(directory)
        self.bundle = os.path.join(directory, "bundle")
        self.log = os.path.join(directory, "ansible.log")
        self.events = os.path.join(directory, "events.jsonl")

    def has_state(self) -> bool:
        """Whether the run got so far as to say how it stands."""
        return os.path.exists(os.path.join(self.directory, "state.json"))

    def state(self) -> RunState:
        return self._read("state.json")

    def set_state(self, state: RunState) -> None:
        json_files.write(os.path.join(self.directory, "state.json"), state)

    def wanted(self) -> Shape:
        return self._read("bundle/wanted.json")

    def order(self) -> Order:
        """What was given to the run."""
        return self._read("order.json")

    def set_order(self, order: Order) -> None:
        json_files.write(os.path.join(self.directory, "order.json"), order)

    def _read(self, name: str) -> Any:
        path = os.path.join(self.directory, name)
        found = json_files.read(path)
        if found is None:
            raise ValueError("%s is gone: the run %s cannot be told anything of" % (path, self.name))
        return found

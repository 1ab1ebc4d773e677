"""How a run reacts to being stopped by systemd."""

import contextlib
from typing import Any, Iterator


class Stopped(Exception):
    """The unit was told to end."""


class Stop:
    """Takes SIGTERM: raises Stopped wherever the run is at, but never between two notes that belong together."""

    def __init__(self) -> None:
        self.asked, self.busy = False, False

    def ask(self, _signal: int, _frame: Any) -> None:
        if self.asked:
            return
        self.asked = True
        if not self.busy:
            raise Stopped

    @contextlib.contextmanager
    def later(self) -> Iterator[None]:
        """Holds Stopped back until the block is done."""
        self.busy = True
        try:
            yield
        finally:
            self.busy = False
        if self.asked:
            raise Stopped

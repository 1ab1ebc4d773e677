"""How a run says why it ended."""


class Failure(Exception):
    """A run cannot go on: message, and play, task and host where there are any."""

    def __init__(self, **what):
        super().__init__(what["message"])
        self.what = what

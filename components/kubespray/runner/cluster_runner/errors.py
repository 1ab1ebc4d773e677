"""How a run says why it ended, or was not begun."""

from typing import Optional

from cluster_runner.protocol import FailureReport


class Failure(Exception):
    """A run cannot go on: why, and where if that is known."""

    def __init__(self, message: str, where: Optional[FailureReport] = None) -> None:
        super().__init__(message)
        self.report: FailureReport = where.copy() if where else {}
        self.report["message"] = message


class Refused(Exception):
    """A plan must not be carried out. Nothing was touched."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons

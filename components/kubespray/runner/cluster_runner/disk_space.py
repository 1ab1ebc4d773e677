"""Room on the runner's disk. A run that has none can do nothing, not even write down how far it came."""

import os
import shutil
from typing import Optional

from cluster_runner.errors import Failure

ENOUGH_BYTES = 256 << 20


def lacking(directory: str) -> Optional[str]:
    """What is to be done if too little is free, else None."""
    free = shutil.disk_usage(directory).free
    if free >= ENOUGH_BYTES:
        return None
    return ("the disk of %s is full: %d MB are free in %s, a run needs %d MB. Make room there and run up again"
            % (os.uname().nodename, free >> 20, directory, ENOUGH_BYTES >> 20))


def check(directory: str) -> None:
    """Raises Failure if too little is free."""
    full = lacking(directory)
    if full:
        raise Failure(full)

"""Files of JSON that survive crashes."""

import json
import os
from typing import Any


def read(path: str) -> Any:
    """The content of a JSON file, None if there is no such file."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError("%s is damaged: %s" % (path, error)) from error


def write(path: str, value: Any) -> None:
    """Replaces a file at once: a reader, or a crash, sees the old or the new content, never half."""
    part = path + ".part"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    # The new name too has to outlast a power cut.
    directory = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)

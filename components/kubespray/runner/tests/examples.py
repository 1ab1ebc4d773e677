"""The examples of what Go and Python hand each other."""

import json
import os
import typing

RUNNER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(RUNNER, "..", "testdata", "protocol")


def text(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def example(name):
    return json.loads(text(name))


def events():
    return [json.loads(line) for line in text("events.jsonl").splitlines()]


def changed(value, **changes):
    """A copy that differs in these fields."""
    return dict(value, **changes)


class Conformity:
    """Holds values to types, and notes which fields of the types have been seen."""

    def __init__(self):
        self.mistakes, self.seen, self.types = [], set(), set()

    def unseen(self):
        fields = {(of.__name__, key) for of in self.types for key in typing.get_type_hints(of)}
        return sorted(fields - self.seen)

    def check(self, value, of, path):
        origin, arguments = typing.get_origin(of), typing.get_args(of)
        if typing.is_typeddict(of):
            self.check_fields(value, of, path)
        elif origin is list and isinstance(value, list):
            for each in value:
                self.check(each, arguments[0], path + "[]")
        elif origin is dict and isinstance(value, dict):
            for key, each in value.items():
                self.check(each, arguments[1], "%s[%s]" % (path, key))
        elif origin is typing.Union:
            if value is not None:
                self.check(value, arguments[0], path)
        elif origin is typing.Literal:
            if value not in arguments:
                self.mistakes.append("%s: %r is none of %s" % (path, value, arguments))
        elif of is not typing.Any and type(value) is not of:
            self.mistakes.append("%s: %r is no %s" % (path, value, of))

    def check_fields(self, value, of, path):
        self.types.add(of)
        known = typing.get_type_hints(of)
        for key in sorted(of.__required_keys__ - value.keys()):
            self.mistakes.append("%s.%s is missing" % (path, key))
        for key, each in value.items():
            if key not in known:
                self.mistakes.append("%s.%s is unknown to Python" % (path, key))
                continue
            if each is not None:
                self.seen.add((of.__name__, key))
            self.check(each, known[key], path + "." + key)

"""What a waiting person is told."""

import contextlib
import io
import json
import os
import shutil
import tempfile
import time
import unittest
from unittest import mock

from cluster_runner import watch, wording
from cluster_runner.progress import Progress
from cluster_runner.runs import Run


def state(**changes):
    return dict({
        "status": "running", "wanted": "abc", "unit": "u.service", "why": "create the cluster", "started": wording.now(),
        "phase": "cluster.yml", "number": 1, "phases": [{"playbook": "cluster.yml"}], "failure": None,
    }, **changes)


class Watch(unittest.TestCase):
    def setUp(self):
        self.run_ = Run(tempfile.mkdtemp())
        self.addCleanup(lambda: shutil.rmtree(self.run_.directory))
        self.run_.set_state(state())
        self.elapsed = 0

    def note(self, event, **more):
        with open(self.run_.events, "a", encoding="utf-8") as file:
            file.write(json.dumps(dict({"time": time.time()}, event=event, **more)) + "\n")

    def line(self, timings=None):
        progress = Progress(self.run_, timings or {})
        state_ = self.run_.state()
        progress.read(state_)
        with mock.patch("time.time", lambda: wording.moment(state_["started"]) + self.elapsed):
            return progress.line()

    def test_line(self):
        self.note("play", phase="cluster.yml")
        self.note("total", tasks=8)
        self.note("play", play="Join nodes")
        self.note("task", task="Check")
        self.note("failed", play="Join nodes", task="Check", host="w1", message="x", ignored=True)
        self.note("task", task="Join")
        self.note("begin", host="w1")
        self.assertEqual(
            self.line({"cluster.yml": {"seconds": 90, "tasks": 8}}),
            "[0:00 of about 1:30, 25%] phase 1 of 1: cluster.yml | task 2 of 8 | Join | w1 | last failing: Check on w1 (ignored)")

    def test_a_long_task(self):
        """How long one task has lasted is told once that is worth knowing."""
        began = wording.moment(self.run_.state()["started"])
        self.note("play", phase="cluster.yml", time=began)
        self.note("task", task="Join", time=began + 10)
        self.note("begin", host="w1", time=began + 10)
        self.elapsed = 20
        self.assertEqual(self.line(), "[0:20, 0%] phase 1 of 1: cluster.yml | task 1 | Join | w1")
        self.elapsed = 85
        self.assertEqual(self.line(), "[1:25, 0%] phase 1 of 1: cluster.yml | task 1 | Join | w1 | for 1:15")

    def test_tasks_that_are_in_no_list(self):
        """What playbooks include while they run, more than half of Kubespray's tasks, says nothing of how much is left."""
        self.note("play", phase="cluster.yml")
        self.note("total", tasks=4)
        self.note("task", task="Download")
        self.note("task", task="Download", included=True)
        self.note("task", task="Download", included=True)
        self.assertEqual(self.line(), "[0:00, 25%] phase 1 of 1: cluster.yml | task 1 of 4 | Download")

    def test_the_tasks_of_last_time(self):
        """They were all counted, those that are in no list too."""
        self.note("play", phase="cluster.yml")
        self.note("total", tasks=4, included=True)
        self.note("task", task="Download")
        self.note("task", task="Download", included=True)
        self.assertEqual(self.line(), "[0:00, 50%] phase 1 of 1: cluster.yml | task 2 of 4 | Download")

    def test_a_run_of_several_phases(self):
        self.run_.set_state(state(phase="scale.yml", number=2, phases=[
            {"playbook": "playbooks/facts.yml", "status": "done"}, {"playbook": "scale.yml", "limit": ["w2"]}]))
        self.note("play", phase="scale.yml")
        self.note("total", tasks=4)
        self.note("task", task="Check")
        timings = {"playbooks/facts.yml": {"seconds": 20, "tasks": 4}, "scale.yml --limit": {"seconds": 60, "tasks": 4}}
        self.assertEqual(self.line(timings), "[0:00 of about 1:20, 43%] phase 2 of 2: scale.yml | task 1 of 4 | Check")
        self.assertEqual(self.line(), "[0:00, 62%] phase 2 of 2: scale.yml | task 1 of 4 | Check")

    def test_a_line_written_by_half_is_read_when_it_is_whole(self):
        progress = Progress(self.run_, {})
        whole = json.dumps({"event": "task", "task": "Join", "time": 1.0}) + "\n"
        for part in (whole[:9], whole[9:]):
            with open(self.run_.events, "a", encoding="utf-8") as file:
                file.write(part)
            progress.read(self.run_.state())
        self.assertEqual(progress.done, 1)

    def test_slowest_tasks(self):
        for at, task in ((0.0, "short"), (1.0, "long"), (9.0, "middling")):
            self.note("task", task=task, time=at)
            self.note("end", host="w-" + task, time=at)
        self.note("stats", time=13.0)
        progress = Progress(self.run_, {})
        progress.read(self.run_.state())
        self.assertEqual(progress.slowest(), [("long", "w-long", 8.0), ("middling", "w-middling", 4.0), ("short", "w-short", 1.0)])

    def follow(self, alive):
        out = io.StringIO()
        with mock.patch.multiple(watch, SILENCE_SECONDS=0.02, POLL_SECONDS=0.005, LIVENESS_SECONDS=0.01), \
                mock.patch("cluster_runner.units.alive", alive), contextlib.redirect_stdout(out):
            status = watch.follow(self.run_, {})
        return status, out.getvalue()

    def test_silence_is_broken(self):
        seen = []

        def alive(_):
            seen.append(1)
            if len(seen) == 20:
                self.run_.set_state(state(status="succeeded", ended=wording.now()))
            return True

        status, out = self.follow(alive)
        self.assertEqual(status, 0)
        self.assertGreater(out.count(": cluster.yml\n"), 3, out)

    def test_a_unit_that_is_gone(self):
        status, out = self.follow(lambda _: False)
        self.assertEqual(status, 1)
        self.assertIn("the run was interrupted in phase cluster.yml", out)
        self.assertIn("sudo less " + os.path.join(self.run_.directory, "ansible.log"), out)


if __name__ == "__main__":
    unittest.main()

"""The dead man's switch, with a clock that is handed in."""

import http.client
import json
import os
import tempfile
import threading
import unittest

import sms
import switch


class Clock:
    """Time as the test has it go by."""

    def __init__(self):
        self.now = 5000.0

    def __call__(self):
        return self.now


class Case(unittest.TestCase):
    def setUp(self):
        self.state = self.enterContext(tempfile.TemporaryDirectory())
        self.clock, self.told, self.away = Clock(), [], False
        self.switch = self.started()

    def started(self, language="en"):
        return switch.Switch(self.state, language, self.tell, self.clock)

    def tell(self, text):
        if self.away:
            raise OSError("the provider is away")
        self.told.append(text)

    def goes_by(self, minutes, beats=False):
        """Time goes by as the program has it: it looks every few seconds, and is told each minute at most."""
        for second in range(0, int(minutes * 60), switch.LOOK):
            self.clock.now += switch.LOOK
            if beats and second % 60 == 0:
                self.switch.beat()
            self.switch.look()


class Silence(Case):
    def test_nothing_is_said_before_the_first_sign_of_life(self):
        self.goes_by(300)
        self.assertEqual(self.told, [])

    def test_nothing_is_said_while_it_is_heard(self):
        self.goes_by(300, beats=True)
        self.assertEqual(self.told, [])

    def test_silence_is_said_once_and_then_every_two_hours(self):
        self.goes_by(1, beats=True)
        self.goes_by(9)
        self.assertEqual(self.told, [])
        self.goes_by(1)
        self.assertEqual(self.told, [switch.WORDS["en"][0].format(minutes=10)])
        self.goes_by(118)
        self.assertEqual(len(self.told), 1)
        self.goes_by(3)
        self.assertEqual(self.told[1:], [switch.WORDS["en"][0].format(minutes=130)])

    def test_its_end_is_said(self):
        self.goes_by(1, beats=True)
        self.goes_by(30)
        self.goes_by(30, beats=True)
        self.assertEqual(self.told[1:], [switch.WORDS["en"][1]])
        self.goes_by(11)
        self.assertEqual(len(self.told), 3, "the next silence is another one")

    def test_what_is_not_taken_is_tried_each_minute(self):
        self.goes_by(1, beats=True)
        self.away, tried = True, []
        self.switch.tell = lambda text: tried.append(self.clock.now) or self.tell(text)
        self.goes_by(20)
        self.assertEqual({after - before for before, after in zip(tried, tried[1:])}, {switch.RETRY})
        self.away = False
        self.goes_by(2)
        self.assertEqual(len(self.told), 1)

    def test_a_refused_message_ends_nothing(self):
        def refuse(text):
            raise sms.Refused("no credit")

        self.goes_by(1, beats=True)
        self.switch.tell = refuse
        self.goes_by(20)
        self.switch.tell = self.tell
        self.goes_by(1)
        self.assertEqual(len(self.told), 1)


class Reboot(Case):
    def test_silence_is_noticed_after_one(self):
        self.goes_by(1, beats=True)
        self.clock.now = 3.0  # it counts from the boot
        self.switch = self.started()
        self.goes_by(9)
        self.assertEqual(self.told, [])
        self.goes_by(2)
        self.assertEqual(len(self.told), 1)

    def test_what_is_said_already_is_not_said_again_soon(self):
        self.goes_by(1, beats=True)
        self.goes_by(20)
        self.switch = self.started()
        self.goes_by(100)
        self.assertEqual(len(self.told), 1)
        self.goes_by(1, beats=True)
        self.assertEqual(self.told[1:], [switch.WORDS["en"][1]])


class Words(unittest.TestCase):
    def test_each_is_one_sms(self):
        for language, link in (("en", "https://rb.example.ir/Watchdog"), ("fa", "")):
            for words in switch.WORDS[language]:
                text = words.format(minutes=10)
                self.assertEqual(sms.fit(text, link).split("\n"), [text] + ([link] if link else []))


class Heard(Case):
    def setUp(self):
        super().setUp()
        handler = type("Bound", (switch.Handler,), {"switch": self.switch, "token": "the-token"})
        server = self.enterContext(switch.Server(("127.0.0.1", 0), handler))
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)

    def said(self, body, token="the-token", method="POST"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        self.addCleanup(connection.close)
        connection.request(method, "/", body, {"Authorization": "Bearer " + token})
        return connection.getresponse().status

    def test_only_alertmanager_is(self):
        firing = json.dumps({"status": "firing", "alerts": []})
        for body, token, method, code in (
            (firing, "another", "POST", 401), (firing, "", "POST", 401), ("{}", "the-token", "POST", 400), ("[]", "the-token", "POST", 400),
            ("no JSON", "the-token", "POST", 400), (json.dumps({"status": "resolved"}), "the-token", "POST", 200), (None, "", "GET", 200),
        ):
            self.assertEqual(self.said(body, token, method), code, (body, token))
        self.assertEqual(os.listdir(self.state), [])
        self.assertEqual(self.said(firing), 200)
        self.assertEqual(os.listdir(self.state), ["heard"])

    def test_it_listens_before_the_private_network_is_up(self):
        with switch.Server(("192.0.2.7", 0), switch.Handler) as server:
            self.assertEqual(server.server_name, "192.0.2.7")


if __name__ == "__main__":
    unittest.main()

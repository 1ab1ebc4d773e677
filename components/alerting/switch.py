"""The dead man's switch. Outside the cluster, it hears the alert that always fires, by way of Prometheus and Alertmanager, and says by
SMS itself when it hears it no longer: whatever is broken then could not have said so.

Before it has heard anything for the first time it says nothing: there may be no cluster yet.
"""

import hmac
import json
import os
import socket
import socketserver
import sys
import threading
import time
from typing import Any, Callable, Dict, Optional

import sms

# Alertmanager is heard each minute. An upgrade, or the loss of the node it is on, is over sooner than this.
PATIENCE = 10 * 60
# Somebody is to be woken, not to be driven mad.
AGAIN = 2 * 60 * 60
# What is not taken by the provider is tried again.
RETRY = 60
LOOK = 5
LARGEST = 1 << 20

WORDS = {
    "en": ("The platform has given no sign of life for {minutes} minutes: its monitoring, cluster or network is away",
           "Over: the platform gives signs of life again"),
    "fa": ("{minutes} دقیقه است که از سامانه خبری نیست: پایش، کلاستر یا شبکه", "رفع شد: از سامانه دوباره خبر می‌رسد"),
}


class Switch:
    """Its memory that has to outlast a reboot is two empty files: that it has heard something, and that it has said it does not."""

    def __init__(self, state: str, language: str, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.state, self.words, self.tell, self.clock = state, WORDS[language], tell, clock
        self.last = clock()  # what was before a reboot cannot be measured: its patience begins anew
        self.heard = False
        self.told = self.last
        self.tried: Optional[float] = None

    def beat(self) -> None:
        """It was heard."""
        self.mark("heard")
        self.last, self.heard = self.clock(), True

    def look(self) -> None:
        """Says what there is to be said. It is called all the time."""
        now = self.clock()
        if self.tried is not None and now - self.tried < RETRY:
            return
        if now - self.last >= PATIENCE:
            said = self.marked("told") and now - self.told < AGAIN
            if self.marked("heard") and not said and self.say(self.words[0].format(minutes=int((now - self.last) // 60))):
                self.mark("told")
                self.told = now
        elif self.heard and self.marked("told") and self.say(self.words[1]):
            os.unlink(self.file("told"))

    def say(self, text: str) -> bool:
        self.tried = self.clock()
        try:
            self.tell(text)
        except (OSError, sms.Refused) as problem:
            print("not told, it is tried again: %s" % problem, file=sys.stderr, flush=True)
            return False
        print("told: %s" % text, file=sys.stderr, flush=True)
        self.tried = None
        return True

    def file(self, name: str) -> str:
        return os.path.join(self.state, name)

    def marked(self, name: str) -> bool:
        return os.path.exists(self.file(name))

    def mark(self, name: str) -> None:
        if not self.marked(name):
            with open(self.file(name), "w", encoding="utf-8"):
                pass


class Handler(sms.Handler):
    """POST, as Alertmanager's webhook does, with the token; anything else is a probe."""

    switch: Switch
    token: str
    timeout = 10

    def do_POST(self) -> None:
        given = self.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, b"Bearer " + self.token.encode()):
            self.answer(401, "who are you?")
            return
        try:
            length = int(self.headers.get("Content-Length", "0"))
            if not 0 <= length <= LARGEST:
                raise ValueError("%d bytes" % length)
            firing = json.loads(self.rfile.read(length))["status"] == "firing"
        except (ValueError, KeyError, TypeError) as problem:
            self.answer(400, "no message of Alertmanager's: %s" % problem)
            return
        if firing:
            self.switch.beat()
        self.answer(200, "heard" if firing else "that is no sign of life")

    def answer(self, code: int, text: str) -> None:
        # One a minute is not worth a line in the journal.
        self.quiet = code == 200
        super().answer(code, text)


class Server(sms.Server):
    """Listens in the private network alone, and before that is up."""

    FREEBIND = 15  # Linux's IP_FREEBIND, which Python does not name

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IP, self.FREEBIND, 1)
        socketserver.TCPServer.server_bind(self)  # without asking the DNS for a name
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]


def serve(handler: Any, address: str, port: int) -> None:
    """Whatever happens here, the silence is noticed."""
    while True:
        try:
            with Server((address, port), handler) as server:
                print("listening on %s:%d" % (address, server.server_port), file=sys.stderr, flush=True)
                server.serve_forever()
        except OSError as problem:
            print("cannot listen on %s:%d, it is tried again: %s" % (address, port, problem), file=sys.stderr, flush=True)
        time.sleep(LOOK)


def notify(text: str) -> None:
    """Tells systemd."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.connect("\0" + address[1:] if address.startswith("@") else address)
            to.send(text.encode())


def main() -> None:
    # systemd hands over what root alone may read, and a folder of its own.
    with open(os.path.join(os.environ.get("CREDENTIALS_DIRECTORY", "/etc/alert-switch"), "settings.json"), encoding="utf-8") as file:
        settings: Dict[str, Any] = json.load(file)
    state = os.environ.get("STATE_DIRECTORY", "/var/lib/alert-switch")
    os.makedirs(state, exist_ok=True)
    switch = Switch(state, settings["language"], lambda text: sms.send(settings["sms"], settings["key"], sms.fit(text, settings["link"])))
    handler = type("Bound", (Handler,), {"switch": switch, "token": settings["token"]})
    threading.Thread(target=serve, args=(handler, settings["address"], settings["port"]), daemon=True).start()
    notify("READY=1")
    while True:
        switch.look()
        notify("WATCHDOG=1")
        time.sleep(LOOK)


if __name__ == "__main__":
    main()

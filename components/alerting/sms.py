"""Sends Alertmanager's messages by SMS. Alertmanager's webhook speaks JSON; providers of SMS want forms, and say in a body whether
they took one. Nothing but Python's standard library; the image is one that has a Python and is in the cluster already.

It answers with a code that Alertmanager understands: 2xx is delivered to the provider, 5xx is tried again, 4xx never will be taken.
"""

import http.client
import http.server
import json
import os
import re
import socketserver
import sys
import urllib.parse
from typing import Any, Dict, List, Tuple

HOME = os.environ.get("ALERT_SMS_HOME", "/etc/alert-sms")
PORT = int(os.environ.get("ALERT_SMS_PORT", "8080"))
TIMEOUT = 20
# What one SMS takes: letters of GSM's own alphabet, or any others.
GSM = re.compile(r"^[A-Za-z0-9@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,\-./:;<=>?¡ÄÖÑÜ§¿äöñüà\r\n]*$")
LATIN, OTHER = 160, 70


class Refused(Exception):
    """The provider will not take this message, however often it is sent."""


def fit(message: str, link: str) -> str:
    """The message and the link, as far as one SMS has room for both; the link whole or not at all."""
    message = " ".join(message.split())
    limit = LATIN if GSM.match(message + link) else OTHER
    # Less than this of a message says nothing: then rather no link.
    least = min(len(message), 24)
    if link and least + 1 + len(link) <= limit:
        return cut(message, limit - 1 - len(link)) + "\n" + link
    return cut(message, LATIN if GSM.match(message) else OTHER)


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit - 2] + ".."


def send(settings: Dict[str, Any], key: str, text: str) -> None:
    """Sends the text to all receivers. Raises Refused, or OSError if it may be tried again."""
    if settings["provider"] == "kavenegar":
        base = settings.get("apiUrl") or "https://api.kavenegar.com"
        form = {"receptor": ",".join(settings["receivers"]), "message": text}
        if settings.get("sender"):
            form["sender"] = settings["sender"]
        url = "%s/v1/%s/sms/send.json" % (base.rstrip("/"), urllib.parse.quote(key, safe=""))
        code, answer = call("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, urllib.parse.urlencode(form))
        kavenegar_took(code, answer)
        return
    request = settings["request"]
    each = "{receiver}" in request["url"] + request.get("body", "")
    problems: List[Exception] = []
    for receivers in ([[one] for one in settings["receivers"]] if each else [settings["receivers"]]):
        try:
            filled_in(request, {"message": text, "receivers": ",".join(receivers), "receiver": receivers[0],
                                "sender": settings.get("sender", ""), "key": key})
        except (OSError, Refused) as problem:  # the others are still to be told
            problems.append(problem)
    if len(problems) == (len(settings["receivers"]) if each else 1):
        raise problems[0]
    for untold in problems:
        print("one receiver was not told: %s" % untold, file=sys.stderr, flush=True)


def filled_in(request: Dict[str, Any], values: Dict[str, str]) -> None:
    headers = {name: fill(text, values, str) for name, text in (request.get("headers") or {}).items()}
    kind = next((text for name, text in headers.items() if name.lower() == "content-type"), "")
    escape = (lambda text: json.dumps(text)[1:-1]) if "json" in kind else urllib.parse.quote_plus
    url = fill(request["url"], values, lambda text: urllib.parse.quote(text, safe=""))
    body = fill(request.get("body") or "", values, escape)
    if body and not kind:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    code, answer = call(request["method"], url, headers, body)
    if code >= 500:
        raise OSError("the provider answers %d" % code)
    accepted = request.get("accepted")
    if code >= 300 or (accepted and not re.search(accepted, answer)):
        raise Refused("the provider answers %d: %s" % (code, " ".join(answer.split())[:200]))


def fill(text: str, values: Dict[str, str], escape: Any) -> str:
    return re.sub(r"\{(message|receivers|receiver|sender|key)\}", lambda found: escape(values[found.group(1)]), text)


def kavenegar_took(code: int, answer: str) -> None:
    """Kavenegar says in the body whether it took a message; its HTTP code is mostly the same."""
    try:
        said = json.loads(answer)["return"]
        status, words = int(said["status"]), str(said.get("message", ""))
    except (ValueError, KeyError, TypeError):
        status, words = (code if code >= 300 else 500), "no answer of Kavenegar's"
    if status == 200:
        return
    # Its own trouble passes: the server, an operator that is away, too many at once.
    if status >= 500 or status in (402, 409, 451) or code >= 500:
        raise OSError("Kavenegar answers %d: %s" % (status, words))
    raise Refused("Kavenegar answers %d: %s" % (status, words))


def call(method: str, url: str, headers: Dict[str, str], body: str) -> Tuple[int, str]:
    """Errors never name the URL: it may hold the key."""
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request(method, urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, "")), body.encode() or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(64 * 1024).decode(errors="replace")
    except http.client.HTTPException as problem:
        raise OSError("the provider at %s does not speak HTTP: %s" % (parts.hostname, type(problem).__name__)) from None
    except OSError as problem:
        raise OSError("the provider at %s cannot be reached: %s" % (parts.hostname, problem)) from None
    finally:
        connection.close()


class Handler(http.server.BaseHTTPRequestHandler):
    """POST /alert, with {"message": …, "link": …}; anything else is a probe."""

    quiet = False  # keeps what was answered out of the log

    def do_GET(self) -> None:
        self.answer(200, "alive")

    def do_POST(self) -> None:
        try:
            asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
            # It comes in quotes, by which Alertmanager leaves it a text; a link that is empty comes as null.
            text = fit(str(asked["message"]).strip().strip('"'), str(asked.get("link") or ""))
        except (ValueError, KeyError, TypeError) as problem:
            self.answer(400, "not a message: %s" % problem)
            return
        try:
            with open(os.path.join(HOME, "settings.json"), encoding="utf-8") as file:
                settings = json.load(file)
            with open(os.path.join(HOME, "key"), encoding="utf-8") as file:
                key = file.read().strip()
            send(settings, key, text)
        except Refused as problem:
            self.answer(422, str(problem))
        except (OSError, ValueError, KeyError) as problem:
            self.answer(502, str(problem))
        else:
            self.answer(200, "sent to %d" % len(settings["receivers"]))

    def answer(self, code: int, text: str) -> None:
        if self.command == "POST" and not self.quiet:
            print("%d %s" % (code, text), file=sys.stderr, flush=True)
        body = (text + "\n").encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """What was answered is said above."""


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A probe must not wait for a provider."""

    daemon_threads = True


if __name__ == "__main__":
    server = Server((os.environ.get("ALERT_SMS_ADDRESS", ""), PORT), Handler)
    print("listening on port %d" % server.server_port, file=sys.stderr, flush=True)
    server.serve_forever()

"""Registers this machine's runner with GitHub, keeps it as it is to be, and takes it away again. It is run by root.

    runner.py install | watch | remove
"""
import calendar
import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

ETC = "/etc/github-runner"
PROGRAMS = "/usr/local/lib/github-runner"
CACHE = "/var/cache/github-runner"
STATE = "/var/lib/github-runner"
METRICS = "/var/lib/exchange-platform/metrics/github_runner.prom"
UNITS = ("github-runner.service", "github-runner-setup.service", "github-runner-hand-over.service",
         "github-runner-watch.service", "github-runner-watch.timer")
ADMIN = ("kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--request-timeout=30s")
ATTEMPTS = 3
LIFETIME = 24 * 3600  # of the kubeconfig; another one is made every quarter of it
PATIENCE = 15 * 60    # with a job that runs
NEW_TOKEN = "pulumi config set --secret --path exchange-platform:delivery.runner.token"
MEANINGS = {
    401: "GitHub does not know the token, or it has expired: " + NEW_TOKEN,
    403: "GitHub refuses the token: its owner may have to authorize it for the organisation, or it has asked too often",
    301: "the repository may have been renamed",
    307: "the repository may have been renamed",
    404: "there is no such repository or organisation, or the token may not manage its runners: it needs the permission "
         "\"Administration\" of a repository, \"Self-hosted runners\" of an organisation, to read and write",
}

Settings = dict[str, Any]


class Problem(Exception):
    """What a person has to do something about."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def api(settings: Settings) -> str:
    """Where GitHub's API is for this repository or organisation."""
    address = urllib.parse.urlsplit(settings["url"])
    base = "https://api.github.com" if address.netloc == "github.com" else settings["url"].rstrip("/") + "/api/v3"
    return base + ("/repos/" if "/" in settings["repository"] else "/orgs/") + settings["repository"]


def ask(settings: Settings, method: str, path: str) -> Any:
    """Asks GitHub's API; what goes wrong on the way is tried again."""
    request = urllib.request.Request(api(settings) + path, method=method, data=b"" if method == "POST" else None, headers={
        "Authorization": "Bearer " + settings["token"], "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "exchange-platform"})
    opener = urllib.request.build_opener(NoRedirect)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with opener.open(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refusal:
            if refusal.code < 500 or attempt == ATTEMPTS:
                meaning = MEANINGS.get(refusal.code, refusal.reason)
                raise Problem("%s %s: %d: %s" % (method, request.full_url, refusal.code, meaning)) from None
        except (OSError, http.client.HTTPException) as problem:
            if attempt == ATTEMPTS:
                raise Problem("%s %s: %s" % (method, request.full_url, problem)) from None
        time.sleep(attempt)
    return None


def known(settings: Settings) -> list[dict[str, Any]]:
    """The runners of this name; names are told apart regardless of case, and there is one at most."""
    answer = ask(settings, "GET", "/actions/runners?per_page=100&name=" + urllib.parse.quote(settings["name"]))
    return [each for each in answer["runners"] if each["name"].lower() == settings["name"].lower()]


def leave(settings: Settings) -> None:
    """Takes the runner from GitHub's list. That needs nothing of what is on this machine."""
    for each in known(settings):
        ask(settings, "DELETE", "/actions/runners/%d" % each["id"])
        print("%s is no runner of %s any more" % (settings["name"], settings["repository"]))


def refuse_public(settings: Settings) -> None:
    """A pull request of anybody's would run here, beside the cluster's keys. One that becomes public later stops the runner."""
    if "/" in settings["repository"] and not ask(settings, "GET", "")["private"]:
        systemctl("stop", "github-runner.service")
        raise Problem("%s is public: whoever opens a pull request there could run programs on this machine. Make it private, or "
                      "deploy in another way" % settings["repository"])


def read(name: str) -> Any:
    """A file of ours, nothing if there is none."""
    try:
        with open(os.path.join(ETC, name), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def write(path: str, text: str, mode: int = 0o600) -> None:
    """Writes a file whole or not at all."""
    with open(path + ".new", "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(text)
    os.replace(path + ".new", path)


def digest(path: str) -> str:
    """A file's SHA-256; empty if there is none."""
    seen = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                seen.update(piece)
    except FileNotFoundError:
        return ""
    return seen.hexdigest()


def fetch(settings: Settings) -> str:
    """The archive, which is the one that was meant."""
    path = os.path.join(CACHE, "runner.tar.gz")
    os.makedirs(CACHE, mode=0o755, exist_ok=True)
    os.chmod(CACHE, 0o755)
    for attempt in range(1, ATTEMPTS + 1):
        if digest(path) == settings["sha256"]:
            break
        try:
            with urllib.request.urlopen(settings["archive"], timeout=60) as answer, open(path, "wb") as file:
                for count, piece in enumerate(iter(lambda: answer.read(1 << 20), b""), 1):
                    file.write(piece)
                    if count % 32 == 0:  # a connection without a word may be cut
                        print("%d MiB of the runner are here" % count, flush=True)
        except (OSError, http.client.HTTPException) as problem:
            if attempt == ATTEMPTS:
                raise Problem("%s: %s; delivery.runner.archive may name a mirror" % (settings["archive"], problem)) from None
            time.sleep(attempt)
            continue
        found = digest(path)
        if found != settings["sha256"]:
            os.remove(path)
            raise Problem("%s has the SHA-256 %s and not %s: look at delivery.runner.version and sha256 beside the release's page"
                          % (settings["archive"], found, settings["sha256"]))
    os.chmod(path, 0o644)
    return path


def libraries(archive: str) -> None:
    """Installs what the runner is linked with, if it is not there. The archive's own script knows what that is."""
    listed = subprocess.run(["/sbin/ldconfig", "-NXv"], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if "libicu" in listed.stdout:
        return
    with tarfile.open(archive) as packed:
        script = next((each for each in packed if each.name.endswith("bin/installdependencies.sh")), None)
        content = packed.extractfile(script) if script else None
        if content is None:
            raise Problem("%s holds no bin/installdependencies.sh: it is no runner of GitHub's" % archive)
        text = content.read()
    write(os.path.join(CACHE, "apt.conf"), 'DPkg::Lock::Timeout "600";\n', 0o644)
    environment = dict(os.environ, APT_CONFIG=os.path.join(CACHE, "apt.conf"), DEBIAN_FRONTEND="noninteractive")
    done = subprocess.run(["bash", "-s"], check=False, input=text, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Problem("the runner's libraries cannot be installed: " + done.stdout.decode(errors="replace")[-2000:])


def systemctl(*arguments: str) -> bool:
    """Tells whether it went well."""
    return subprocess.run(["systemctl", *arguments], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def must(unit: str) -> None:
    """Starts a unit, or says why it does not start."""
    if not systemctl("start", unit):
        said = subprocess.run(["journalctl", "-u", unit, "-n", "20", "-o", "cat", "--no-pager"], check=False, text=True,
                              stdout=subprocess.PIPE).stdout
        raise Problem("%s has failed:\n%s" % (unit, said))


def wait_for_job(settings: Settings) -> None:
    """A deployment is not cut off by an update."""
    end = time.monotonic() + PATIENCE
    while any(each["busy"] for each in known(settings)) and time.monotonic() < end:
        print("waiting for the job that runs", flush=True)
        time.sleep(5)


def set_up(settings: Settings, archive: str, register: bool) -> None:
    """Has the runner's user unpack and register it. The token of an hour is in a file that only root reads, and not for long."""
    lines = ["UNPACK=" + archive]
    if register:
        token = ask(settings, "POST", "/actions/runners/registration-token")["token"]
        inputs = {"URL": settings["url"].rstrip("/") + "/" + settings["repository"], "NAME": settings["name"],
                  "LABELS": ",".join(settings["labels"]), "WORK": STATE + "/work", "TOKEN": token}
        lines += ["REGISTER=1"] + ["ACTIONS_RUNNER_INPUT_%s=%s" % each for each in inputs.items()]
    path = os.path.join(ETC, "setup.env")
    try:
        write(path, "\n".join(lines) + "\n")
        must("github-runner-setup.service")
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)


def install(settings: Settings) -> None:
    """Makes the runner what the settings say. What is so already is left alone, and with it a job that runs."""
    done = read("installed.json") or {}
    refuse_public(settings)
    place = {each: settings[each] for each in ("url", "repository", "name")}
    former = done.get("place", place)
    if former != place:
        try:
            leave(dict(settings, **former))
        except Problem as problem:
            print("The runner %s stays in the list of %s: %s" % (former["name"], former["repository"], problem))
    runners = known(settings)
    labels = {each["name"].lower() for runner in runners for each in runner["labels"] if each["type"] == "custom"}
    register = (former != place or labels != {each.lower() for each in settings["labels"]}
                or not all(os.path.isfile(os.path.join(STATE, "runner", each)) for each in (".runner", ".credentials")))
    unpack = done.get("sha256") != settings["sha256"]
    unit = digest("/etc/systemd/system/github-runner.service")
    if unpack or register or done.get("unit") != unit:
        archive = fetch(settings) if unpack else ""
        if unpack:
            libraries(archive)
        wait_for_job(settings)
        systemctl("stop", "github-runner.service")
        if unpack or register:
            write(os.path.join(ETC, "installed.json"), json.dumps({"place": former}))  # until the rest is true
            set_up(settings, archive, register)
        write(os.path.join(ETC, "installed.json"), json.dumps({"place": place, "sha256": settings["sha256"], "unit": unit}))
        shutil.rmtree(CACHE, ignore_errors=True)
    systemctl("enable", "--quiet", "github-runner.service", "github-runner-watch.timer")
    renew(settings)
    must("github-runner.service")
    must("github-runner-watch.timer")
    print("%s is a runner of %s" % (settings["name"], settings["repository"]))


def renew(settings: Settings) -> None:
    """Gives the runner another kubeconfig in time. It can do what the Role of its ServiceAccount says, in one namespace."""
    if (read("expires.json") or 0) - time.time() > LIFETIME * 3 / 4:
        return
    config = kubectl("config", "view", "--raw", "--minify", "--flatten", "--output", "json")
    made = kubectl("--namespace", settings["namespace"], "create", "token", settings["account"], "--duration", "%ds" % LIFETIME,
                   "--output", "json")
    name, status = settings["account"], made["status"]
    write(os.path.join(ETC, "kubeconfig"), json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": name,
        "clusters": [{"name": "cluster", "cluster": config["clusters"][0]["cluster"]}],
        "users": [{"name": name, "user": {"token": status["token"]}}],
        "contexts": [{"name": name, "context": {"cluster": "cluster", "user": name, "namespace": settings["namespace"]}}],
    }))
    must("github-runner-hand-over.service")
    expires = calendar.timegm(time.strptime(status["expirationTimestamp"], "%Y-%m-%dT%H:%M:%SZ"))
    write(os.path.join(ETC, "expires.json"), json.dumps(expires))


def kubectl(*arguments: str) -> Any:
    """What the administrator's kubectl says, as JSON."""
    done = subprocess.run([*ADMIN, *arguments], check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise Problem("kubectl %s: %s" % (" ".join(arguments), done.stderr.strip()))
    return json.loads(done.stdout)


def watch(settings: Settings) -> None:
    """Tells Prometheus how the runner is. One that GitHub has forgotten, as it does after two weeks of silence, is registered again."""
    problems, online = [], 0
    try:
        renew(settings)
    except Problem as problem:
        problems.append(problem)
    try:
        refuse_public(settings)
        runners = known(settings)
        if not runners:
            install(settings)
            runners = known(settings)
        must("github-runner.service")
        online = int(systemctl("is-active", "--quiet", "github-runner.service") and any(each["status"] == "online" for each in runners))
    except Problem as problem:
        problems.append(problem)
    os.makedirs(os.path.dirname(METRICS), mode=0o755, exist_ok=True)
    write(METRICS, "# HELP github_runner_online Whether GitHub's runner runs here and GitHub sees it.\n"
                   "# TYPE github_runner_online gauge\n"
                   "github_runner_online %d\n"
                   "# HELP github_runner_kubeconfig_expires_timestamp_seconds Until when the runner gets into the cluster.\n"
                   "# TYPE github_runner_kubeconfig_expires_timestamp_seconds gauge\n"
                   "github_runner_kubeconfig_expires_timestamp_seconds %d\n" % (online, read("expires.json") or 0), 0o644)
    if problems:
        raise Problem("; ".join(str(each) for each in problems))


def remove(settings: Settings) -> None:
    """Takes all of it away. What GitHub says does not keep an environment from being deleted."""
    for unit in ("github-runner-watch.timer", "github-runner.service"):
        systemctl("disable", "--quiet", "--now", unit)
    try:
        if settings["name"]:
            leave(settings)
    except Problem as problem:
        print("The runner %s stays in the list of %s until GitHub has not heard of it for two weeks: %s"
              % (settings["name"], settings["repository"], problem))
    for name in UNITS:
        with contextlib.suppress(FileNotFoundError):
            os.remove("/etc/systemd/system/" + name)
    systemctl("daemon-reload")
    with contextlib.suppress(FileNotFoundError):
        os.remove(METRICS)
    if os.path.islink(STATE):
        os.remove(STATE)
    for folder in (CACHE, STATE, "/var/lib/private/github-runner", PROGRAMS, ETC):
        shutil.rmtree(folder, ignore_errors=True)


def main(order: str) -> int:
    """Does one thing at a time."""
    with open("/run/github-runner.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        settings = read("settings.json")
        if settings is None and order == "remove":  # what was cut off before it had any
            settings = {"repository": "", "name": "", "url": "", "token": ""}
        if settings is None:  # removed meanwhile
            print("there is no %s/settings.json" % ETC, file=sys.stderr)
            return 1
        try:
            {"install": install, "watch": watch, "remove": remove}[order](settings)
        except Problem as problem:
            print("GitHub's runner: %s" % problem, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

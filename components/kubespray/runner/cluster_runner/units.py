"""The systemd unit a run lives in."""

import subprocess
import time


class UnitError(Exception):
    """systemd did not do what it was asked to."""


def name(cluster: str, wanted_hash: str) -> str:
    """One unit per cluster and plan."""
    return "exchange-kubespray-%s-%s.service" % (cluster, wanted_hash[:12])


def alive(unit: str) -> bool:
    """Whether the unit runs, starts or stops. A transient unit that ended is gone after a reboot or a collection."""
    answer = _run(["systemctl", "is-active", unit]).stdout.strip()
    return answer in ("active", "activating", "deactivating", "reloading")


def boot() -> str:
    """What is another after each boot of this host. A transient unit does not outlive one."""
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
        return file.read().strip()


def start(unit: str, command: list[str]) -> None:
    """Starts command as a unit of its own, free of the session that asked for it."""
    for _ in range(50):
        if not alive(unit):
            break
        time.sleep(0.2)
    _run(["systemctl", "reset-failed", unit])
    result = _run([
        "systemd-run", "--unit=" + unit, "--collect",
        # Where memory runs out and Ansible is killed for it, the runner has to live on to say so.
        "--property=OOMPolicy=continue",
        # Without a user, systemd sets neither: Ansible needs a home and its modules an UTF-8 locale.
        "--setenv=HOME=/root", "--setenv=LC_ALL=C.UTF-8",
        "--setenv=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ] + command)
    if result.returncode:
        raise UnitError("systemd-run could not start %s: %s" % (unit, (result.stderr or result.stdout).strip()))


def stop(unit: str) -> None:
    result = _run(["systemctl", "stop", unit])
    if result.returncode:
        raise UnitError("systemctl could not stop %s: %s" % (unit, result.stderr.strip()))


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise UnitError("%s is not on this host: the runner needs systemd" % command[0]) from error

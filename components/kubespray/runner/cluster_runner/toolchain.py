"""Kubespray's tree and the Ansible that goes with it."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from typing import IO, Optional, TypedDict

from cluster_runner import json_files
from cluster_runner.errors import Failure
from cluster_runner.protocol import Toolchain

STALLED_SECONDS = 60


class Tools(TypedDict):
    """Kubespray's folder, and the folder of Ansible's programs: "" for those on PATH."""

    tree: str
    bin: str


def prepare(directory: str, source: Toolchain, version: str, log: IO[str]) -> Tools:
    """Kubespray and Ansible from that source. What was prepared once from the same source is taken as it is."""
    key = hashlib.sha256(repr(sorted(source.items())).encode()).hexdigest()[:12]
    home = os.path.join(directory, "%s-%s" % (version, key))
    marker = os.path.join(home, "complete.json")
    ready: Optional[Tools] = json_files.read(marker)
    if ready:
        return ready
    shutil.rmtree(home, ignore_errors=True)
    os.makedirs(home)
    tools: Tools = {"tree": os.path.join(home, "tree"), "bin": ""}
    fetch(source["archive"], source["sha256"], tools["tree"], log)
    if source["ansible"] == "venv":
        tools["bin"] = install(os.path.join(home, "venv"), tools["tree"], source["packageIndex"], log)
    json_files.write(marker, tools)
    return tools


def fetch(url: str, sha256: str, tree: str, log: IO[str]) -> None:
    """Downloads a .tar.gz with one folder at its top, checks it and unpacks that folder as tree."""
    print("fetching", url, file=log, flush=True)
    home = os.path.dirname(tree)
    with tempfile.TemporaryFile(dir=home) as archive:
        sum_ = hashlib.sha256()
        try:
            with urllib.request.urlopen(url, timeout=STALLED_SECONDS) as response:
                for block in iter(lambda: response.read(1 << 20), b""):
                    sum_.update(block)
                    archive.write(block)
        except OSError as error:
            raise Failure("cannot download Kubespray from %s: %s" % (url, error)) from error
        if sha256 and sum_.hexdigest() != sha256.lower():
            raise Failure("%s has SHA-256 %s, expected is %s: the archive was changed or the checksum belongs to another "
                          "one" % (url, sum_.hexdigest(), sha256))
        archive.seek(0)
        try:
            with tempfile.TemporaryDirectory(dir=home) as unpacked:
                unpack(archive, unpacked)
                top = os.listdir(unpacked)
                if len(top) != 1 or not os.path.exists(os.path.join(unpacked, top[0], "cluster.yml")):
                    raise Failure("%s holds no Kubespray tree: cluster.yml in one top folder" % url)
                os.rename(os.path.join(unpacked, top[0]), tree)
        except tarfile.TarError as error:
            raise Failure("%s is no .tar.gz archive: %s" % (url, error)) from error


def unpack(archive: IO[bytes], target: str) -> None:
    with tarfile.open(fileobj=archive, mode="r:gz") as tar:
        for member in tar.getmembers():
            parts = member.name.split("/")
            if member.name.startswith("/") or ".." in parts:
                raise tarfile.TarError("it would write outside its folder: " + member.name)
        tar.extractall(target)


def install(venv: str, tree: str, index: str, log: IO[str]) -> str:
    """Makes a Python environment with the packages the tree's requirements.txt pins; returns its folder of programs."""
    pip = [os.path.join(venv, "bin", "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
           "-r", os.path.join(tree, "requirements.txt")]
    if index:
        pip += ["--index-url", index]
    if not make(venv, log) and not (packaged(log) and make(venv, log)):
        raise Failure("python3 -m venv does not work on the runner: install python3-venv")
    if call(pip, log):
        raise Failure("pip could not install Kubespray's requirements with Python %d.%d from %s: see the log; a release "
                      "supports certain versions of Python only" % (sys.version_info[:2] + (index or "the default index",)))
    return os.path.join(venv, "bin")


def make(venv: str, log: IO[str]) -> bool:
    shutil.rmtree(venv, ignore_errors=True)
    return call([sys.executable or "python3", "-m", "venv", venv], log) == 0


def packaged(log: IO[str]) -> bool:
    """Debian and Ubuntu leave venv out of Python: installs their package of it."""
    if not shutil.which("apt-get"):
        return False
    wait = ["-o", "DPkg::Lock::Timeout=300"]
    return call(["apt-get", "update", "-q"] + wait, log) == 0 and call(
        ["apt-get", "install", "-q", "-y", "python3-venv"] + wait, log) == 0


def call(command: list[str], log: IO[str]) -> int:
    print("##", " ".join(command), file=log, flush=True)
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False).returncode

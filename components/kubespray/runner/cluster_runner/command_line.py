"""The orders that the runner takes."""

import argparse
import json
import os
import sys

from cluster_runner import execute, units, watch
from cluster_runner.errors import Failure, Refused
from cluster_runner.grant import grant
from cluster_runner.runs import Run
from cluster_runner.store import Store
from cluster_runner.up import check, up


def main(bundle: str) -> int:
    given = arguments()
    # The bundle is <root>/bundle, or the copy <root>/runs/<run>/bundle that a unit works from.
    store = Store(os.path.abspath(os.path.join(bundle, "../../.." if given.order == "execute" else "..")))
    try:
        if given.order == "check":
            return check(store, given.wanted, json.load(sys.stdin))
        if given.order == "up":
            return up(store, given.wanted, json.load(sys.stdin))
        if given.order == "execute":
            return execute.execute(store, store.run(given.run))
        if given.order == "kubeconfig":
            return kubeconfig(store)
        if given.order == "grant":
            return grant(store, json.load(sys.stdin))
        return last(store, given.order)
    except Refused as refused:
        print("refused, nothing was touched:", file=sys.stderr)
        for reason in refused.reasons:
            print("  - " + reason, file=sys.stderr)
    except (units.UnitError, Failure, OSError, ValueError) as error:
        print("kubespray runner: %s" % error, file=sys.stderr)
    return 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="runner", description="Applies a bundle to a Kubernetes cluster with Kubespray.")
    orders = parser.add_subparsers(dest="order", required=True)
    for order, about in (
        ("check", "tell whether the plan on standard input may be carried out"),
        ("up", "carry out the plan on standard input, or go on waiting for a run that leads to the same"),
    ):
        orders.add_parser(order, help=about).add_argument("--wanted", required=True, help="hash of the cluster that is meant")
    orders.add_parser("kubeconfig", help="print the administrator's kubeconfig")
    orders.add_parser("execute", help="what the systemd unit runs").add_argument("--run", required=True)
    orders.add_parser("grant", help="print a token of the ServiceAccount on standard input")
    orders.add_parser("status", help="print how the last run stands")
    orders.add_parser("log", help="print the log of the last run")
    orders.add_parser("cancel", help="stop the run that is under way")
    return parser.parse_args()


def kubeconfig(store: Store) -> int:
    """Prints a control plane's own kubeconfig: whoever renews its certificate renews it there."""
    cluster = store.cluster()
    if not cluster.settled:
        raise ValueError("there is no finished cluster here: run up again")
    sys.stdout.write(store.login().on_control_plane(cluster.nodes, "sudo -n cat /etc/kubernetes/admin.conf"))
    return 0


def last(store: Store, order: str) -> int:
    """Answers an operator who asks about the last run."""
    run = store.last_run()
    if not run:
        raise ValueError("no run was ever started in %s" % store.root)
    if order == "status":
        watch.report(run)
    elif order == "log":
        with open(run.log, encoding="utf-8", errors="replace") as file:
            for line in file:
                sys.stdout.write(line)
    else:
        cancel(run)
    return 0


def cancel(run: Run) -> None:
    """Stops the run that is under way."""
    state = run.state()
    if state["status"] != "running" or not units.alive(state["unit"]):
        raise ValueError("no run is under way: the last one, %s, is over" % run.name)
    units.stop(state["unit"])
    print("stopped %s: what phase %s was doing is half done" % (run.name, run.state()["phase"]))
    print(watch.afterwards(run.state()))

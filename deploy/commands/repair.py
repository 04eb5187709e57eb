"""`quntuan rebuild` and `quntuan recount`: the hub's own programs, beside the running suite."""

import argparse
import subprocess
import sys

from deploy.commands import common
from deploy.local.environment import owner_url
from deploy.local.leftovers import running
from deploy.local.packages import ROOT, organisations
from deploy.topology.names import HUB


def rebuild(_arguments: argparse.Namespace) -> int:
    """All of the projection anew from the owners; run again, it goes on where it was killed."""
    suite = common.suite(print)
    tables = owner_url(HUB, suite.home, suite.postgres)  # it exchanges tables: only their owner may
    return _run("services.hub.rebuild", *organisations(suite.packages), QUNTUAN_DATABASE_URL=tables)


def recount(_arguments: argparse.Namespace) -> int:
    """Compare with the owners and put right what differs, now."""
    return _run("services.hub.recount")


def _run(module: str, *arguments: str, **more: str) -> int:
    suite = common.suite(print)
    if running(suite.home, "NATS") is None:
        raise common.CommandError("系统没有运行,请先 make up / the suite is not running: make up")
    environment = {**suite.environment(HUB), **more}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode

"""`quntuan rebuild` and `quntuan recount`: the hub's own programs, beside the running suite."""

import argparse
import subprocess
import sys

from deploy.commands import common
from deploy.local.environment import owner_url
from deploy.local.packages import ROOT, organisations
from deploy.local.suite import Suite
from deploy.topology.names import HUB


def rebuild(_arguments: argparse.Namespace) -> int:
    """All of the projection anew from the owners; run again, it goes on where it was killed."""
    suite, _ = common.running_suite()
    tables = owner_url(HUB, suite.home, suite.postgres)  # it exchanges tables: only their owner may
    return _run(suite, "services.hub.rebuild", *organisations(suite.packages), QUNTUAN_DATABASE_URL=tables)


def recount(_arguments: argparse.Namespace) -> int:
    """Compare with the owners and put right what differs, now."""
    suite, _ = common.running_suite()
    return _run(suite, "services.hub.recount")


def _run(suite: Suite, module: str, *arguments: str, **more: str) -> int:
    environment = {**suite.environment(HUB), **more}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode

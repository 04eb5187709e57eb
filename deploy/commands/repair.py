"""`quntuan rebuild` and `quntuan recount`: the hub's own programs, beside the running suite or server."""

import argparse
import os
import subprocess
import sys

from deploy.commands import common
from deploy.commands.common import CommandError
from deploy.commands.compose import of_server
from deploy.containers.bus import Site
from deploy.containers.state import state
from deploy.local.environment import owner_url
from deploy.local.packages import ROOT, organisations
from deploy.local.suite import Suite
from deploy.topology.names import HUB

RECOUNT = "services.hub.recount"


def rebuild(arguments: argparse.Namespace) -> int:
    """All of the projection anew from the owners; run again, it goes on where it was killed."""
    if arguments.state is not None:
        _become(arguments.state, "run", "--rm", "rebuild")
    suite, _ = common.running_suite()
    tables = owner_url(HUB, suite.home, suite.postgres)  # it exchanges tables: only their owner may
    return _run(suite, "services.hub.rebuild", *organisations(suite.packages), QUNTUAN_DATABASE_URL=tables)


def recount(arguments: argparse.Namespace) -> int:
    """Compare with the owners and put right what differs, now."""
    if arguments.state is not None:
        _become(arguments.state, "exec", "hub-worker", "python", "-m", RECOUNT)
    suite, _ = common.running_suite()
    return _run(suite, RECOUNT)


def _become(folder: str, *told: str) -> None:
    """Docker compose on the server the hub is on."""
    command = [*of_server(folder), *told]
    if Site.of(state(folder)).code not in ("", HUB):
        raise CommandError("请在协同平台的服务器上做 / to be done on the hub's own server")
    os.execvp(command[0], command)  # noqa: S606 - the command is ours


def _run(suite: Suite, module: str, *arguments: str, **more: str) -> int:
    environment = {**suite.environment(HUB), **more}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode

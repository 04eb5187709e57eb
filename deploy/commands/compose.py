"""`quntuan compose ...`: docker compose on this checkout's manifest with the state folder's settings."""

import argparse
import os

from deploy.commands.common import CommandError
from deploy.containers.state import State, state
from deploy.local.packages import ROOT


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", default="", help="folder; default QUNTUAN_STATE or deploy/state")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="what docker compose is told: up --wait, ps, logs")


def run(arguments: argparse.Namespace) -> int:
    """Becomes docker compose."""
    here = state(arguments.state)
    if not here.env.exists():
        raise CommandError("请先运行 quntuan setup / run quntuan setup first")
    command = prefix(here) + arguments.rest
    os.execvp(command[0], command)  # noqa: S606 - the command is ours


def prefix(here: State) -> list[str]:
    """The same for every call."""
    manifest = str(ROOT / "deploy" / "compose.yaml")
    return ["docker", "compose", "--env-file", str(here.env), "--file", manifest]

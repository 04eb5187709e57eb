"""`quntuan compose ...`: docker compose on this checkout's manifest with the state folder's settings."""

import argparse
import os

from deploy.commands.common import CommandError
from deploy.containers.bus import Site
from deploy.containers.state import State, state
from deploy.local.packages import ROOT


def add(parser: argparse.ArgumentParser) -> None:
    """No option is ours, `--help` neither: QUNTUAN_STATE names another state folder."""
    parser.prefix_chars = ""
    parser.add_argument(
        "rest", nargs=argparse.REMAINDER, help="what docker compose is told: up --wait, ps, logs"
    )


def run(arguments: argparse.Namespace) -> int:
    """Becomes docker compose."""
    command = of_server("") + arguments.rest
    os.execvp(command[0], command)  # noqa: S606 - the command is ours


def add_server(parser: argparse.ArgumentParser) -> None:
    """For commands that know the suite of this checkout as well."""
    parser.add_argument(
        "--state", default=None, help="a server of containers: its state folder ('' : deploy/state)"
    )


def of_server(folder: str) -> list[str]:
    """Docker compose for the server of this state folder; a clear word when there is none."""
    return prefix(set_up(folder))


def set_up(folder: str) -> State:
    """The state folder; a clear word when `quntuan setup` did not make it."""
    here = state(folder)
    if not here.env.exists():
        raise CommandError("请先运行 quntuan setup / run quntuan setup first")
    return here


def prefix(here: State) -> list[str]:
    """The same for every call."""
    manifest = ROOT / "deploy" / Site.of(here).manifest
    # the environment's own word would stand above the file's
    told = ["env", f"QUNTUAN_STATE={here.root}"]
    return [*told, "docker", "compose", "--env-file", str(here.env), "--file", str(manifest)]

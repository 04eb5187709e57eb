"""`quntuan doctor`: the suite of this checkout, or with `--state` the containers of a server."""

import argparse
import asyncio
import os
from collections.abc import Iterator

from rich.console import Console

from deploy.commands import common
from deploy.commands.compose import of_server
from deploy.doctor import machine
from deploy.doctor.accounts import administrators
from deploy.doctor.databases import databases
from deploy.doctor.findings import Finding, tell
from deploy.doctor.services import Process, services
from deploy.local.environment import owner_url
from deploy.local.suite import Suite
from deploy.topology.names import HUB


def run(arguments: argparse.Namespace) -> int:
    """0 when nothing is wrong."""
    if arguments.state is not None:
        command = [*of_server(arguments.state), "run", "--rm", "--no-deps", "doctor"]
        os.execvp(command[0], command)  # noqa: S606 - the command is ours
    suite, _ = common.running_suite()
    return 0 if tell(Console(), _of_suite(suite)) else 1


def _of_suite(suite: Suite) -> Iterator[Finding]:
    yield from services(Process(package.code, suite.url(package.code)) for package in suite.packages)
    yield from machine.bus(suite.bus.monitor_url, "make up 重新启动 / stop it and make up")
    yield from asyncio.run(_gathered(owner_url(HUB, suite.home, suite.postgres)))
    yield from asyncio.run(administrators({p.code: suite.environment(p.code) for p in suite.packages}))
    yield from machine.discs({"data": suite.home.root})


async def _gathered(url: str) -> list[Finding]:
    return [finding async for finding in databases(url, "make recount")]

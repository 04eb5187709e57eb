"""`quntuan accounts`: the first accounts of a server, and an administrator's way back in."""

import argparse
import os

from deploy.accounts import words
from deploy.accounts.making import AccountError
from deploy.commands import common
from deploy.commands.common import CommandError
from deploy.commands.compose import add_server, of_server

JOB = ("run", "--rm", "--no-deps", "accounts")


def add(parser: argparse.ArgumentParser) -> None:
    """The job's words, and which server."""
    add_server(parser)
    words.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """On a server it becomes the job of its manifest."""
    if arguments.state is not None:
        command = [*of_server(arguments.state), *JOB, *words.repeated(arguments)]
        os.execvp(command[0], command)  # noqa: S606 - the command is ours
    suite, _ = common.running_suite()
    try:
        return words.perform({p.code: suite.environment(p.code) for p in suite.packages}, arguments)
    except AccountError as error:
        raise CommandError(error) from None

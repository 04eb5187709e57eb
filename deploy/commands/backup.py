"""`quntuan backup`: databases and state folder, now; `quntuan restore` brings an empty server back."""

import argparse
import subprocess
from pathlib import Path

from deploy.commands.common import CommandError
from deploy.commands.compose import prefix, set_up


def add_backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", default="", help="folder; default QUNTUAN_STATE or deploy/state")


def add_restore(parser: argparse.ArgumentParser) -> None:
    add_backup(parser)
    parser.add_argument("--key", required=True, help="the recovery key that was carried away")
    parser.add_argument(
        "--until", default="", help="an instant like 2026-11-25T12:00:00Z; default: everything"
    )


def backup(arguments: argparse.Namespace) -> int:
    """Beside the daily one and the WAL that is archived every minute."""
    here = set_up(arguments.state)
    compose = prefix(here)
    kept = subprocess.run([*compose, "run", "--rm", "-T", "backup-state"], input=here.packed(), check=False)
    made = subprocess.run([*compose, "exec", "-T", "backup", "quntuan-backup", "once"], check=False)
    return kept.returncode or made.returncode


def restore(arguments: argparse.Namespace) -> int:
    """Only into an empty volume, with everything that uses the databases stopped."""
    compose = prefix(set_up(arguments.state))
    if not Path(arguments.key).is_file():
        raise CommandError(f"没有这个文件 / no such file: {arguments.key}")
    running = subprocess.run([*compose, "ps", "--quiet", "postgres"], check=True, capture_output=True)
    if running.stdout.strip():
        raise CommandError("请先停止:quntuan compose down / stop first: quntuan compose down")
    command = [*compose, "run", "--rm", "-T", "restore", *([arguments.until] if arguments.until else [])]
    with Path(arguments.key).open("rb") as key:
        return subprocess.run(command, stdin=key, check=False).returncode

"""How `quntuan accounts` is told what to do and what it answers, beside a suite and as a job on a server."""

import argparse
import asyncio
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from deploy.accounts import making


def add(parser: argparse.ArgumentParser) -> None:
    """Its words."""
    doing = parser.add_subparsers(required=True, metavar="what", dest="what")
    doing.add_parser("show", help="系统管理员和审计员 / administrators and auditors")
    new = doing.add_parser("new", help="新建一个 / make one; the one-time password is shown once")
    reset = doing.add_parser(
        "reset", help="重置系统管理员密码 / a new one-time password for an administrator"
    )
    for one in (new, reset):
        one.add_argument("login")
    new.add_argument("name", help="姓名,一人一号 / who it is: one person, one account")
    new.add_argument("--role", choices=making.ROLES, default="admin")
    for one in (new, reset):
        one.add_argument(
            "--service", action="append", help="only there; at first every service of this server"
        )


def perform(environments: Mapping[str, Mapping[str, str]], arguments: argparse.Namespace) -> int:
    """0 when every service did as asked; AccountError in words when it cannot be asked of any.

    `environments` holds the settings of each service by its code.
    """
    if arguments.what == "show":
        return _show(environments)
    wanted = arguments.service or list(environments)
    if unknown := sorted(set(wanted) - set(environments)):
        raise making.AccountError(f"这台服务器上没有 / not on this server: {'、'.join(unknown)}")
    chosen = {code: environments[code] for code in wanted}
    if arguments.what == "new":
        doing = making.create(chosen, arguments.login, arguments.name, arguments.role)
    else:
        doing = making.reset(chosen, arguments.login)
    told = asyncio.run(doing)
    _print(("service", "login", "password"), [(t.service, t.login, t.password or t.refused) for t in told])
    if any(t.password for t in told):
        print("一次性密码,首次登录时须更改,不再显示 / changed at the first sign-in, not shown again")
    return 1 if any(t.refused for t in told) else 0


def _show(environments: Mapping[str, Mapping[str, str]]) -> int:
    try:
        found = asyncio.run(making.appointed(environments))
    except making.AWAY as error:
        raise making.AccountError(f"数据库没有应答 / the database is away ({type(error).__name__})") from None
    _print(
        ("service", "login", "name", "role", "state"),
        [(a.service, a.login, a.name, a.role, a.state) for a in found],
    )
    missing = making.without_administrator(environments, found)
    for code in missing:
        print(
            f"{code}: 没有系统管理员 / no administrator: quntuan accounts new <login> <姓名> --service {code}"
        )
    return 1 if missing else 0


def _print(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(width=max(80, Console().width), highlight=False, markup=False).print(table)


def repeated(arguments: argparse.Namespace) -> list[str]:
    """The words these came from, for the job."""
    if arguments.what == "show":
        return ["show"]
    words = [arguments.what, *(f"--service={code}" for code in arguments.service or ())]
    if arguments.what == "new":
        words.append(f"--role={arguments.role}")
    more = [arguments.name] if arguments.what == "new" else []
    return [*words, "--", arguments.login, *more]

"""What a newcomer sees at the end of `make up`: addresses and demo logins."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from deploy.demo.staff import PASSWORD
from deploy.local.suite import Suite


def show(suite: Suite, console: Console, logins: Sequence[dict[str, str]], seconds: float) -> None:
    """Addresses of the services, then who may sign in where."""
    addresses = Table(title="大群团 Quntuan", title_justify="left")
    for column in ("服务 / service", "地址 / address", "日志 / log"):
        addresses.add_column(column, no_wrap=column.startswith(("服务", "地址")), overflow="fold")
    for package in suite.packages:
        log = suite.home.logs / f"{package.code}.log"
        addresses.add_row(package.code, suite.url(package.code), str(log))
    console.print(addresses)
    if logins:
        console.print(f"演示密码(每个账号都是它)/ demo password of every login: [bold]{PASSWORD}[/]")
        console.print(logins_table(logins))
    console.print(f"{seconds:.1f} s;按 Ctrl-C 停止 / press Ctrl-C to stop")


def logins_table(logins: Sequence[dict[str, str]]) -> Table:
    """One line for each login; nothing is cut at 80 columns."""
    table = Table(title="演示账号 / demo logins", title_justify="left")
    for i, column in enumerate(logins[0]):
        table.add_column(column, no_wrap=i == 1, overflow="fold")
    for login in logins:
        table.add_row(*login.values())
    return table

"""`quntuan up`: start everything, show where it is, keep it running until Ctrl-C."""

import argparse
import time
from collections.abc import Callable

from rich.console import Console

from deploy.commands import common
from deploy.commands.table import show
from deploy.local.demo import chosen_people, load_demo
from deploy.local.leftovers import only_one
from deploy.local.settled import hold_suite
from deploy.local.suite import Suite
from deploy.local.watch import Watch, end_on_signals, ignore_signals

Step = tuple[str, Callable[[], object]]


def run(_arguments: argparse.Namespace) -> int:
    """Ends by Ctrl-C or SIGTERM; everything it started ends with it."""
    console = Console(highlight=False)
    end_on_signals()
    chosen_people()  # a wrong number is told before anything starts
    with only_one(common.home()):
        suite = common.suite(lambda text: console.print(text, soft_wrap=True))
        try:
            _start(suite, console)
            Watch(suite).run()
        except KeyboardInterrupt:
            return 0
        finally:
            _stop(suite, console)


def _start(suite: Suite, console: Console) -> None:
    logins: list[dict[str, str]] = []
    begun = time.monotonic()
    steps: list[Step] = [
        ("PostgreSQL, NATS", suite.start_servers),
        ("数据库结构、总线权限 / databases, bus", suite.prepare),
        ("算法组 / crypto profile", lambda: hold_suite(suite)),
        ("演示城市 / demo city", lambda: logins.extend(load_demo(suite, console))),
        ("各服务 / services", suite.start_services),
    ]
    for title, step in steps:
        since = time.monotonic()
        step()
        console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - since:.1f} s[/]")
    show(suite, console, logins, time.monotonic() - begun)


def _stop(suite: Suite, console: Console) -> None:
    ignore_signals()
    console.print("\n正在停止 / stopping ...")
    suite.stop()
    console.print("已停止,数据保留(make reset 可清空)/ stopped, data kept (make reset forgets it)")

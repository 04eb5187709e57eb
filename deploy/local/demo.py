"""The demo city: loaded once, by deploy/demo."""

import asyncio
import os

from rich.console import Console
from rich.progress import Progress

from deploy.demo.load import ensure_demo
from deploy.local.home import Home
from deploy.local.suite import Suite

PEOPLE, MOST = 20_000, 1_000_000
SETTING = "QUNTUAN_DEMO_PEOPLE"


class DemoSettingError(Exception):
    """The number of people asked for is none."""


def chosen_people() -> int:
    """What QUNTUAN_DEMO_PEOPLE asks for; DemoSettingError when that is no number of people."""
    value = os.environ.get(SETTING, "")
    if not value:
        return PEOPLE
    if not value.isascii() or not value.isdecimal() or int(value) > MOST:
        raise DemoSettingError(
            f"{SETTING}={value} 不是 0 到 {MOST} 之间的整数 / is not a whole number between 0 and {MOST}"
        )
    return int(value)


def settled_people(home: Home, asked: int) -> int:
    """The choice of the first start, written down then: a roll once begun without demo people stays so."""
    if not home.demo.exists():
        home.demo.write_text(f"{asked}\n", encoding="ascii")
    return int(home.demo.read_text(encoding="ascii"))


def load_demo(suite: Suite, console: Console) -> list[dict[str, str]]:
    """Staff for each role and a synthetic city; the logins to show. QUNTUAN_DEMO_PEOPLE=0: staff only."""
    asked = chosen_people()
    people = settled_people(suite.home, asked)
    if SETTING in os.environ and people != asked:
        console.print(
            f"[yellow]数据已按首次启动时的 {people} 人建立,本次的 {asked} 不起作用(make reset 后可改)[/]\n"
            f"[yellow]the data was begun with {people} people; {asked} has no effect (make reset first)[/]"
        )
    environments = {package.code: suite.environment(package.code) for package in suite.packages}
    with Progress(console=console, transient=True) as progress:
        return asyncio.run(ensure_demo(environments, people, progress))

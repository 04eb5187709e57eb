"""The demo city: loaded once, by deploy/demo."""

import asyncio
import os

from rich.console import Console
from rich.progress import Progress

from deploy.demo.load import ensure_demo
from deploy.local.suite import Suite

PEOPLE = 20_000


def load_demo(suite: Suite, console: Console) -> list[dict[str, str]]:
    """Staff for each role and a synthetic city; the logins to show. QUNTUAN_DEMO_PEOPLE=0: staff only."""
    people = int(os.environ.get("QUNTUAN_DEMO_PEOPLE") or PEOPLE)
    environments = {package.code: suite.environment(package.code) for package in suite.packages}
    with Progress(console=console, transient=True) as progress:
        return asyncio.run(ensure_demo(environments, people, progress))

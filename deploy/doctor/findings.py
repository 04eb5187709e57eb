"""What the doctor found, and how it is told."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table

Level = Literal["ok", "warn", "bad"]
_SIGNS = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "bad": "[red]✗[/]"}


@dataclass(frozen=True)
class Finding:
    """One line: how it is, of what, in words, and what to do when it is not well."""

    level: Level
    what: str
    said: str
    todo: str = ""


def tell(console: Console, findings: Iterable[Finding]) -> bool:
    """Print the table; whether nothing is bad."""
    found = list(findings)
    table = Table(box=None, pad_edge=False, show_header=False)
    for column in ("", "what", "said"):
        table.add_column(column, overflow="fold")
    for each in found:
        todo = f"\n  → {each.todo}" if each.todo else ""
        table.add_row(_SIGNS[each.level], each.what, each.said + todo)
    console.print(table)
    bad, warn = (sum(each.level == level for each in found) for level in ("bad", "warn"))
    if not bad and not warn:
        console.print("一切正常 / all is well")
    else:
        console.print(f"{bad} 项异常,{warn} 项须留意 / {bad} wrong, {warn} to look at")
    return not bad

"""What a place may import at all, where a list of forbidden names would always be too short."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STANDARD = frozenset(sys.stdlib_module_names)
PURE = frozenset({"pydantic", "pydantic_core", "dateutil", "orjson"})
OURS = ("shared", "services", "deploy")


def imported(source: str) -> Iterator[str]:
    """Every module named in an import, wherever it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def objection(path: str, module: str) -> str:
    """Why the file may not import the module; empty when it may."""
    top = module.split(".", 1)[0]
    foreign = top not in STANDARD and top not in OURS
    if path.startswith("shared/contracts/") and foreign and top not in {"pydantic", "pydantic_core"}:
        return "contracts know pydantic and the standard library only"
    if path.endswith("/rules.py") and foreign and top not in PURE:
        return "rules.py computes: no database, web, bus or client"
    if top in {"nats", "faststream"} and path.startswith(("shared/", "services/")):
        at_home = path == "shared/kit/bus.py" or path.startswith(
            ("shared/kit/events/", "shared/kit/testing/")
        )
        return "" if at_home else "only the bus and the event machinery know NATS"
    if module.startswith("shared.kit.testing") and not path.startswith(("shared/kit/testing/", "deploy/")):
        return "the product never imports the test servers"
    return ""


def objections(path: str, source: str) -> list[str]:
    return [f"{path}: {module}: {why}" for module in imported(source) if (why := objection(path, module))]


def test_every_file_imports_only_what_its_place_may() -> None:
    found = []
    for top in OURS:
        for file in sorted((ROOT / top).rglob("*.py")):
            found += objections(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
    assert found == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("shared/contracts/members.py", "import httpx"),
        ("shared/contracts/members.py", "from orjson import dumps"),
        ("shared/org/members/rules.py", "import asyncpg"),
        ("services/union/rules.py", "def f():\n    import httpx"),
        ("shared/kit/pagination.py", "import nats"),
        ("shared/org/home/pages.py", "from faststream.nats import NatsBroker"),
        ("shared/kit/staff/pages.py", "from shared.kit.testing import postgres"),
    ],
)
def test_a_planted_import_is_reported(path: str, line: str) -> None:
    assert len(objections(path, line)) == 1


def test_what_is_allowed_is_not_reported() -> None:
    assert objections("shared/contracts/x.py", "import datetime\nfrom pydantic import BaseModel") == []
    assert objections("shared/kit/events/pull.py", "import nats") == []

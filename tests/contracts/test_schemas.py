"""Payload schemas only grow within a version, and the stored snapshots are the code's."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.docs.schemas import schema_files
from shared.contracts.event import CATALOGUE, Event
from shared.kit.web.i18n import HAN, translations
from tests.contracts.growth import breaks

FOLDER = Path(__file__).parents[2] / "shared/contracts/schemas"


def released() -> dict[str, dict[str, Any]]:
    """The snapshots of the last release (tag v*), or of the first commit that had them when there is none."""
    root = FOLDER.parents[2]
    tag = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", "--match", "v*"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if tag.returncode != 0:
        return {p.name: json.loads(p.read_text()) for p in FOLDER.glob("*.json")}
    names = subprocess.run(
        ["git", "ls-tree", "--name-only", tag.stdout.strip(), "shared/contracts/schemas/"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return {Path(name).name: _released_file(root, tag.stdout.strip(), name) for name in names.stdout.split()}


def _released_file(root: Path, tag: str, name: str) -> dict[str, Any]:
    command = ["git", "show", f"{tag}:{name}"]
    shown = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    schema: dict[str, Any] = json.loads(shown.stdout)
    return schema


def test_snapshots_are_fresh() -> None:
    stored = {p.name: p.read_text(encoding="utf-8") for p in FOLDER.glob("*.json")}
    assert stored == schema_files()
    assert stored


def test_nothing_released_was_broken() -> None:
    now = {name: json.loads(text) for name, text in schema_files().items()}
    old = released()
    assert old
    assert {
        name: breaks(schema, now[name]) for name, schema in old.items() if breaks(schema, now[name])
    } == {}


BASE: dict[str, Any] = {
    "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
    "required": ["a"],
    "$defs": {"T": {"properties": {"x": {"type": "string"}}, "required": []}},
}


def changed(**changes: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(BASE))
    copy.update(changes)
    return copy


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (changed(properties={"a": {"type": "string"}}), "b: removed"),
        (changed(properties={"a": {"type": "integer"}, "b": {"type": "integer"}}), "a: changed"),
        (changed(required=["a", "b"]), "b: newly required"),
        (changed(**{"$defs": {"T": {"properties": {}, "required": []}}}), "T.x: removed"),
    ],
)
def test_the_comparison_bites(new: dict[str, Any], said: str) -> None:
    assert said in breaks(BASE, new)


def test_an_optional_addition_is_allowed() -> None:
    grown = changed(properties=BASE["properties"] | {"c": {"type": "string", "default": None}})
    assert breaks(BASE, grown) == []


def test_every_type_is_aggregate_fact_version() -> None:
    assert all(len(t.split(".")) == 3 and t.split(".")[2].startswith("v") for t in CATALOGUE)
    assert "member.admitted.v1" in CATALOGUE


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_kind_is_told_in_plain_words_of_its_own(kind: type[Event]) -> None:
    """The ledger shows them to staff: a new kind brings its name and its sentence, in both languages."""
    english = translations("en")
    for said in (kind.title, kind.says):
        assert HAN.search(said)
        assert not re.search(r"[a-z_]{3,}", said), "no code"
        translated = english.gettext(said)
        assert translated != said, "no English"
        assert not HAN.search(translated)
    assert len(kind.says) > len(kind.title)
    assert [other.type for other in CATALOGUE.values() if other.says == kind.says] == [kind.type]

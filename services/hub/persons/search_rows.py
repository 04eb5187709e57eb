"""Writing what persons are found by: rows that differ, whole batches by one statement a table."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.db import as_json
from services.hub.persons.people import Derived
from services.hub.persons.upserts import given, upsert

_FILTERS = "active integer, past integer, district text, standing text, scopes bigint"
_PERSON = (
    f"id uuid, name text, name_key text, spoken text, {_FILTERS}, standing_title text, sex text,"
    " birth_year smallint, phone_mask text, identity_mask text, unit text, role text, size smallint"
)
_NAME = (
    "person_id uuid, name_key text, pinyin text, initials text, plain boolean, several boolean, given text,"
    f" {_FILTERS}"
)
_TAIL = f"person_id uuid, tail text, name_key text, {_FILTERS}"
_SAVE_PERSONS = text(upsert("person", _PERSON, ["id"]))
_SAVE_NAMES = text(upsert("person_name", _NAME, ["person_id", "name_key", "pinyin"]))
_SAVE_TAILS = text(upsert("person_tail", _TAIL, ["person_id", "tail"]))
_DROP_PERSONS = text("delete from person where id = any(:ids)")
_DROP_NAMES = text(
    "delete from person_name where person_id = any(:ids) and (person_id, name_key, pinyin) not in"
    f" (select person_id, name_key, pinyin from {given('person_id uuid, name_key text, pinyin text')})"
)
_DROP_TAILS = text(
    "delete from person_tail where person_id = any(:ids) and (person_id, tail) not in"
    f" (select person_id, tail from {given('person_id uuid, tail text')})"
)


async def save_people(
    session: AsyncSession, derived: Sequence[Derived], known: Iterable[UUID], gone: Iterable[UUID]
) -> None:
    """Write search rows where they differ; `known` persons may have some to drop, `gone` are no more."""
    gone = list(gone)
    every = {*known, *gone}
    names = [n for d in derived for n in d.names]
    tails = [t for d in derived for t in d.tails]
    if gone:
        await session.execute(_DROP_PERSONS, {"ids": gone})
    if every:
        ids = {"ids": list(every)}
        await session.execute(_DROP_NAMES, ids | _rows(n for n in names if n["person_id"] in every))
        await session.execute(_DROP_TAILS, ids | _rows(t for t in tails if t["person_id"] in every))
    if derived:
        await session.execute(_SAVE_PERSONS, _rows(d.person for d in derived))
        await session.execute(_SAVE_NAMES, _rows(names))
        await session.execute(_SAVE_TAILS, _rows(tails))


def _rows(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"rows": as_json(rows)}

"""Writing what persons are found by: rows that differ, a whole batch by one statement."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.db import as_json, one_as_json
from services.hub.persons.people import Derived
from services.hub.persons.upserts import columns_of, given, upsert

_FILTERS = ("active", "past", "district", "standing", "scopes")
_PERSON = (
    "id uuid, name text, name_key text, spoken text, active integer, past integer, district text,"
    " standing text, scopes bigint, standing_title text, sex text, birth_year smallint, phone_mask text,"
    " identity_mask text, unit text, role text, size smallint"
)
_NAMES = {"name_key": "text", "pinyin": "text", "initials": "text", "plain": "boolean", "given": "text"}
"""Of each reading; the rest of its row is the person's."""
_READINGS = ", ".join(f"{column}s {kind}[]" for column, kind in _NAMES.items())
_OF_PERSON = ", ".join(f"x.{column}" for column in _FILTERS)
_PERSONS = f"select {', '.join(columns_of(_PERSON))} from x"
_EACH_NAME = (
    f"select x.id, {', '.join(f'n.{column}' for column in _NAMES)}, cardinality(x.pinyins) > 1, {_OF_PERSON}"
    f" from x cross join unnest({', '.join(f'x.{column}s' for column in _NAMES)}) n({', '.join(_NAMES)})"
)
_EACH_TAIL = f"select x.id, t.tail, x.name_key, {_OF_PERSON} from x cross join unnest(x.tails) t(tail)"
_NAME_KEY, _TAIL_KEY = ["person_id", "name_key", "pinyin"], ["person_id", "tail"]
_SAVE = text(
    f"with x as materialized (select * from {given(f'{_PERSON}, {_READINGS}, tails text[]')}),"
    f" p as ({upsert('person', columns_of(_PERSON), ['id'], _PERSONS)}),"
    f" n as ({upsert('person_name', ['person_id', *_NAMES, 'several', *_FILTERS], _NAME_KEY, _EACH_NAME)}) "
    + upsert("person_tail", [*_TAIL_KEY, "name_key", *_FILTERS], _TAIL_KEY, _EACH_TAIL)
)
"""A person with everything it is found by is read once and written into three tables."""
_DROP_PERSONS = text("delete from person where id = any(:ids)")
_DROP_NAMES = text(
    "delete from person_name where person_id = any(:ids) and (person_id, name_key, pinyin) not in"
    f" (select person_id, name_key, pinyin from {given('person_id uuid, name_key text, pinyin text')})"
)
_DROP_TAILS = text(
    "delete from person_tail where person_id = any(:ids) and (person_id, tail) not in"
    f" (select person_id, tail from {given('person_id uuid, tail text')})"
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A person with its row as JSON: made while the database is busy with something else."""

    derived: Derived
    text: orjson.Fragment


def prepared(derived: Derived) -> Prepared:
    """Ready for `save_people`."""
    row = derived.person | {f"{column}s": [name[column] for name in derived.names] for column in _NAMES}
    row["tails"] = [tail["tail"] for tail in derived.tails]
    return Prepared(derived, one_as_json(row))


async def save_people(
    session: AsyncSession, people: Sequence[Prepared], known: Iterable[UUID], gone: Iterable[UUID]
) -> None:
    """Write search rows where they differ; `known` persons may have some to drop, `gone` are no more."""
    gone = list(gone)
    every = {*known, *gone}
    if gone:
        await session.execute(_DROP_PERSONS, {"ids": gone})
    if every:
        kept = [p.derived for p in people if p.derived.person["id"] in every]
        ids = {"ids": list(every)}
        await session.execute(_DROP_NAMES, ids | {"rows": as_json([n for d in kept for n in d.names])})
        await session.execute(_DROP_TAILS, ids | {"rows": as_json([t for d in kept for t in d.tails])})
    if people:
        await session.execute(_SAVE, {"rows": as_json([p.text for p in people])})

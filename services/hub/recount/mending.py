"""Putting rows right: what is stored gives way to the owner's newest word, whatever its version says."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.persons import linking, store
from services.hub.persons.incoming import Row as Wanted
from services.hub.persons.incoming import newest
from services.hub.recount import digests
from shared.contracts.digests import digest
from shared.contracts.event import Received
from shared.contracts.members import MemberState, MemberWithdrawn
from shared.kit.db import Database
from shared.kit.events.effects import reason, transient

_STORED = text(
    "select id, org, member_id, version, withdrawn, name, former_names, standing, sex, birth_year, district,"
    " identity, phone, card, name_birth_phone, birth_phone_sex, name_birth_sex, unit_id, shown, told_at"
    " from affiliation where id = any(:ids)"
)
_EMPTIED = ", ".join(
    f"{c} = null"
    for c in ("name", "standing", "sex", "birth_year", "district", "phone", "card", "unit_id", "shown",
              *store.LINKING_TOKENS)
)  # fmt: skip
_EMPTY = text(
    f"update affiliation set withdrawn = true, former_names = '{{}}', {_EMPTIED} where id = any(:ids)"
)
_DROP = text("delete from affiliation where id = any(:ids)")


@dataclass(frozen=True, slots=True)
class Found:
    """One difference; `fields` names what differed."""

    key: UUID
    kind: str
    what: str
    fields: tuple[str, ...] = ()
    problem: str | None = None


async def mend(
    database: Database, words: Sequence[Received], suspects: Mapping[UUID, int | None]
) -> list[Found]:
    """Compare and put right these affiliations, each as of the version it was suspected at (None: missing).

    A row that has another version by now was changed by an event meanwhile, and is left to that.
    """
    try:
        async with database.transaction() as session:
            return await _mend(session, words, suspects)
    except Exception as error:
        if transient(error):
            raise
        if len(suspects) == 1:
            (key,) = suspects
            return [Found(key, "members", "differs", problem=reason(error))]
    out: list[Found] = []
    for key, version in suspects.items():  # one of them cannot be applied: the others can
        out += await mend(database, [w for w in words if _id(w) == key], {key: version})
    return out


def _id(word: Received) -> UUID:
    (row,) = newest([word])
    return UUID(str(row["id"]))


async def _mend(
    session: AsyncSession, words: Sequence[Received], suspects: Mapping[UUID, int | None]
) -> list[Found]:
    await store.lock(session)
    here = await digests.of_ids(session, suspects)
    wanted = {row["id"]: row for row in newest(words)}
    numbers = {
        _id(w): digest(w.event, w.envelope.time)
        for w in words
        if isinstance(w.event, MemberState | MemberWithdrawn)
    }
    wrong = [
        id_
        for id_, version in suspects.items()
        if (here[id_].version if id_ in here else None) == version
        and _seen(here.get(id_)) != (_told(wanted[id_], numbers[id_]) if id_ in wanted else None)
    ]
    if not wrong:
        return []
    stored = {r["id"]: dict(r) for r in (await session.execute(_STORED, {"ids": wrong})).mappings()}
    await replace(session, [wanted[i] for i in wrong if i in wanted], wrong)
    return [_found(id_, stored.get(id_), wanted.get(id_)) for id_ in wrong]


def _seen(row: digests.Row | None) -> tuple[str, int] | None:
    return (row.org, row.digest) if row else None


def _told(row: Wanted, number: int) -> tuple[str, int]:
    """The digest says nothing of whose row it is: a row under another's name is wrong as well."""
    return str(row["org"]), number


async def replace(session: AsyncSession, rows: Sequence[Wanted], stale: Sequence[UUID]) -> None:
    """These rows stand instead of what is stored under `stale`; links and search rows follow."""
    before = await store.tokens_before(session, stale)
    told = {row["id"] for row in rows}
    gone = [id_ for id_ in stale if id_ not in told]
    await session.execute(_DROP, {"ids": [i for i in stale if i in told]})
    await session.execute(_EMPTY, {"ids": gone})
    if rows:
        await store.save_affiliations(session, rows)
    await linking.relink(session, stale, stale, (token for had in before.values() for token in had))
    await session.execute(_DROP, {"ids": gone})


def _found(id_: UUID, stored: Mapping[str, Any] | None, wanted: Wanted | None) -> Found:
    if stored is None:
        return Found(id_, "members", "missing")
    if wanted is None:
        return Found(id_, "members", "surplus")
    return Found(id_, "members", "differs", tuple(_differing(stored, wanted)))


def _differing(stored: Mapping[str, Any], wanted: Wanted) -> Iterable[str]:
    for name, value in stored.items():
        if name == "shown" and value and wanted.get("shown"):
            told = wanted["shown"]
            yield from sorted(k for k in {*value, *told} if value.get(k) != told.get(k))
        elif _plain(value) != _plain(wanted.get(name)):
            yield name


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return list(value) if isinstance(value, list | tuple) else value

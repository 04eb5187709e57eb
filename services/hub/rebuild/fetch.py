"""Reading the owners' whole state into the shadow, page by page, and later what they told meanwhile."""

# ruff: noqa: S608 - statements are put together from constants; values are parameters

import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.directory.service import apply_announcements, apply_units
from services.hub.persons import linking, store
from services.hub.persons.incoming import Row, affiliation_id, newest
from services.hub.rebuild.derive import copy
from services.hub.rebuild.shadow import SHADOW, look_here
from services.hub.recount import asking
from services.hub.recount.models import RebuildRun
from shared.contracts.event import Received
from shared.contracts.members import MemberState, MemberWithdrawn
from shared.contracts.recounts import Kind
from shared.contracts.units import UnitChanged
from shared.kit.bus import BusAway
from shared.kit.clock import now
from shared.kit.context import Kit
from shared.kit.events import gaps
from shared.kit.events.effects import transient
from shared.kit.events.gaps import Gap
from shared.kit.together import together

PATIENCE = 60.0
PART = 2000
PEOPLE = 1000
COLUMNS = (
    "id", "org", "member_id", "version", "withdrawn", "name", "former_names", "standing", "sex", "birth_year",
    "district", *store.LINKING_TOKENS, "phone", "card", "unit_id", "shown", "told_at",
)  # fmt: skip
_NOTHING: Row = dict.fromkeys(COLUMNS)
_in_order = itemgetter(*COLUMNS)
_CURSOR = text(
    "update rebuild_run set cursors = jsonb_set(cursors, cast(:path as text[]), cast(:value as jsonb), true),"
    " done = done + :more, moved_at = now() where id = :id"
)
_NEW_HOMES = text(
    "insert into public.belonging (affiliation_id) select unnest(cast(:ids as uuid[])) on conflict do nothing"
)
_KNOWN_HOMES = text(
    f"insert into {SHADOW}.belonging (affiliation_id, home) select affiliation_id, home"
    " from public.belonging where affiliation_id = any(:ids) on conflict do nothing"
)
_IN_UNITS = text(
    "select distinct b.person_id from affiliation f join belonging b on b.affiliation_id = f.id"
    " where f.org = :org and f.unit_id = any(:units) and b.person_id is not null"
)
Say = Callable[[int], None]


async def cursor(session: AsyncSession, run: int, path: Sequence[str], value: Any, more: int = 0) -> None:
    """Note how far it came, in the transaction of what was read."""
    values = {"id": run, "path": list(path), "value": orjson.dumps(value).decode(), "more": more}
    await session.execute(_CURSOR, values)


async def everything(kit: Kit, run: int, orgs: Sequence[str], say: Say) -> None:
    """Units and members of all owners at once; what an earlier, killed run read is not asked for again."""
    heads = [await _head(kit, run, org) for org in orgs]
    async with kit.database.transaction() as session:
        total = sum(head["members"] + head["units"] for head in heads)
        await session.execute(update(RebuildRun).where(RebuildRun.id == run).values(total=total))
    kinds: tuple[Kind, ...] = ("units", "members")
    await together(*(_all(kit, run, org, kind, say) for org in orgs for kind in kinds))


async def _head(kit: Kit, run: int, org: str) -> dict[str, Any]:
    """Where the owner's events stood before anything was read, as noted the first time."""
    async with kit.database.transaction() as session:
        known = (await session.get_one(RebuildRun, run)).cursors.get(org)
    if known:
        return dict(known)
    head = await asking.head(kit.bus, org)
    noted = {"members": head.members, "units": head.units, "newest": head.newest}
    async with kit.database.transaction() as session:
        await apply_announcements(session, asking.received(org, [head.announced]))
        await cursor(session, run, [org], noted)
    return noted


async def _all(kit: Kit, run: int, org: str, kind: Kind, say: Say) -> None:
    async with kit.database.transaction() as session:
        state = (await session.get_one(RebuildRun, run)).cursors[org].get(f"read_{kind}", {})
    if state.get("all"):
        return
    after = UUID(state["after"]) if state.get("after") else None
    async with aclosing(asking.pages(kit.bus, org, kind, after)) as pages:
        async for words, following in pages:
            async with kit.database.transaction() as session:
                await look_here(session)
                await (_members(session, words) if kind == "members" else _units(session, words))
                reached = {"after": following and str(following), "all": following is None}
                await cursor(session, run, [org, f"read_{kind}"], reached, len(words))
            say(len(words))


async def _members(session: AsyncSession, words: Sequence[Received]) -> None:
    await copy(await session.connection(), "affiliation", COLUMNS, map(_values, newest(words)))


def _values(row: Row) -> tuple[Any, ...]:
    shown = row.get("shown")
    values: tuple[Any, ...] = _in_order(
        _NOTHING | row | {"shown": None if shown is None else orjson.dumps(shown).decode()}
    )
    return values


async def _units(session: AsyncSession, words: Sequence[Received]) -> None:
    columns = ("org", *UnitChanged.model_fields)
    rows = [(w.envelope.source, *(getattr(w.event, c) for c in UnitChanged.model_fields)) for w in words]
    await copy(
        await session.connection(),
        "unit",
        columns,
        ([list(v) if isinstance(v, tuple) else v for v in r] for r in rows),
    )


# --- what was told meanwhile -------------------------------------------------------------


async def catch_up(kit: Kit, run: int, orgs: Sequence[str]) -> int:
    """Apply to the shadow what owners told since; each part is one transaction. How many events."""
    done = 0
    for org in orgs:
        while events := await _next(kit, run, org):
            async with kit.database.transaction() as session:
                await apply(session, run, org, events)
            done += len(events)
    return done


async def the_rest(kit: Kit, session: AsyncSession, run: int, orgs: Sequence[str]) -> None:
    """The same in the caller's transaction, which holds the projection still."""
    for org in orgs:
        events = await _next(kit, run, org, session)
        while events:
            await apply(session, run, org, events)
            events = await _next(kit, run, org, session)


async def _next(kit: Kit, run: int, org: str, session: AsyncSession | None = None) -> list[Received]:
    """The owner's next events after the cursor, from its log."""
    if session is None:
        async with kit.database.transaction() as own:
            return await _next(kit, run, org, own)
    at = await session.scalar(
        select(RebuildRun.cursors[org]["newest"].as_integer()).where(RebuildRun.id == run)
    )
    assert at is not None
    head = await gaps.newest(kit.bus, org)
    if head <= at:
        return []
    wanted = Gap((org, ""), at + 1, min(head, at + PART))
    fetched, left = await gaps.fetch(kit.bus, wanted, time.monotonic() + PATIENCE)
    if left:
        raise BusAway("所属组织没有给出需要的消息", org=org, why=left[0][1])
    return [item.received(now()) for item in fetched if item.event is not None]


async def apply(session: AsyncSession, run: int, org: str, events: Sequence[Received]) -> None:
    """Newest version wins, as always; what cannot be applied is in quarantine at the hub as well."""
    await look_here(session)
    await store.lock(session)
    members = [e for e in events if isinstance(e.event, MemberState | MemberWithdrawn)]
    ids = [affiliation_id(org, e.event.member_id) for e in members]  # type: ignore[attr-defined]
    for statement in (_NEW_HOMES, _KNOWN_HOMES):  # the hub in use gives homes, for both
        await session.execute(statement, {"ids": ids})
    units = [e for e in events if isinstance(e.event, UnitChanged)]
    if units:
        await _follow(session, org, await apply_units(session, units))
    try:
        async with session.begin_nested():
            await linking.apply(session, members)
    except Exception as error:
        if transient(error):
            raise
        await _each(session, members)
    await cursor(session, run, [org, "newest"], max(e.envelope.sequence for e in events))


async def _each(session: AsyncSession, members: Sequence[Received]) -> None:
    for one in members:
        try:
            async with session.begin_nested():
                await linking.apply(session, [one])
        except Exception as error:
            if transient(error):
                raise


async def _follow(session: AsyncSession, org: str, changed: Sequence[tuple[str, UUID]]) -> None:
    people = list(await session.scalars(_IN_UNITS, {"org": org, "units": [unit for _, unit in changed]}))
    for start in range(0, len(people), PEOPLE):
        await linking.describe_again(session, people[start : start + PEOPLE])

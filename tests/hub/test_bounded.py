"""Resolving one affiliation is bounded: what is counted is statements and rows, in a database full of storms."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import md5
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text

from services.hub.persons import linking, rules, service
from services.hub.persons.incoming import affiliation_id
from shared.contracts.event import Event
from shared.contracts.members import MemberAdmitted, Tokens
from shared.kit.errors import Refused
from tests.fixtures.databases import FreshDatabases
from tests.hub.conftest import Hub, open_hub
from tests.hub.linked import STEWARD, people
from tests.hub.telling import changed, received, state, token, withdrawn

OFFICE, CHAIN = 100_000, 2_000
STATEMENTS, ROWS, TOUCHED = 120, 1_000, 6_000
"""What one apply may send, get back and make the server read: far below the size of any storm here."""

_INTO = (
    "insert into affiliation (id, org, member_id, version, withdrawn, name, former_names, standing, sex, shown,"
    " told_at, identity, name_birth_phone, birth_phone_sex, name_birth_sex)"
    " select md5('{kind}' || i)::uuid, 'alpha', md5('{kind}' || i)::uuid, 1, false, '张伟', '{{}}', 'active', 'f',"
    ' \'{{"standing_title": "正常", "kind_title": "会员", "counted": true, "post": null, "unit_names": ["某某公司"],'
    ' "phone_mask": null, "identity_mask": null, "phone_last4": null, "identity_last4": null}}\', now(),'
    " {tokens} from generate_series(1, :size) i"
)
_HOMES = (
    "insert into belonging (affiliation_id, home, person_id) select id, id, id from affiliation"
    " on conflict do nothing"
)
_EVERY = "md5('{kind}-{token}')::uuid"
_NEXT = "md5('{kind}-{token}' || (i + {shift}) / 2)::uuid"
"""Neighbours share it: with shift 0 the even one with the odd one after it, with 1 the other way round."""


def _storm(kind: str, **tokens: str) -> str:
    columns = (*rules.JOINING_TOKENS, *rules.ASKING_TOKENS)
    filled = (tokens.get(c, "null").format(kind=kind, token=c) for c in columns)
    return _INTO.format(kind=kind, tokens=", ".join(filled))


STORMS = {
    # everybody of an office without a number, with one telephone and one made-up birthday
    "office": (OFFICE, dict.fromkeys((*rules.ASKING_TOKENS, "name_birth_phone"), _EVERY)),
    # each hangs together with the next by name, birth and phone, and that one with the next by number
    "chain": (CHAIN, {"name_birth_phone": _NEXT.replace("{shift}", "0"), "identity": _NEXT.replace("{shift}", "1")}),
    # the same with the tokens that only ask
    "asking": (CHAIN, {"name_birth_sex": _NEXT.replace("{shift}", "0"), "birth_phone_sex": _NEXT.replace("{shift}", "1")}),
    "verdicts": (CHAIN, {}),
}  # fmt: skip


@pytest.fixture(scope="module")
async def stormy(databases: FreshDatabases) -> AsyncIterator[Hub]:
    async with open_hub(databases, new=True) as hub:
        async with hub.database.transaction() as session:
            for kind, (size, tokens) in STORMS.items():
                await session.execute(text(_storm(kind, **tokens)), {"size": size})
            await session.execute(text(_HOMES))
            await session.execute(
                text(
                    "insert into verdict (a, b, says, reason, by_id, by_name)"
                    " select least(x, y), greatest(x, y), 'same', '核实', gen_random_uuid(), '某人' from (select"
                    " md5('verdicts' || i)::uuid x, md5('verdicts' || i + 1)::uuid y from generate_series(1, :n) i)"
                ),
                {"n": CHAIN - 1},
            )
            await session.execute(
                text("update belonging set person_id = md5('verdicts1')::uuid where affiliation_id in"
                     " (select md5('verdicts' || i)::uuid from generate_series(1, :n) i)"), {"n": 50}
            )  # fmt: skip
            await session.execute(text("analyze"))
        yield hub


@dataclass
class Work:
    """What one transaction cost."""

    sent: list[str] = field(default_factory=list)
    rows: int = 0
    touched: int = 0


_TOUCHED = text(
    "select sum(coalesce(idx_tup_fetch, 0) + seq_tup_read)::bigint from pg_stat_xact_user_tables"
    " where relname in ('affiliation', 'belonging', 'verdict', 'edge', 'person', 'person_name')"
)


async def worked(hub: Hub, *events: Event, pair: tuple[UUID, UUID] | None = None) -> Work:
    """Apply the events (or judge the pair anew) in one transaction and count."""
    work = Work()

    def note(_c: Any, cursor: Any, statement: str, *_: Any) -> None:
        work.sent.append(statement)
        work.rows += max(cursor.rowcount, 0)

    async with hub.database.transaction() as session:
        # a table that is small yet may be read whole, as the other tests and an analyze have left it: none of it
        await session.execute(text("set local enable_seqscan = off"))
        before = int(await session.scalar(_TOUCHED) or 0)  # the server may still owe those of the last one
        engine = session.sync_session.get_bind()
        event.listen(engine, "after_cursor_execute", note)
        try:
            if pair:
                await linking.relink(session, pair)
            else:
                await linking.apply(session, [received("beta", e, i + 1) for i, e in enumerate(events)])
        finally:
            event.remove(engine, "after_cursor_execute", note)
        work.touched = int(await session.scalar(_TOUCHED) or 0) - before
    return work


def within(work: Work, times: int = 1) -> bool:
    return len(work.sent) <= STATEMENTS and work.rows <= times * ROWS and work.touched <= times * TOUCHED


def sharing(kind: str, number: int | None = None) -> MemberAdmitted:
    """Somebody new who shares the tokens of a record of that storm."""
    arriving = state("张伟")
    wanted = {
        name: UUID(hex=_md5(form.format(kind=kind, token=name).split("'")[1] + _half(form, number)))
        for name, form in STORMS[kind][1].items()
    }
    return arriving.model_copy(update={"tokens": Tokens(**wanted)})


def _md5(text_: str) -> str:
    return md5(text_.encode(), usedforsecurity=False).hexdigest()


def _half(form: str, number: int | None) -> str:
    return "" if number is None else str((number + (" + 1)" in form)) // 2)


async def test_a_quiet_arrival_is_the_yardstick(stormy: Hub) -> None:
    first = state("李娜", identity="quiet")
    await worked(stormy, first)
    work = await worked(stormy, state("李娜", identity="quiet", birth="1990-01-01", phone="12000000001"))
    assert len(work.sent) <= 25
    assert work.rows <= 25
    assert work.touched <= 100


@pytest.mark.parametrize("kind", ["office", "chain", "asking"])
async def test_an_arrival_in_a_storm_is_bounded(stormy: Hub, kind: str) -> None:
    arriving = sharing(kind, None if kind == "office" else CHAIN // 2)
    work = await worked(stormy, arriving)
    assert within(work), (len(work.sent), work.rows, work.touched)
    async with stormy.database.transaction() as session:
        [own] = await session.execute(
            text("select person_id = home alone from belonging where affiliation_id = :id"),
            {"id": affiliation_id("beta", arriving.member_id)},
        )
    assert own.alone or kind == "chain"  # in the chain it may go by its number, and by that only
    if kind == "chain":
        async with stormy.database.transaction() as session:
            joined = await session.scalar(
                text("select max(n) from (select count(*) n from belonging b join affiliation f"
                     " on f.id = b.affiliation_id where f.identity is not null group by b.person_id) x")
            )  # fmt: skip
        assert joined <= 3


async def test_leaving_and_changing_in_a_storm_is_bounded(stormy: Hub) -> None:
    arriving = sharing("office")
    await worked(stormy, arriving)
    assert within(await worked(stormy, changed(arriving, post="委员")))
    assert within(await worked(stormy, withdrawn(arriving)))


async def test_a_batch_in_a_storm_grows_with_the_batch_only(stormy: Hub) -> None:
    work = await worked(stormy, *(sharing("asking", 2 * n + 100) for n in range(20)))
    assert within(work, 4), (len(work.sent), work.rows, work.touched)
    office = [sharing("office") for _ in range(60)]
    again = await worked(stormy, *office)
    assert within(again, 4), (len(again.sent), again.rows, again.touched)
    async with stormy.database.transaction() as session:  # sixty with one telephone are not one person
        newcomers = text(
            "select count(*) from belonging b join affiliation f on f.id = b.affiliation_id"
            " where f.org = 'beta' and f.name_birth_phone = :office and b.person_id <> b.home"
        )
        shared = office[0].tokens.name_birth_phone
        assert await session.scalar(newcomers, {"office": shared}) == 0


async def test_a_chain_of_verdicts_is_bounded(stormy: Hub) -> None:
    middle = [UUID(hex=_md5(f"verdicts{n}")) for n in (25, 26)]
    work = await worked(stormy, pair=rules.ordered(*middle))
    assert within(work, 2), (len(work.sent), work.rows, work.touched)


async def test_staff_cannot_chain_records_without_end(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LARGEST_COMPONENT", 5)
    records = [state("张伟") for _ in range(7)]
    await hub.tell("alpha", *records)
    ids = [affiliation_id("alpha", r.member_id) for r in records]
    for one, other in pairwise(ids[:5]):
        async with hub.database.transaction() as session:
            await service.decide(session, (one, other), "same", "核实", STEWARD)
    with pytest.raises(Refused, match="不能确认为同一人"):
        async with hub.database.transaction() as session:
            await service.decide(session, (ids[4], ids[5]), "same", "核实", STEWARD)
    assert sorted(map(len, (await groups_of(hub)).values())) == [1, 1, 5]


async def groups_of(hub: Hub) -> dict[UUID, list[UUID]]:
    out: dict[UUID, list[UUID]] = {}
    async with hub.database.transaction() as session:
        for r in await session.execute(text("select affiliation_id id, person_id p from belonging")):
            out.setdefault(r.p, []).append(r.id)
    return out


async def edges(hub: Hub) -> set[tuple[Any, ...]]:
    async with hub.database.transaction() as session:
        rows = await session.execute(text("select a, b, rule, state from edge where revoked_at is null"))
        return {tuple(r) for r in rows}


@pytest.mark.parametrize("joining", [True, False])
@pytest.mark.parametrize("batches", [[1] * 40, [20, 20], [40], [31, 9], [5, 35]])
async def test_a_token_becomes_common_however_its_records_arrive(
    databases: FreshDatabases, joining: bool, batches: list[int]
) -> None:
    """Forty that share a token: no link, no candidate; and when ten leave again, what thirty make."""
    size = sum(batches)
    orgs = ["alpha", "beta"]
    some: dict[str, Any] = {"identity": "1"} if joining else {"birth": "1990-01-01"}
    records = [(orgs[n % 2], state("张伟", member=UUID(int=n + 1), **some)) for n in range(size)]
    async with open_hub(databases) as hub:
        start = 0
        for batch in batches:
            part = records[start : start + batch]
            for org in orgs:
                if mine := [r for o, r in part if o == org]:
                    await hub.tell(org, *mine)
            start += batch
        assert await edges(hub) == set()
        assert len(await groups_of(hub)) == size
        for org in orgs:
            await hub.tell(org, *(withdrawn(r) for o, r in records[:10] if o == org))
        left = await edges(hub)
        assert len(left) == (30 * 29 // 2 if joining else 15 * 15)
        assert {e[3] for e in left} == {"linked" if joining else "candidate"}
        assert len(await people(hub)) == (1 if joining else 30)


async def test_a_crowd_goes_by_numbers_only_and_is_one_person_again_when_it_shrinks(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three share a number, each has a name, birth and phone that two more have: nine that contradict nobody."""
    monkeypatch.setattr(rules, "LARGEST_COMPONENT", 8)
    records = [
        state("张伟").model_copy(
            update={
                "tokens": Tokens(identity=token("i") if n < 3 else None, name_birth_phone=token(f"n{n % 3}"))
            }
        )
        for n in range(9)
    ]
    for record in records[:8]:
        await hub.tell("alpha", record)
    assert [len(g) for g in (await groups_of(hub)).values()] == [8]
    await hub.tell("alpha", records[8])
    groups = sorted(map(len, (await groups_of(hub)).values()))
    assert groups == [1, 1, 1, 1, 1, 1, 3]
    assert {e[3] for e in await edges(hub) if e[2] == "R2"} == {"candidate"}
    await hub.tell("alpha", withdrawn(records[4]))
    assert sorted(len(g) for p, g in (await groups_of(hub)).items() if p) == [8]

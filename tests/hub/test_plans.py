"""Every kind of query walks its index in the order of results; QUNTUAN_PLAN_PEOPLE says over how many persons."""

import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from sqlalchemy import NullPool, event, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from deploy.bench.replay import Noted
from services.hub.lookup import plans as lookup_plans
from services.hub.lookup import search, totals
from services.hub.lookup.narrowing import Filters, Scope
from services.hub.lookup.rules import Kind, classify
from services.hub.lookup.schemas import Accuracy, Total
from services.hub.persons import search_rows, store, units
from tests.fixtures.databases import FreshDatabases

PEOPLE = int(os.environ.get("QUNTUAN_PLAN_PEOPLE", "40000"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SYLLABLES = [
    "wang",
    "zhang",
    "li",
    "liu",
    "chen",
    "yang",
    "zhao",
    "huang",
    "zhou",
    "wu",
    "xu",
    "sun",
    "hu",
    "zhu",
    "gao",
    "lin",
    "he",
    "guo",
    "ma",
    "luo",
    "wei",
    "ming",
    "hua",
    "jun",
    "jie",
    "na",
    "min",
    "jing",
    "li",
    "qiang",
    "lei",
]

# characters stand in for syllables one to one, so that keys sort as real ones do
FILL = """
create temp table s as select ord, syllable, chr(20000 + ord::int * 37) han
  from unnest(cast(:syllables as text[])) with ordinality u(syllable, ord);
"""
ROWS = """
create temp table g as select uuidv7() id, uuidv7() affiliation, i,
  a.han || b.han || case when i % 3 > 0 then c.han else '' end name,
  a.syllable || b.syllable || case when i % 3 > 0 then c.syllable else '' end pinyin,
  left(a.syllable, 1) || left(b.syllable, 1) || case when i % 3 > 0 then left(c.syllable, 1) else '' end initials,
  case i % 5 when 0 then 3 else 1 end active, (i % 20)::text || '区' district
  from generate_series(1, :people) i
  join s a on a.ord = 1 + (hashint4(i) & 1023) % 20
  join s b on b.ord = 1 + (hashint4(i + 7) & 1023) % 31
  join s c on c.ord = 1 + (hashint4(i + 99) & 1023) % 31
"""
TABLES = (
    (
        "insert into person (id, name, name_key, spoken, active, past, district, standing, standing_title, sex, birth_year, phone_mask,"
        " identity_mask, unit, role, size) select id, name, name, '', active, 0, district, 'active', '', 'f', 1990, null, null, '', '', 1 from g"
    ),
    (
        "insert into person_name (person_id, name_key, pinyin, initials, plain, several, active, past, district, standing, given)"
        " select id, name, pinyin, initials, true, false, active, 0, district, 'active', substr(name, 2) from g"
    ),
    "insert into person_tail (person_id, tail, name_key, active, past, district, standing) select id, lpad((i % 10000)::text, 4, '0'), name, active, 0, district, 'active' from g",
    (
        "insert into affiliation (id, org, member_id, version, withdrawn, name, former_names, standing, identity, phone, card,"
        " name_birth_phone, birth_phone_sex, name_birth_sex, told_at)"
        " select affiliation, 'alpha', affiliation, 1, false, name, '{}', 'active', uuidv7(), uuidv7(), uuidv7(), uuidv7(),"
        " uuidv7(), uuidv7(), now() from g"
    ),
    "insert into belonging (affiliation_id, home, person_id) select affiliation, id, id from g",
    (
        "insert into edge (a, b, rule, state) select least(x.affiliation, y.affiliation), greatest(x.affiliation, y.affiliation),"
        " 'R1', 'linked' from g x join g y on y.i = x.i + 1 where x.i % 3 = 0"
    ),
)
LEFT_BEHIND = text("select count(*) from pg_class where relname = 'person_name' and relallvisible < relpages")


@pytest.fixture(scope="module")
async def many(databases: FreshDatabases) -> AsyncIterator[AsyncSession]:
    urls = await databases.fresh("hub")
    engine = create_async_engine(urls.owner, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text(FILL), {"syllables": SYLLABLES})
        await connection.execute(text(ROWS), {"people": PEOPLE})
        for statement in TABLES:
            await connection.execute(text(statement))
    async with engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("vacuum analyze"))
        # one that meets an autovacuum at work leaves pages behind, and plans by another price
        while await alone.scalar(LEFT_BEHIND):
            await alone.execute(text("vacuum"))
    async with AsyncSession(engine) as session:
        yield session
    await engine.dispose()
    await databases.drop(urls)


@asynccontextmanager
async def statements(session: AsyncSession) -> AsyncIterator[list[str]]:
    """What is sent to the server meanwhile."""
    sent, noted = list[str](), Noted()
    engine = session.sync_session.get_bind()
    await session.execute(text("select 1"))  # the transaction has begun: what follows is what is asked for
    event.listen(engine, "before_cursor_execute", noted.note)
    with noted.watching():
        yield sent
    event.remove(engine, "before_cursor_execute", noted.note)
    sent += [statement for statement, _ in noted.sent if statement != "select 1"]


async def plans(session: AsyncSession, sent: list[str]) -> str:
    """The plans that do not depend on the values: what a prepared statement may fall back to."""
    out = []
    connection = await session.connection()
    await connection.exec_driver_sql("set plan_cache_mode = force_generic_plan")
    for statement in list(sent):
        arguments = ", ".join(["null"] * max(map(int, re.findall(r"\$(\d+)", statement)), default=0))
        await connection.exec_driver_sql(f"prepare one as {statement}")
        called = f"one({arguments})" if arguments else "one"
        shown = await connection.exec_driver_sql(f"explain execute {called}")
        out.append("\n".join(shown.scalars()))
        await connection.exec_driver_sql("deallocate one")
    return "\n".join(out)


def bad(plan: str) -> list[str]:
    """Whole tables read although indexed (the few small tables may be)."""
    large = ("person", "person_name", "person_tail", "affiliation", "belonging", "edge")
    return [line for line in plan.splitlines() for t in large if f"Seq Scan on {t} " in line]


QUERIES: list[tuple[str, Mapping[str, UUID], str]] = [
    ("丱", {}, "ix_person_name_name"),
    ("丱", {"given": uuid4()}, "ix_person_name_given"),
    ("wangm", {}, "ix_person_name_pinyin"),
    ("wm", {}, "ix_person_name_initials"),
    ("wangmh", {}, "ix_person_name_"),
    ("丱m", {}, "ix_person_name_"),
    ("0042", {}, "ix_person_tail_tail"),
    ("丱0042", {}, "ix_person_tail_tail"),
    ("519901199001011234", {"identity": uuid4(), "card": uuid4()}, "ix_affiliation_identity"),
    ("12012345678", {"phone": uuid4()}, "ix_affiliation_phone"),
    ("AB123456", {"card": uuid4()}, "ix_affiliation_card"),
]


LARGE = Total(count=5000, accuracy=Accuracy.ABOUT)


@pytest.mark.parametrize(("typed", "tokens", "index"), QUERIES)
async def test_every_kind_of_query_uses_its_index(
    many: AsyncSession, typed: str, tokens: Mapping[str, UUID], index: str
) -> None:
    query = classify(typed, Kind.GIVEN if "given" in tokens else None)
    plan = lookup_plans.plan(query, tokens)
    after = [str(uuid4()) if c == "person_id" else "a" for c in plan.order]
    async with statements(many) as sent:
        await search.page(many, plan, Filters(), None)
        await search.page(many, plan, Filters(district="3区", bit=0), after)
        await search.page(many, plan, Filters(), after, backwards=True)
        for few in (True, False):
            scope = Scope("alpha", uuid4(), "1/a", "某单位", few)
            await search.page(many, plan, Filters(scope=scope), None)
            await totals.narrowed(many, plan, Filters(bit=1, scope=scope), Total(count=9), 5)
            await totals.narrowed(many, plan, Filters(bit=1, scope=scope), LARGE, 5)
        await totals.facets(many, plan)
        await search.matches(many, plan, uuid4())
    shown = await plans(many, sent)
    assert bad(shown) == [], shown
    assert index in shown
    ordered = query.kind in (Kind.NAME, Kind.GIVEN, Kind.PINYIN, Kind.INITIALS, Kind.TAIL)
    pages = await plans(many, sent[:1])
    if ordered:
        in_order(pages)


def in_order(page: str) -> None:
    """The index gives the rows in their order: nothing is sorted before the limit."""
    inner = page.split("CTE h")[1].split("->  ")[1:3]
    assert not any("Sort" in line for line in inner), page


@pytest.mark.parametrize("typed", ["丱", "wangm", "wm", "0042"])
async def test_within_a_large_unit_the_order_of_the_query_is_followed(many: AsyncSession, typed: str) -> None:
    plan = lookup_plans.plan(classify(typed), {})
    async with statements(many) as sent:
        await search.page(
            many, plan, Filters(scope=Scope("alpha", uuid4(), "1/a", "某单位", few=False)), None
        )
    in_order(await plans(many, sent))


async def test_a_page_of_the_commonest_name_is_found_in_milliseconds(many: AsyncSession) -> None:
    plan = lookup_plans.plan(classify("zhang"), {})
    total = (await totals.facets(many, plan)).total
    assert total.accuracy is not Accuracy.EXACT
    rows = await search.page(many, plan, Filters(), None)
    for _ in range(10):
        rows = await search.page(many, plan, Filters(), [rows[-1][f"key_{c}"] for c in plan.order])
    assert len(rows) == search.PAGE + 1


async def test_linking_reads_by_index_only(many: AsyncSession) -> None:
    async with statements(many) as sent:
        await store.mates(many, {(k, uuid4()) for k in store.LINKING_TOKENS}, [uuid4()])
        await store.records(many, [uuid4()])
        await store.joined(many, [uuid4()], [uuid4()])
        await store.whole_persons(many, [uuid4()])
        await store.records_of(many, [uuid4()])
        await search_rows.save_people(many, [], [uuid4()], [uuid4()])
        await units.follow(many, [("alpha", uuid4())])
        await many.execute(units._NEXT, {"chunk": 10})
        await store.save_edges(many, [uuid4()], [])
        await store.move(many, [(uuid4(), uuid4(), None)])
    assert bad(await plans(many, sent)) == []

"""A hundred corruptions planted in the hub's tables, each of one field: all found, all repaired."""

import random

import pytest
from sqlalchemy import text

from tests.faults.tables import everything, unlike
from tests.faults.town import Town

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]

AFFILIATION: dict[str, str] = {
    "name": "'赵四'", "former_names": "array['王五']", "standing": "'retained'", "sex": "'x'", "birth_year": "1901",
    "district": "'某区'", "identity": "gen_random_uuid()", "phone": "gen_random_uuid()", "card": "gen_random_uuid()",
    "name_birth_phone": "gen_random_uuid()", "birth_phone_sex": "null", "name_birth_sex": "gen_random_uuid()",
    "unit_id": "gen_random_uuid()", "version": "version + 7", "withdrawn": "true", "told_at": "told_at - interval '1 day'",
    "shown": "shown || '{\"post\": \"主席\"}'", "member_id": "gen_random_uuid()", "org": "'nobody'",
}  # fmt: skip
DERIVED: dict[str, dict[str, str]] = {
    "person": {"name": "'赵四'", "name_key": "'x'", "spoken": "'x'", "active": "0", "past": "7", "district": "'某区'",
               "standing": "'left'", "standing_title": "'x'", "sex": "'x'", "birth_year": "1901", "phone_mask": "'x'",
               "identity_mask": "'x'", "unit": "'x'", "role": "'x'", "size": "9", "id": "gen_random_uuid()"},
    "person_name": {"name_key": "'x'", "pinyin": "'x'", "initials": "'x'", "plain": "not plain", "several": "not several",
                    "given": "'x'", "active": "0", "past": "7", "district": "'某区'", "standing": "'left'",
                    "person_id": "gen_random_uuid()"},
    "person_tail": {"tail": "'zzzz'", "name_key": "'x'", "active": "0", "past": "7", "district": "'某区'",
                    "standing": "'left'", "person_id": "gen_random_uuid()"},
    "belonging": {"person_id": "gen_random_uuid()"},
    "edge": {"state": "'candidate'", "revoked_at": "now()"},
}  # fmt: skip


async def plant_told(town: Town, rnd: random.Random) -> int:
    """Sixty in what owners told, each in a row of its own; every field in turn."""
    planted = 0
    async with town.hub.kit.database.transaction() as session:
        ids = sorted(await session.scalars(text("select id from affiliation where not withdrawn")))
        rnd.shuffle(ids)
        fields = list(AFFILIATION.items())
        for n, id_ in enumerate(ids[:60]):
            field, value = fields[n % len(fields)]
            changed = f"update affiliation set {field} = {value} where id = :id and {field} is distinct from ({value})"
            planted += len((await session.execute(text(changed + " returning id"), {"id": id_})).all())
    return planted


async def plant_derived(town: Town) -> int:
    """Sixty in what the hub derives: every field of every table in turn."""
    planted = 0
    wrong = [(t, f, v) for t, fields in DERIVED.items() for f, v in fields.items()]
    async with town.hub.kit.database.transaction() as session:
        for n in range(60):
            table, field, value = wrong[n % len(wrong)]
            known = "and person_id is not null" if table == "belonging" else ""
            choose = f"select ctid::text from {table} where {field} is distinct from ({value}) {known} order by random()"
            row = await session.scalar(text(f"{choose} limit 1"))
            change = f"update {table} set {field} = {value} where ctid = cast(cast(:row as text) as tid) returning 1"
            planted += len((await session.execute(text(change), {"row": row})).all())
    return planted


async def test_a_hundred_corruptions_are_found_and_repaired(town: Town) -> None:
    await town.settle_in(30)
    await town.equal()
    run, parts, differences = await town.recount()
    assert (run.state, differences) == ("equal", [])
    assert sum(p.there or 0 for p in parts if p.kind == "members") == 90
    whole = await everything(town)
    assert len(whole["edge"]) >= 30

    told = await plant_told(town, random.Random(7))
    run, parts, differences = await town.recount()
    members = [d for d in differences if d.kind == "members"]
    assert (run.state, all(d.mended for d in differences)) == ("mended", True)
    assert len({d.key for d in members}) >= told
    assert {d.what for d in members} >= {"differs", "missing", "surplus"}
    assert {f for d in members for f in d.fields} >= {
        "name",
        "district",
        "phone",
        "version",
        "withdrawn",
        "post",
    }
    assert unlike(await everything(town), whole) == {}

    derived = await plant_derived(town)
    assert told + derived >= 100
    assert unlike(await everything(town), whole).keys() == DERIVED.keys()
    run, _, differences = await town.recount()
    assert (run.state, all(d.mended for d in differences)) == ("mended", True)
    assert {d.kind for d in differences} == {"links", "search"}
    assert unlike(await everything(town), whole) == {}
    await town.equal(5)
    run, _, differences = await town.recount()
    assert (run.state, differences) == ("equal", [])


async def test_units_missing_damaged_and_invented_are_put_right(town: Town) -> None:
    await town.settle_in(3)
    await town.equal()
    before = await town.rows("hub", "select * from unit order by org, unit_id")
    first, second = before[0], before[1]
    async with town.hub.kit.database.transaction() as session:
        await session.execute(
            text("update unit set names = array['x'] where unit_id = :id"), {"id": first.unit_id}
        )
        await session.execute(text("delete from unit where unit_id = :id"), {"id": second.unit_id})
        await session.execute(
            text("insert into unit select org, gen_random_uuid(), version, parent_id, path, names, kind, kind_title,"
                 " district, status from unit where unit_id = :id"), {"id": first.unit_id},
        )  # fmt: skip
    run, _, differences = await town.recount()
    assert run.state == "mended"
    assert sorted(d.what for d in differences if d.kind == "units") == ["differs", "missing", "surplus"]
    assert await town.rows("hub", "select * from unit order by org, unit_id") == before


async def test_an_owner_put_back_to_an_older_copy_is_the_record_still(town: Town) -> None:
    """Hub ahead of its owner: the owner's older word stands, and who it knows no more is gone."""
    people = await town.admit("union", 6)
    await town.equal()
    async with town.orgs["union"].kit.database.transaction() as session:
        await session.execute(
            text("update member set version = 1, post = null where id = :id"), {"id": people[0].id}
        )
        await session.execute(text("delete from member_key where member_id = :id"), {"id": people[1].id})
        await session.execute(text("delete from member where id = :id"), {"id": people[1].id})
        await session.execute(text("delete from member_told where member_id = :id"), {"id": people[1].id})
    async with town.hub.kit.database.transaction() as session:
        await session.execute(
            text(
                'update affiliation set version = 9, shown = shown || \'{"post": "主席"}\' where member_id = :id'
            ),
            {"id": people[0].id},
        )
    run, _, differences = await town.recount()
    assert run.state == "mended"
    assert {(d.what, d.mended) for d in differences if d.kind == "members"} == {
        ("differs", True),
        ("surplus", True),
    }
    assert (
        await town.value("hub", "select count(*) from affiliation where member_id = :id", id=people[1].id)
        == 0
    )
    await town.equal(5)


async def test_an_owner_that_is_away_is_told_and_the_others_are_counted(town: Town) -> None:
    await town.settle_in(3)
    await town.equal()
    await town.stop("league")
    run, parts, _ = await town.recount()
    assert run.state == "left"
    assert {p.org for p in parts if p.problem} == {"league"}
    assert {p.org for p in parts if p.kind == "members" and not p.problem} == {"union", "womens"}


async def test_changes_under_way_are_no_difference(town: Town) -> None:
    """People keep coming while it counts: what the hub has not heard of yet is no fault."""
    await town.settle_in(5)
    await town.equal()
    for _ in range(3):
        await town.admit("union", 5)
        run, _, differences = await town.recount()
        assert [d for d in differences if d.what in ("differs", "surplus")] == []
        assert run.state in ("equal", "mended")
    await town.equal()
    assert (await town.recount())[0].state == "equal"

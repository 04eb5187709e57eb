"""What a hostile reader found once: scopes that move, units told to strangers, ciphers of another row."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from shared.kit import clock
from shared.kit.errors import Refused
from shared.kit.pii import CipherError
from shared.kit.staff import ApiToken, StaffAccount
from shared.org.imports.cells import unseal
from shared.org.imports.models import ImportBatch, ImportRow
from shared.org.imports.worker import ImportWorker
from shared.org.kit import OrgKit
from shared.org.members import move_many, read_entry
from shared.org.members.admitting import admit_many
from shared.org.members.filling import plain_of
from shared.org.units import create_unit, move_unit
from tests.org.imports_tools import HEAD, csv_file, line, upload
from tests.org.people import CLERK, admit, person, phone_number, tree, two_levels
from tests.org.web import OrgWorld


async def test_scopes_move_with_their_unit(here: OrgWorld) -> None:
    org = here.org
    kind, part = two_levels(org)
    async with org.kit.database.transaction() as session:
        old = await create_unit(session, org, parent_id=here.top.id, name="旧上级", kind=kind, actor=CLERK)
        new = await create_unit(session, org, parent_id=here.top.id, name="新上级", kind=kind, actor=CLERK)
        unit = await create_unit(session, org, parent_id=old.id, name="移动单位", kind=part, actor=CLERK)
        member = await admit(session, org, unit)
        was = unit.path
        street = (await session.scalars(select(StaffAccount).where(StaffAccount.login == "street"))).one()
        street.scope_path = was
        clerk_ = (await session.scalars(select(StaffAccount).where(StaffAccount.login == "clerk"))).one()
        clerk_.scope_path = old.path
        batch = ImportBatch(
            status="cancelled", actor_id=street.id, actor_name=street.name, scope=was, scope_name="移动单位",
            file_name="名册.csv", file_size=1, began_at=clock.now(),
        )  # fmt: skip
        session.add(batch)
        await session.flush()
    below, above = await here.signed_in("street"), await here.signed_in("clerk")
    assert (await above.get(f"/imports/{batch.id}")).status_code == 200
    async with org.kit.database.transaction() as session:
        await move_unit(session, org, unit.id, new.id, version=unit.version, actor=CLERK, reason="区划调整")
    assert (await below.get(f"/members/{member.id}")).status_code == 200
    assert (await below.get(f"/imports/{batch.id}")).status_code == 200
    assert (await above.get(f"/imports/{batch.id}")).status_code == 404
    assert (await above.get(f"/members/{member.id}")).status_code == 404


async def test_api_tokens_move_with_their_unit(org: OrgKit) -> None:
    kind, part = two_levels(org)
    async with org.kit.database.transaction() as session:
        top, _, _ = await tree(session, org)
        old = await create_unit(session, org, parent_id=top.id, name="旧上级", kind=kind, actor=CLERK)
        new = await create_unit(session, org, parent_id=top.id, name="新上级", kind=kind, actor=CLERK)
        unit = await create_unit(session, org, parent_id=old.id, name="移动单位", kind=part, actor=CLERK)
        token = ApiToken(
            token_hash=b"x" * 32, name="接口", roles=["clerk"], scope_path=unit.path,
            expires_at=clock.now() + timedelta(days=1),
        )  # fmt: skip
        session.add(token)
        await session.flush()
        await move_unit(session, org, unit.id, new.id, version=unit.version, actor=CLERK, reason="区划调整")
        await session.refresh(token)
        assert token.scope_path == unit.path
        assert token.scope_path.startswith(f"{new.path}/")


async def test_a_unit_outside_the_scope_stays_unnamed(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, two = await tree(session, org)
        await admit(session, org, two, card_no="K-1001")
        entry = read_entry(org, person(org, name="单文惠", card_no="K-1001"), one.id)
        with pytest.raises(Refused) as told:
            await admit_many(session, org, [(entry, None)], CLERK, scope=one.path)
        assert "桂溪" not in told.value.title
        assert "本组织其他单位" in told.value.title
        with pytest.raises(Refused, match="桂溪单位"):
            await admit_many(session, org, [(entry, None)], CLERK)


@pytest.mark.parametrize("org", ["union", "league"], indirect=True)
async def test_moving_somebody_onto_a_taken_person_names_no_stranger(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, two = await tree(session, org)
        held = await admit(session, org, two)
        assert held.exclusive_key
        entry = read_entry(org, person(org, identity=plain_of(org, held).identity), one.id)
        with pytest.raises(Refused) as told:
            await admit_many(session, org, [(entry, None)], CLERK, scope=one.path)
        assert "桂溪" not in told.value.title
        assert await move_many(session, org, [held], one.id, CLERK) == [held]


async def test_the_same_person_by_hand_is_sent_to_the_record(here: OrgWorld) -> None:
    org, phone = here.org, phone_number()
    given = {"identity": None, "birth": "2005-06-15", "sex": "女", "phone": phone, "consent": "是"}
    async with org.kit.database.transaction() as session:
        await admit(session, org, here.one, **given)
    browser = await here.signed_in("clerk")
    raw = {k: v for k, v in person(org, **given).items() if v is not None}
    sent = {"unit_id": str(here.one.id), "fields": raw}
    answer = await browser.api("POST", "/api/v1/members", sent)
    assert answer.status_code == 409, answer.text
    assert "单*慧，单位：柳江单位" in answer.text
    assert "打开已有的记录" in answer.text
    page = await browser.post(
        "/members/new", {**raw, "kind": org.policy.kinds[0].code, "unit_id": str(here.one.id)}
    )
    assert page.status_code == 409
    assert "姓名、出生日期和手机号码都相同" in page.text


async def test_ciphers_belong_to_one_row(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        mine, other = await admit(session, org, one), await admit(session, org, one, name="段青禾")
        assert plain_of(org, mine).identity
        mine.identity_cipher, mine.phone_cipher = other.identity_cipher, None
        with pytest.raises(CipherError):
            plain_of(org, mine)
        await session.refresh(mine)
        mine.phone_cipher = other.phone_cipher
        with pytest.raises(CipherError):
            plain_of(org, mine)


async def test_lines_of_an_import_belong_to_it_and_are_forgotten(org: OrgKit) -> None:
    batch = await upload(org, "名册.csv", csv_file(HEAD, line(org), line(org, "段青禾", phone="不是号码")))
    async with org.kit.database.transaction() as session:
        rows = list(await session.scalars(select(ImportRow).where(ImportRow.batch_id == batch.id)))
        assert any(row.name for row in rows)
        assert any(row.troubles for row in rows)
        sealed = rows[0].cells
        assert sealed
        assert unseal(org.kit.cipher, batch.id, sealed)
        with pytest.raises(CipherError):
            unseal(org.kit.cipher, uuid4(), sealed)
        outcomes = sorted(row.outcome for row in rows)
        old = clock.now() - timedelta(days=400)
        await session.execute(update(ImportBatch).values(created_at=old))
    await ImportWorker(org)._purge()
    async with org.kit.database.transaction() as session:
        rows = list(await session.scalars(select(ImportRow).where(ImportRow.batch_id == batch.id)))
        left = [
            (
                r.cells,
                r.before,
                r.key_identity,
                r.key_phone,
                r.key_unit,
                r.key_card,
                r.name,
                r.last4,
                r.changes,
                r.troubles,
            )
            for r in rows
        ]
        assert left == [(None,) * 6 + ("", "", [], [])] * len(rows)
        assert sorted(row.outcome for row in rows) == outcomes
        assert (await session.get_one(ImportBatch, batch.id)).sums == batch.sums


@pytest.mark.parametrize("org", ["league"], indirect=True)
async def test_a_league_member_without_birth_date_waits_for_a_check(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        unknown = await admit(session, org, one, identity=None)
        known = await admit(session, org, one, name="段青禾")
        assert (unknown.standing, known.standing) == ("pending", "active")
        entry = read_entry(org, person(org, identity=None), one.id)
        assert list(org.policy.doubts(entry, clock.today())) == ["缺少出生日期"]

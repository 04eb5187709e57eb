"""What a hostile reader found once: scopes that move, rubbish sent in, units told to strangers, reads unrecorded."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from shared.kit import clock
from shared.kit.audit import AuditEntry
from shared.kit.errors import Refused
from shared.kit.pii import CipherError
from shared.kit.spreadsheet import FORMULA_STARTS, as_text
from shared.kit.staff import ROLES, ApiToken, Role, StaffAccount
from shared.org.imports.cells import plain, unseal
from shared.org.imports.models import ImportBatch, ImportRow
from shared.org.imports.worker import ImportWorker
from shared.org.kit import OrgKit
from shared.org.members import move_many, read_entry
from shared.org.members.admitting import admit_many
from shared.org.members.filling import plain_of
from shared.org.units import create_unit, move_unit
from tests.org.imports_tools import HEAD, clerk, csv_file, line, upload
from tests.org.people import CLERK, admit, person, phone_number, tree
from tests.org.test_units import two_levels
from tests.org.web import OrgWorld, org_world


@pytest.fixture
async def here(org: OrgKit, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OrgWorld]:
    keeper = Role("keeper", "档案保管", "", "business", ("members.*", "units.*", "imports.*"))
    monkeypatch.setitem(ROLES, "keeper", keeper)
    async with org_world(org) as made:
        yield made


async def audited(here: OrgWorld, action: str) -> list[AuditEntry]:
    async with here.org.kit.database.transaction() as session:
        return list(await session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


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


RUBBISH = ["a\x00b", "字" * 5000, "\u202e反"]


@pytest.mark.parametrize("org", ["union"], indirect=True)
async def test_rubbish_is_refused_in_words(here: OrgWorld) -> None:
    browser = await here.signed_in("clerk")
    async with here.org.kit.database.transaction() as session:
        member = await admit(session, here.org, here.one)
        batch = ImportBatch(
            status="applied", actor_id=uuid4(), actor_name="沈若溪", scope="", scope_name="",
            file_name="名册.csv", file_size=1, began_at=clock.now(),
        )  # fmt: skip
        session.add(batch)
        await session.flush()
    file, unit = f"/members/{member.id}", f"/units/{here.one.id}"
    good = {"unit_id": str(here.one.id), **{k: str(v) for k, v in person(here.org).items()}}
    forms: list[tuple[str, dict[str, Any]]] = []
    for bad in RUBBISH:
        forms += [
            ("/members/new", good | {"name": bad}),
            ("/members/new", good | {"post": bad}),
            ("/members/new", good | {"reason": bad}),
            ("/members/new", good | {"unit_q": bad, "unit_id": ""}),
            ("/members/search", {"q": bad}),
            (f"{file}/edit", {"name": "单文慧", "version": "1", "reason": bad}),
            (f"{file}/reveal", {"reason": bad}),
            (f"{file}/leave", {"left_on": "2026-01-01", "reason": bad}),
            (f"{file}/move", {"unit_q": bad}),
            (f"{unit}/units", {"name": bad, "kind": here.one.kind}),
            (f"{unit}/rename", {"name": bad, "version": "1"}),
            (f"{unit}/move", {"unit_q": bad, "version": "1", "reason": "x"}),
            (f"{unit}/close", {"reason": bad, "version": "1"}),
            (f"/imports/{batch.id}/rows/1", {"decision": "skip", "back": bad}),
            (f"/imports/{batch.id}/units/{uuid4()}", {"name": bad, "kind": bad}),
        ]
    for day in ("0", "1700000000", "2026-13-01", "99999-01-01"):
        forms.append((f"{file}/leave", {"left_on": day, "reason": "本人申请"}))
        forms.append(("/members/bulk/leave", {"ids": str(member.id), "left_on": day, "reason": "x"}))
    forms.append((f"{file}/edit", {"name": "单文慧", "version": "²"}))
    forms.append((f"/imports/{batch.id}/rows/{10**30}", {"decision": "skip"}))
    for path, data in forms:
        answer = await browser.post(path, data)
        assert answer.status_code == 422, (path, data, answer.status_code)
        assert "有误" in answer.text or "不" in answer.text
    assert (await browser.get(file)).status_code == 200


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("org", ["union"], indirect=True)
async def test_rubbish_in_an_address_is_refused_in_words(here: OrgWorld) -> None:
    browser = await here.signed_in("clerk")
    async with here.org.kit.database.transaction() as session:
        batch = ImportBatch(
            status="applied", actor_id=uuid4(), actor_name="沈若溪", scope="", scope_name="",
            file_name="名册.csv", file_size=1, began_at=clock.now(),
        )  # fmt: skip
        session.add(batch)
        await session.flush()
    places = [
        cursor(t) for t in ("1", '[false,"abc"]', f"[false,{10**30}]", "[true,-1]", "[false,null]", "{}")
    ]
    for place in [*places, "abc", str(10**30), "a%00b", "中" * 300]:
        for path in (
            f"/imports?cursor={place}",
            f"/imports/{batch.id}?tab=new&cursor={place}",
            f"/members?after={place}",
        ):
            answer = await browser.get(path)
            assert answer.status_code == 422, (path, answer.status_code)
        for path in (
            f"/api/v1/imports?cursor={place}",
            f"/api/v1/imports/{batch.id}/rows?outcome=new&cursor={place}",
        ):
            answer = await browser.api("GET", path)
            assert answer.status_code == 422, (path, answer.status_code)
    naive = cursor(f'[false,"2026-01-01T00:00:00","{uuid4()}"]')
    assert (await browser.get(f"/members?after={naive}")).status_code == 422
    assert (await browser.get("/members?kind=a%00b")).status_code == 422
    for body in ({"name": "单\x00慧"}, {"post": "字" * 300}, {"a\x00": "x"}):
        sent = {"unit_id": str(here.one.id), "fields": {**person(here.org), **body}}
        assert (await browser.api("POST", "/api/v1/members", sent)).status_code == 422


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


async def test_reading_people_is_on_record(here: OrgWorld) -> None:
    async with here.org.kit.database.transaction() as session:
        member = await admit(session, here.org, here.one)
    browser = await here.signed_in("clerk")
    await browser.get(f"/members/{member.id}")
    await browser.api("GET", f"/api/v1/members/{member.id}")
    seen = await audited(here, "member.viewed")
    assert [entry.target_id for entry in seen] == [str(member.id)] * 2
    answer = await browser.post("/members/search", {"q": "单文慧"})
    await browser.get(answer.headers["location"])
    await browser.api("POST", "/api/v1/members/search", {"text": "单文慧"})
    searched = await audited(here, "member.searched")
    assert [entry.detail for entry in searched] == [{"people": 1}] * 2
    assert "单文慧" not in str([(e.detail, e.purpose, e.target_id) for e in searched])


async def test_reading_an_import_is_on_record(here: OrgWorld) -> None:
    batch = await upload(here.org, "名册.csv", csv_file(HEAD, line(here.org)), clerk())
    browser = await here.signed_in("clerk")
    await browser.get(f"/imports/{batch.id}")
    await browser.api("GET", f"/api/v1/imports/{batch.id}/rows?outcome=new")
    seen = await audited(here, "import.viewed")
    assert [entry.target_id for entry in seen] == [str(batch.id)] * 2


@pytest.mark.parametrize("sign", list(FORMULA_STARTS))
def test_no_file_holds_a_formula(sign: str) -> None:
    assert as_text(f"{sign}1+1") == f"'{sign}1+1"
    assert plain(as_text(f"x{sign}")) == f"x{sign}".strip()


@pytest.mark.parametrize("org", ["league"], indirect=True)
async def test_a_league_member_without_birth_date_waits_for_a_check(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        unknown = await admit(session, org, one, identity=None)
        known = await admit(session, org, one, name="段青禾")
        assert (unknown.standing, known.standing) == ("pending", "active")
        entry = read_entry(org, person(org, identity=None), one.id)
        assert list(org.policy.doubts(entry, clock.today())) == ["缺少出生日期"]

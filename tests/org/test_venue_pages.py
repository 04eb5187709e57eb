"""Pages and API of venues: list, form, one venue; organisations by name, hours in the reader's language."""

import re
from datetime import timedelta

import pytest

from shared.kit import clock
from shared.org.kit import OrgKit
from shared.org.venues import Venue
from tests.org.rooms import new_venue, venue
from tests.org.web import dialog_at, org_world

FORM = {
    "name": "工会礼堂一号",
    "kind": "hall",
    "capacity": "200",
    "address": "工人路18号",
    "hours": "周一至周日 8:00-22:00",
    "holidays": "as_usual",
    "share": "all",
    "approval": "others",
    "notice_hours": "2",
    "horizon_days": "90",
    "longest_hours": "12",
    "buffer_before": "30",
    "buffer_after": "0",
    "equipment": "投影、音响",
    "functions": ["guidance"],
}


async def test_pages_list_show_and_change(org: OrgKit) -> None:
    async with org_world(org) as world:
        clerk = await world.signed_in("clerk")
        await clerk.get("/venues/new")
        wrong = await clerk.post("/venues/new", {**FORM, "hours": "全天", "unit_q": "柳江单位"})
        assert wrong.status_code == 422
        assert "看不懂“全天”" in wrong.text
        assert "工会礼堂一号" in wrong.text
        made = await clerk.post("/venues/new", {**FORM, "unit_q": "柳江单位"})
        assert made.status_code == 303, made.text
        page = await clerk.get(made.headers["location"])
        assert page.status_code == 200
        for text in ("工会礼堂一号", "周一至周日 8:00-22:00", "投影、音响", "30 / 0"):
            assert text in page.text
        edit = await clerk.get(made.headers["location"] + "/edit")
        assert 'value="200"' in edit.text
        changed = await clerk.post(
            made.headers["location"] + "/edit", {**FORM, "capacity": "250", "version": "1"}
        )
        assert changed.status_code == 303, changed.text
        listed = await clerk.get("/venues/list?q=礼堂")
        assert "250" in listed.text
        viewer = await world.signed_in("viewer")
        assert (await viewer.get("/venues/new")).status_code == 403
        outside = await world.signed_in("street")
        assert (await outside.get(made.headers["location"] + "/edit")).status_code == 200
        async with org.kit.database.transaction() as session:
            stored = await session.get(Venue, made.headers["location"].rsplit("/", 1)[1])
            assert stored is not None
            assert stored.capacity == 250


async def test_organisations_are_chosen_by_name_and_hours_are_in_the_readers_language(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            rule = {"share": "some", "partners": ("hub", "friends")}
            hall = await venue(session, org, world.one, lead_org="friends", tenants=("others",), sharing=rule)
        clerk = await world.signed_in("clerk")
        form = (await clerk.get(f"/venues/{hall.id}/edit")).text
        for chosen in ("hub", "friends"):  # of nobody else: the hub is away
            assert f'name="partners" value="{chosen}" checked' in form
        assert f'name="partners" value="{org.profile.code}"' not in form
        assert f'name="tenants" value="{org.profile.code}">{org.profile.short_name}<' in form
        assert '<option value="friends" selected>' in form
        kept = {
            **FORM,
            "hours": "周一至周五 8:00-12:00 14:00-22:00\n周六 9:00-12:00",
            "version": "1",
            "lead_org": org.profile.code,
            "tenants": ["others"],
            "partners": ["hub"],
        }
        assert (await clerk.post(f"/venues/{hall.id}/edit", kept)).status_code == 303
        page = (await clerk.get(f"/venues/{hall.id}")).text
        assert "联席办" in page
        assert "周一至周五 8:00-12:00 14:00-22:00<br>周六 9:00-12:00" in page
        async with org.kit.database.transaction() as session:
            stored = await session.get_one(Venue, hall.id)
            assert (stored.lead_org, stored.tenants) == (org.profile.code, ["others"])
            assert stored.sharing["partners"] == ["hub"]
        clerk.client.cookies.set("quntuan_lang", "en")
        assert (
            "Mon to Fri 8:00-12:00 14:00-22:00<br>Sat 9:00-12:00"
            in (await clerk.get(f"/venues/{hall.id}")).text
        )


async def test_the_api_does_what_the_pages_do(org: OrgKit) -> None:
    async with org_world(org) as world:
        clerk = await world.signed_in("clerk")
        body = new_venue(org, world.one).model_dump(mode="json")
        made = await clerk.api("POST", "/api/v1/venues", body)
        assert made.status_code == 201, made.text
        path = f"/api/v1/venues/{made.json()['id']}"
        seen = await clerk.api(
            "POST", f"{path}/inspections", {"found": {"place": True, "sign": False}, "version": 1}
        )
        assert seen.json()["haves"]["found"] == {"place": True, "sign": False}
        wrong = await clerk.api(
            "PUT", path, {**{k: v for k, v in body.items() if k not in ("unit_id", "hall_id")}, "version": 1}
        )
        assert wrong.status_code == 409
        assert (await clerk.api("POST", f"{path}/close", {"reason": "改建", "version": 2})).json()[
            "status"
        ] == "closed"
        assert (await clerk.api("GET", "/api/v1/venues")).json()["items"] == []


@pytest.mark.parametrize(
    ("step", "sent", "field", "kept"),
    [
        ("hours", {"first": "2026-05-04", "last": "2026-05-01", "reason": "检修"}, "last", "检修"),
        ("hours", {"first": "0026-05-04", "reason": "检修"}, "first", "检修"),
        ("hours", {"first": "", "spans": "9:00-12:00"}, "first", "9:00-12:00"),
        ("hours", {"first": "2026-05-04", "spans": "上午"}, "spans", "2026-05-04"),
        ("hours", {"first": "2026-05-04", "reason": "修" * 101}, "reason", "修" * 101),
        ("inspection", {"found": "sign", "note": "招牌新换", "version": "7"}, "", "招牌新换"),
        ("close", {"reason": "", "version": "1"}, "reason", ""),
    ],
)
async def test_a_refused_dialog_stays_open_with_what_was_typed(
    org: OrgKit, step: str, sent: dict[str, str], field: str, kept: str
) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            kind = next(k.code for k in org.profile.all_venue_kinds if k.station)
            path = f"/venues/{(await venue(session, org, world.one, kind=kind)).id}"
        clerk = await world.signed_in("clerk")
        await clerk.get(path)
        refused = await clerk.post(f"{path}/{step}", {"version": "1", **sent})
        assert refused.status_code in (409, 422), refused.text
        dialog = dialog_at(refused.text, f"{path}/{step}")
        assert kept in dialog
        if field:
            assert re.search(f'name="{field}"[^>]* aria-invalid="true"', dialog)
        else:
            assert 'class="note note-warn"' in dialog  # somebody else was faster
        if "found" in sent:
            assert 'value="sign" checked' in dialog


async def test_who_was_slower_sees_what_the_other_changed_before_saving(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            kind = next(k.code for k in org.profile.all_venue_kinds if k.station)
            path = f"/venues/{(await venue(session, org, world.one, kind=kind)).id}"
        first, second = await world.signed_in("keeper"), await world.signed_in("clerk")
        day = (clock.today() + timedelta(days=3)).isoformat()
        seen = {"version": "1", "note": "已看", "found": ["place", "sign"]}
        assert (await first.post(f"{path}/inspection", seen)).status_code == 303
        shut = {"version": "2", "first": day, "reason": "检修"}
        assert (await first.post(f"{path}/hours", shut)).status_code == 303
        late = await second.post(f"{path}/inspection", {"version": "1", "note": "", "found": "sign"})
        dialog = dialog_at(late.text, f"{path}/inspection")
        assert late.status_code == 409
        for said in ("吴保管 检查“七有”", "现在是“场所、标识”", "现在是“已看”", 'name="version" value="3"'):
            assert said in dialog, said
        late = await second.post(f"{path}/hours", {"version": "2", "first": day, "spans": "9:00-12:00"})
        dialog = dialog_at(late.text, f"{path}/hours")
        for said in ("吴保管 调整开放日", "不开放", "检修"):
            assert said in dialog, said
        form = {**FORM, "kind": kind, "name": "多功能厅", "capacity": "250"}
        changed = {"version": "3", "address": "工人路20号", "share": "own"}
        assert (await first.post(f"{path}/edit", {**form, **changed})).status_code == 303
        late = await second.post(f"{path}/edit", {**form, "version": "3"})
        assert late.status_code == 409
        for said in (
            "吴保管 修改场地",
            "现在是“工人路20号”",
            "现在是“只限本单位”",
            'name="version" value="4"',
        ):
            assert said in late.text, said
        assert 'id="e-capacity"' not in late.text, "both wrote the same"
        assert (await second.post(f"{path}/edit", {**form, "version": "4"})).status_code == 303


async def test_a_new_venue_in_english_is_written_and_read_in_english(org: OrgKit) -> None:
    async with org_world(org) as world:
        clerk = await world.signed_in("clerk")
        await clerk.get("/lang/en?next=/venues/new")
        page = (await clerk.get("/venues/new")).text
        assert "Mon to Fri 8:30-21:00\nSat to Sun 9:00-18:00" in page
        hours = "Mon to Fri 8:30-12:00 14:00-21:00"
        made = await clerk.post("/venues/new", {**FORM, "hours": hours, "unit_q": "柳江单位"})
        assert made.status_code == 303, made.text
        assert hours in (await clerk.get(made.headers["location"] + "/edit")).text


async def test_dated_hours_are_taken_back(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            path = f"/venues/{(await venue(session, org, world.one)).id}"
        clerk = await world.signed_in("clerk")
        await clerk.get(path)
        day = (clock.today() + timedelta(days=3)).isoformat()
        await clerk.post(f"{path}/hours", {"version": "1", "first": day, "reason": "检修"})
        assert "检修" in (shown := (await clerk.get(path)).text)
        assert f'action="{path}/hours/usual"' in shown
        slower = await clerk.post(f"{path}/hours/usual", {"version": "1", "first": day})
        assert slower.status_code == 409
        assert f'action="{path}/hours/usual"' in slower.text  # the page, and what it says now
        back = await clerk.post(f"{path}/hours/usual", {"version": "2", "first": day})
        assert back.status_code == 303, back.text
        assert "检修" not in (await clerk.get(path)).text

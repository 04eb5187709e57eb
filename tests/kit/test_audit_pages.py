"""The pages of the audit log: listing, filtering, verifying, the file."""

import csv
import io
import re
from html import unescape

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.kit import audit
from tests.kit.staff_app import World


def links(page: str) -> list[str]:
    pager = page.split('<nav class="pager"')[1].split("</nav>", maxsplit=1)[0]
    return [unescape(found) for found in re.findall(r'<a [^>]*href="([^"]+)"', pager)]


async def test_auditors_list_filter_page_and_verify(here: World) -> None:
    clerk = await here.signed_in("clerk")
    for _ in range(60):
        assert (await clerk.post("/record")).status_code == 200
    auditor = await here.signed_in("auditor")
    page = await auditor.get("/audit")
    assert page.status_code == 200
    assert "周经办" in page.text
    assert page.text.count("<code>thing.changed</code>") == 49, (
        "fifty newest: the auditor's sign-in is one of them"
    )
    second = await auditor.get(links(page.text)[-1])
    assert second.text.count("<code>thing.changed</code>") == 11
    beginning, newer = links(second.text)
    assert beginning == "/audit?"
    assert (await auditor.get(newer)).text.count("<code>thing.changed</code>") == 49
    some = await auditor.get("/audit?action=staff.signed_in&actor=&since=2090-01-01&until=2020-01-01")
    assert re.search(r'name="since"[^>]* value="2020-01-01"', some.text), "a range is read either way round"
    assert "thing.changed" not in some.text
    assert "登录" in some.text
    assert re.search(r"账号 周经办 clerk</td>", some.text), (
        "whose sign-in, but no link: auditors manage nobody"
    )
    assert "没有符合条件的记录" in (await auditor.get("/audit?until=2020-01-01")).text
    verified = await auditor.post("/audit/verify")
    assert "未能与别处比较" in verified.text, (
        "nobody answers here: that is said, and the log not called intact"
    )
    assert "日志完整" not in verified.text
    assert len(await here.audited("audit.verified")) == 1
    assert len(await here.audited("audit.read")) == 3, "every new look at the log, not every page of it"


async def test_verification_shows_what_is_wrong(here: World) -> None:
    auditor = await here.signed_in("auditor")
    engine = create_async_engine(here.owner_url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE audit_entry SET actor_name = '别人' WHERE seq = 1"))
    await engine.dispose()
    page = await auditor.post("/audit/verify")
    assert "日志不完整" in page.text
    assert "这一条被改动" in page.text


async def test_the_file_is_safe_to_open(here: World) -> None:
    auditor = await here.signed_in("auditor")
    async with here.database.transaction() as session:
        audit.record(
            session,
            actor=audit.System("=cmd|'/c calc'!A1"),
            action="thing.changed",
            purpose='+1,"引号"\n换行',
        )
    answer = await auditor.post("/audit/export?action=thing.changed")
    assert answer.headers["content-disposition"].startswith('attachment; filename="audit-kit-')
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"), newline="")))
    assert rows[0][:3] == ["序号", "时间", "操作人"]
    assert len(rows) == 2
    assert rows[1][2] == "'=cmd|'/c calc'!A1"
    assert rows[1][8] == '\'+1,"引号"\n换行'
    assert len(await here.audited("audit.exported")) == 1


@pytest.mark.parametrize(
    "query",
    ["at=x", "at=W2ZhbHNlLCJ4Il0", "since=2020-13-01", "actor=1", "target=%00", "action=" + "x" * 300],
)
async def test_odd_addresses_are_answered_calmly(here: World, query: str) -> None:
    auditor = await here.signed_in("auditor")
    assert (await auditor.get(f"/audit?{query}")).status_code in (200, 422)

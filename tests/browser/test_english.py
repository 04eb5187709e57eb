"""Pages in English: no Chinese but names that are data (people, units, offices, organisations)."""

import re

import asyncpg
import pytest

from deploy.demo import staff
from deploy.local.suite import Suite
from shared.kit.pii import mask_name, name_keys
from tests.browser.conftest import Open
from tests.browser.met import CASES

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

HAN = re.compile("[\u4e00-\u9fff][\u4e00-\u9fff·]*|[，。；：、？！（）]")
SHOWN = """() => {
  const found = [], walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT)
  while (walk.nextNode())
    if (!['SCRIPT', 'STYLE', 'CODE'].includes(walk.currentNode.parentElement.tagName)) found.push(walk.currentNode.data)
  for (const name of ['title', 'placeholder', 'aria-label', 'data-on', 'data-off'])
    for (const element of document.querySelectorAll(`[${name}]`)) found.push(element.getAttribute(name))
  return found
}"""
ALWAYS = ("锦城市", "演示城市", "工会", "共青团", "妇联", "联席办")
"""The city, who made the demo, the short names of the organisations and the joint office."""
TYPED = {
    "unit": ("name",),
    "member": ("name",),
    "import_batch": ("file_name",),
    "venue": ("name", "address", "district", "cluster", "equipment"),
    "booking": ("title", "reason"),
    "season_round": ("title", "note", "cancelled"),
    "season_wish": ("title",),
    "venue_photo": ("alt",),
    "audit_entry": ("purpose", "actor_name", "detail->>'name'", "detail->>'title'"),
    "staff_account": ("name", "office"),
}
"""What staff of an organisation type into its pages, by table."""
TYPED_AT_HUB = {
    "organisation": ("name",),
    "audit_entry": ("purpose", "actor_name", "detail->>'name'", "detail->>'title'"),
    "staff_account": ("name", "office"),
}


def plain_url(suite: Suite, code: str) -> str:
    """The address of a service's database as asyncpg alone reads it."""
    return suite.postgres.url(f"quntuan_{code}").replace("+asyncpg", "")


async def names(suite: Suite) -> list[str]:
    """Everything on the pages that somebody typed, the longest first."""
    logins = (*staff.ORGANISATION, *staff.HUB)
    out = {*ALWAYS, *(login.name for login in logins), *(login.office for login in logins)}
    for package in suite.packages:
        connection = await asyncpg.connect(plain_url(suite, package.code))
        for table, columns in (TYPED if package.organisation else TYPED_AT_HUB).items():
            for row in await connection.fetch(f"select {', '.join(columns)} from {table}"):
                for value in row.values():
                    out |= set(value) if isinstance(value, list) else {value or ""}
                if table == "member":  # what has no reading stands in a name's pinyin as it is written
                    out |= {sign for name in row.values() for sign in HAN.findall(name_keys(name).spoken)}
        await connection.close()
    out |= {part for name in out for part in name.split("·")}  # the parts of a hall carry its name
    out |= {mask_name(name) for name in out}
    return sorted(out - {""}, key=len, reverse=True)


def rest(text: str, data: list[str]) -> str:
    """The Chinese of a text that is no name; a single character is the first of a name, in a face."""
    if len(text.strip()) == 1:
        return ""
    for name in data:
        text = text.replace(name, "")
    return " ".join(HAN.findall(text))


@pytest.mark.parametrize("code", ["union", "league", "womens", "hub"])
async def test_english_pages_have_no_chinese_but_data(suite: Suite, sheet: Open, code: str) -> None:
    shown: set[tuple[str, str]] = set()
    pages = {(login, path) for where, login, path in CASES if where == ("hub" if code == "hub" else "union")}
    for login in sorted({login for login, _ in pages}, key=str):
        opened = await sheet(code, login)
        await opened.go("/lang/en?next=/signin")
        if login == "auditor":  # the log then names the systems it was compared with
            page = await opened.go("/audit")
            await page.click("form[action='/audit/verify'] button")
        for path in sorted(path for who, path in pages if who == login):
            page = await opened.go(path)
            shown |= {(path, text) for text in await page.evaluate(SHOWN) if HAN.search(text)}
    data = await names(suite)  # afterwards: nobody comes onto a page unnoticed
    left = {f"{path} {found} in: {text}" for path, text in shown if (found := rest(text, data))}
    assert sorted(left) == []

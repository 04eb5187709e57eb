"""The hub's pages in English, refusals and filled ones too: no Chinese but what is data."""

import re
from html import unescape

from sqlalchemy import text

from services.hub.persons.incoming import affiliation_id
from shared.kit.events.models import GapRow, SourceRow
from tests.hub.conftest import Hub
from tests.hub.site import ACCOUNTS, Client, clients
from tests.hub.telling import announced, state

HAN = re.compile("[\u4e00-\u9fff][\u4e00-\u9fff·]*")
SAID = re.compile(r'>([^<]+)<|(?:title|placeholder|aria-label|data-confirm)="([^"]+)"')
DATA = (
    *(word for a in ACCOUNTS for word in (a.name, a.office)),
    *(
        "甲市总会",
        "乙市总会",
        "甲会",
        "乙会",
        "锦城市",
        "某某总会",
        "某某公司",
        "锦江区",
        "张伟",
        "张小伟",
        "张晓伟",
        "张*伟",
        "张*",
        "晓伟",
        "小伟",
        "某某",
    ),
    *("来电核实", "手工更正", "李招娣"),
)
"""What somebody typed, or is called."""


def rest(where: str, page: str) -> set[str]:
    """The Chinese of a page that is no data."""
    found = set[str]()
    for pair in SAID.findall(re.sub(r"<code>.*?</code>", "", page)):
        said = unescape(pair[0] or pair[1])
        for word in DATA:
            said = said.replace(word, "")
        if len(said.strip()) > 1 and (more := HAN.findall(said)):
            found.add(f"{where}: {' '.join(more)}")
    return found


async def left(client: Client, *paths: str) -> set[str]:
    """The Chinese of these pages."""
    return {each for path in paths for each in rest(path, (await client.get(path)).text)}


async def refused(client: Client, path: str, **fields: str) -> set[str]:
    """The Chinese of the answer to a form that cannot be taken."""
    answer = await client.post(path, **fields)
    assert answer.status_code >= 400
    return rest(f"{path} {fields}", answer.text)


async def fill(hub: Hub) -> list[str]:
    """Two organisations, a person of both, a pair in doubt, a gap; the addresses of both records."""
    for code, letter in (("alpha", "甲"), ("beta", "乙")):
        await hub.tell(code, announced(code, letter), state("张伟", identity="1", birth="1990-01-01"))
    one = state("张小伟", birth="1991-01-01", phone="12000005530")
    other = state("张晓伟", birth="1991-01-01", phone="12000005530", former_names=("李招娣",), standing="left",
                  standing_title="历史记录")  # fmt: skip
    await hub.tell("alpha", one)
    await hub.tell("beta", other)
    async with hub.database.transaction() as session:
        session.add(SourceRow(source="alpha", seq=3))
        session.add(GapRow(source="alpha", first=7, last=8, problem="对方服务不在线"))
        await session.execute(text("insert into recount_run (state, asked_by) values ('wanted', '每夜对账')"))
        await session.execute(text(
            "insert into recount_difference (run_id, org, kind, key, what, fields, mended, problem) select id,"
            " 'alpha', 'members', uuidv7(), 'differs', '[\"name\"]', false, 'KeyError: x' from recount_run"
        ))  # fmt: skip
    return [str(affiliation_id(c, m)) for c, m in (("alpha", one.member_id), ("beta", other.member_id))]


async def test_no_chinese_but_data(hub: Hub) -> None:
    records = sorted(await fill(hub))
    async with clients(hub, "clerk", "steward", "admin", "auditor") as [clerk, steward, admin, auditor]:
        for client in (clerk, steward, admin, auditor):
            await client.get("/lang/en")
        address = (await clerk.post("/lookup", q="张", purpose="visit")).headers["location"]
        found = (await clerk.api("POST", "/api/v1/lookup", json={"text": "张伟", "purpose": "visit"})).json()
        person = found["rows"][0]["id"]
        opened = f"/lookup/persons/{person}?lookup={found['lookup_id']}"
        chinese = await left(
            clerk, "/", "/lookup", address, f"{address}?standing=left", f"{address}?standing=x&unit=y",
            f"{address}?within=某某", opened, "/lookup/recent", "/organisations", "/rooms", "/rooms/find", "/rooms/requests", "/audit", "/account",
        )  # fmt: skip
        for typed in ("", "12", "张" * 101, "12000005530", "张\x00"):
            chinese |= await refused(clerk, "/lookup", q=typed, purpose="visit")
        chinese |= await refused(clerk, "/lookup", q="李娜", purpose="other")
        chinese |= await refused(clerk, "/lookup", q="李娜", purpose="other", reason="519901199001011234")
        chinese |= await refused(clerk, "/rooms/ask", people="x")
        await steward.post("/candidates/take")
        chinese |= await refused(steward, "/candidates/later", a="x", b="")
        chinese |= await refused(steward, "/candidates", a=records[0], b=records[1], says="same")
        chinese |= await refused(steward, "/candidates/search", name="")
        chinese |= await refused(steward, "/quality/samples", size="0")
        chinese |= await left(
            steward, "/candidates", "/candidates?tab=later", f"/persons/{person}", "/quality"
        )
        judged = {"a": records[0], "b": records[1], "says": "same", "reason": "来电核实"}
        assert (await steward.post("/candidates", **judged)).status_code == 303
        drawn = await steward.post("/quality/samples", size=5)
        chinese |= await left(
            steward, "/", "/candidates", drawn.headers["location"], "/quality", f"/persons/{records[0]}"
        )
        async with hub.database.transaction() as session:
            verdict = await session.scalar(text("select id from verdict"))
        await steward.post(f"/verdicts/{verdict}/undo", reason="手工更正")
        joined = await session_person(hub, records[0])
        chinese |= await left(steward, f"/persons/{joined}", "/candidates/later")
        await admin.get("/candidates")
        chinese |= await left(admin, "/ops", "/ops/recount", "/staff", "/staff/new", "/staff/tokens")
        assert "Failed while being applied" in (await admin.get("/ops/recount")).text
        chinese |= await left(auditor, "/audit", "/audit?since=x")
    assert chinese == set()


async def session_person(hub: Hub, record: str) -> str:
    """Whom a record belongs to now."""
    async with hub.database.transaction() as session:
        whose = text("select person_id from belonging where affiliation_id = cast(:id as uuid)")
        return str(await session.scalar(whose, {"id": record}))

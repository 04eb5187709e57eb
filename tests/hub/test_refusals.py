"""What the hub refuses: persons a lookup did not find, numbers in reasons, input no form sends."""

import base64
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.hub.lookup import service
from services.hub.lookup.schemas import Narrow
from shared.kit.errors import NotFound
from shared.kit.pii.free_text import holds_number
from tests.hub.asking import CLERK, look
from tests.hub.conftest import Hub
from tests.hub.site import clients
from tests.hub.telling import announced, state

NUL = "%00"


async def test_a_lookup_opens_only_persons_it_finds(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"))
    await hub.tell("alpha", *[state("王强", district="青羊区" if i % 2 else "锦江区") for i in range(24)])
    await hub.tell("alpha", state("赵敏", former_names=("赵小敏",), phone="12000004321"))
    other = (await look(hub, "赵敏")).rows[0].id
    found = await look(hub, "王强")
    assert found.next is not None
    async with hub.database.transaction() as session:
        page = await service.result(hub.kit, session, CLERK, found.lookup_id, Narrow(), found.next)
        narrowed = await service.result(
            hub.kit, session, CLERK, found.lookup_id, Narrow(district="青羊区"), None
        )
        for row in (found.rows[0], page.rows[-1], narrowed.rows[-1]):
            details = await service.open_person(hub.kit, session, CLERK, found.lookup_id, row.id)
            assert details.person.name == "王强"
        opened = await session.scalar(text("select count(*) from lookup_opened"))
        for stranger in (other, uuid4()):
            with pytest.raises(NotFound):
                await service.open_person(hub.kit, session, CLERK, found.lookup_id, stranger)
        assert await session.scalar(text("select count(*) from lookup_opened")) == opened
        told = await session.scalar(text("select count(*) from outbox"))
        assert told == opened
    for typed in ("赵敏", "赵小敏", "zhaomin", "zm", "4321", "赵4321", "赵m", "敏"):
        again = await look(hub, typed)
        async with hub.database.transaction() as session:
            details = await service.open_person(hub.kit, session, CLERK, again.lookup_id, other)
            assert details.person.name == "赵敏"
    async with clients(hub, "clerk") as [clerk]:
        address = (await clerk.post("/lookup", q="王强", purpose="visit")).headers["location"]
        lookup_id = UUID(address.rsplit("/", 1)[1])
        assert (await clerk.get(f"/lookup/persons/{other}?lookup={lookup_id}")).status_code == 404
        assert (await clerk.api("GET", f"/api/v1/lookup/{lookup_id}/persons/{other}")).status_code == 404


NUMBERS = [
    "核对519901199001011234",
    "核对 51990119900101123x 的档案",
    "519901900101123",
    "519901 19900101 1234",
    "５１９９０１１９９００１０１１２３４",
    "电话12000000001",
    "120 0000 0001",
    "120-0000-0001",
    "１２０００００００01",
    "+8612000000001",
    "第3批 120 0000 0001",
    "1 2 0 0 0 0 0 0 0 0 1",
    "028-12345678",
    "١٢٠٠٠٠٠٠٠٠١",
    "120,0000,0001",
    "120/0000/0001",
    "(120)00000001",
    "+86(120)0000-0001",
    "120、0000、0001",
    "120～0000～0001",
    "120\u00ad0000\u20600001",
    "120    0000    0001",
    "519901,19900101,1234",
]
HARMLESS = ["核对名单", "2026-09-01 至 2026-09-05", "2026.11.30-2026.12.1", "20260901-20260905", "第1、2、3、4、5、6、7、8、9、10次", "2026年第12号文，共1234人", "尾号0001", "共100、2000、3000人"]  # fmt: skip


def test_numbers_are_seen_and_dates_are_not_numbers() -> None:
    assert [r for r in NUMBERS if not holds_number(r)] == []
    assert [r for r in HARMLESS if holds_number(r)] == []


async def test_no_number_is_kept_with_a_reason(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"))
    await hub.tell("alpha", state("张伟"))
    async with clients(hub, "clerk", "steward") as [clerk, steward]:
        async with hub.database.transaction() as session:
            before = await session.scalar(text("select count(*) from audit_entry"))
        for reason in NUMBERS[:8]:
            answer = await clerk.post("/lookup", q="张伟", purpose="other", reason=reason)
            assert answer.status_code == 422
            assert "理由里不能写证件号或手机号" in answer.text
        ask = {"text": "张伟", "purpose": "visit", "reason": NUMBERS[0]}
        assert (await clerk.api("POST", "/api/v1/lookup", json=ask)).status_code == 422
        judged = {"a": str(uuid4()), "b": str(uuid4()), "says": "same", "reason": NUMBERS[0]}
        refused = await steward.api("POST", "/api/v1/verdicts", json=judged)
        assert refused.json()["errors"] == [{"field": "reason", "message": "理由里不能写证件号或手机号"}]
        async with hub.database.transaction() as session:
            for table in ("lookup_record", "lookup_session", "outbox", "verdict"):
                assert await session.scalar(text(f"select count(*) from {table}")) == 0
            assert await session.scalar(text("select count(*) from audit_entry")) == before


async def test_a_misspelt_field_or_filter_is_refused(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"))
    async with clients(hub, "clerk") as [clerk]:
        ask = {"text": "张伟", "purpose": "visit"}
        assert (await clerk.api("POST", "/api/v1/lookup", json={**ask, "x": 1})).status_code == 422
        begun = (await clerk.api("POST", "/api/v1/lookup", json=ask)).json()
        path = f"/api/v1/lookup/{begun['lookup_id']}"
        assert (await clerk.api("GET", f"{path}?bogus=1")).status_code == 422
        assert (await clerk.api("GET", f"{path}?standing=&district=")).status_code == 200


def _cursor(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


IDS = '"6f0c2b52-7d0e-5a57-9a53-1f6d3d2f4a10","6f0c2b52-7d0e-5a57-9a53-1f6d3d2f4a10"'
CURSORS = [
    _cursor(raw)
    for raw in (
        b"5",
        b"null",
        b"{}",
        b"[]",
        b"[true]",
        b"[false,null]",
        b'[false,"\\u0000"]',
        b"[false,99999999999999999999]",
        b"[false,[],[],[]]",
        f'[false,"2026-01-01",{IDS}]'.encode(),
        f'[false,"0001-01-01T00:00:00+23:59",{IDS}]'.encode(),
        b'[false,"2026-01-01T00:00:00+00:00","x","y"]',
    )
] + ["=", "页", NUL]
GETS = [
    *[f"{path}{cursor}" for path in ("/candidates?page=", "/lookup/recent?page=", "{lookup}?page=") for cursor in CURSORS],
    *[f"/api/v1/candidates?cursor={cursor}" for cursor in CURSORS],
    *[f"{{lookup}}?{name}={value}" for name, value in (("district", NUL), ("org", NUL), ("district", "x" * 61), ("standing", NUL), ("many", NUL))],
    f"/api/v1{{lookup}}?district={NUL}", "/api/v1/candidates?limit=99999999999999999999",
    f"/persons/{NUL}", f"/lookup/persons/{uuid4()}?lookup={NUL}",
]  # fmt: skip
POSTS = [
    (f"/verdicts/{10**20}/undo", {"reason": "弄错了"}),
    (f"/verdicts/{2**63}/undo", {"reason": "弄错了"}),
    ("/verdicts/1/undo", {"reason": "弄\0错"}),
    (f"/persons/{uuid4()}/separate", {"affiliation": str(uuid4()), "reason": "\0"}),
    (f"/persons/{uuid4()}/join", {"other": "\0", "reason": "同"}),
    ("/candidates", {"a": str(uuid4()), "b": str(uuid4()), "says": "\0", "reason": "同"}),
    ("/candidates", {"a": str(uuid4()), "b": str(uuid4()), "says": "same", "reason": "同" * 201}),
    ("/lookup", {"q": "张伟", "purpose": "other", "reason": "看\0看"}),
    ("/lookup", {"q": "张伟", "purpose": "\0"}),
    (f"/ops/quarantine/{10**20}/retry", {}),
    (f"/ops/quarantine/{10**20}/discard", {"note": "放弃"}),
    ("/ops/quarantine/1/discard", {"note": "放\0弃"}),
]


@pytest.mark.parametrize("kind", ["get", "post"])
async def test_bad_input_is_refused_in_chinese(hub: Hub, kind: str) -> None:
    await hub.tell("alpha", state("张伟"))
    async with clients(hub, "clerk", "steward", "admin") as [clerk, steward, admin]:
        lookup = (await clerk.post("/lookup", q="张伟", purpose="visit")).headers["location"]
        asked = GETS if kind == "get" else [path for path, _ in POSTS]
        wrong = []
        for number, path in enumerate(asked):
            who = clerk if "lookup" in path else admin if path.startswith("/ops") else steward
            if kind == "get":
                answer = await who.get(path.format(lookup=lookup))
            else:
                answer = await who.post(path, **POSTS[number][1])
            spoken = any("\u4e00" <= c <= "\u9fff" for c in answer.text)
            if answer.status_code != 422 or not spoken:
                wrong.append((path, answer.status_code))
        assert wrong == []


@pytest.mark.parametrize(
    ("ago", "most", "said"), [("1 second", 60, "每分钟最多 60 次"), ("2 hours", 500, "每天最多 500 次")]
)
async def test_numbers_may_not_be_tried_without_end(hub: Hub, ago: str, most: int, said: str) -> None:
    await hub.tell("alpha", announced("alpha", "甲"), state("王强"))
    filled = text(
        "insert into lookup_record (at, staff_id, staff_name, staff_office, purpose, purpose_title, reason, kind,"
        f" found, capped) select now() - interval '{ago}', id, name, office, 'visit', '走访慰问', '', 'phone',"
        " 0, false from staff_account, generate_series(1, :n) where login = 'clerk'"
    )
    async with clients(hub, "clerk", "steward", "auditor") as [clerk, other, auditor]:
        for number, status in ((most - 1, 503), (1, 429)):  # 503: nobody is there to turn numbers into tokens
            async with hub.database.transaction() as session:
                await session.execute(filled, {"n": number})
            answer = await clerk.post("/lookup", q="12012345678", purpose="visit")
            assert answer.status_code == status
        assert said in answer.text
        assert answer.headers["retry-after"] == "60"
        ask = {"text": "519901199001011234", "purpose": "visit"}
        refused = await clerk.api("POST", "/api/v1/lookup", json=ask)
        assert (refused.status_code, refused.json()["type"]) == (429, "urn:quntuan:problem:too-many")
        assert (await clerk.post("/lookup", q="王强", purpose="visit")).status_code == 303
        assert (await other.post("/lookup", q="12012345678", purpose="visit")).status_code == 503
        log = (await auditor.get("/audit?action=lookup.limited")).text
        assert log.count("<b>何静怡</b>") == 2

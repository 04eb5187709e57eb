"""Files for the auditor: verified outside with the script alone, broken ones found, summed into the log itself."""

import asyncio
import csv
import hashlib
import io
import sys
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from shared.kit import auditors, clock
from shared.kit.auditors.models import KeptEnd
from tests.kit.audit_log import write
from tests.kit.staff_app import Browser, World

SCRIPT = Path(auditors.__file__).with_name("check_evidence.py")


async def checked(*files: Path) -> tuple[int | None, str]:
    """What the script says, run as an auditor runs it: without anything of ours."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(SCRIPT), *map(str, files), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def file_of(auditor: Browser, folder: Path, **period: str) -> Path:
    answer = await auditor.post("/audit/evidence", period)
    assert answer.status_code == 200, answer.text[:300]
    path = folder / "audit.jsonl"
    path.write_bytes(answer.content)
    return path


@pytest.fixture
async def auditor(here: World) -> Browser:
    await write(here.database, 5)
    return await here.signed_in("auditor")


async def test_the_file_is_verified_outside_and_its_sum_is_in_the_log(
    here: World, auditor: Browser, tmp_path: Path
) -> None:
    path = await file_of(auditor, tmp_path)
    code, said = await checked(path)
    assert code == 0, said
    [entry] = await here.audited("audit.handed_over")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry.detail["sha256"] == digest
    assert digest in said
    assert len(await here.audited("audit.exported")) == 1
    async with here.database.transaction() as session:
        last = await session.scalar(text("select max(seq) from audit_entry"))
    assert f"{int(last or 0) - 1} entries" in said, "all but the entry about the file itself"


def counted(entries: int) -> list[bytes]:
    return [orjson.dumps({"entries": entries, "kept_ends": 0}) + b"\n"]


LINES = {
    "removed": lambda lines: lines[:3] + lines[4:],
    "cut off": lambda lines: lines[:4],
    "unreadable": lambda lines: [*lines[:3], lines[3].replace(b"hash", b"hush"), *lines[4:]],
    "another hash": lambda lines: [*lines[:3], lines[3].replace(b'"hash":"', b'"hash":"0'), *lines[4:]],
    "without its head": lambda lines: lines[1:],
    "without its beginning": lambda lines: [lines[0], *lines[3:-1], *counted(len(lines) - 4)],
    "swapped": lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]],
}


@pytest.mark.parametrize("damage", LINES)
async def test_a_damaged_file_is_found(auditor: Browser, tmp_path: Path, damage: str) -> None:
    path = await file_of(auditor, tmp_path)
    path.write_bytes(b"".join(LINES[damage](path.read_bytes().splitlines(keepends=True))))  # type: ignore[no-untyped-call]
    code, said = await checked(path)
    assert code == 1, said
    assert "NOT SOUND" in said


async def test_two_services_files_check_each_other(here: World, auditor: Browser, tmp_path: Path) -> None:
    """The other one kept an end of ours: what was chained anew without it, or cut before it, is found."""
    own = await file_of(auditor, tmp_path)
    lines = own.read_bytes().splitlines(keepends=True)
    third = orjson.loads(lines[3])
    at = (clock.now() - timedelta(minutes=1)).isoformat()
    other = tmp_path / "hub.jsonl"

    def kept(seq: int, hashed: str) -> None:
        body: list[dict[str, object]] = [
            {"evidence": 1, "service": "hub", "since": at, "upto": at},
            {"kept": {"source": "kit", "seq": seq, "hash": hashed, "at": at}},
            {"entries": 0, "kept_ends": 1},
        ]
        other.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in body))

    kept(third["entry"]["seq"], third["hash"])
    assert (await checked(own, other))[0] == 0
    kept(third["entry"]["seq"], "00" * 32)
    code, said = await checked(own, other)
    assert (code, "is not the one whose end hub kept" in said) == (1, True)
    kept(10_000, "00" * 32)
    code, said = await checked(own, other)
    assert (code, "which is not in the file" in said) == (1, True)
    kept(third["entry"]["seq"], third["hash"])
    own.write_bytes(b"".join([lines[0], *counted(0)]))  # nothing at all happened, it says
    code, said = await checked(own, other)
    assert (code, "which is not in the file" in said) == (1, True)


async def test_a_period_is_a_chain_without_a_hole_and_ends_kept_for_others_come_along(
    here: World, auditor: Browser, tmp_path: Path
) -> None:
    async with here.database.transaction() as session:
        session.add(KeptEnd(source="union", seq=7, hash=b"\x01" * 32, at=clock.now()))
    today = clock.today().isoformat()
    path = await file_of(auditor, tmp_path, since="2099-12-31", until=today)
    assert (await checked(path))[0] == 0
    kept = [orjson.loads(line)["kept"] for line in path.read_bytes().splitlines() if b'"kept":' in line]
    assert [(k["source"], k["seq"]) for k in kept] == [("union", 7)]
    path = await file_of(auditor, tmp_path, until="2020-01-01")
    assert "0 entries" in (await checked(path))[1]


async def test_who_sent_what_to_whom_is_a_table_that_is_safe_to_open(here: World, auditor: Browser) -> None:
    planted = (
        (
            "insert into event_receipt values ('alpha', '', 1, 'unit.changed.v1', '=1+1', now(), 'aside', now()),"
            " ('alpha', '', 2, 'x.y.v1', 'k', now() - interval '9 days', 'applied', now())"
        ),
        # told to two keepers in one transaction: the same number in two channels at the same instant
        (
            "insert into event_log select c, 1, uuidv7(), 'audit.anchored.v1', 'audit', '{}', null, now()"
            " from unnest(array['alpha', 'beta']) c"
        ),
    )
    async with here.database.transaction() as session:
        for statement in planted:
            await session.execute(text(statement))
    answer = await auditor.post("/audit/sharing", {"since": clock.today().isoformat()})
    head, *rows = csv.reader(io.StringIO(answer.text.lstrip("\ufeff"), newline=""))
    assert head[:2] == ["发送方", "接收方"]
    assert [(r[0], r[1], r[2], r[3], r[6], r[8]) for r in rows] == [
        ("kit", "alpha", "1", "平台审计日志末尾存证", "audit", "已发出"),
        ("kit", "beta", "1", "平台审计日志末尾存证", "audit", "已发出"),
        ("alpha", "hub", "1", "单位变动", "'=1+1", "已隔离"),
    ]
    [entry] = await here.audited("audit.handed_over")
    assert entry.detail["sha256"] == hashlib.sha256(answer.content).hexdigest()
    everything = (await auditor.post("/audit/sharing")).text
    assert everything.count("\r\n") == 5


async def test_only_auditors_take_them(here: World) -> None:
    clerk = await here.signed_in("clerk")
    for path in ("/audit/evidence", "/audit/sharing"):
        assert (await clerk.post(path)).status_code == 403

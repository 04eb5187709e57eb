"""The parsing child: hostile files end as a clear word, good ones give the same rows in every encoding."""

import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared.org.imports import child
from shared.org.imports.child import parse
from shared.org.imports.refusal import FileRefused
from tests.org.imports_files.hostile import HOSTILE
from tests.org.imports_files.workbooks import plain, sheet_xml, text_cell, with_sheet, workbook
from tests.org.imports_tools import csv_file, read

LINES = ["姓名,性别,备注", "单文慧,女,“引号”", '"欧阳,娜娜",女,"两\n行"', "", "乐𠮷,男,x"]


async def rows(data: bytes) -> list[Any]:
    return [m for m in await read(data) if isinstance(m, list)]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(40)
async def test_a_hostile_file_is_refused_with_a_clear_word(name: str) -> None:
    make, word = HOSTILE[name]
    data = make()
    began = time.monotonic()
    with pytest.raises(FileRefused) as refused:
        await read(data)
    assert time.monotonic() - began < 10
    assert word in refused.value.reason, refused.value.reason
    assert refused.value.hint


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
async def test_every_encoding_gives_the_same_rows(encoding: str) -> None:
    found = await rows("\r\n".join(LINES).encode(encoding))
    assert found == [
        [1, ["姓名", "性别", "备注"]],
        [2, ["单文慧", "女", "“引号”"]],
        [3, ["欧阳,娜娜", "女", "两\n行"]],
        [5, ["乐𠮷", "男", "x"]],
    ]


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
async def test_separators_are_told_apart(separator: str) -> None:
    lines = [["姓名", "单位"], ["单文慧", "锦城"], ["乐文博", "柳江"]]
    found = await rows("\n".join(separator.join(line) for line in lines).encode())
    assert [cells for _, cells in found] == lines


async def test_numbers_dates_and_formulas_stay_recognisable() -> None:
    data = workbook(
        {"表": [["姓名", "号", "日", "式", "算好的"], ["甲", 519901199103041234, date(2024, 1, 5), "x", "y"]]}
    )
    sheet = sheet_xml(
        b'<row r="3">'
        + text_cell("C3", "head")
        + b'</row><row r="4"><c r="C4"><v>5.19901199103041E+17</v></c>'
        b'<c r="D4"><f>HYPERLINK("x","y")</f><v></v></c><c r="E4"><f>1+1</f><v>2</v></c><c r="F4" t="b"><v>1</v></c></row>'
    )
    assert (await rows(data))[1][1][:3] == ["甲", ["n", "5.199011991030412e+17"], ["d", "2024-01-05"]]
    assert await rows(with_sheet(sheet)) == [
        [3, ["", "", "head"]],
        [4, ["", "", ["n", "5.19901199103041e+17"], ["f", ""], ["n", "2"], "是"]],
    ]


async def test_every_visible_sheet_is_read() -> None:
    data = workbook({"锦江区": [["姓名"], ["甲"]], "青羊区": [["姓名"], ["乙"]]})
    assert [m["sheet"] for m in await read(data) if isinstance(m, dict) and "sheet" in m] == [
        "锦江区",
        "青羊区",
    ]


async def test_a_child_that_hangs_is_ended() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(("姓名,单位\n" + "单文慧,锦城\n" * 200_000).encode())
        file.flush()
        began = time.monotonic()
        with pytest.raises(FileRefused) as refused:
            async for _ in parse(file, silence=0):
                pass
    assert time.monotonic() - began < 5
    assert "上限" in refused.value.reason


ENDS = {
    "SIGSEGV": "意外中断",
    "exit": "意外中断",
    "SIGXCPU": "时间超过上限",
    "SIGABRT": "内存超过上限",
    "SIGKILL": "内存超过上限",
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("packed", [True, False])
async def test_a_child_that_ends_early_is_told_by_its_cause(
    end: str, packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a child in the place of ours that ends in that way at once."""
    place = tmp_path / "shared" / "org" / "imports"
    place.mkdir(parents=True)
    for package in (place, *place.parents[:2]):
        (package / "__init__.py").touch()
    die = "raise SystemExit(1)" if end == "exit" else f"os.kill(os.getpid(), signal.{end})"
    (place / "parse_child.py").write_text(f"import os, signal\n{die}\n")
    monkeypatch.setattr(child, "ROOT", tmp_path)
    with pytest.raises(FileRefused) as refused:
        await read(plain() if packed else csv_file("姓名,单位"))
    assert ENDS[end] in refused.value.reason
    assert refused.value.hint
    assert ("CSV" in refused.value.hint) == (packed and "上限" in ENDS[end])


async def test_the_child_gets_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUNTUAN_SECRET_KEY", "must not be handed on")
    assert not any("must not" in value for value in child.environment().values())


def test_where_memory_ends_the_child_goes_first() -> None:
    """Not the worker that waits for it and would say why."""
    code = "from shared.org.imports import parse_child as c; c.step_forward(); print(open('/proc/self/oom_score_adj').read())"
    assert told_by(code) == "1000"


def test_the_child_loads_no_framework() -> None:
    """It starts for every upload: what it imports is paid each time."""
    code = "import sys, shared.org.imports.parse_child; print([m for m in ('fastapi', 'sqlalchemy', 'pydantic') if m in sys.modules])"
    assert told_by(code) == "[]"


def told_by(code: str) -> str:
    """What a program of the child's modules prints, in its environment."""
    program = [sys.executable, "-c", code]
    out = subprocess.run(program, capture_output=True, text=True, check=True, env=child.environment())
    return out.stdout.strip()

"""Rosters as files: as offices send them, readable, the same every time, with the truth beside."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from deploy.demo import paper as papers
from deploy.demo.city import Plan, build_city
from deploy.demo.paper import SheetFullError, paper
from deploy.demo.places import districts
from deploy.demo.rosters import main, write_rosters
from shared.kit.pii import PersonalDataError, parse_identity, parse_phone
from shared.org.members.texts import read_day

PLAN = Plan(1500, date(2026, 11, 23))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("office")
    write_rosters(out, PLAN)
    return out


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("alike")
    write_rosters(out, PLAN, form="csv")
    return out


def workbook(path: Path) -> dict[str, list[list[str]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {
        name: [[str(c) for c in row] for row in book.get_sheet_by_name(name).to_python()]
        for name in book.sheet_names
    }


def table(path: Path, encoding: str = "utf-8-sig") -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def test_offices_send_different_files(office: Path) -> None:
    assert {p.name for p in office.iterdir()} == {
        "union-会员花名册.xlsx", "league-团员名册.csv", "womens-执委和联系人名册.xlsx", "truth.csv",
    }  # fmt: skip
    city = build_city(PLAN)
    (union,) = workbook(office / "union-会员花名册.xlsx").values()
    assert len(union) == 1 + len(city.records["union"])
    assert union[0][:4] == ["姓名", "性别", "出生日期", "公民身份号码"]
    league = table(office / "league-团员名册.csv", "gb18030")
    assert len(league) == 1 + len(city.records["league"])
    womens = workbook(office / "womens-执委和联系人名册.xlsx")
    assert set(womens) == {d.name for d in districts()}
    assert sum(len(rows) - 1 for rows in womens.values()) == len(city.records["womens"])


def test_every_number_in_the_files_is_synthetic(alike: Path) -> None:
    numbers = Counter[str]()
    for path in alike.glob("*名册.csv"):
        head, *lines = table(path)
        identity = next(i for i, title in enumerate(head) if "身份" in title and "号" in title)
        phone = next(i for i, title in enumerate(head) if title in {"联系电话", "手机", "联系方式"})
        for line in lines:
            assert line[identity][:4] in {"", "5199"}
            if line[phone]:
                assert parse_phone(line[phone], synthetic=True).number.startswith("12")
            try:
                numbers["right"] += (
                    bool(line[identity]) and parse_identity(line[identity], synthetic=True).synthetic
                )
            except PersonalDataError:
                numbers["mistyped"] += 1
    assert 0 < numbers["mistyped"] < 0.02 * numbers["right"]


def test_dates_stand_in_five_forms_all_of_which_the_suite_reads(office: Path) -> None:
    (union,) = workbook(office / "union-会员花名册.xlsx").values()
    written = [row[2] for row in union[1:]]
    assert len({"".join("9" if c.isdigit() else c for c in text) for text in written}) >= 5
    assert all(read_day(text, month_is_enough=False) for text in written)


def test_the_same_plan_gives_the_same_lines(office: Path, alike: Path, tmp_path: Path) -> None:
    write_rosters(tmp_path, PLAN)
    for name in ("league-团员名册.csv", "truth.csv"):
        assert (tmp_path / name).read_bytes() == (office / name).read_bytes()
    assert workbook(tmp_path / "union-会员花名册.xlsx") == workbook(office / "union-会员花名册.xlsx")


def test_the_truth_names_the_person_of_each_line(office: Path) -> None:
    truth = table(office / "truth.csv", "utf-8")[1:]
    league = table(office / "league-团员名册.csv", "gb18030")
    womens = workbook(office / "womens-执委和联系人名册.xlsx")
    records = build_city(PLAN).records
    names = {r.person: r.cells["name"] for r in records["league"]}
    for _, sheet, line, person in (t for t in truth if t[0] == "league"):
        assert sheet == ""
        assert league[int(line) - 1][0] == names[int(person)]
    names = {r.person: r.cells["name"] for r in reversed(records["womens"])}
    found = [
        womens[s][int(n) - 1][0].strip() == names[int(p)].strip() for o, s, n, p in truth if o == "womens"
    ]
    assert sum(found) / len(found) > 0.95  # a second relation may be written by another slip of the pen


def test_units_are_told_with_their_district(office: Path, alike: Path) -> None:
    for line in table(alike / "womens-执委和联系人名册.csv")[1:]:
        assert line[4].split("/")[0] in {d.unit("womens") for d in districts()}
    for rows in workbook(office / "womens-执委和联系人名册.xlsx").values():
        assert not any(d.unit("womens") in row[4] for d in districts() for row in rows[1:])
    for line in table(alike / "union-会员花名册.csv")[1:]:
        assert line[5].startswith("锦城市总工会/")


def test_a_full_sheet_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "LARGEST_SHEET", 3)
    with paper(tmp_path, "full", "xlsx", ("a",)) as sheet:
        assert [sheet.put(("1",)), sheet.put(("2",))] == [2, 3]
        with pytest.raises(SheetFullError, match="--form csv"):
            sheet.put(("3",))


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["--out", str(tmp_path / "new"), "--people", "200", "--form", "csv", "--day", "2026-11-23"]) == 0
    )
    assert "union" in capsys.readouterr().out
    lines = table(tmp_path / "new" / "union-会员花名册.csv")
    assert len(lines) == 1 + len(build_city(Plan(200, date(2026, 11, 23))).records["union"])

"""Lines and files that are refused: each with its reason, and a file of errors to mend and send again."""

import io
import re
import unicodedata

import openpyxl
from sqlalchemy import func, select

from shared.org.imports.errors_file import errors_file
from shared.org.imports.models import ImportBatch, ImportFile, ImportRow, ImportUnit
from shared.org.kit import OrgKit
from tests.org.imports_files.workbooks import workbook
from tests.org.imports_tools import HEAD, csv_file, line, reasons, rows, unit_name, upload
from tests.org.people import identity_number, phone_number


async def test_each_fault_has_its_reason(org: OrgKit) -> None:
    number = identity_number()
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    bad = [
        (line(org, ""), "姓名为空"),
        (line(org, identity=wrong), "校验码不符"),
        (line(org, identity="5.19901E+17"), "存成了数字"),
        (line(org, phone="1234"), "手机号码应为 11 位"),
        (line(org, unit="没有这个单位"), "没有“没有这个单位”这个单位"),
        (line(org, unit=""), "没有写所在单位"),
        (line(org, joined="2024-13-05"), "没有这一天"),
        (line(org, identity=""), "不能确认是谁"),
        (line(org, kind="没有这类"), "不认识这个类别"),
        (line(org, "=HYPERLINK(1)"), "公式"),
    ]
    batch = await upload(org, "名册.csv", csv_file(HEAD, line(org), *(text for text, _ in bad)))
    refused = await rows(org, batch, "refused")
    assert batch.sums["new"] == 1
    assert len(refused) == len(bad)
    for row, (_, word) in zip(refused, bad, strict=True):
        assert any(word in reason for reason in reasons(row)), (word, row.troubles)
        assert all(t["hint"] for t in row.troubles)
    assert [row.row for row in refused] == list(range(3, 13))


STRAYED = [
    "51990119910304177X",
    "５１９９０１１９９１０３０４１７７Ｘ",
    "5199.0119.9103.0417.7X",
    "5.19901199103041E+17",
]


async def test_a_number_in_the_wrong_column_is_masked_except_in_the_clerks_own_file(org: OrgKit) -> None:
    titles = ("姓名", "证件号码", "性别", "出生日期", "所在组织", "身份", "加入时间", "职务", "区县")
    table = [
        [
            "" if title == "证件号码" else f"{number} 甲" if title == strayed_to else "没有这个"
            for title in titles
        ]
        for number in STRAYED
        for strayed_to in titles
    ]
    batch = await upload(org, "名册.csv", csv_file(",".join(titles), *map(",".join, table)))
    assert batch.sums["refused"] == len(table)
    async with org.kit.database.transaction() as session:
        stored = [
            str((await session.execute(select(each.__table__))).all())
            for each in (ImportBatch, ImportRow, ImportUnit)
        ]
        file = (await errors_file(session, org, batch)).content.read().decode("utf-8-sig")
    assert "19910304" not in re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", "".join(stored)))
    assert all(number in file for number in STRAYED)


async def test_the_same_person_twice_in_a_file(org: OrgKit) -> None:
    number, phone = identity_number(), phone_number()
    batch = await upload(
        org, "名册.csv",
        csv_file(
            HEAD,
            line(org, identity=number, phone=phone),
            line(org, "乐文博"),
            line(org, identity=number.lower(), phone=phone),
        ),
    )  # fmt: skip
    (refused,) = await rows(org, batch, "refused")
    assert reasons(refused) == ["与第2行是同一人"]
    assert refused.row == 4


async def test_the_errors_file_has_the_same_form_and_can_be_sent_again(org: OrgKit) -> None:
    number = identity_number()
    good = number
    table = [
        ["花名册"],
        ["姓名", "证件号码", "联系电话", "所在组织", "身份", "加入时间", "备注"],
        ["单文慧", good, phone_number(), f"{org.name}/{unit_name(org)}", org.policy.kinds[0].title, "2024-10-08", "x"],
        ["@SUM(A1)", good[:-1], "", f"{org.name}/{unit_name(org)}", org.policy.kinds[0].title, "2024-10-08", "+1"],
    ]  # fmt: skip
    batch = await upload(org, "名册.xlsx", workbook({"在册": table}))
    assert batch.sums["refused"] == 1
    async with org.kit.database.transaction() as session:
        made = await errors_file(session, org, batch)
    book = openpyxl.load_workbook(io.BytesIO(made.content.read()))
    cells = [[c.value for c in row] for row in book["在册"].iter_rows()]
    assert cells[1] == [*table[1], "行号", "原因", "怎样改正"]
    assert cells[2][:2] == ["@SUM(A1)", good[:-1]]
    assert cells[2][7] == "4"
    assert "位数不对" in cells[2][8]
    assert all(c.data_type in ("s", "n") for row in book["在册"].iter_rows() for c in row)
    assert {c.number_format for row in book["在册"].iter_rows(min_row=2) for c in row} == {"@"}, (
        "blank ones too"
    )
    mended = [[v or "" for v in row] for row in cells]
    mended[2][0], mended[2][1] = "乐文博", identity_number()
    second = await upload(org, "改好.xlsx", workbook({"在册": mended}))
    assert (second.status, second.sums["new"], second.sums["refused"]) == ("ready", 1, 0)


DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", "=cmd|' /C calc'!A0"]


async def test_a_csv_of_errors_holds_no_formula(org: OrgKit) -> None:
    lines = [f'"{text}",,,没有这个单位,,' for text in DANGEROUS]
    batch = await upload(org, "名册.csv", csv_file(HEAD, *lines, encoding="gb18030"))
    assert batch.sums["refused"] == len(DANGEROUS)
    async with org.kit.database.transaction() as session:
        made = await errors_file(session, org, batch)
    text = made.content.read().decode("gb18030")
    cells = re.split(r"[,\n]", text.replace("\r\n", "\n").replace('"', ""))
    assert not [c for c in cells if c.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))]


async def test_a_file_that_is_no_good_is_refused_and_forgotten(org: OrgKit) -> None:
    batch = await upload(org, "名册.xlsx", b"%PDF-1.7 ...")
    assert (batch.status, batch.problem["reason"]) == ("refused", "这是 PDF 文件，不是表格")
    async with org.kit.database.transaction() as session:
        assert not await session.scalar(select(func.count()).select_from(ImportFile))
        assert not await session.scalar(select(func.count()).select_from(ImportRow))

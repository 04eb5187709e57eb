"""Workbooks: good ones by xlsxwriter, bad ones by rewriting their parts."""

import io
import struct
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

import xlsxwriter

HEAD = ("姓名", "性别", "出生日期", "身份证号码", "联系电话", "所在单位名称组织")
SHEET = "xl/worksheets/sheet1.xml"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def workbook(sheets: Mapping[str, Sequence[Sequence[Any]]], hidden: Collection[str] = ()) -> bytes:
    """Text as text, numbers as numbers, dates as dates, `=...` as formulas."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        if name in hidden:
            sheet.hide()
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(r, c, value, day)
                elif isinstance(value, str) and not value.startswith("="):
                    sheet.write_string(r, c, value)
                else:
                    sheet.write(r, c, value)
    book.close()
    return out.getvalue()


def plain() -> bytes:
    return workbook({"名册": [HEAD, ["单文慧", "女", "1990-01-02", "", "12000000001", "锦城"]]})


def rewritten(
    data: bytes, change: Callable[[str, bytes], bytes | None], extra: Mapping[str, bytes] | None = None
) -> bytes:
    """The package with parts changed (None = left out) and parts added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return out.getvalue()


def with_sheet(xml: bytes) -> bytes:
    return rewritten(plain(), lambda name, content: xml if name == SHEET else content)


def sheet_xml(rows: bytes) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><worksheet {NS}><sheetData>'.encode()
        + rows
        + b"</sheetData></worksheet>"
    )


def text_cell(ref: str, text: str) -> bytes:
    return f'<c r="{ref}" t="inlineStr"><is><t>{text}</t></is></c>'.encode()


def with_extra(name: str, content: bytes = b"x") -> bytes:
    return rewritten(plain(), lambda _, c: c, {name: content})


def flagged_encrypted() -> bytes:
    """A zip whose entries say that they are encrypted."""
    data = bytearray(plain())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(magic, at + 1)) >= 0:
            flags = struct.unpack_from("<H", data, at + offset)[0]
            struct.pack_into("<H", data, at + offset, flags | 1)
    return bytes(data)


def false_size() -> bytes:
    """The directory says the sheet is small; it is not."""
    data = bytearray(with_sheet(sheet_xml(text_cell("A1", "x" * 200_000))))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as package:
        real = package.getinfo(SHEET).file_size
    return bytes(data).replace(struct.pack("<I", real), struct.pack("<I", 1000))

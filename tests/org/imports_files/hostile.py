"""Files that must be refused, each with the word that must stand in the reason."""

import io
import random
import zipfile
from collections.abc import Callable

from tests.org.imports_files.workbooks import (
    false_size,
    flagged_encrypted,
    plain,
    rewritten,
    sheet_xml,
    text_cell,
    with_extra,
    with_sheet,
    workbook,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DTD = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
NOWHERE = b'<c t="inlineStr"><is><t>x</t></is></c>'
GBK, UTF8 = "姓名,单位\r\n张三丰,锦城\r\n".encode("gb18030"), "姓名,单位\r\n张三丰,锦城市\r\n".encode()


def bomb() -> bytes:
    """Blanks without end: small when packed."""
    return with_sheet(sheet_xml(b"<row r='1'>" + b" " * 60_000_000 + b"</row>"))


def many_parts() -> bytes:
    out = io.BytesIO(plain())
    with zipfile.ZipFile(out, "a") as package:
        for number in range(300):
            package.writestr(f"xl/media/{number}.txt", b"x")
    return out.getvalue()


def link_part() -> bytes:
    out = io.BytesIO(plain())
    with zipfile.ZipFile(out, "a") as package:
        info = zipfile.ZipInfo("xl/theme/link.xml")
        info.external_attr = 0o120777 << 16
        package.writestr(info, "/etc/passwd")
    return out.getvalue()


def twice() -> bytes:
    out = io.BytesIO(plain())
    with zipfile.ZipFile(out, "a") as package:
        package.writestr("XL/workbook.xml", b"<x/>")
    return out.getvalue()


def many_rows() -> bytes:
    cells = b"".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>'.encode() for n in range(1, 201_000))
    return with_sheet(sheet_xml(cells))


def wide() -> bytes:
    names = []
    for first in ["", *"ABCDEFGHIJKLMNOPQRSTUVW"]:
        names += [f"{first}{second}" for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    cells = b"".join(f'<c r="{name}1"><v>1</v></c>'.encode() for name in names)
    return with_sheet(sheet_xml(b'<row r="1">' + cells + b'<c r="XFD1"><v>1</v></c></row>'))


def varied(length: int) -> str:
    """Text that does not pack away to nothing."""
    draw = random.Random(1)
    return "".join(chr(draw.randrange(0x4E00, 0x9FA5)) for _ in range(length))


def empty_book() -> bytes:
    return with_sheet(sheet_xml(b""))


def unclosed(tag: bytes) -> bytes:
    """Tags that never end, with something between them that does not pack away."""
    draw = random.Random(2)
    return with_sheet(sheet_xml(b"".join(tag + b"%d" % draw.randrange(10**9) for _ in range(500_000))))


def external_rel() -> bytes:
    rel = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLink" '
        b'Target="file:///etc/passwd" TargetMode="External"/></Relationships>'
    )
    return with_extra("xl/worksheets/_rels/sheet1.xml.rels", rel)


def utf16_part() -> bytes:
    def change(name: str, content: bytes) -> bytes:
        return (
            content.decode().replace("UTF-8", "UTF-16").encode("utf-16")
            if name == "xl/workbook.xml"
            else content
        )

    return rewritten(plain(), change)


def damaged() -> bytes:
    data = bytearray(plain())
    middle = data.find(b"xl/worksheets/sheet1.xml") + 60
    data[middle : middle + 40] = b"\x00" * 40
    return bytes(data)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "bomb": (bomb, "炸弹"),
    "too many parts": (many_parts, "个部分"),
    "entities in the sheet": (lambda: with_sheet(DTD + b"<worksheet>&b;</worksheet>"), "DTD"),
    "entities in the workbook": (
        lambda: rewritten(plain(), lambda n, c: DTD + c if n == "xl/workbook.xml" else c), "DTD",
    ),
    "other inner encoding": (utf16_part, "编码"),
    "macro": (lambda: with_extra("xl/vbaProject.bin"), "宏"),
    "old macro sheet": (lambda: with_extra("xl/macrosheets/sheet1.xml", b"<x/>"), "宏"),
    "external link": (lambda: with_extra("xl/externalLinks/externalLink1.xml", b"<x/>"), "外部"),
    "external relation": (external_rel, "外部"),
    "data connection": (lambda: with_extra("xl/connections.xml", b"<x/>"), "外部"),
    "embedded file": (lambda: with_extra("xl/embeddings/oleObject1.bin"), "嵌入"),
    "path traversal": (lambda: with_extra("../../etc/cron.d/x"), "路径"),
    "absolute path": (lambda: with_extra("/etc/passwd"), "路径"),
    "backslash path": (lambda: with_extra("..\\..\\x"), "路径"),
    "symbolic link": (link_part, "链接"),
    "same part twice": (twice, "重名"),
    "encrypted entries": (flagged_encrypted, "密码"),
    "password": (lambda: OLE + b"\0" * 2000 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 500, "密码"),
    "old xls": (lambda: OLE + b"\0" * 4000, "旧版"),
    "false size": (false_size, "损坏"),
    "damaged": (damaged, "损坏"),
    "cut off": (lambda: plain()[:3000], "不完整"),
    "far cell": (
        lambda: with_sheet(sheet_xml(b'<row r="1">' + text_cell("A1", "x") + b'</row><row r="1048576">' + text_cell("XFD1048576", "x") + b"</row>")),
        "列",
    ),
    "far row": (lambda: with_sheet(sheet_xml(b'<row r="1048576">' + text_cell("A1048576", "x") + b"</row>")), "行"),
    "far row of cells that do not say where they stand": (
        lambda: with_sheet(sheet_xml(b'<row r="1">' + NOWHERE * 150 + b'</row><row r="1048576">' + NOWHERE + b"</row>")),
        "第 1,048,576 行",
    ),
    "far row behind a long attribute": (
        lambda: with_sheet(sheet_xml(b'<row r="1048576"><c s="' + b"1" * 300 + b'" r="A1048576"><v>1</v></c></row>')),
        "第 1,048,576 行",
    ),
    "many columns that do not say so": (lambda: with_sheet(sheet_xml(b"<row>" + NOWHERE * 300 + b"</row>")), "列"),
    "sixteen thousand columns": (wide, "列"),
    "too many rows": (many_rows, "行"),
    "giant cell": (lambda: with_sheet(sheet_xml(b'<row r="1">' + text_cell("A1", varied(400_000)) + b"</row>")), "过长"),
    "one long text in many cells": (
        lambda: workbook({"名册": [["姓名", "备注"], *[["单文慧", "长" * 30_000]] * 1000]}), "总量"
    ),
    "unclosed cells": (lambda: unclosed(b"<c "), "读不出来"),
    "unclosed formulas": (lambda: unclosed(b'<c r="A1"><f>'), "读不出来"),
    "nothing but what is hidden": (lambda: workbook({"表": [], "底册": [["姓名"], ["甲"]]}, hidden=["底册"]), "没有隐藏的工作表"),
    "nothing inside": (empty_book, "没有任何内容"),
    "other archive": (lambda: rewritten(plain(), lambda n, c: None if n == "xl/workbook.xml" else c), "不是 Excel"),
    "word document": (lambda: with_extra("word/document.xml", b"<x/>"), "Word"),
    "pdf": (lambda: b"%PDF-1.7\n" + b"x" * 100, "PDF"),
    "picture": (lambda: b"\x89PNG\r\n\x1a\n" + b"x" * 100, "图片"),
    "web page": (lambda: b"<html><body><table><tr><td>x</td></tr></table></body></html>", "网页"),
    "program": (lambda: b"MZ" + b"\0" * 200, "程序"),
    "binary text": (lambda: "姓名,单位\r\n".encode() + b"a\x00b,c\r\n", "二进制"),
    "undecodable": (lambda: UTF8 + b"\xff\xff\xfe,x\r\n", "第 3 行"),
    "utf-8 with one gbk line": (lambda: UTF8 * 3 + GBK.split(b"\r\n")[1] + b"\r\n", "第 7 行"),
    "gbk with one utf-8 line": (lambda: GBK * 3 + UTF8.split(b"\r\n")[1] + b"\r\n", "第 7 行"),
    "utf-16 cut off": (lambda: "姓名,单位\r\n张三,锦城\r\n".encode("utf-16")[:-1], "UTF-16"),
    "utf-32": (lambda: "姓名,单位".encode("utf-32"), "UTF-32"),
    "open quote": ('姓名,单位\r\n"张三,锦城\r\n李四,锦城\r\n'.encode, "引号"),
    "giant csv cell": (("姓名,单位\r\n" + "长" * 500_000 + ",x\r\n").encode, "第 2 行有一格超过"),
    "long csv cell": (("姓名,单位\r\n单文慧,x\r\n" + "长" * 33_000 + ",x\r\n").encode, "第 3 行有一格超过"),
    "wide csv": (("," * 20_000 + "\r\n").encode, "列"),
    "blank csv": (lambda: b"\r\n , ,\r\n", "没有任何内容"),
}  # fmt: skip

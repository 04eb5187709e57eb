"""How a text file is written: its encoding and its separator. What cannot be told for certain is refused."""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from shared.org.imports import limits
from shared.org.imports.refusal import FileRefused

SAVE = "请在 Excel 或 WPS 中打开核对，另存为“CSV UTF-8（逗号分隔）”或 .xlsx 后再上传。"
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BLOCK = 1 << 20
_TOLD = 10
"""how many broken lines a refusal names"""
_SEPARATORS = ",\t;|"


def encoding_of(source: BinaryIO) -> str:
    """`utf-8`, `utf-8-sig`, `utf-16` (with its mark) or `gb18030`; mixed and broken files are refused."""
    head = source.read(4)
    source.seek(0)
    if head in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        raise FileRefused("文字编码是 UTF-32，暂不支持", SAVE)
    marked = next((name for bom, name in _BOMS if head.startswith(bom)), None)
    if marked:
        _check_whole(source, marked)
        return marked
    if _decodes(source, "utf-8"):
        return "utf-8"
    return _by_lines(source)


def _decodes(source: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    source.seek(0)
    try:
        while block := source.read(_BLOCK):
            if encoding != "utf-16" and b"\x00" in block:
                raise FileRefused("文件里有二进制内容，不是文本表格", SAVE)
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        source.seek(0)
    return True


def _check_whole(source: BinaryIO, encoding: str) -> None:
    if _decodes(source, encoding):
        return
    if encoding == "utf-16":
        raise FileRefused(f"第 {_broken_utf16(source)} 行的文字无法按 UTF-16 读出，文件可能没有传完", SAVE)
    raise _undecodable(_broken_lines(source, "utf-8"), "UTF-8")


def _broken_utf16(source: BinaryIO) -> int:
    decoder = codecs.getincrementaldecoder("utf-16")()
    line = 1
    try:
        while block := source.read(4096):
            line += decoder.decode(block).count("\n")
    except UnicodeDecodeError:
        pass
    finally:
        source.seek(0)
    return line


def _broken_lines(source: BinaryIO, encoding: str) -> tuple[int, ...]:
    broken = []
    for number, line in enumerate(source, 1):
        if not _valid(line, encoding):
            broken.append(number)
            if len(broken) == _TOLD:
                break
    source.seek(0)
    return tuple(broken)


def _valid(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _by_lines(source: BinaryIO) -> str:
    """Not UTF-8 as a whole: GB18030 throughout, or a mixture, which nobody may guess about."""
    foreign: list[int] = []
    national: list[int] = []
    broken: list[int] = []
    for number, line in enumerate(source, 1):
        if line.isascii():
            continue
        if _valid(line, "utf-8"):
            if _surely_utf8(line):
                foreign.append(number)
        elif _valid(line, "gb18030"):
            national.append(number)
        else:
            broken.append(number)
            if len(broken) == _TOLD:
                break
    source.seek(0)
    if broken:
        raise _undecodable(tuple(broken), "UTF-8 或 GB18030")
    if foreign:
        few, name = (national, "GB18030") if len(national) <= len(foreign) else (foreign, "UTF-8")
        rows = tuple(few[:_TOLD])
        raise FileRefused(
            f"文件里混有两种文字编码：第 {_list(rows)} 行是 {name}，其余不是", f"系统不猜测。{SAVE}", rows
        )
    return "gb18030"


def _surely_utf8(line: bytes) -> bool:
    """A line of GB18030 may happen to be valid UTF-8; common Chinese characters in it are no accident."""
    return sum("\u4e00" <= c <= "\u9fff" for c in line.decode("utf-8")) > 1


def _undecodable(rows: tuple[int, ...], encoding: str) -> FileRefused:
    return FileRefused(f"第 {_list(rows)} 行的文字无法按 {encoding} 读出", f"系统不猜测内容。{SAVE}", rows)


def _list(rows: tuple[int, ...]) -> str:
    return "、".join(map(str, rows))


def separator_of(text: str) -> str:
    """The separator that gives the most columns most steadily in the first lines."""
    csv.field_size_limit(len(text))  # a giant cell is for the reading to refuse, with its row
    lines = [line for line in text.splitlines()[:30] if line.strip()]
    best, score = ",", 0.0
    for separator in _SEPARATORS:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator)]
        wide = [w for w in widths if w > 1]
        if wide:
            usual = max(set(wide), key=wide.count)
            steady = wide.count(usual) * usual / len(widths)
            if steady > score:
                best, score = separator, steady
    return best


def csv_rows(source: BinaryIO, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """Records with their number as a spreadsheet shows it; unbalanced quotes and giant cells are refused."""
    text = io.TextIOWrapper(source, encoding, newline="")  # the csv module wants line ends as they are
    separator = separator_of(text.read(64_000))
    text.seek(0)
    csv.field_size_limit(limits.CELL)
    number = 0
    records = csv.reader(text, delimiter=separator, strict=True)
    while True:
        try:
            record = next(records)
        except StopIteration:
            return
        except csv.Error as error:
            raise _bad_record(str(error), number + 1) from error
        number += 1
        if number > limits.CSV_ROWS:
            raise FileRefused(f"超过 {limits.CSV_ROWS:,} 行", "请拆成几个文件上传。")
        if len(record) > limits.COLUMNS:
            raise FileRefused(
                f"第 {number} 行有 {len(record):,} 列，超过 {limits.COLUMNS} 列", SAVE, (number,)
            )
        yield number, record


def _bad_record(text: str, number: int) -> FileRefused:
    if "field larger" in text:
        return FileRefused(
            f"第 {number} 行有一格超过 {limits.CELL:,} 个字",
            "请检查是否少了一个引号，或把多余内容移走。",
            (number,),
        )
    return FileRefused(f"第 {number} 行的引号没有成对，后面的内容分不开列", SAVE, (number,))

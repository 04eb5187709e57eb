"""What a file really is, and whether a workbook is safe to unpack: checked before anything parses it."""

import re
import zipfile
import zlib
from typing import IO, BinaryIO

from shared.org.imports import limits
from shared.org.imports.refusal import FileRefused

SAVE_AS = "请在 Excel 或 WPS 中打开，另存为“Excel 工作簿（.xlsx）”或“CSV UTF-8”后再上传。"
AGAIN = "请重新导出或重新下载该文件，再上传一次。"
ASK = "系统不识别图中的文字。请向制表人要原来的 Excel 或 CSV 文件，再上传。"
UNPACK = "请先解压，再上传里面的名册（.xlsx 或 CSV）。"
COPY = "请把其中的表格复制到 Excel 或 WPS 表格，另存为“Excel 工作簿（.xlsx）”后再上传。"
CHOOSE = "请重新选择名册文件（.xlsx 或 CSV）。"

_PICTURE, _ARCHIVE, _PROGRAM = "这是图片，不是表格", "这是压缩包，不是表格", "这是程序文件，不是表格"
_MAGIC = (
    (b"%PDF", "这是 PDF 文件，不是表格", ASK),
    (b"\xff\xd8\xff", _PICTURE, ASK),
    (b"\x89PNG", _PICTURE, ASK),
    (b"GIF8", _PICTURE, ASK),
    (b"II*\x00", _PICTURE, ASK),
    (b"MM\x00*", _PICTURE, ASK),
    (b"Rar!", _ARCHIVE, UNPACK),
    (b"7z\xbc\xaf", _ARCHIVE, UNPACK),
    (b"\x1f\x8b", _ARCHIVE, UNPACK),
    (b"{\\rtf", "这是 RTF 文档，不是表格", COPY),
    (b"MZ", _PROGRAM, CHOOSE),
    (b"\x7fELF", _PROGRAM, CHOOSE),
)
_BOXED_PICTURE = re.compile(rb"\A(?:RIFF.{4}WEBP|.{4}ftyp(?:heic|heix|mif1|avif)|BM.{4}\x00{4})", re.DOTALL)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WEB = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|meta|table|style|script|\?xml|[a-z]+:workbook|workbook)",
    re.IGNORECASE,
)

_PARTS = (
    (
        re.compile(r"(^|/)vbaProject.*\.bin$|^xl/macrosheets/", re.IGNORECASE),
        "文件里有宏", "请另存为不含宏的 .xlsx 后再上传。",
    ),
    (
        re.compile(r"^xl/(externalLinks/|connections\.xml|queryTables/)", re.IGNORECASE),
        "文件引用了外部文件或外部数据", "请复制后“选择性粘贴为数值”，断开外部链接后再上传。",
    ),
    (
        re.compile(r"^xl/(embeddings|activeX|ctrlProps)/|\.(exe|dll|js|vbs|bat|cmd|ps1|sh)$", re.IGNORECASE),
        "文件里嵌入了其他文件或控件", "请只保留表格内容后再上传。",
    ),
)  # fmt: skip
_FOREIGN = {
    "word/document.xml": ("这是 Word 文档，不是表格", COPY),
    "ppt/presentation.xml": ("这是演示文稿，不是表格", COPY),
    "content.xml": ("这是 ODS 表格，暂不支持", SAVE_AS),
    "xl/workbook.bin": ("这是二进制 Excel 格式（.xlsb），暂不支持", SAVE_AS),
}
_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY|ELEMENT)", re.IGNORECASE)
_EXTERNAL = re.compile(
    rb"relationships/(?:externalLink|oleObject|attachedTemplate|package|frame)", re.IGNORECASE
)
_BLOCK = 1 << 20
_OVERLAP = 64


def kind_of(source: BinaryIO) -> str:
    """`xlsx` or `text`; anything else is refused by its right name."""
    head = source.read(4096)
    source.seek(0)
    if not head:
        raise FileRefused("文件是空的", CHOOSE)
    if head.startswith(_OLE):
        raise _old_excel(source)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "xlsx"
    for magic, reason, hint in _MAGIC:
        if head.startswith(magic):
            raise FileRefused(reason, hint)
    if _BOXED_PICTURE.match(head):
        raise FileRefused(_PICTURE, ASK)
    if _WEB.match(head):
        raise FileRefused("这是网页或 XML 文件，只是扩展名像表格", SAVE_AS)
    return "text"


def _old_excel(source: BinaryIO) -> FileRefused:
    held = b""
    while block := source.read(_BLOCK):
        if _ENCRYPTED in held + block:
            return FileRefused("文件设置了打开密码", "请取消密码（文件—信息—保护工作簿），另存后再上传。")
        held = block[-len(_ENCRYPTED) :]
    return FileRefused("这是旧版 Excel 格式（.xls）", SAVE_AS)


def open_workbook(source: BinaryIO) -> zipfile.ZipFile:
    """The package, after its directory was checked; nothing is unpacked yet."""
    try:
        package = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FileRefused("文件不完整或已损坏，可能没有传完", AGAIN) from error
    entries = package.infolist()
    if len(entries) > limits.ENTRIES:
        raise FileRefused(f"文件里有 {len(entries)} 个部分，超过 {limits.ENTRIES} 个", SAVE_AS)
    _check_sizes(entries, source)
    names = set()
    for entry in entries:
        _check_entry(entry)
        if entry.filename.lower() in names:
            raise FileRefused("文件里有重名的部分，不像 Excel 存出来的", SAVE_AS)
        names.add(entry.filename.lower())
    for name, (reason, hint) in _FOREIGN.items():
        if name in names:
            raise FileRefused(reason, hint)
    if "xl/workbook.xml" not in names:
        raise FileRefused("这是压缩包，不是 Excel 工作簿", UNPACK)
    return package


def _check_sizes(entries: list[zipfile.ZipInfo], source: BinaryIO) -> None:
    packed = source.seek(0, 2)
    total = sum(e.file_size for e in entries)
    if total > limits.UNPACKED:
        raise FileRefused(
            f"文件解开后有 {total // limits.MB} MB，超过 {limits.UNPACKED // limits.MB} MB",
            "请拆成几个文件，或另存为 CSV 后再上传。",
        )
    if total > limits.RATIO_FROM and total > packed * limits.RATIO:
        raise FileRefused("文件压缩得异常紧密，像是压缩炸弹", SAVE_AS)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if (
        name.startswith(("/", "\\"))
        or ".." in name.replace("\\", "/").split("/")
        or ":" in name
        or "\x00" in entry.orig_filename
        or "\\" in entry.orig_filename
    ):
        raise FileRefused("文件里有指向别处的路径，不安全", SAVE_AS)
    if entry.flag_bits & 0x1:
        raise FileRefused("文件设置了打开密码", "请取消密码，另存后再上传。")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileRefused("文件用了 Excel 不用的压缩方法", SAVE_AS)
    if entry.external_attr >> 16 & 0o170000 == 0o120000:
        raise FileRefused("文件里有指向别处的链接，不安全", SAVE_AS)
    if (
        entry.file_size > limits.RATIO_FROM
        and entry.file_size > max(entry.compress_size, 1) * limits.RATIO * 2
    ):
        raise FileRefused("文件压缩得异常紧密，像是压缩炸弹", SAVE_AS)
    for pattern, reason, hint in _PARTS:
        if pattern.search(name):
            raise FileRefused(reason, hint)


def check_parts(package: zipfile.ZipFile) -> None:
    """Read every part once: sizes and checksums as declared, no DTD, no entity, nothing outside named."""
    for entry in package.infolist():
        try:
            with package.open(entry) as part:
                _check_part(entry.filename, part)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            RuntimeError,
            NotImplementedError,
        ) as error:
            raise FileRefused("文件不完整或已损坏，可能没有传完", AGAIN) from error


def _check_part(name: str, part: IO[bytes]) -> None:
    held = b""
    first = True
    is_xml = name.lower().endswith((".xml", ".rels", ".vml"))
    while block := part.read(_BLOCK):
        if not is_xml:
            continue
        if first and (
            block[:2] in (b"\xff\xfe", b"\xfe\xff")
            or b"\x00" in block[:8]
            or b"utf-16" in block[:200].lower()
        ):
            raise FileRefused("文件内部的编码不是 Excel 所用的 UTF-8", SAVE_AS)
        first = False
        piece = held + block
        if b"<!" in piece and _DTD.search(piece):
            raise FileRefused("文件里有 DTD 或实体定义，可能用来攻击系统", SAVE_AS)
        if name.endswith(".rels") and _EXTERNAL.search(piece):
            raise FileRefused("文件引用了外部文件或嵌入了其他文件", "请断开外部链接后再上传。")
        held = block[-_OVERLAP:]

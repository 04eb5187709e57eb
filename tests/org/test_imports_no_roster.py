"""Files that are no roster: the page says what they are and what to do next."""

import re

from sqlalchemy import select

from shared.kit.audit import AuditEntry
from tests.org.imports_site import HTML, Site
from tests.org.imports_tools import HEAD, csv_file, line


async def test_bad_uploads_say_what_to_do(site: Site) -> None:
    await site.sign_in("clerk")
    nothing = await site.client.post(
        "/imports", data={"csrf_token": site.csrf}, files={"x": ("a", b"b")}, headers=HTML
    )
    assert nothing.status_code == 422
    assert "请选择要导入的名册文件" in nothing.text
    at = await site.upload("名册.xlsx", b"%PDF-1.7")
    assert "这是 PDF 文件，不是表格" in (await site.page(at)).text
    no_token = await site.client.post("/imports", files={"file": ("a.csv", b"x")}, headers=HTML)
    assert no_token.status_code == 403


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
NO_ROSTERS = {
    "表头.csv": (csv_file(HEAD), "表头下面没有人员", "请确认上传的是填好的名册"),
    "照片.xlsx": (b"\xff\xd8\xff\xe0" + b"x" * 99, "这是图片，不是表格", "请向制表人要原来的 Excel"),
    "手机照片.xlsx": (b"\0\0\0\x18ftypheic" + b"\0" * 99, "这是图片，不是表格", "请向制表人要原来的 Excel"),
    "扫描件.csv": (b"%PDF-1.7", "这是 PDF 文件，不是表格", "请向制表人要原来的 Excel"),
    "压缩.xlsx": (b"Rar!" + b"x" * 99, "这是压缩包，不是表格", "请先解压"),
    "说明.txt": ("请各单位周五前报送\r\n".encode(), "文件里没有分成几列的内容", "请选择有姓名、单位等列的名册"),
    "账目.csv": ("品名,数量\r\n复印纸,3\r\n".encode(), "没有认出表头", "如果选错了文件，请取消导入"),
    "加密.xlsx": (OLE + "EncryptedPackage".encode("utf-16-le"), "文件设置了打开密码", "请取消密码"),
    "空白.csv": (b"\r\n , \r\n", "文件里没有任何内容", "请确认上传的是填好的名册"),
    "别家.csv": (
        "姓名,性别,所在妇联组织\r\n单文慧,女,春熙社区妇联\r\n".encode(),
        "整份文件没有一行可以写入", "如果这是其他组织的名册",
    ),
    "别家又一.csv": (
        "姓名,性别,所属商会\r\n单文慧,女,春熙商会\r\n".encode(),
        "没有认出哪一列是所在单位", "如果这是其他组织的名册",
    ),
}  # fmt: skip


async def test_a_file_that_is_no_roster_says_what_to_do_next(site: Site) -> None:
    await site.sign_in("clerk")
    for name, (data, said, hint) in NO_ROSTERS.items():
        page = (await site.page(await site.upload(name, data))).text
        assert said in page, name
        assert hint in page, name
        assert "文件与名册一致" not in page, name
    files = {"file": ("空.xlsx", b"")}
    empty = await site.client.post("/imports", data={"csrf_token": site.csrf}, files=files, headers=HTML)
    assert (empty.status_code, "文件是空的，请重新选择" in empty.text) == (422, True)


async def test_what_came_to_nothing_can_be_taken_off_the_list(site: Site) -> None:
    await site.sign_in("clerk")
    letter = await site.upload("通知.csv", "请各单位周五前报送\r\n".encode())
    ledger = await site.upload("账目.csv", "品名,数量\r\n复印纸,3\r\n".encode())
    kept = await site.upload("名册.csv", csv_file(HEAD, line(site.org)))
    assert (await site.post(f"{ledger}/remove")).status_code == 409  # it may still become a roster
    shown = (await site.page("/imports")).text
    assert re.findall(r'action="(/imports/[^"]+)/cancel"', shown) == [kept, ledger]
    await site.post(f"{ledger}/cancel")
    shown = (await site.page("/imports")).text
    assert re.findall(r'action="(/imports/[^"]+)/remove"', shown) == [ledger, letter]
    for at in (ledger, letter):
        assert (await site.post(f"{at}/remove")).status_code == 303
        assert (await site.page(at)).status_code == 404
    shown = (await site.page("/imports")).text
    assert (kept in shown, letter in shown, ledger in shown) == (True, False, False)
    site.client.headers["x-csrf-token"] = site.csrf
    assert (await site.client.post(f"/api/v1{kept}/remove")).status_code == 409
    async with site.org.kit.database.transaction() as session:
        query = (
            select(AuditEntry.target_id).where(AuditEntry.action == "import.removed").order_by(AuditEntry.seq)
        )
        assert [f"/imports/{target}" for target in await session.scalars(query)] == [ledger, letter]

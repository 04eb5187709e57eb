"""What staff are told when a file was read but is hardly the roster of this organisation."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.kit.web import gettext as _
from shared.kit.web import translate
from shared.org.imports.aliases import Titles
from shared.org.imports.columns import Table
from shared.org.imports.models import ImportBatch
from shared.org.kit import OrgKit


@dataclass(frozen=True)
class Advice:
    """What is odd about the file, and what to do."""

    title: str
    hint: str


def advice(org: OrgKit, batch: ImportBatch, tables: Sequence[Table], titles: Titles) -> Advice | None:
    """None when the file needs no word beside what its lines say."""
    if batch.status == "mapping":
        return _unread(org, [t for t in tables if t.used], titles)
    if batch.status == "ready":
        return _unwritable(org, batch)
    return None


def _unread(org: OrgKit, used: Sequence[Table], titles: Titles) -> Advice | None:
    if not used:
        hint = _(
            "如果这是名册，请用“改表头行”指出标题（姓名、性别……）在第几行；如果选错了文件，请取消导入，换文件上传。"
        )
        return Advice(_("没有认出表头"), hint)
    if missing := {code for table in used for code in table.missing()}:
        names = "、".join(titles.by_code[code].title for code in titles.by_code if code in missing)
        said = _("没有认出哪一列是%(names)s") % {"names": translate(names)}
        return Advice(said, _("请在下面选定这一列。") + _other(org))
    return None


def _unwritable(org: OrgKit, batch: ImportBatch) -> Advice | None:
    sums = batch.sums
    people = sums.get("rows", 0) - sums.get("ignored", 0)
    if not people:
        return Advice(_("表头下面没有人员"), _("请确认上传的是填好的名册，取消导入后换文件上传。"))
    if sums.get("refused", 0) == people:
        hint = _("请看下面每一行的原因。若是列对应错了，请重新对应列。")
        return Advice(_("整份文件没有一行可以写入"), hint + _other(org))
    return None


def _other(org: OrgKit) -> str:
    said = _("这里只接收%(org)s的%(roll)s；如果这是其他组织的名册，请取消导入，到那个组织的系统中上传。")
    return said % {"org": translate(org.name), "roll": translate(org.profile.terms.roll)}

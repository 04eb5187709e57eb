"""Which columns of a file are not imported, and why: said before the check and after it."""

from collections import Counter
from collections.abc import Sequence

from shared.kit.web import gettext as _
from shared.kit.web import translate
from shared.org.imports.aliases import Titles, fold_title
from shared.org.imports.columns import Table


def left_out(table: Table, titles: Titles) -> str:
    """The columns of one sheet that no field stands for, by reason; '' when there are none."""
    by_reason: dict[str, list[str]] = {}
    for column, title in enumerate(table.titles):
        if not table.fields[column] and (title or any(table.samples[column])):
            called = f"“{title}”" if title else _("第%(n)s列") % {"n": column + 1}
            by_reason.setdefault(_why(table, column, titles), []).append(called)
    said = (_("、").join(columns) + _("：") + why for why, columns in by_reason.items())
    return _("；").join(said)


def all_left_out(tables: Sequence[Table], titles: Titles) -> list[str]:
    """The same of every sheet that is used, what is said of several of them once."""
    used = [table for table in tables if table.used]
    return list(dict.fromkeys(text for table in used if (text := left_out(table, titles))))


def _why(table: Table, column: int, titles: Titles) -> str:
    title = table.titles[column]
    if not title:
        return _("没有标题")
    folded = [fold_title(each) if code else "" for each, code in zip(table.titles, table.fields, strict=True)]
    if fold_title(title) in folded:
        at = folded.index(fold_title(title)) + 1
        return _("第%(n)s列，与第%(at)s列标题相同，只导入一列") % {"n": column + 1, "at": at}
    guess = titles.guess(title)
    if guess is None or guess.code not in titles.by_code:
        return _("名册没有这一项")
    if guess.code in table.fields:
        given = {
            "field": translate(titles.by_code[guess.code].title),
            "at": table.fields.index(guess.code) + 1,
        }
        return _("“%(field)s”已取自第%(at)s列") % given
    return _("选定为不导入")


def counted(tables: Sequence[Table]) -> tuple[int, int]:
    """How many columns are imported and how many not; columns that several sheets share count once."""
    taken: Counter[tuple[str, str]] = Counter()
    for table in tables:
        if table.used:
            taken |= Counter(zip(table.titles, table.fields, strict=True))
    mapped = sum(number for (_title, code), number in taken.items() if code)
    return mapped, taken.total() - mapped

"""What stands now where a form says something else, so that nobody undoes unseen what another just did."""

from collections.abc import Collection, Mapping

from shared.kit.web.i18n import gettext as _
from shared.kit.web.i18n import translate

Words = Mapping[str, Mapping[str, str]]


def overtaken(now: Mapping[str, object], typed: Mapping[str, object], words: Words) -> dict[str, str]:
    """By field what stands there now; `words` are the titles of a field's choices by code."""
    return {
        field: _said(_texts(value), words.get(field, {}))
        for field, value in now.items()
        if set(_texts(value)) != set(_texts(typed.get(field)))
    }


def _texts(value: object) -> list[str]:
    many = value if isinstance(value, Collection) and not isinstance(value, str) else [value]
    return ["\n".join(str(each).splitlines()) for each in many if each not in (None, "")]


def _said(texts: list[str], titles: Mapping[str, str]) -> str:
    if not texts:
        return _("现在是空的")
    return _("现在是“%(value)s”") % {"value": _("、").join(translate(titles.get(t, t)) for t in texts)}

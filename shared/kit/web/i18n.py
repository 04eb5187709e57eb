"""Languages: Chinese is the message id, other languages are catalogues beside this file."""

import re
from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import LazyProxy, Translations
from markupsafe import Markup

COOKIE = "quntuan_lang"
DEFAULT = "zh-CN"
LANGUAGES = {"zh-CN": "中", "en": "EN"}
LOCALE_DIR = Path(__file__).parent / "locale"
HAN = re.compile("[\u4e00-\u9fff]")
_HOLE = re.compile(r"\{\d+\}|%\(\w+\)s")
_SPLIT = re.compile(f"({_HOLE.pattern})")
_JOINTS = re.compile("([，；、])")

_locale: ContextVar[str] = ContextVar("quntuan_locale", default=DEFAULT)


@cache
def translations(locale: str) -> NullTranslations:
    """The catalogue of one language; without one the Chinese message itself is shown."""
    path = LOCALE_DIR / locale / "LC_MESSAGES" / "quntuan.po"
    if locale not in LANGUAGES or not path.is_file():
        return NullTranslations()
    with path.open("rb") as source:
        catalog = read_po(source, locale=locale, domain="quntuan")
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled, domain="quntuan")


def set_locale(locale: str) -> str:
    """Use this language for the rest of the request; unknown ones become Chinese."""
    chosen = locale if locale in LANGUAGES else DEFAULT
    _locale.set(chosen)
    return chosen


def get_locale() -> str:
    """The language of the current request."""
    return _locale.get()


def gettext(message: str) -> str:
    """Translate for the current request."""
    return translations(_locale.get()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate with a number for the current request."""
    return translations(_locale.get()).ngettext(singular, plural, n)


def lazy_gettext(message: str) -> LazyProxy:
    """A text made at import time and translated when it is shown."""
    return LazyProxy(gettext, message, enable_cache=False)


@cache
def _patterns(locale: str) -> tuple[tuple[re.Pattern[str], tuple[str, ...], str], ...]:
    """Messages with holes (`{0} 人`), the most telling first: expression, names of holes, translation."""
    catalog = getattr(translations(locale), "_catalog", {})
    holed = [(key, text) for key, text in catalog.items() if isinstance(key, str) and _HOLE.search(key)]
    holed.sort(key=lambda pair: len(_HOLE.sub("", pair[0])), reverse=True)
    return tuple(
        (
            re.compile(_filling(key).join(map(re.escape, _HOLE.split(key))), re.DOTALL),
            tuple(_HOLE.findall(key)),
            text,
        )
        for key, text in holed
        if HAN.search(_HOLE.sub("", key))
    )


def _filling(message: str) -> str:
    """What stands in a hole: beside a single character (`%(n)s次`) a number, else every name is a count."""
    counts = len(_HOLE.findall(message)) == len(HAN.findall(_HOLE.sub("", message))) == 1
    return r"([\d.,+\-—–]+)" if counts else "(.+?)"


def translate(text: object) -> str:
    """A text that Python made, perhaps long ago and kept: as it is, by its pattern, or part by part."""
    if isinstance(text, Markup):  # a template's own text
        return text
    said = str(text)
    locale = _locale.get()
    if locale == DEFAULT or not HAN.search(said):
        return said
    if (known := gettext(said)) != said:
        return known
    for pattern, holes, translated in _patterns(locale):
        if match := pattern.fullmatch(said):
            values = dict(zip(holes, map(translate, match.groups()), strict=True))
            return "".join(values.get(part, part) for part in _SPLIT.split(translated))
    parts = _JOINTS.split(said)
    if (sentence := _as_sentence(said)) is not None or len(parts) == 1:
        return sentence or said
    shown = [part if part in _LATIN_JOINTS else translate(part) for part in parts]
    # nothing of it is ours: somebody typed it, and it is repeated as it is
    return said if shown == parts else "".join(_LATIN_JOINTS.get(part, part) for part in shown)


def _as_sentence(said: str) -> str | None:
    """The same with its full stop added or left out: reasons are kept without one, hints with one."""
    if not said.endswith("。"):
        whole = said + "。"
        known = gettext(whole)
        return None if known == whole else known.rstrip(".。")
    inner = translate(said[:-1])
    return None if HAN.search(inner) else f"{inner}."


_LATIN_JOINTS = {"，": ", ", "；": "; ", "、": ", "}

_ = gettext

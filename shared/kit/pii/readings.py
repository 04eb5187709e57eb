"""OpenCC and pypinyin behind three small functions; both are loaded at first use (0.3 s) or by `load`."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Characters pypinyin does not know, and those whose usual reading in a name is not its first one.
_IN_NAMES = {"𠮷": "jí", "乾": "qián", "著": "zhù", "卜": "bǔ"}
_TONED = "āáǎà ēéěèêếềế īíǐì ōóǒò ūúǔù ǖǘǚǜü ńňǹ ḿ"
_PLAIN = {
    ord(letter): bare for group, bare in zip(_TONED.split(), "aeiouvnm", strict=True) for letter in group
} | dict.fromkeys(range(0x300, 0x370))  # tone marks that have no letter of their own: m̀


@cache
def _converter() -> "Callable[[str], str]":
    from opencc import OpenCC  # noqa: PLC0415 - loaded when the first name needs it

    return OpenCC("t2s").convert


@cache
def _syllables_of() -> "Callable[[str], list[str]]":
    from pypinyin import Style  # noqa: PLC0415 - 0.25 s, only processes that read names pay it
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT  # noqa: PLC0415
    from pypinyin.core import Pinyin  # noqa: PLC0415

    engine = Pinyin()

    def syllables_of(text: str) -> list[str]:
        # Most given names are one or two characters: the same answer from the same dictionaries,
        # six times as fast as the segmenter.
        if len(text) <= 2:
            phrase = PHRASES_DICT.get(text)
            if phrase is not None:
                return [readings[0] for readings in phrase]
            return [PINYIN_DICT.get(ord(char), char).partition(",")[0] for char in text]
        return [readings[0] for readings in engine.pinyin(text, style=Style.TONE, errors=_each)]

    return syllables_of


def load() -> None:
    """Load both dictionaries now: in a service the first name shown would stop all pages for 0.3 s."""
    _converter()
    _syllables_of()


def _each(unknown: str) -> str:
    # pypinyin takes a list here (one entry a character), its stub says str
    return list(unknown)  # type: ignore[return-value]


def simplified(text: str) -> str:
    """Traditional to simplified characters; for search keys only, never for what is stored."""
    return _converter()(text)


def syllables(text: str, written: str = "") -> list[str]:
    """One reading with tone mark for each character; unknown characters stand for themselves.

    `written` is the text before simplification: 乾 is not read as the 干 it becomes.
    """
    found = _syllables_of()(text)
    original = written if len(written) == len(text) else text
    return list(map(_IN_NAMES.get, original, found))


@lru_cache(maxsize=2048)  # there are about 1,500 syllables
def plain(syllable: str) -> str:
    """Lower-case letters and digits only, without tone mark, ü as v: lǚ -> lv, Jean-Luc -> jeanluc."""
    bare = syllable.lower().translate(_PLAIN)
    return bare if bare.isalnum() else "".join(filter(str.isalnum, bare))

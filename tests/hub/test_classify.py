"""What is typed into the one box, and what it is understood as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.hub.lookup.rules import Kind, NotUnderstoodError, Query, age_band, classify, pattern
from services.hub.lookup.syllables import divide

CASES = [
    ("519901199001011234", Kind.IDENTITY), ("51990119900101123x", Kind.IDENTITY), ("５１９９０１１９９００１０１１２３Ｘ", Kind.IDENTITY),
    ("519901 19900101 1234", Kind.IDENTITY), ("519901900101123", Kind.IDENTITY),
    ("12012345678", Kind.PHONE), ("120 1234 5678", Kind.PHONE), ("120-1234-5678", Kind.PHONE), ("+86 12012345678", Kind.PHONE),
    ("8612012345678", Kind.PHONE), ("0086 120 1234 5678", Kind.PHONE), ("028-61234567", Kind.PHONE), ("(028)61234567", Kind.PHONE),
    ("5101 0001 7726", Kind.CARD), ("GH-2020-00017", Kind.CARD), ("AB1234", Kind.CARD), ("12345", Kind.CARD), ("E12345678", Kind.CARD),
    ("6120", Kind.TAIL), ("612X", Kind.TAIL), ("612x", Kind.TAIL), ("王6120", Kind.TAIL), ("6120王", Kind.TAIL), ("王小明 6120", Kind.TAIL),
    ("６１２０", Kind.TAIL), ("**************612X", Kind.TAIL),
    ("138****6120", Kind.TAIL), ("5101 **** 6120", Kind.TAIL), ("GH20 ＊＊＊＊ 6120", Kind.TAIL), ("028-****6120", Kind.TAIL),
    ("+86 138****6120", Kind.TAIL), ("王****6120", Kind.TAIL), ("138****6120 王", Kind.TAIL),
    ("王", Kind.NAME), ("王小明", Kind.NAME), ("張偉", Kind.NAME), ("阿依古丽·买买提", Kind.NAME), ("阿依古丽 买买提", Kind.NAME),
    ("阿依古丽•买买提", Kind.NAME), ("阿依古丽・买", Kind.NAME), ("阿依古丽．买", Kind.NAME), ("阿依古丽.m", Kind.MIXED), ("阿依古丽 • m", Kind.MIXED),
    ("张4321", Kind.TAIL), ("張４３２１", Kind.TAIL), ("张　４３２１", Kind.TAIL), ("欧阳 432x", Kind.TAIL), ("1 2 0 1 2 3 4 5 6 7 8", Kind.PHONE),
    ("１２０　１２３４　５６７８", Kind.PHONE), ("GH－2020－00017", Kind.CARD), ("ｇｈ 2020 00017", Kind.CARD),
    ("lyu", Kind.PINYIN), ("lyubu", Kind.PINYIN), ("Lyu Bu", Kind.PINYIN), ("lyub", Kind.PINYIN), ("nyu", Kind.PINYIN), ("lü bù", Kind.PINYIN), ("lu:bu", Kind.PINYIN),
    ("𠮷野", Kind.NAME), ("〇", Kind.NAME), ("Ерлан", Kind.NAME),
    ("wangxiaoming", Kind.PINYIN), ("Wang Xiaoming", Kind.PINYIN), ("wáng xiǎo míng", Kind.PINYIN), ("wang'xiao'ming", Kind.PINYIN),
    ("wangxiao", Kind.PINYIN), ("wangx", Kind.PINYIN), ("w", Kind.PINYIN), ("zhang", Kind.PINYIN), ("zh", Kind.PINYIN), ("shan", Kind.PINYIN),
    ("lü", Kind.PINYIN), ("lvbu", Kind.PINYIN), ("xian", Kind.PINYIN), ("WANG", Kind.PINYIN), ("ｗａｎｇ", Kind.PINYIN),
    ("zs", Kind.INITIALS), ("wxm", Kind.INITIALS), ("ZW", Kind.INITIALS), ("w x m", Kind.INITIALS), ("lb", Kind.INITIALS),
    ("wangxm", Kind.MIXED), ("zhangsf", Kind.MIXED), ("wxming", Kind.MIXED), ("张w", Kind.MIXED), ("张wm", Kind.MIXED), ("欧阳na", Kind.MIXED),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), CASES)
def test_classify(text: str, kind: Kind) -> None:
    assert classify(text).kind is kind


@pytest.mark.parametrize(
    "text", ["", "   ", "1", "123", "12 3", "!!!", "----", "9" * 33, "王" * 101, "12345!"]
)
def test_not_understood_says_why(text: str) -> None:
    with pytest.raises(NotUnderstoodError) as refused:
        classify(text)
    assert str(refused.value)


def test_what_is_asked_of_the_holders_of_the_key() -> None:
    assert classify("+86 120 1234 5678").number == "12012345678"
    assert classify("12012345678").asks == ("phone", "card")
    assert classify("519901199001011234").asks == ("identity", "card")
    assert classify("E12345678").asks == ("card", "identity")
    assert classify("王6120").han == "王"
    assert classify("612x").tail == "612X"
    assert (classify("王138****6120").han, classify("王138****6120").tail) == ("王", "6120")


def test_the_other_understanding_can_be_chosen() -> None:
    assert classify("lan").other is Kind.INITIALS
    assert classify("lan", Kind.INITIALS).kind is Kind.INITIALS
    assert classify("xian").other is None  # no surname or given name begins with i
    assert classify("zs", Kind.PINYIN).kind is Kind.PINYIN
    assert classify("wangxiaoming", Kind.INITIALS).kind is Kind.PINYIN
    assert classify("小明").other is Kind.GIVEN
    assert classify("小明", Kind.GIVEN) == Query(Kind.GIVEN, han="小明", other=Kind.NAME)


@pytest.mark.parametrize(
    ("letters", "pieces"),
    [("wangxm", "wang x m"), ("wangxiaoming", "wang xiao ming"), ("zs", "z s"), ("fangan", "fang an"), ("wxming", "w x ming"),
     ("zhangwe", "zhang we"), ("xian", "xian"), ("ouyangna", "ou yang na")],
)  # fmt: skip
def test_divide(letters: str, pieces: str) -> None:
    assert divide(letters) == tuple(pieces.split())


def test_pattern_matches_syllables_in_order() -> None:
    assert pattern(("w", "xiao", "m")) == "^w[a-z]*xiaom[a-z]*"


def test_a_query_never_shows_its_text() -> None:
    assert "120" not in repr(classify("12012345678"))
    assert "王" not in f"{classify('王小明')!r}"


def test_age_is_shown_as_a_band() -> None:
    assert age_band(1994, 2026) == "30—34"
    assert age_band(None, 2026) == ""
    assert age_band(2030, 2026) == "0—4"


@given(st.text(max_size=120))
def test_any_text_is_classified_or_refused(text: str) -> None:
    try:
        query = classify(text)
    except NotUnderstoodError:
        return
    assert query.kind in Kind


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=40))
def test_divide_loses_no_letter(letters: str) -> None:
    assert "".join(divide(letters)) == letters

"""Identity numbers: what is accepted, how it is normalised, why it is refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.pii import Identity, IdentityError, IdentityKind, check_character, parse_identity

# synthetic division (5199) unless the kind of document decides the first digits
BIRTHS = st.dates(date(1900, 1, 1), date(2026, 1, 1))
SERIALS = st.integers(0, 999)


def number(prefix: str, birth: date, serial: int) -> str:
    body = f"{prefix}{birth.year:04d}{birth:%m%d}{serial:03d}"
    return body + check_character(body)


def reason(text: str, *, synthetic: bool = True) -> str:
    with pytest.raises(IdentityError) as refused:
        parse_identity(text, synthetic=synthetic)
    assert refused.value.hint
    shown = f"{refused.value} {refused.value.hint}"
    assert text not in shown or len(text) < 5, "the message must not carry the number"
    return refused.value.reason


def test_check_character_of_the_standard() -> None:
    # the two examples printed in GB 11643-1999
    assert check_character("11010519491231002") == "X"
    assert check_character("44052418800101001") == "4"


@given(BIRTHS, SERIALS)
def test_birth_and_sex_come_from_the_number(birth: date, serial: int) -> None:
    identity = parse_identity(number("519901", birth, serial), synthetic=True)
    assert identity.birth == birth
    assert identity.sex == ("male" if serial % 2 else "female")
    assert (identity.kind, identity.synthetic) == (IdentityKind.RESIDENT, True)


@given(BIRTHS, SERIALS, st.sampled_from(["519901", "510104", "810000", "911156"]))
def test_normalising_twice_changes_nothing(birth: date, serial: int, prefix: str) -> None:
    once = parse_identity(number(prefix, birth, serial), synthetic=True)
    assert parse_identity(once.number, synthetic=True) == once


@given(BIRTHS, SERIALS, st.integers(0, 16), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(birth: date, serial: int, place: int, shift: int) -> None:
    right = number("519901", birth, serial)
    wrong = right[:place] + str((int(right[place]) + shift) % 10) + right[place + 1 :]
    with pytest.raises(IdentityError):
        parse_identity(wrong, synthetic=True)


@pytest.mark.parametrize(
    "written",
    [
        "51990620000318002X",
        "51990620000318002x",
        "51990620000318002Ｘ",
        "51990620000318002ｘ",
        "51990620000318002Ⅹ",
        "５１９９０６２０００0318002X",
        " 519906 20000318 002X　",
        "'51990620000318002X",
        "\ufeff51990620000318002X",
    ],
)
def test_ways_of_writing_the_same_number(written: str) -> None:
    body = "51990620000318002"
    assert parse_identity(written, synthetic=True).number == f"{body}{check_character(body)}" == f"{body}X"


@given(st.dates(date(1920, 1, 1), date(1999, 12, 31)), SERIALS)
def test_fifteen_digits_are_the_same_person(birth: date, serial: int) -> None:
    long = number("519901", birth, serial)
    short = long[:6] + long[8:17]
    assert parse_identity(short, synthetic=True) == parse_identity(long, synthetic=True)


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        ("510116", IdentityKind.RESIDENT),  # 双流: other validators refuse it
        ("510191", IdentityKind.RESIDENT),
        ("810000", IdentityKind.RESIDENCE_PERMIT),
        ("820000", IdentityKind.RESIDENCE_PERMIT),
        ("830000", IdentityKind.RESIDENCE_PERMIT),
        ("911156", IdentityKind.FOREIGNER),
    ],
)
def test_kinds(prefix: str, kind: IdentityKind) -> None:
    identity = parse_identity(number(prefix, date(1980, 2, 29), 12), synthetic=False)
    assert (identity.kind, identity.birth, identity.sex) == (kind, date(1980, 2, 29), "female")


@pytest.mark.parametrize(
    "text", ["E12345678", "ea1234567", "H1234567890", "Ｇ１２３４５６７８", "04123456", "AB123"]
)
def test_other_documents(text: str) -> None:
    identity = parse_identity(text, synthetic=False)
    assert (identity.kind, identity.birth, identity.sex) == (IdentityKind.PASSPORT, None, None)
    assert identity.number.isascii()
    assert identity.number.isupper() or identity.number.isdigit()


def test_old_permanent_residence_card() -> None:
    assert parse_identity("USA110075123101", synthetic=False).kind is IdentityKind.FOREIGNER


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "为空"),
        ("　 ", "为空"),
        ("5.19906200003180E+17", "科学计数法"),
        ("5.101011990010113e+17", "科学计数法"),
        ("5E+17", "科学计数法"),
        ("519906200003180020.0", "小数"),
        ("519,906,200,003,180,000", "数字"),
        ("051990620000318002", "0 开头"),
        ("51990620000318002", "17 位"),
        ("5199062000031800211", "19 位"),
        ("5199062000031800", "16 位"),
        ("51990620000318OO2X", "字母"),
        ("519906200003180021", "校验码"),
        ("519906-20000318-002X", "标点|数字和字母"),
        ("身份证51990620000318002X", "数字和字母"),
        ("51990620000318002X\x00", "数字和字母"),
        ("51990620000318002\ud800", "数字和字母"),
        ("12783159200", "手机"),
        ("20000318", "日期"),
        ("123456", "位数"),
        ("NONE", "不是身份证"),
        ("WITHOUT", "不是身份证"),
        ("٥١٩٩٠٦٢٠٠٠٠٣١٨٠٠٢٠", "数字和字母"),
    ],
)
def test_refusals_say_why(text: str, word: str) -> None:
    assert any(part in reason(text) for part in word.split("|"))


@pytest.mark.parametrize(
    ("birth", "word"),
    [("20000230", "不存在"), ("20001301", "不存在"), ("18991231", "不合理"), ("20991231", "不合理")],
)
def test_impossible_births(birth: str, word: str) -> None:
    body = f"519901{birth}001"
    assert word in reason(body + check_character(body))


def test_impossible_birth_in_fifteen_digits() -> None:
    assert "不存在" in reason("519901990230001")


def test_a_rounded_number_gets_the_hint_to_format_the_column() -> None:
    with pytest.raises(IdentityError) as refused:
        parse_identity("519906200003180000", synthetic=True)
    assert "文本" in refused.value.hint


def test_demo_people_are_refused_in_production() -> None:
    assert "演示" in reason("51990620000318002X", synthetic=False)
    assert "演示" in reason("519906800318002", synthetic=False)


def test_repr_hides_the_person() -> None:
    identity = parse_identity("51990620000318002X", synthetic=True)
    assert identity.last4 == "002X"
    assert not any(secret in repr(identity) for secret in ("5199", "0318", "2000", "002X"))


def attempt(text: str) -> Identity | IdentityError:
    try:
        return parse_identity(text, synthetic=True)
    except IdentityError as refused:
        return refused


@given(
    st.one_of(
        st.text(max_size=40),
        st.text("0123456789Xx.E+ Ｘ", max_size=22),
        st.from_regex(r"[A-Z0-9]{4,21}", fullmatch=True),
        st.builds(number, st.from_regex(r"[0-9]{6}", fullmatch=True), st.dates(), SERIALS),
    )
)
def test_any_text_is_an_identity_or_a_clear_refusal(text: str) -> None:
    answer = attempt(text)
    if isinstance(answer, IdentityError):
        assert answer.reason
        assert answer.hint
    else:
        assert isinstance(answer, Identity)
        assert 5 <= len(answer.number) <= 20

"""Telephone numbers: one written form, clear refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.pii import Phone, PhoneError, parse_phone


@pytest.mark.parametrize(
    "written",
    [
        "12783159200",
        "+86 127-8315 9200",
        "+86 127 8315 9200",
        "86-127-8315-9200",
        "86-127 8315 9200",
        "008612783159200",
        "（+86）127 8315 9200",
        "１２７８３１５９２００",
        "127‑8315–9200",
        "012783159200",
    ],
)
def test_mobile_forms(written: str) -> None:
    phone = parse_phone(written, synthetic=True)
    assert (phone.number, phone.kind, phone.last4) == ("12783159200", "mobile", "9200")


@pytest.mark.parametrize(
    ("written", "number", "last4"),
    [
        ("028-85131234", "028-85131234", "1234"),
        ("(028) 8513-1234 转 801", "028-85131234-801", "1234"),
        ("028-85131234-801", "028-85131234-801", "1234"),
        ("02885131234 分机801", "028-85131234-801", "1234"),
        ("028 8513 1234 ext. 12", "028-85131234-12", "1234"),
        ("+86 28 8513 1234", "028-85131234", "1234"),
        ("+86 10 6513 1234", "010-65131234", "1234"),
        ("0755-88888888", "0755-88888888", "8888"),
        ("+86 10 6513 1234 转 1", "010-65131234-1", "1234"),
        ("010-2000000-000000", "010-2000000-000000", "0000"),
        ("400-800-1234 转 2", "4008001234-2", "1234"),
        ("0838-2201234", "0838-2201234", "1234"),
        ("85131234", "85131234", "1234"),
        ("85131234转6", "85131234-6", "1234"),
        ("400-800-1234", "4008001234", "1234"),
    ],
)
def test_landline_forms(written: str, number: str, last4: str) -> None:
    phone = parse_phone(written, synthetic=False)
    assert (phone.number, phone.kind, phone.last4) == (number, "landline", last4)
    assert parse_phone(phone.number, synthetic=False) == phone


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from(["", "+86", "86", "0086 ", "+86-"]),
    st.sampled_from(["", " ", "-"]),
)
def test_every_mobile_range(number: str, country: str, gap: str) -> None:
    written = f"{country}{gap}{number[:3]}{gap}{number[3:7]}{gap}{number[7:]}"
    phone = parse_phone(written, synthetic=False)
    assert (phone.number, phone.kind) == (number, "mobile")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "为空"),
        ("1.2783159200E+10", "科学计数法"),
        ("13812345678.0", "小数"),
        ("13812345678/13912345678", "多个"),
        ("13812345678、13912345678", "多个"),
        ("1381234567", "11 位"),
        ("138123456789", "11 位"),
        ("10812345678", "号段"),
        ("1381234567O", "字符"),
        ("无", "字符"),
        ("028-1234", "座机"),
        ("13812345678\x00", "字符"),
        ("1381234567\ud800", "字符"),
        ("١٣٨١٢٣٤٥٦٧٨", "字符"),
    ],
)
def test_refusals_say_why(text: str, word: str) -> None:
    with pytest.raises(PhoneError) as refused:
        parse_phone(text, synthetic=True)
    assert word in refused.value.reason
    assert refused.value.hint
    assert "1381234" not in f"{refused.value}{refused.value.hint}"


def test_demo_phones_are_refused_in_production() -> None:
    with pytest.raises(PhoneError, match="演示"):
        parse_phone("+86 127 8315 9200", synthetic=False)


def test_repr_hides_the_number() -> None:
    assert "1278" not in repr(parse_phone("12783159200", synthetic=True))


def attempt(text: str) -> Phone | PhoneError:
    try:
        return parse_phone(text, synthetic=True)
    except PhoneError as refused:
        return refused


@given(
    st.one_of(
        st.text("0123456789+- ()转x.,/E１２", max_size=30),
        st.from_regex(r"([+]?86)?[- ]?1[2-9][0-9]{9}", fullmatch=True),
        st.from_regex(r"[(]?0[1-9][0-9]{1,2}[)]?[- ]?[1-9][0-9]{6,7}((转|-|x)[0-9]{1,6})?", fullmatch=True),
    )
)
def test_any_text_is_a_phone_or_a_clear_refusal(text: str) -> None:
    answer = attempt(text)
    if isinstance(answer, PhoneError):
        assert answer.reason
        assert answer.hint
    else:
        assert parse_phone(answer.number, synthetic=True) == answer
        assert set(answer.number) <= set("0123456789-")

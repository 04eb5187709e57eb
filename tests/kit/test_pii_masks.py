"""Masks show what they may and never more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.pii import mask_card, mask_identity, mask_name, mask_phone

DIGITS = st.text("0123456789", max_size=25)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张", "*"),
        ("", "*"),
        ("张明", "张*"),
        ("张小明", "张*明"),
        ("欧阳娜", "欧阳*"),
        ("欧阳娜娜", "欧阳**"),
        ("歐陽娜娜", "歐陽**"),
        ("阿依古丽", "阿***"),
        ("阿依古丽·买买提", "阿***"),
        ("单于", "单*"),
        ("𠮷野家", "𠮷*家"),
        ("John·Smith", "J***"),
    ],
)
def test_names(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13812341234", "138****1234"),
        ("028-85131234", "028-****1234"),
        ("028-85131234-801", "028-****1234"),
        ("0755-88888888", "0755-****8888"),
        ("85131234", "****1234"),
        ("85131234-801", "****1234"),
        ("4008001234", "****1234"),
        ("110", "****"),
        ("", "****"),
    ],
)
def test_phones(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


def test_identities_and_cards() -> None:
    assert mask_identity("519906200003180026") == "**************0026"
    assert mask_identity("E12345678") == "******678"
    assert mask_identity("AB123") == "****3"
    assert mask_card("510112343211") == "5101 **** 3211"
    assert mask_card("60149278") == "**** 9278"
    assert mask_card("1234") == "****"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*"), min_size=1, max_size=60))
def test_a_masked_name_shows_two_characters_at_most(name: str) -> None:
    masked = mask_name(name)
    shown = masked.replace("*", "")
    assert "*" in masked
    assert len(shown) <= 2
    assert len(shown) < len(name)
    assert set(shown) <= set(name)


@given(DIGITS)
def test_a_masked_number_hides_enough(number: str) -> None:
    identity = mask_identity(number)
    assert len(identity) == len(number)
    assert len(identity.replace("*", "")) <= min(4, len(number) // 3)
    assert len(mask_card(number).replace("*", "").replace(" ", "")) <= (8 if len(number) >= 12 else 4)
    phone = mask_phone(number).replace("*", "")
    assert len(phone) <= (7 if len(number) == 11 else 4)
    assert "****" in mask_phone(number)

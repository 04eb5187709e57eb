"""Profiles, derived keys, tokens and the field cipher, with the published vectors."""

import hmac
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SM3, Hash
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.pii import (
    CardError,
    CipherError,
    CryptoProfile,
    FieldCipher,
    IdentityError,
    PersonNameError,
    PhoneError,
    Tokens,
    derive_key,
    parse_identity,
    parse_phone,
)
from shared.kit.pii.aead import seal, unseal
from shared.kit.pii.crypto import keyed_hash

SECRET = bytes(range(32))
OTHER = bytes(range(1, 33))
INTL, SM = CryptoProfile.INTL, CryptoProfile.SM
BOTH = pytest.mark.parametrize("profile", [INTL, SM])
BIRTH = date(2000, 3, 18)


def test_sm3_of_the_standard() -> None:
    state = Hash(SM3())
    state.update(b"abc")
    assert state.finalize().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_sm4_of_the_standard() -> None:
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    assert Cipher(SM4(block), ECB()).encryptor().update(block).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_of_rfc_8998() -> None:
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    nonce = bytes.fromhex("00001234567800000000ABCD")
    bound = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    text = b"".join(bytes([value]) * 8 for value in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    assert seal(SM, key, nonce, text, bound) == sealed
    assert unseal(SM, key, nonce, sealed, bound) == text
    with pytest.raises(InvalidTag):
        unseal(SM, key, nonce, sealed, bound + b"x")


def test_hmac_vectors() -> None:
    # RFC 4231 case 2, and the example of GM/T 0042
    assert keyed_hash(b"Jefe", b"what do ya want for nothing?", INTL).hex() == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    message = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2
    assert keyed_hash(bytes(range(1, 33)), message, SM).hex() == (
        "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"
    )


@given(st.binary(min_size=1, max_size=100), st.binary(max_size=300))
def test_hmac_sm3_follows_its_definition(key: bytes, data: bytes) -> None:
    def sm3(*parts: bytes) -> bytes:
        state = Hash(SM3())
        for part in parts:
            state.update(part)
        return state.finalize()

    block = (sm3(key) if len(key) > 64 else key).ljust(64, b"\x00")
    inner = sm3(bytes(byte ^ 0x36 for byte in block), data)
    expected = sm3(bytes(byte ^ 0x5C for byte in block), inner)
    assert hmac.compare_digest(keyed_hash(key, data, SM), expected)


def test_every_purpose_and_profile_has_its_own_key() -> None:
    keys = {
        derive_key(SECRET, purpose, profile)
        for purpose in ("tokens", "fields", "cookies")
        for profile in (INTL, SM)
    }
    assert len(keys) == 6
    assert derive_key(SECRET, "cookies") == derive_key(SECRET, "cookies", INTL)
    assert len(derive_key(SECRET, "cookies", length=64)) == 64


def test_a_short_secret_is_refused() -> None:
    for make in (Tokens, FieldCipher):
        with pytest.raises(ValueError, match="32 bytes"):
            make(b"short")


# --- tokens


@BOTH
def test_identity_tokens_do_not_depend_on_the_way_of_writing(profile: CryptoProfile) -> None:
    tokens = Tokens(SECRET, profile)
    forms = [
        "51990619800318002X",
        "51990619800318002x",
        "51990619800318002Ｘ",
        "51990619800318002Ⅹ",
        " 519906 19800318 002X",
    ]
    long = parse_identity("519906800318002", synthetic=True).number
    same = {
        tokens.identity_token(form)
        for form in (long, "519906800318002", parse_identity(long, synthetic=True))
    }
    assert len(same) == 1
    if long.endswith("X"):
        assert {tokens.identity_token(form) for form in forms} == same
    else:
        other = "51990620000318002X"
        assert (
            len({tokens.identity_token(other[:-1] + x) for x in "xXＸⅩｘ"} | {tokens.identity_token(other)})
            == 1
        )


@BOTH
def test_phone_card_and_combined_tokens_are_normalised(profile: CryptoProfile) -> None:
    tokens = Tokens(SECRET, profile)
    phone = parse_phone("12783159200", synthetic=True)
    assert tokens.phone_token("+86 127-8315 9200") == tokens.phone_token(phone)
    assert tokens.card_token("5101 1234-3211") == tokens.card_token("５１０１12343211")
    assert tokens.name_birth_phone("黃詩瑤", BIRTH, "127 8315 9200") == tokens.name_birth_phone(
        "黄诗瑶 ", BIRTH, phone
    )
    noon = datetime(2000, 3, 18, 12, tzinfo=UTC)
    assert tokens.name_birth_sex("扎西•热合曼", BIRTH, "male") == tokens.name_birth_sex(
        "扎西 热合曼", noon, "male"
    )
    assert tokens.birth_phone_sex(BIRTH, "86-127 8315 9200", "male") == tokens.birth_phone_sex(
        BIRTH, phone, "male"
    )


def test_different_things_have_different_tokens() -> None:
    tokens = Tokens(SECRET)
    made = [
        tokens.identity_token("51990620000318002X"),
        tokens.phone_token("12783159200"),
        tokens.card_token("12783159200"),
        tokens.name_birth_phone("张明", BIRTH, "12783159200"),
        tokens.birth_phone_sex(BIRTH, "12783159200", "male"),
        tokens.birth_phone_sex(BIRTH, "12783159200", "female"),
        tokens.name_birth_sex("张明", BIRTH, "male"),
        tokens.token("a", "bc"),
        tokens.token("ab", "c"),
        tokens.token("a", "b", "c"),
        tokens.token("a", "bc", ""),
        Tokens(SECRET, SM).phone_token("12783159200"),
        Tokens(OTHER).phone_token("12783159200"),
    ]
    assert len(set(made)) == len(made)
    assert all(isinstance(token, UUID) for token in made)


@given(st.lists(st.text("ab|", max_size=3), max_size=4), st.lists(st.text("ab|", max_size=3), max_size=4))
def test_tokens_are_equal_exactly_when_the_parts_are(one: list[str], two: list[str]) -> None:
    tokens = Tokens(SECRET)
    assert (tokens.token("kind", *one) == tokens.token("kind", *two)) == (one == two)


def test_what_cannot_be_right_gets_no_token() -> None:
    tokens = Tokens(SECRET)
    with pytest.raises(IdentityError):
        tokens.identity_token("519906200003180021")
    with pytest.raises(PhoneError):
        tokens.phone_token("123")
    with pytest.raises(CardError):
        tokens.card_token("卡 1")
    with pytest.raises(CardError, match="数字"):
        tokens.card_token("5.1E+11")
    with pytest.raises(PersonNameError):
        tokens.name_birth_sex(" ", BIRTH, "male")


def test_tokens_stay_what_they_are() -> None:
    # stored in five databases: a change here means that nobody is recognised any more
    assert str(Tokens(SECRET).phone_token("12783159200")) == "67a4c8d8-fcbf-0c69-d856-372eccf05ec1"
    assert str(Tokens(SECRET, SM).phone_token("12783159200")) == "96a0ba82-49a2-9fe6-c370-c0bcf8d30a98"


# --- fields


@BOTH
@given(
    text=st.text(st.characters(exclude_categories=["Cs"])),
    context=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_round_trip(profile: CryptoProfile, text: str, context: str) -> None:
    cipher = FieldCipher(SECRET, profile)
    value = cipher.encrypt(text, context)
    assert cipher.decrypt(value, context) == text
    assert len(value) == 29 + len(text.encode())


@BOTH
def test_ciphertexts_differ_and_hide(profile: CryptoProfile) -> None:
    cipher = FieldCipher(SECRET, profile)
    values = {cipher.encrypt("51990620000318002X", "member.identity") for _ in range(100)}
    assert len(values) == 100
    assert len({value[1:13] for value in values}) == 100
    assert not any(b"5199" in value[13:] for value in values)


@BOTH
def test_wrong_key_context_or_bytes(profile: CryptoProfile) -> None:
    cipher = FieldCipher(SECRET, profile)
    value = cipher.encrypt("12783159200", "member.phone")
    with pytest.raises(CipherError):
        FieldCipher(OTHER, profile).decrypt(value, "member.phone")
    with pytest.raises(CipherError, match=r"member\.identity"):
        cipher.decrypt(value, "member.identity")
    for place in range(len(value)):
        changed = value[:place] + bytes([value[place] ^ 3]) + value[place + 1 :]
        with pytest.raises(CipherError):
            cipher.decrypt(changed, "member.phone")
    for length in range(len(value)):
        with pytest.raises(CipherError):
            cipher.decrypt(value[:length], "member.phone")


@pytest.mark.parametrize(("before", "after"), [(INTL, SM), (SM, INTL)])
def test_values_survive_a_switch_of_profile(before: CryptoProfile, after: CryptoProfile) -> None:
    old = FieldCipher(SECRET, before).encrypt("张明", "member.name")
    switched = FieldCipher(SECRET, after)
    assert switched.decrypt(old, "member.name") == "张明"
    assert switched.encrypt("张明", "member.name")[0] != old[0]

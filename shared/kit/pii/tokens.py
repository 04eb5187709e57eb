"""Keyed tokens: equal persons get equal tokens, and nobody without the key can work them back."""

from datetime import date
from uuid import UUID

from shared.kit.pii.cards import normalise_card
from shared.kit.pii.crypto import CryptoProfile, derive_key, keyed_hash
from shared.kit.pii.identity import Identity, Sex, parse_identity
from shared.kit.pii.names import name_key
from shared.kit.pii.phone import Phone, parse_phone


class Tokens:
    """Makes tokens with one key. The organisations share the key; the hub never has it.

    Arguments are normalised and checked here, so every way of writing gives the same token;
    what cannot be right raises its PersonalDataError instead of giving a useless token.
    """

    def __init__(self, key: bytes, profile: CryptoProfile = CryptoProfile.INTL) -> None:
        self._key = derive_key(key, "tokens", profile)
        self._profile = profile

    def token(self, kind: str, *parts: str) -> UUID:
        """128 bits of HMAC over the kind and the parts as they are (not normalised)."""
        # each part with its length: ("ab", "c") and ("a", "bc") must differ
        encoded = [part.encode() for part in (kind, *parts)]
        data = b"".join(len(part).to_bytes(4) + part for part in encoded)
        return UUID(bytes=keyed_hash(self._key, data, self._profile)[:16])

    def identity_token(self, identity: Identity | str) -> UUID:
        """One token for the 15 and 18 digit forms, for x, X and full-width X."""
        return self.token("identity", _identity(identity))

    def phone_token(self, phone: Phone | str) -> UUID:
        """One token for every way of writing a telephone number."""
        return self.token("phone", _phone(phone))

    def card_token(self, card: str) -> UUID:
        """Token of a membership card number."""
        return self.token("card", normalise_card(card))

    def name_birth_phone(self, name: str, birth: date, phone: Phone | str) -> UUID:
        """Rule R2: enough to link two records whose identity numbers do not contradict."""
        return self.token("name|birth|phone", name_key(name), _day(birth), _phone(phone))

    def birth_phone_sex(self, birth: date, phone: Phone | str, sex: Sex) -> UUID:
        """Rule R3, with names to be compared by staff: only a candidate."""
        return self.token("birth|phone|sex", _day(birth), _phone(phone), sex)

    def name_birth_sex(self, name: str, birth: date, sex: Sex) -> UUID:
        """Rule R4: only a candidate, never a link by itself."""
        return self.token("name|birth|sex", name_key(name), _day(birth), sex)


def _identity(identity: Identity | str) -> str:
    if isinstance(identity, str):
        # whether demo people are allowed was decided where the number was entered
        identity = parse_identity(identity, synthetic=True)
    return identity.number


def _phone(phone: Phone | str) -> str:
    if isinstance(phone, str):
        phone = parse_phone(phone, synthetic=True)
    return phone.number


def _day(birth: date) -> str:
    # a datetime is a date too, but would give another text
    return date(birth.year, birth.month, birth.day).isoformat()

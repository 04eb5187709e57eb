"""Personal data: checked, normalised, masked, tokenised, encrypted."""

from shared.kit.pii.cards import normalise_card
from shared.kit.pii.cipher import CipherError, FieldCipher
from shared.kit.pii.crypto import CryptoProfile, derive_key
from shared.kit.pii.errors import (
    CardError,
    IdentityError,
    PersonalDataError,
    PersonNameError,
    PhoneError,
)
from shared.kit.pii.folding import fold
from shared.kit.pii.identity import Identity, IdentityKind, Sex, check_character, parse_identity
from shared.kit.pii.masks import mask_card, mask_identity, mask_name, mask_phone
from shared.kit.pii.names import (
    NameKeys,
    by_pinyin,
    fold_pinyin,
    given_of,
    name_key,
    name_keys,
    normalise_name,
)
from shared.kit.pii.phone import Phone, parse_phone
from shared.kit.pii.tokens import Tokens

__all__ = [
    "CardError",
    "CipherError",
    "CryptoProfile",
    "FieldCipher",
    "Identity",
    "IdentityError",
    "IdentityKind",
    "NameKeys",
    "PersonNameError",
    "PersonalDataError",
    "Phone",
    "PhoneError",
    "Sex",
    "Tokens",
    "by_pinyin",
    "check_character",
    "derive_key",
    "fold",
    "fold_pinyin",
    "given_of",
    "mask_card",
    "mask_identity",
    "mask_name",
    "mask_phone",
    "name_key",
    "name_keys",
    "normalise_card",
    "normalise_name",
    "parse_identity",
    "parse_phone",
]

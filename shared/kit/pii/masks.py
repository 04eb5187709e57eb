"""Masked forms: what may be shown without a reason given and logged."""

from shared.kit.pii.names import INTERPUNCT
from shared.kit.pii.readings import simplified
from shared.kit.pii.surnames import compound_surname

_LONG_CARD = 12
_SHORT_CARD = 8


def mask_name(name: str) -> str:
    """张*, 张*明, 欧阳**, 阿***; at most two characters stay, the length of long names does not."""
    length = len(name)
    if length <= 1:
        return "*"
    compound = "" if INTERPUNCT in name else compound_surname(simplified(name[:5]))
    if len(compound) == 2 and length <= 4:  # 欧阳娜, 欧阳娜娜
        return name[:2] + "*" * (length - 2)
    if length == 2:
        return f"{name[0]}*"
    if length == 3:
        return f"{name[0]}*{name[2]}"
    return f"{name[0]}***"


def mask_phone(number: str) -> str:
    """138****1234; a landline keeps its area code and last four digits, never its extension."""
    if len(number) == 11 and number.isdigit():  # a mobile number
        return f"{number[:3]}****{number[-4:]}"
    area, _, rest = number.partition("-") if number.startswith("0") else ("", "", number)
    local = rest.partition("-")[0]
    if len(local) < 7:  # no telephone number: show nothing
        return "****"
    return "-".join(filter(None, (area, f"****{local[-4:]}")))


def mask_identity(number: str) -> str:
    """Last four only: with the first six too, birth date and check digit can be worked out."""
    shown = min(4, len(number) // 3)
    return "*" * (len(number) - shown) + number[len(number) - shown :]


def mask_card(number: str) -> str:
    """5101 **** 3211; short numbers keep only their end."""
    if len(number) >= _LONG_CARD:
        return f"{number[:4]} **** {number[-4:]}"
    return f"**** {number[-4:]}" if len(number) >= _SHORT_CARD else "****"

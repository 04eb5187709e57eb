"""Numbers nobody can have: identity numbers of an unallocated division, phones without an operator."""

from collections import Counter
from datetime import date
from random import Random

from shared.kit.pii import check_character

FIRST_SERIAL = 500
"""Sample rosters and tests count from 001; the demo city from 500, so that it never makes the same person."""
LAST_SERIAL = 999


USUAL_PHONES, OTHER_PHONES = range(7), range(7, 10)
"""Third digit of the phones people use, and of the old or second ones that stand in some lists."""


class CityFullError(ValueError):
    """More people of one birthday in one division than there are serials."""


class IdentityNumbers:
    """Counted, not drawn: drawn serials gave 0.6 % people with somebody else's number."""

    def __init__(self) -> None:
        self._used: Counter[tuple[str, date, bool]] = Counter()

    def next(self, division: str, birth: date, *, male: bool) -> str:
        """The next free number of that division, birthday and sex."""
        place = (division, birth, male)
        serial = FIRST_SERIAL + 2 * self._used[place] + male  # odd for men
        if serial > LAST_SERIAL:
            raise CityFullError(f"no identity number left for {birth} in {division}: use fewer people")
        self._used[place] += 1
        body = f"{division}{birth:%Y%m%d}{serial:03d}"
        return body + check_character(body)


class PhoneNumbers:
    """Each number once, out of a part of the range 12xxxxxxxxx."""

    def __init__(self, first_digits: range) -> None:
        self._range = range(first_digits.start * 10**8, first_digits.stop * 10**8)
        self._used: set[int] = set()

    def next(self, chance: Random) -> str:
        """A number that was not given before."""
        while (number := chance.choice(self._range)) in self._used:
            pass
        self._used.add(number)
        return f"12{number:09d}"


def fifteen_digits(identity: str) -> str:
    """The form on cards from before 1999: without century and check character."""
    return identity[:6] + identity[8:17]


def mistyped(identity: str, chance: Random) -> str:
    """One digit wrong or two neighbours exchanged: what the check character is for."""
    at = chance.randrange(6, 16)
    if chance.random() < 0.3 and identity[at] != identity[at + 1]:
        return identity[:at] + identity[at + 1] + identity[at] + identity[at + 2 :]
    wrong = (int(identity[at]) + chance.randrange(1, 10)) % 10
    return f"{identity[:at]}{wrong}{identity[at + 1 :]}"

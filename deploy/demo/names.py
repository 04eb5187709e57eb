"""Names as a city has them: surnames by share, given names by sex and generation, minorities, rare ones."""

from random import Random

from deploy.demo.data import table
from deploy.demo.draw import Urn

INTERPUNCT = "·"
YOUNGER_FROM = 1988
"""Year of birth from which the younger generation's characters are used."""


class Names:
    """Draws names from the tables."""

    def __init__(self) -> None:
        surnames, given, self._minority = table("surnames"), table("given"), table("minority")
        self._surnames = Urn[str]({**surnames["single"], **surnames["compound"]})
        self._given = {key: Urn[str](given[key]) for key in ("f_older", "f_younger", "m_older", "m_younger")}
        self._one: dict[str, float] = given["one_character"]
        self._rare: list[str] = given["rare"]
        self._homophones: dict[str, str] = {c: group for group in given["homophones"] for c in group}

    def surname(self, chance: Random) -> str:
        """A surname, compound ones among them."""
        return self._surnames.draw(chance)

    def given(self, chance: Random, sex: str, year: int, *, rare: bool = False) -> str:
        """One or two characters; `rare` puts in one that old systems cannot show."""
        generation = "younger" if year >= YOUNGER_FROM else "older"
        urn = self._given[f"{sex}_{generation}"]
        length = 1 if chance.random() < self._one[generation] else 2
        characters = [urn.draw(chance) for _ in range(length)]
        if rare:
            characters[-1] = chance.choice(self._rare)
        return "".join(characters)

    def minority(self, chance: Random, sex: str) -> str:
        """Own name and father's name with an interpunct."""
        own: list[str] = self._minority[sex]
        return f"{chance.choice(own)}{INTERPUNCT}{chance.choice(self._minority['last'])}"

    def misheard(self, chance: Random, name: str) -> str:
        """The name with one given character written by another of the same sound, if there is one."""
        places = [i for i, c in enumerate(name) if i and c in self._homophones]
        if not places:
            return name
        at = chance.choice(places)
        others = self._homophones[name[at]].replace(name[at], "")
        return name[:at] + chance.choice(others) + name[at + 1 :]

"""The people of the city. The first thousand are the same however many follow."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

from deploy.demo.data import table
from deploy.demo.draw import Urn, stream
from deploy.demo.names import Names
from deploy.demo.numbers import USUAL_PHONES, IdentityNumbers, PhoneNumbers
from deploy.demo.places import District, districts

Sex = Literal["f", "m"]
NEIGHBOURS = 40
"""How many of the last people of a district may lend their phone to a relative."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist. `number` is the truth about who a record belongs to."""

    number: int
    name: str
    sex: Sex
    birth: date
    district: District
    identity: str
    phone: str
    minority: bool

    def age(self, day: date) -> int:
        """Full years on that day."""
        return day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))


class Population:
    """Draws people one after the other; twins follow each other."""

    def __init__(self, seed: int, day: date) -> None:
        self.day = day
        self._phones = PhoneNumbers(USUAL_PHONES)
        self._chance = stream(seed, "people")
        self._rates = table("rates")["people"]
        self._names = Names()
        self._identities = IdentityNumbers()
        self._districts = Urn[District]((d, d.weight) for d in districts())
        self._ages = Urn[tuple[int, int]](((a["from"], a["to"]), a["weight"]) for a in self._rates["ages"])
        self._recent: dict[str, deque[str]] = {d.division: deque(maxlen=NEIGHBOURS) for d in districts()}

    def people(self, count: int) -> Iterator[Person]:
        """`count` people."""
        last: Person | None = None
        for number in range(1, count + 1):
            if last is not None and not last.minority and self._chance.random() < self._rates["twins"]:
                last = self._twin(number, last)
            else:
                last = self._person(number)
            yield last

    def _person(self, number: int) -> Person:
        chance, rates = self._chance, self._rates
        sex: Sex = "f" if chance.random() < rates["women"] else "m"
        birth = self._birth(chance)
        district = self._districts.draw(chance)
        minority = chance.random() < rates["minority"]
        if minority:
            name = self._names.minority(chance, sex)
        else:
            rare = chance.random() < rates["rare_character"]
            name = self._names.surname(chance) + self._names.given(chance, sex, birth.year, rare=rare)
        recent = self._recent[district.division]
        if recent and chance.random() < rates["family_phone"]:
            phone = chance.choice(recent)
        else:
            phone = self._phones.next(chance)
            recent.append(phone)
        identity = self._identities.next(district.division, birth, male=sex == "m")
        return Person(number, name, sex, birth, district, identity, phone, minority)

    def _twin(self, number: int, first: Person) -> Person:
        """Same surname, birthday, district and family phone; given names often share a character."""
        chance = self._chance
        sex: Sex = first.sex if chance.random() < 0.7 else ("m" if first.sex == "f" else "f")
        surname = first.name[:2] if first.name[:2] in table("surnames")["compound"] else first.name[:1]
        name = first.name
        while name == first.name:
            given = self._names.given(chance, sex, first.birth.year)
            shared = len(first.name) == len(surname) + 2 and len(given) == 2
            name = surname + (first.name[len(surname)] + given[1] if shared else given)
        identity = self._identities.next(first.district.division, first.birth, male=sex == "m")
        return Person(number, name, sex, first.birth, first.district, identity, first.phone, minority=False)

    def _birth(self, chance: Random) -> date:
        """A birthday of somebody of the drawn age on `day`."""
        youngest, oldest = self._ages.draw(chance)
        age = chance.randint(youngest, oldest)
        day = self.day.replace(day=28) if (self.day.month, self.day.day) == (2, 29) else self.day
        latest = day.replace(year=day.year - age)
        return latest - timedelta(days=chance.randrange(365))

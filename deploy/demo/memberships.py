"""Who belongs to which organisation, where, since when and as what."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from deploy.demo.data import table
from deploy.demo.draw import Urn, stream
from deploy.demo.people import Person
from deploy.demo.places import ORGANISATIONS, Group, Organisation, Place, places

PROVINCE = "51"
PLATFORM_JOBS = ("骑手", "快递员", "分拣员", "站长")
PRESENT_TERM = "第九届"


@dataclass(frozen=True, slots=True)
class Membership:
    """One true affiliation, before anybody wrote it down. `kind` and facts are words as staff write them."""

    organisation: Organisation
    person: Person
    place: Place
    kind: str = ""
    post: str = ""
    card: str = ""
    joined: date | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Memberships:
    """Decides for one person after the other."""

    def __init__(self, seed: int, day: date) -> None:
        self.day = day
        self._chance = stream(seed, "memberships")
        rates = table("rates")
        self._rates = rates["membership"]
        self._city = table("city")
        self._relations = Urn[str](rates["relations"])
        self._platform_share: float = self._rates["new_form"]
        self._cards: dict[str, int] = defaultdict(int)
        self._places = {code: _by_group(code) for code in ORGANISATIONS}

    def of(self, person: Person) -> Iterator[Membership]:
        """The person's affiliations, none for many."""
        if self._belongs("union", person):
            yield self._union(person)
        if self._belongs("league", person):
            yield self._league(person)
        if person.sex == "f" and self._belongs("womens", person):
            yield from self._womens(person)

    def _belongs(self, organisation: Organisation, person: Person) -> bool:
        rule = self._rates[organisation]
        return bool(
            rule["from"] <= person.age(self.day) <= rule["to"] and self._chance.random() < rule["share"]
        )

    def _union(self, person: Person) -> Membership:
        chance = self._chance
        platform = chance.random() < self._platform_share
        migrant = not platform and chance.random() < self._rates["migrant"]
        place = self._place("union", "platform" if platform else "work", person)
        joined = self._between(person, 18, date(2004, 1, 1))
        jobs: tuple[str, ...] = PLATFORM_JOBS if platform else tuple(self._city["union"]["jobs"])
        facts = {
            "employer": place.workplace,
            "job": chance.choice(jobs),
            "contract": "平台用工" if platform else ("劳务派遣" if chance.random() < 0.1 else "劳动合同"),
            "new_form": "是" if platform else "否",
        }
        return Membership(
            "union",
            person,
            place,
            kind="新就业形态劳动者" if platform else "农民工" if migrant else "职工",
            post=self._post("union"),
            card=self._card("union", "GH", 9),
            joined=joined,
            facts=facts,
        )

    def _league(self, person: Person) -> Membership:
        chance, age = self._chance, person.age(self.day)
        groups: tuple[Group, ...] = ("work", "work", "community")
        if age < 18:
            groups = ("school",)
        elif age < 22:
            groups = ("college", "college", "work")
        place = self._place("league", chance.choice(groups), person)
        # 4 May is the usual day, from the year in which the person is 14 on it
        first = person.birth.year + 14 + ((person.birth.month, person.birth.day) > (5, 4))
        latest = self.day.year - ((self.day.month, self.day.day) < (5, 4))
        year = min(first + chance.choice((0, 0, 0, 1, 2)), latest)
        joined = date(year, 5, 4) if first <= latest else self.day
        facts = {"party": "共青团员"}
        if place.workplace:
            facts["workplace"] = place.workplace
        if joined.year >= 2017:
            facts["development_no"] = self._card(f"{joined.year}", f"{joined.year}{PROVINCE}", 6)
        return Membership(
            "league",
            person,
            place,
            kind="团员",
            post=self._post("league"),
            card=self._card("league", "0", 7),  # the sample rosters' numbers begin with 1 to 9
            joined=joined,
            facts=facts,
        )

    def _womens(self, person: Person) -> Iterator[Membership]:
        chance = self._chance
        kinds = [self._relations.draw(chance)]
        if kinds[0] != "巾帼志愿者" and chance.random() < self._rates["second_relation"]:
            kinds.append("巾帼志愿者")
        place = self._place("womens", "community", person)
        for kind in kinds:
            joined = self._between(person, 18, date(2021, 1, 1))
            posted = kind in {"主席", "副主席", "常委", "执委", "妇女代表"}
            facts = {"term": PRESENT_TERM} if posted else {}
            yield Membership("womens", person, place, kind=kind, joined=joined, facts=facts)

    def _place(self, organisation: Organisation, group: Group, person: Person) -> Place:
        """A unit of that group in the person's district; some work or live elsewhere by now."""
        everywhere, by_district = self._places[organisation][group]
        if self._chance.random() < self._rates["elsewhere"]:
            return self._chance.choice(everywhere)
        return self._chance.choice(by_district[person.district.name])

    def _between(self, person: Person, age: int, earliest: date) -> date:
        """A day since the person was of that age and since `earliest`, up to `day`."""
        birth = person.birth
        grown = date(birth.year + age, birth.month, min(birth.day, 28)) + timedelta(days=3)
        first = min(max(grown, earliest), self.day)  # who came of age yesterday joined today at the latest
        return first + timedelta(days=self._chance.randint(0, (self.day - first).days))

    def _post(self, organisation: Organisation) -> str:
        if self._chance.random() < self._rates[f"{organisation}_post"]:
            return str(self._chance.choice(self._city[organisation]["posts"]))
        return ""

    def _card(self, series: str, prefix: str, digits: int) -> str:
        self._cards[series] += 1
        return f"{prefix}{self._cards[series]:0{digits}d}"


_Choice = tuple[list[Place], dict[str, list[Place]]]


def _by_group(organisation: Organisation) -> dict[Group, _Choice]:
    """Units that hold people, by group: all, and by district."""
    found: dict[Group, _Choice] = {}
    for place in places(organisation):
        if place.group:
            everywhere, by_district = found.setdefault(place.group, ([], defaultdict(list)))
            everywhere.append(place)
            if place.district:
                by_district[place.district].append(place)
    return found

"""Where people are: the city's districts and every organisation's tree of units."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from deploy.demo.data import table

Organisation = Literal["union", "league", "womens"]
ORGANISATIONS: tuple[Organisation, ...] = ("union", "league", "womens")
Group = Literal["", "work", "platform", "school", "college", "community"]
"""Who is found in a unit; '' for units that only hold others."""


@dataclass(frozen=True)
class District:
    """A district with its unallocated division code."""

    name: str
    division: str
    weight: int

    def unit(self, organisation: Organisation) -> str:
        """How the organisation's unit of the district is called."""
        return self.name + {"union": "总工会", "league": "团委", "womens": "妇女联合会"}[organisation]


@dataclass(frozen=True)
class Place:
    """A unit: names below the top one, its district, who is found in it and where these work or learn."""

    path: tuple[str, ...]
    district: str | None
    group: Group = ""
    workplace: str = ""


@cache
def districts() -> tuple[District, ...]:
    """In the order of the division codes."""
    found = table("city")["districts"]
    return tuple(District(d["name"], d["division"], d["weight"]) for d in found)


@cache
def places(organisation: Organisation) -> tuple[Place, ...]:
    """All units of the organisation below its top, parents before children."""
    make = {"union": _union, "league": _league, "womens": _womens}[organisation]
    city = table("city")
    local = [
        place
        for d, data in zip(districts(), city["districts"], strict=True)
        for place in make(d, city[organisation], data["subdistricts"])
    ]
    return (*local, *(_industries(city["union"]) if organisation == "union" else ()))


def _union(district: District, city: dict[str, Any], subdistricts: dict[str, list[str]]) -> Iterator[Place]:
    top, at = district.unit("union"), district.name
    yield Place((top,), at)
    for employer in city["shared"]:
        group: Group = "platform" if "配送" in employer else "work"
        path = (top, f"{employer}工会委员会")
        yield Place(path, at, group, employer)
        for branch in city["branches"].get(employer, ()):
            yield Place((*path, f"{branch}分会"), at, group, employer)
    for subdistrict in subdistricts:
        above, short = (top, f"{subdistrict}总工会"), subdistrict.removesuffix("街道")
        yield Place(above, at)
        for employer in city["local"]:
            yield Place((*above, f"{short}{employer}工会委员会"), at, "work", short + employer)
        joint = (*above, f"{subdistrict}{city['platform']}")
        yield Place(joint, at)
        for employer in city["platform_employers"]:
            yield Place((*joint, f"{short}{employer}工会委员会"), at, "platform", short + employer)


def _industries(city: dict[str, Any]) -> Iterator[Place]:
    """Industrial unions stand directly below the city's: their people live in every district."""
    for industry, employers in city["industries"].items():
        yield Place((industry,), None)
        for employer in employers:
            yield Place((industry, f"{employer}工会委员会"), None, "work", employer)


def _league(district: District, city: dict[str, Any], subdistricts: dict[str, list[str]]) -> Iterator[Place]:
    top, at = district.unit("league"), district.name
    yield Place((top,), at)
    for branch in city["shared"]:
        yield Place((top, branch), at, _group_of(branch), branch.removesuffix("团支部"))
    schools: list[tuple[str, Group, list[str]]] = [
        *((s, "school", city["classes"]) for s in city["schools"]),
        *((s, "college", city["grades"]) for s in city["colleges"]),
    ]
    for school, group, branches in schools:
        name = district.name.removesuffix("区") + school
        yield Place((top, f"{name}团委"), at)
        for branch in branches:
            yield Place((top, f"{name}团委", f"{branch}团支部"), at, group, f"{name}{branch}")
    for enterprise in city["enterprises"]:
        name = district.name.removesuffix("区") + enterprise
        yield Place((top, f"{name}团支部"), at, "work", name)
    for subdistrict, communities in subdistricts.items():
        yield Place((top, f"{subdistrict}团委"), at)
        for community in communities:
            yield Place((top, f"{subdistrict}团委", f"{community}团支部"), at, "community")


def _group_of(branch: str) -> Group:
    words: dict[str, Group] = {"中学": "school", "大学": "college", "学院": "college", "网上": "community"}
    return next((group for word, group in words.items() if word in branch), "work")


def _womens(district: District, city: dict[str, Any], subdistricts: dict[str, list[str]]) -> Iterator[Place]:
    top, at = district.unit("womens"), district.name
    yield Place((top,), at)
    for name in (*city["shared"], *(district.name + organ for organ in city["organs"])):
        yield Place((top, name), at, "community")
    for subdistrict, communities in subdistricts.items():
        above = (top, f"{subdistrict}妇女联合会")
        yield Place(above, at, "community")
        short = subdistrict.removesuffix("街道")
        for name in city["micro_homes"]:
            yield Place((*above, short + name), at, "community")
        for community in communities:
            yield Place((*above, f"{community}妇女联合会"), at, "community")
            yield Place((*above, f"{community}妇女联合会", f"{community}妇女之家"), at)

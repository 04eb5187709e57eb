"""What a service tells the shell about itself: brand, navigation, templates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes
from typing import Protocol

PALETTES = ("blue", "teal", "plum", "brown", "red", "green", "indigo", "amber", "slate")


class Viewer(Protocol):
    """The part of a signed-in person that the shell shows."""

    @property
    def name(self) -> str: ...

    def can(self, permission: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Brand:
    """Name, mark and colour of one service. An empty letter shows the common mark."""

    code: str
    name: str
    subtitle: str
    letter: str
    palette: str
    hub_url: str = ""

    def __post_init__(self) -> None:
        if self.palette not in PALETTES:
            raise ValueError(f"palette {self.palette!r} is none of {', '.join(PALETTES)}")


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the rail; shown to those who have the permission ('' = everybody)."""

    key: str
    title: str
    href: str
    icon: str
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """The figure beside an entry of the rail; late turns it red."""

    number: int
    late: bool = False


@dataclass(frozen=True, slots=True)
class Find:
    """The find box of the top bar. It posts: names and numbers do not belong in an address."""

    action: str
    placeholder: str
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Web:
    """Everything the pages of one service share."""

    profile: Brand
    nav: tuple[NavItem, ...] = ()
    template_dirs: tuple[Path, ...] = ()
    static_dirs: tuple[Path, ...] = ()
    find: Find | None = None
    signout_url: str = "/signout"
    account_url: str = ""
    secret: bytes = field(default_factory=lambda: token_bytes(32), repr=False)


@dataclass(frozen=True, slots=True)
class NavLink:
    """An entry of the rail as one page shows it."""

    item: NavItem
    current: bool
    count: Count | None


def visible_nav(web: Web, staff: Viewer | None, path: str, counts: Mapping[str, Count]) -> list[NavLink]:
    """Entries this person may see; the longest matching address is the current one."""
    items = [i for i in web.nav if not i.permission or (staff is not None and staff.can(i.permission))]
    current = max((i for i in items if _within(path, i.href)), key=lambda i: len(i.href), default=None)
    return [NavLink(i, i is current, counts.get(i.key)) for i in items]


def _within(path: str, href: str) -> bool:
    base = href.rstrip("/")
    return path in (href, base) or (base != "" and path.startswith(base + "/"))

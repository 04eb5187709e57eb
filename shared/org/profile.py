"""What makes one organisation different in name and shape; behaviour lives in policies, never here."""

from dataclasses import dataclass, field

from shared.contracts.orgs import UnitKind


@dataclass(frozen=True)
class Terms:
    """The organisation's own words, as staff say them."""

    person: str
    """what a person on the roll is called: 会员, 团员, 人员"""
    roll: str
    """the list of them: 会员名册, 团员名册, 人员名册"""
    admit: str
    """taking somebody onto the roll: 登记会员"""
    leave: str
    """an affiliation ends: 退会, 离团, 解除关系"""
    card: str
    """the number on the card: 会员证号, 团员证编号, 证件编号"""
    joined: str
    """the day it began: 入会时间, 入团时间, 任职时间"""


@dataclass(frozen=True)
class VenueKind:
    """A kind of venue the organisation keeps; a station has functions, services and an inspection."""

    code: str
    title: str
    station: bool = False


COMMON_VENUE_KINDS = (
    VenueKind("station", "群团服务站", station=True),
    VenueKind("party_centre", "党群服务中心", station=True),
    VenueKind("children", "儿童之家"),
    VenueKind("hall", "礼堂、报告厅"),
    VenueKind("room", "会议室、活动室"),
    VenueKind("sports", "文体场馆"),
)


@dataclass(frozen=True)
class OrgProfile:
    """The organisation's face and structure. `name` may hold `{city}`."""

    code: str
    name: str
    short_name: str
    letter: str
    palette: str
    terms: Terms
    unit_kinds: tuple[UnitKind, ...]
    top_kind: str
    unit_suffixes: dict[str, str] = field(default_factory=dict)
    """name ending -> unit kind, longest first: how an importer guesses the kind of a unit it does not know"""
    venue_kinds: tuple[VenueKind, ...] = ()
    """its own kinds of venue, before those everybody has"""
    district_kind: str = "district"
    """units of this kind stand for a district: theirs is read from the name, those below inherit it"""
    abbreviations: tuple[tuple[str, str], ...] = ()
    """how offices shorten names: (in full, shortened), the longer first; both mean the same unit"""

    def __post_init__(self) -> None:
        known = {k.code for k in self.unit_kinds}
        for kind in self.unit_kinds:
            if missing := set(kind.children) - known:
                raise ValueError(f"unit kind {kind.code} names unknown children {sorted(missing)}")
        if not {self.top_kind, self.district_kind, *self.unit_suffixes.values()} <= known:
            raise ValueError("top_kind, district_kind and unit_suffixes must name known unit kinds")

    @property
    def all_venue_kinds(self) -> tuple[VenueKind, ...]:
        """Its own kinds, then the common ones."""
        return (*self.venue_kinds, *COMMON_VENUE_KINDS)

    def kind(self, code: str) -> UnitKind:
        """The unit kind of that code; KeyError when unknown."""
        return {k.code: k for k in self.unit_kinds}[code]

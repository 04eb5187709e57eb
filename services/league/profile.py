"""The youth league: names, terms and kinds of unit (Charter articles on branches and committees)."""

from shared.contracts.orgs import UnitKind
from shared.org.profile import OrgProfile, Terms, VenueKind

PROFILE = OrgProfile(
    code="league",
    name="共青团{city}委",
    short_name="共青团",
    letter="团",
    palette="teal",
    terms=Terms(
        person="团员", roll="团员名册", admit="登记团员", leave="离团", card="团员证编号", joined="入团时间"
    ),
    unit_kinds=(
        UnitKind(
            code="city",
            title="团市委",
            children=("district", "committee", "general_branch", "branch", "online_branch"),
        ),
        UnitKind(
            code="district",
            title="区县团委",
            children=("committee", "general_branch", "branch", "online_branch"),
        ),
        UnitKind(code="committee", title="基层团委", children=("general_branch", "branch", "online_branch")),
        UnitKind(code="general_branch", title="团总支", children=("branch", "online_branch")),
        UnitKind(code="branch", title="团支部", children=("group",)),
        UnitKind(code="online_branch", title="网上团支部"),
        UnitKind(code="group", title="团小组"),
    ),
    top_kind="city",
    unit_suffixes={
        "网上支部团支部": "online_branch",
        "网上团支部": "online_branch",
        "团总支": "general_branch",
        "总支部": "general_branch",
        "团支部": "branch",
        "支部": "branch",
        "小组": "group",
        "区团委": "district",
        "县团委": "district",
        "团委": "committee",
        "委员会": "committee",
    },
    abbreviations=(("中国共产主义青年团", "共青团"), ("委员会", "委")),
    venue_kinds=(
        VenueKind("youth_home", "青年之家"),
        VenueKind("youth_palace", "青少年宫"),
        VenueKind("youth_centre", "青年中心"),
    ),
)

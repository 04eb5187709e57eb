"""The trade union: names, terms and kinds of unit (Trade Union Law articles 10 to 14)."""

from shared.contracts.orgs import UnitKind
from shared.org.profile import OrgProfile, Terms, VenueKind

PROFILE = OrgProfile(
    code="union",
    name="{city}总工会",
    short_name="工会",
    letter="工",
    palette="blue",
    terms=Terms(
        person="会员", roll="会员名册", admit="登记会员", leave="退会", card="会员证号", joined="入会时间"
    ),
    unit_kinds=(
        UnitKind(code="city", title="市总工会", children=("district", "industrial", "grassroots")),
        UnitKind(
            code="district", title="区县总工会", children=("subdistrict", "industrial", "joint", "grassroots")
        ),
        UnitKind(code="subdistrict", title="街道、乡镇总工会", children=("joint", "grassroots")),
        UnitKind(code="industrial", title="产业、行业工会", children=("joint", "grassroots")),
        UnitKind(code="joint", title="工会联合会", children=("grassroots",)),
        UnitKind(code="grassroots", title="基层工会", children=("branch", "group")),
        UnitKind(code="branch", title="分会", children=("group",)),
        UnitKind(code="group", title="工会小组"),
    ),
    top_kind="city",
    unit_suffixes={
        "工会联合会": "joint",
        "联合工会": "joint",
        "街道总工会": "subdistrict",
        "镇总工会": "subdistrict",
        "乡总工会": "subdistrict",
        "区总工会": "district",
        "县总工会": "district",
        "产业工会": "industrial",
        "行业工会": "industrial",
        "分会": "branch",
        "小组": "group",
        "工会委员会": "grassroots",
        "工会": "grassroots",
    },
    abbreviations=(("工会委员会", "工会"), ("委员会", "委")),
    venue_kinds=(
        VenueKind("workers_home", "职工之家"),
        VenueKind("workers_palace", "工人文化宫"),
        VenueKind("outdoor", "户外劳动者服务站", station=True),
        VenueKind("model_studio", "劳模工作室"),
    ),
)

"""The women's federation: names, terms and kinds of unit; it has relations, not members."""

from shared.contracts.orgs import UnitKind
from shared.org.profile import OrgProfile, Terms, VenueKind

PROFILE = OrgProfile(
    code="womens",
    name="{city}妇女联合会",
    short_name="妇联",
    letter="妇",
    palette="plum",
    terms=Terms(
        person="人员", roll="人员名册", admit="登记人员", leave="解除联系", card="证件编号", joined="任职时间"
    ),
    unit_kinds=(
        UnitKind(
            code="city",
            title="市妇联",
            children=("district", "industry", "organ", "subdistrict", "community"),
        ),
        UnitKind(
            code="district",
            title="区县妇联",
            children=("subdistrict", "community", "industry", "organ", "home"),
        ),
        UnitKind(
            code="subdistrict",
            title="街道、乡镇妇联",
            children=("community", "industry", "home", "micro_home", "mutual_aid"),
        ),
        UnitKind(code="community", title="村、社区妇联", children=("home", "micro_home", "mutual_aid")),
        UnitKind(code="industry", title="行业妇联", children=("home", "micro_home")),
        UnitKind(code="organ", title="机关、单位妇委会"),
        UnitKind(code="home", title="妇女之家"),
        UnitKind(code="micro_home", title="妇女微家"),
        UnitKind(code="mutual_aid", title="互助组"),
    ),
    top_kind="city",
    unit_suffixes={
        "街道妇女联合会": "subdistrict",
        "街道妇联": "subdistrict",
        "镇妇女联合会": "subdistrict",
        "社区妇女联合会": "community",
        "村妇女联合会": "community",
        "社区妇联": "community",
        "村妇联": "community",
        "界妇女联合会": "industry",
        "行业妇女联合会": "industry",
        "区妇女联合会": "district",
        "区妇联": "district",
        "县妇女联合会": "district",
        "妇委会": "organ",
        "妇女之家": "home",
        "妇女微家": "micro_home",
        "互助组": "mutual_aid",
        "妇女联合会": "industry",
        "妇联": "industry",
    },
    abbreviations=(("妇女联合会", "妇联"), ("委员会", "委")),
    venue_kinds=(
        VenueKind("womens_home", "妇女之家"),
        VenueKind("micro_home", "妇女微家"),
        VenueKind("family_centre", "家庭教育中心"),
    ),
)

"""Names, words and kinds of unit of the disabled persons' federation."""

from shared.contracts.orgs import UnitKind
from shared.org.profile import OrgProfile, Terms

PROFILE = OrgProfile(
    code="disabled",
    name="{city}残疾人联合会",
    short_name="残联",
    letter="残",
    palette="amber",
    terms=Terms(
        person="持证人员",
        roll="持证人员名册",
        admit="登记人员",
        leave="注销",
        card="残疾人证号",
        joined="登记时间",
    ),
    unit_kinds=(
        UnitKind(code="city", title="市残联", children=("district",)),
        UnitKind(code="district", title="区县残联", children=("station",)),
        UnitKind(code="station", title="残疾人工作站"),
    ),
    top_kind="city",
    unit_suffixes={"区残联": "district", "工作站": "station", "残联": "district"},
)

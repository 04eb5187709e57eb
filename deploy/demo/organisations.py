"""What the demo city needs to know of the three organisations' own rules."""

from deploy.demo.places import Organisation
from services.league.membership import LeagueMembership
from services.league.profile import PROFILE as LEAGUE
from services.union.membership import UnionMembership
from services.union.profile import PROFILE as UNION
from services.womens.membership import WomensMembership
from services.womens.profile import PROFILE as WOMENS
from shared.org.members.rules import may_be_shared as rule
from shared.org.policy import MembershipPolicy
from shared.org.profile import OrgProfile

PROFILES: dict[Organisation, OrgProfile] = {"union": UNION, "league": LEAGUE, "womens": WOMENS}
POLICIES: dict[Organisation, MembershipPolicy] = {
    "union": UnionMembership(),
    "league": LeagueMembership(),
    "womens": WomensMembership(),
}


def may_be_shared(organisation: Organisation, kind: str, consent: bool | None) -> bool:
    """Whether the hub may know of an affiliation of that kind (in words)."""
    kinds = {k.title: k for k in POLICIES[organisation].kinds}
    return rule(kinds[kind], consent)

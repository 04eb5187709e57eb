"""The words of an organisation's policy for kinds and standings."""

from shared.org.kit import OrgKit
from shared.org.policy import MemberKind


def kind_of(org: OrgKit, code: str) -> MemberKind:
    """The kind of that code; one the policy no longer knows keeps its code as title and needs consent."""
    for kind in org.policy.kinds:
        if kind.code == code:
            return kind
    return MemberKind(code=code, title=code, counted=False, needs_consent=True)


def standing_title(org: OrgKit, kind: str, standing: str) -> str:
    """How staff call the standing of somebody of that kind."""
    own = kind_of(org, kind).standings
    return own.get(standing) or _usual(org).get(standing, standing)


def standing_titles(org: OrgKit) -> dict[str, str]:
    """Each standing with every word it has for one kind or another."""
    return {
        code: "、".join(dict.fromkeys([*(k.standings.get(code, usual) for k in org.policy.kinds), usual]))
        for code, usual in _usual(org).items()
    }


def _usual(org: OrgKit) -> dict[str, str]:
    return {str(code): title for code, title in org.policy.standings.items()}

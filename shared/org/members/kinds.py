"""The words of an organisation's policy for kinds and standings."""

from shared.org.kit import OrgKit
from shared.org.policy import MemberKind


def kind_of(org: OrgKit, code: str) -> MemberKind:
    """The kind of that code; one the policy no longer knows keeps its code as title and needs consent."""
    for kind in org.policy.kinds:
        if kind.code == code:
            return kind
    return MemberKind(code=code, title=code, counted=False, needs_consent=True)


def standing_title(org: OrgKit, standing: str, kind: str) -> str:
    """How staff call the standing of somebody of this kind."""
    titles = {**org.policy.standings, **kind_of(org, kind).standings}
    return {str(code): title for code, title in titles.items()}.get(standing, standing)

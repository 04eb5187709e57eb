"""Founds the top unit once and announces the organisation; the hub learns of it from this alone."""

from shared.contracts.orgs import OrgAnnounced
from shared.kit.audit import System
from shared.kit.events import emit
from shared.kit.module import Module
from shared.org.kit import OrgKit
from shared.org.units import ensure_top_unit


def identity(org: OrgKit, capabilities: tuple[str, ...]) -> Module:
    """The module; `capabilities` are the names of the modules mounted beside it."""

    async def announce() -> None:
        async with org.kit.database.transaction() as session:
            await ensure_top_unit(session, org, System("系统"))
            emit(session, announcement(org, capabilities), key=org.profile.code)

    return Module(name="identity", title="组织登记", publishes=(OrgAnnounced,), starts=(announce,))


def announcement(org: OrgKit, capabilities: tuple[str, ...]) -> OrgAnnounced:
    """Name, badge and terms as others may show them."""
    profile = org.profile
    return OrgAnnounced(
        code=profile.code,
        name=org.name,
        short_name=profile.short_name,
        letter=profile.letter,
        palette=profile.palette,
        person_term=profile.terms.person,
        base_url=org.kit.settings.base_url,
        capabilities=capabilities,
        unit_kinds=profile.unit_kinds,
    )

"""The rounds module as a service mounts it."""

from pathlib import Path

from shared.kit.module import Module
from shared.org.db import OrgBase
from shared.org.kit import OrgKit
from shared.org.rounds.api import api
from shared.org.rounds.handlers import responders
from shared.org.rounds.pages import pages


def rounds(org: OrgKit) -> Module:
    """Popular times of the organisation's venues, shared out once for a period."""
    return Module(
        name="rounds",
        title="场地轮次",
        api=api(org),
        pages=pages(org),
        metadata=(OrgBase.metadata,),
        responders=responders(org),
        templates=Path(__file__).parent / "templates",
    )

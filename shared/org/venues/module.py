"""The venues module as a service mounts it."""

from pathlib import Path

from shared.contracts.venues import VenueChanged
from shared.kit.module import Module
from shared.org.db import OrgBase
from shared.org.kit import OrgKit
from shared.org.venues.api import api
from shared.org.venues.pages import pages


def venues(org: OrgKit) -> Module:
    """Halls, their parts, stations; hours and sharing rules."""
    return Module(
        name="venues",
        title="场地",
        api=api(org),
        pages=pages(org),
        metadata=(OrgBase.metadata,),
        publishes=(VenueChanged,),
        templates=Path(__file__).parent / "templates",
    )

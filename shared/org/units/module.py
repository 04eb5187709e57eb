"""The units module as a service mounts it."""

from pathlib import Path

from shared.contracts.units import UnitChanged
from shared.kit.module import Module
from shared.kit.web import NavItem
from shared.org.db import OrgBase
from shared.org.kit import OrgKit
from shared.org.units.api import api
from shared.org.units.pages import pages


def units(org: OrgKit) -> Module:
    """The tree of units."""
    return Module(
        name="units",
        title="单位",
        api=api(org),
        pages=pages(org),
        metadata=(OrgBase.metadata,),
        publishes=(UnitChanged,),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("units", "单位", "/units", "tree", "units.read"),),
    )

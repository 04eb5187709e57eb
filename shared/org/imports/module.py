"""The import module as a service mounts it."""

from pathlib import Path

from shared.kit.module import Module
from shared.kit.web import NavItem
from shared.org.db import OrgBase
from shared.org.imports.api import api
from shared.org.imports.pages import pages
from shared.org.imports.worker import ImportWorker
from shared.org.kit import OrgKit


def imports(org: OrgKit) -> Module:
    """Rosters from files, checked before they are written; events come from the modules it writes through."""
    worker = ImportWorker(org)
    return Module(
        name="imports",
        title="花名册导入",
        api=api(org),
        pages=pages(org, worker),
        metadata=(OrgBase.metadata,),
        loops=(worker.loop,),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("imports", "导入", "/imports", "import", "imports.run"),),
    )
